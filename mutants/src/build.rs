//! One build of all mutants that can be built together: the compiler says which can't.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::Fate;
use crate::mutant::Mutant;
use crate::weave::{Woven, weave};

/// A mutant that can only panic is caught, not refused.
const LINTS: &str = "#![allow(arithmetic_overflow, unconditional_panic, unused)]\n";
/// What tells which body runs. It is added to `src/lib.rs`.
const SWITCH: &str = r#"
pub(crate) fn mutant(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    let chosen = || std::env::var("PILEUP_MUTANT").ok()?.parse().ok();
    *CHOSEN.get_or_init(chosen) == Some(number)
}
"#;

/// A tree in which all mutants are woven for which that can be done.
pub struct Built {
    /// The sources as they were, by file.
    sources: BTreeMap<String, String>,
    /// What became of each mutant.
    pub fates: Vec<Fate>,
}

/// Rewrites the sources in `tree` until they can be built.
pub fn build(tree: &Path, sample: &[Mutant]) -> Built {
    let sources = read(tree, sample);
    let mut fates = vec![Fate::Woven; sample.len()];
    loop {
        let woven = write(tree, &sources, sample, &mut fates);
        let bad = blame(&errors(tree), &woven);
        if bad.is_empty() {
            return Built { sources, fates };
        }
        for (number, fate) in bad {
            eprintln!("{fate:?}: {}", sample[number].name);
            fates[number] = fate;
        }
    }
}

/// Makes this one mistake in its file, and no other; what stood there.
pub fn mutate(tree: &Path, mutant: &Mutant, built: &Built) -> String {
    let path = tree.join(&mutant.file);
    let woven = fs::read_to_string(&path).expect("a file");
    fs::write(&path, mutant.applied_to(&built.sources[&mutant.file])).expect("a file");
    woven
}

/// The sources as they were, by file. A tree that was rewritten before has them beside it.
fn read(tree: &Path, sample: &[Mutant]) -> BTreeMap<String, String> {
    let files: BTreeSet<&str> = sample.iter().map(|mutant| mutant.file.as_str()).collect();
    let source = |file: &str| {
        let path = tree.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let library = tree.join("src/lib.rs");
    let text = fs::read_to_string(&library).expect("a library");
    fs::write(library, [LINTS, &text, SWITCH].concat()).expect("a folder to write to");
    files.into_iter().map(|file| (file.to_owned(), source(file))).collect()
}

fn write(
    tree: &Path,
    sources: &BTreeMap<String, String>,
    sample: &[Mutant],
    fates: &mut [Fate],
) -> BTreeMap<String, Woven> {
    let mut all = BTreeMap::new();
    for (file, source) in sources {
        let here = sample.iter().enumerate().filter(|(_, mutant)| mutant.file == *file);
        let here: Vec<(usize, &Mutant)> =
            here.filter(|(number, _)| fates[*number] == Fate::Woven).collect();
        let (woven, left) = weave(source, &here);
        left.into_iter().for_each(|number| fates[number] = Fate::Alone);
        fs::write(tree.join(file), &woven.text).expect("a folder to write to");
        all.insert(file.clone(), woven);
    }
    all
}

/// File and line of each error that the compiler finds.
fn errors(tree: &Path) -> Vec<(String, usize, String)> {
    let arguments = ["check", "--lib", "--profile", "test", "--message-format=json"];
    let output = Command::new("cargo").args(arguments).current_dir(tree).output().expect("cargo");
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let message = &message["message"];
        if message["level"] != "error" {
            continue;
        }
        let said = message["message"].as_str().unwrap_or_default();
        for span in message["spans"].as_array().into_iter().flatten() {
            let span = outermost(span);
            let line = span["line_start"].as_u64().unwrap_or_default() as usize;
            found.push((
                span["file_name"].as_str().unwrap_or_default().to_owned(),
                line,
                said.into(),
            ));
        }
    }
    assert!(
        output.status.success() || !found.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    found
}

/// Where a macro is called whose inside is wrong.
fn outermost(span: &Value) -> &Value {
    match &span["expansion"] {
        Value::Null => span,
        expansion => outermost(&expansion["span"]),
    }
}

/// Whose fault each error is: of the mutant in whose body it is, or of all mutants of a function.
fn blame(
    errors: &[(String, usize, String)],
    woven: &BTreeMap<String, Woven>,
) -> BTreeMap<usize, Fate> {
    let mut bad = BTreeMap::new();
    for (file, line, _) in errors {
        let Some(woven) = woven.get(file) else { continue };
        let within = |(first, last): (usize, usize)| (first..=last).contains(line);
        let mut bodies = woven.bodies.iter().filter(|(first, last, _)| within((*first, *last)));
        if let Some((_, _, number)) = bodies.next() {
            bad.insert(*number, Fate::Impossible);
            continue;
        }
        let functions = woven.functions.iter().filter(|(first, last, _)| within((*first, *last)));
        for number in functions.flat_map(|(_, _, numbers)| numbers) {
            bad.entry(*number).or_insert(Fate::Alone);
        }
    }
    assert!(errors.is_empty() || !bad.is_empty(), "nobody is to blame: {errors:?}");
    bad
}
