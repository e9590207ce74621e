//! An internal error: what is printed so that it can be reported and seen again.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::exit::Exit;
use super::output;
use crate::experiment::reproducer::{self, Reproducer};

/// From now on a panic says what it takes to see it again.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|panic| output::diagnostic(describe(panic))));
}

/// Does `work`; an internal error unwinds no further than this, so that half-written folders are cleared away.
pub(super) fn caught(work: impl FnOnce() -> Exit) -> Exit {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(Exit::Bug)
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let reason = payload.downcast_ref::<String>().map(String::as_str);
    let reason = reason.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason");
    let place = panic.location().map_or_else(String::new, |place| format!(" ({place})"));
    let run = reproducer::current().map_or_else(String::new, |run| describe_run(&run));
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "internal error: {reason}{place}\n\
         This is a bug of pileup. Please report it, with the scenario and these lines:\n  \
         version         {version}{run}"
    )
}

fn describe_run(run: &Reproducer) -> String {
    let Reproducer { scenario, variant, seed, replication, simulated } = run;
    format!(
        "\n  scenario        {scenario}\n  variant         {variant}\n  seed            {seed}\n  \
         replication     {replication}\n  simulated time  {simulated}, or soon after"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimTime;

    #[test]
    fn an_internal_error_ends_with_its_own_code() {
        assert_eq!(caught(|| panic!("the ledger does not balance")), Exit::Bug);
        assert_eq!(caught(|| Exit::Unmet), Exit::Unmet);
    }

    #[test]
    fn a_run_is_described_so_that_it_can_be_seen_again() {
        let run = Reproducer {
            scenario: "storm".into(),
            variant: "direct".into(),
            seed: 7,
            replication: 2,
            simulated: SimTime::from_nanos(2_000_000_000),
        };
        assert_eq!(
            describe_run(&run),
            "\n  scenario        storm\n  variant         direct\n  seed            7\n  replication     2\n  \
             simulated time  2s, or soon after"
        );
    }
}
