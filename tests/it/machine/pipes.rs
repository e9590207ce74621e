//! Pipes and outputs that are closed.
#![cfg(unix)]

use crate::workplace::Workplace;

#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let place = Workplace::new();
    for verb in
        ["list", "schema", "run small.json", "run small.json --format csv", "check small.json"]
    {
        for reader in ["true", "head -n 1"] {
            let script = format!("{{ \"$PILEUP\" {verb}; echo $? >&2; }} | {reader}");
            let ended = place.shell(&script).with(0);
            assert_eq!(ended.err.lines().last(), Some("0"), "{verb} | {reader}: {}", ended.err);
            assert!(!ended.err.contains("error"), "{verb} | {reader}: {}", ended.err);
        }
    }
    place.holds_a_result("results/small");
}

#[test]
fn outputs_that_were_never_open_are_no_error() {
    let place = Workplace::new();
    for closed in [">&-", "2>&-", "<&-", ">&- 2>&- <&-"] {
        place.shell(&format!("\"$PILEUP\" run small.json {closed}")).with(0);
        place.shell(&format!("\"$PILEUP\" run unmet.json {closed}")).with(3);
        place.holds_a_result("results/small");
    }
}
