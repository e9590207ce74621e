//! Scenarios that are none: far too long, nested without end, of bytes that are no text, under names that are none.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::time::{Duration, Instant};

use super::with_peak_memory;
use crate::workplace::{Ended, SMALL, Workplace};

/// Memory that is enough to refuse any file, and far less than the longest ones here.
const LITTLE: u64 = 64 << 20;
/// Far more than it takes, and far less than anything that grows with the square of the length.
const SOON: Duration = Duration::from_secs(60);

/// Checks a scenario and asserts that it is refused soon and in little memory.
#[track_caller]
fn refused_cheaply(place: &Workplace, arguments: &str, memory: u64, words: &str) {
    let began = now();
    let (output, peak) = with_peak_memory(&mut place.command(arguments));
    assert!(output.stderr.len() < 100_000, "{} bytes of errors", output.stderr.len());
    Ended::from(output).refused(words);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(peak.is_none_or(|peak| peak < memory), "{peak:?} bytes");
}

#[expect(clippy::disallowed_methods, reason = "the program is watched, not simulated")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_file_of_100_megabytes_is_refused_without_being_read() {
    let place = Workplace::new();
    File::create(place.path().join("huge.json")).unwrap().set_len(100_000_000).unwrap();
    let words = "huge.json: this is too long for a scenario\n  = the limit is 4 MiB";
    refused_cheaply(&place, "check huge.json", LITTLE, words);
}

#[test]
#[cfg(unix)]
fn standard_input_without_end_is_refused() {
    let place = Workplace::new();
    let ended = place.shell("\"$PILEUP\" check - < /dev/zero").with(2);
    assert!(ended.err.contains("<standard input>: this is too long"), "{}", ended.err);
    let ended = place.shell("printf '\\377' | \"$PILEUP\" check -").with(2);
    assert!(ended.err.contains("<standard input>: byte 0 is not text"), "{}", ended.err);
    place.shell("\"$PILEUP\" check .").refused("name a file in this folder");
}

/// Everything that may stand in a file many times, as often as it fits.
#[test]
fn files_as_long_as_may_be_are_refused_soon() {
    let place = Workplace::new();
    let many = |count: usize, of: &dyn Fn(usize) -> String| -> String {
        let all: Vec<String> = (0..count).map(of).collect();
        all.join(",")
    };
    let service = r#"{"service_time": "1s"}"#;
    let texts = [
        ("nested", "[".repeat(4_000_000), "nested too deeply"),
        ("keys", format!("{{{}}}", many(300_000, &|i| format!("\"k{i}\":1"))), "unknown field"),
        ("twice", format!("{{{}}}", many(600_000, &|_| "\"k\":1".into())), "stands twice"),
        ("numbers", format!("[{}]", many(1_900_000, &|_| "1".into())), "expected an object"),
        ("text", format!("\"{}\"", "x".repeat(4_000_000)), "expected an object"),
        (
            "services",
            SMALL.replace(
                r#""services": {"#,
                &format!(r#""services": {{ {},"#, many(80_000, &|i| format!("\"s{i}\":{service}"))),
            ),
            "nothing",
        ),
        ("name", format!("{{\"{}\": 1}}", "worker".repeat(600_000)), "unknown field"),
        (
            "dangling",
            SMALL.replace(
                r#""producers": {"#,
                &format!(
                    r#""producers": {{ {},"#,
                    many(30_000, &|i| format!(
                        r#""p{i}": {{"sends": [{{"publish": {{"to": "nowhere"}}}}], "initial_backlog": 1}}"#
                    ))
                ),
            ),
            "there is no broker `nowhere`",
        ),
        (
            "variants",
            SMALL.replace(
                r#""duration""#,
                &format!(
                    r#""variants": {{ {} }}, "duration""#,
                    many(200_000, &|i| format!("\"v{i}\":{{}}"))
                ),
            ),
            "1000 are read at most",
        ),
    ];
    for (name, text, words) in texts {
        place.write(&format!("{name}.json"), &text);
        refused_cheaply(&place, &format!("check {name}.json"), 1 << 30, words);
    }
}

#[test]
fn a_hundred_problems_are_enough() {
    let place = Workplace::new();
    let mut services = String::new();
    for index in 0..300 {
        let _ = write!(services, r#""s{index}": {{"service_time": 1}},"#);
    }
    place.write(
        "many.json",
        &SMALL.replace(r#""services": {"#, &format!(r#""services": {{{services}"#)),
    );
    let ended = place.pileup("check many.json").with(2);
    assert!(ended.err.ends_with("the first 100 problems in many.json\n"), "{}", ended.err);
}

/// Other systems don't have such names.
#[test]
#[cfg(target_os = "linux")]
fn paths_that_are_no_text_are_as_good_as_others() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let place = Workplace::new();
    let folder = place.path().join(OsStr::from_bytes(b"f\xfflder"));
    fs::create_dir(&folder).unwrap();
    let traced = SMALL.replace(
        r#"{ "burst": { "at": "1s", "count": 20 } }"#,
        r#"{ "trace": { "csv": "t.csv" } }"#,
    );
    fs::write(folder.join("t.csv"), "time,count\n1,20\n").unwrap();
    let scenario = folder.join(OsStr::from_bytes(b"sm\xffll.json"));
    fs::write(&scenario, traced).unwrap();
    for verb in ["run", "check"] {
        Ended::from(place.command(verb).arg(&scenario).output().unwrap()).with(0);
    }
    place.holds_a_result("results/sm\u{fffd}ll");
    let out = folder.join(OsStr::from_bytes(b"\xfe"));
    for _ in 0..2 {
        let ended = place.command("run small.json --out").arg(&out).output().unwrap();
        Ended::from(ended).with(0);
    }
    Ended::from(place.command("compare results/sm\u{fffd}ll").arg(&out).output().unwrap()).with(0);
    let names = fs::read_dir(&folder).unwrap().count();
    assert_eq!(names, 3, "the scenario, its trace and the result");
}
