//! What somebody sees who watches: a bar while it goes on, and nothing of it afterwards.
#![cfg(unix)]

use super::skipped;
use crate::workplace::{Ended, Workplace};

/// What a terminal gets of `command`, from both outputs; `None` where no terminal can be made.
fn watched(place: &Workplace, command: &str) -> Option<Ended> {
    let script = format!("script --version >/dev/null 2>&1 && script -qec '{command}' /dev/null");
    let ended = place.shell(&script);
    if ended.code == 127 || ended.out.is_empty() {
        skipped("there is no `script`, which makes a terminal");
        return None;
    }
    Some(ended)
}

const LONG: &str = "\"$PILEUP\" run endless.json --max-events 2e7";

#[test]
fn a_long_run_shows_a_bar_and_takes_it_away() {
    let place = Workplace::new();
    let Some(ended) = watched(&place, LONG) else { return };
    let last_of_bar = ended.out.rfind(" runs, ").unwrap_or_else(|| panic!("{}", ended.out));
    let after = &ended.out[last_of_bar..];
    assert!(after.contains("\u{1b}[2K"), "the line is cleared: {after:?}");
    assert!(after.contains("stopped by the limit of events"), "{after:?}");
}

#[test]
fn nobody_sees_a_bar_who_does_not_want_one() {
    let place = Workplace::new();
    for command in [
        format!("{LONG} --quiet"),
        format!("NO_COLOR=1 {LONG}"),
        format!("{LONG} 2>/dev/null"),
        "\"$PILEUP\" run small.json".to_owned(),
    ] {
        let Some(ended) = watched(&place, &command) else { return };
        assert!(!ended.out.contains(" runs, "), "{command}: {}", ended.out);
    }
}
