//! No room: a full disk, a limit on the size of files, an output that takes nothing.
#![cfg(unix)]

use std::path::Path;

use super::skipped;
use crate::workplace::Workplace;

#[test]
fn a_full_standard_output_ends_with_1_and_the_results_are_kept() {
    if !Path::new("/dev/full").exists() {
        return skipped("there is no /dev/full");
    }
    let place = Workplace::new();
    for verb in
        ["list", "schema", "--help", "explain retry", "completions bash", "check small.json"]
    {
        let ended = place.shell(&format!("\"$PILEUP\" {verb} > /dev/full")).with(1);
        assert_eq!(ended.err, "error: standard output: no space left on device\n", "{verb}");
    }
    for format in ["table", "json", "csv"] {
        place.shell(&format!("\"$PILEUP\" run small.json --format {format} > /dev/full")).with(1);
        place.holds_a_result("results/small");
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_that_leaves_nothing_behind() {
    let place = Workplace::new();
    for (scenario, file) in [("small.json", "results/small"), ("endless.json", "results/endless")] {
        let ended = place.shell(&format!("ulimit -f 8; exec \"$PILEUP\" run {scenario}")).with(1);
        assert!(ended.err.contains(file), "{}", ended.err);
        assert!(
            ended.err.contains("file too large; raise the limit on the size of files"),
            "{}",
            ended.err
        );
        assert_eq!(place.names("results"), [""; 0]);
    }
}

/// Runs `script` where `small` is a disk of so many kilobytes; `None` if this system doesn't let a test mount one.
fn with_a_small_disk(
    place: &Workplace,
    kilobytes: u32,
    script: &str,
) -> Option<crate::workplace::Ended> {
    std::fs::create_dir_all(place.path().join("small")).unwrap();
    let mount = format!("mount -t tmpfs -o size={kilobytes}k tmpfs small");
    let may_mount = format!("unshare --user --map-root-user --mount sh -c '{mount}'");
    if place.shell(&may_mount).code != 0 {
        skipped("no disk can be mounted");
        return None;
    }
    let inside = format!("unshare --user --map-root-user --mount sh -c '{mount} && {script}'");
    Some(place.shell(&inside))
}

#[test]
fn a_full_disk_ends_with_1_says_what_to_do_and_leaves_nothing_behind() {
    let place = Workplace::new();
    let script =
        r#"{ "$PILEUP" run small.json --out small/out; echo "ended with $?"; ls -A small; }"#;
    for kilobytes in [4, 16, 64] {
        let Some(ended) = with_a_small_disk(&place, kilobytes, script) else { return };
        assert_eq!(ended.out, "ended with 1\n", "{}", ended.err);
        let remedy = "no space left on device; free some space";
        assert!(ended.err.starts_with("error: small/out"), "{}", ended.err);
        assert!(ended.err.contains(remedy), "{}", ended.err);
    }
}

#[test]
fn an_earlier_result_survives_a_disk_that_is_too_full_for_the_next() {
    let place = Workplace::new();
    let script = r#""$PILEUP" run small.json --no-charts --quiet --out small/out >/dev/null; first=$?;
        "$PILEUP" run small.json --out small/out >/dev/null; echo $first $? $(ls -A small);
        grep -c small small/out/manifest.json"#;
    let Some(ended) = with_a_small_disk(&place, 160, script) else { return };
    assert!(ended.out.starts_with("0 1 out\n"), "{}{}", ended.out, ended.err);
}
