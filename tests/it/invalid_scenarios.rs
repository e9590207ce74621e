//! Every bad scenario in `tests/data/invalid`, with the exact message that it must produce.
//!
//! Read the messages aloud: each says where, what, and how to mend it. To rewrite them after a change of wording:
//! `UPDATE_EXPECT=1 cargo test --test it invalid_scenarios`, then read the difference.

use std::path::{Path, PathBuf};
use std::{env, fs};

use pileup::scenario::source::Source;
use pileup::scenario::starter::starter;
use pileup::scenario::{Overrides, load};
use proptest::prelude::*;

const FOLDER: &str = "tests/data/invalid";

fn bad_scenarios() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

/// What is said about `path`, read with the overrides that its first line asks for: `// --set PATH=VALUE`.
fn message(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let sets = text.lines().filter_map(|line| line.strip_prefix("// --set "));
    let overrides = Overrides { sets: sets.map(str::to_owned).collect(), ..Overrides::default() };
    match load(&Source::File(path.to_path_buf()), &overrides) {
        Ok(_) => panic!("{} is not refused", path.display()),
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn every_bad_scenario_is_refused_with_exactly_this_message() {
    let update = env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for path in bad_scenarios() {
        let beside = path.with_extension("txt");
        let said = message(&path);
        if update {
            fs::write(&beside, &said).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != said {
            wrong.push(format!("{}\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n\n{}", wrong.join("\n"));
}

#[test]
fn there_are_bad_scenarios_and_each_has_its_message() {
    let paths = bad_scenarios();
    assert!(paths.len() >= 25, "{} bad scenarios", paths.len());
    for path in paths {
        assert!(path.with_extension("txt").is_file(), "{} has no message", path.display());
    }
}

/// What an author's slip may leave in the place of a value.
const SLIPS: [&str; 12] =
    ["", "0", "-1", "1e308", "null", "true", "\"\"", "\"1w\"", "[]", "{}", "[{}]", "{\"a\": 1}"];

/// Either something is wrong and it is told, or every variant can be made ready to be simulated.
fn is_told_or_planned(content: String, overrides: Overrides) -> Result<(), TestCaseError> {
    let source = Source::Text { name: "slips".into(), shown: "slips.json".into(), content };
    match load(&source, &overrides) {
        Ok(scenario) => scenario.variants.iter().for_each(|variant| drop(variant.plan())),
        Err(error) => prop_assert!(error.to_string().starts_with("error: ")),
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_slip_makes_the_reader_panic(at in 0_usize..4000, length in 0_usize..60, slip in 0_usize..12) {
        let text: Vec<char> = starter("slips").chars().collect();
        let start = at.min(text.len());
        let end = (start + length).min(text.len());
        let before: String = text[..start].iter().collect();
        let after: String = text[end..].iter().collect();
        let content = format!("{before}{}{after}", SLIPS[slip]);
        is_told_or_planned(content, Overrides::default())?;
    }

    #[test]
    fn no_override_makes_the_reader_panic(place in 0_usize..14, slip in 0_usize..12) {
        const PLACES: [&str; 14] = [
            "title", "duration", "sample_every", "producers", "producers.shop.arrivals",
            "producers.shop.arrivals[1].burst.count", "producers.shop.sends[0].call.retry",
            "services.mail", "services.mail.service_time", "services.mail.threads", "variants.queue",
            "variants.queue.brokers", "variants.backpressure.brokers.letters.queue", "faults[0]",
        ];
        let sets = vec![format!("{}={}", PLACES[place], SLIPS[slip])];
        is_told_or_planned(starter("slips"), Overrides { sets, ..Overrides::default() })?;
    }
}
