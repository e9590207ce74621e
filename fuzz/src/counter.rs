//! Counts what the fuzzer itself can't: of all inputs, those that were whole scenarios.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The file that the count is written to now and then, if one is named in this variable.
const FILE: &str = "PILEUP_FUZZ_COUNT";
/// How many more there are when it is written again.
const EVERY: u64 = 64;

/// One more.
pub fn count() {
    let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    if count.is_multiple_of(EVERY) && let Some(file) = std::env::var_os(FILE) {
        // A figure that can't be written is missing in the end, and that is seen.
        let _ = fs::write(file, count.to_string());
    }
}
