//! An internal error: what is printed so that it can be reported and seen again.

use std::panic::{self, PanicHookInfo};

use super::output;
use crate::experiment::reproducer;

const CODE: i32 = 4;

/// From now on a panic prints what it takes to see it again, and ends the program with code 4.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|panic| {
        output::diagnostic(describe(panic));
        std::process::exit(CODE);
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let reason = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    let place = panic.location().map_or_else(String::new, |place| format!(" ({place})"));
    let mut text = format!(
        "internal error: {reason}{place}\nThis is a bug of pileup; please report it with:\n"
    );
    text += &format!("  version {}", env!("CARGO_PKG_VERSION"));
    if let Some(run) = reproducer::current() {
        text += &format!(
            "\n  scenario {}, variant {}, seed {}, replication {}, simulated time {} or later",
            run.scenario, run.variant, run.seed, run.replication, run.simulated
        );
    }
    text
}
