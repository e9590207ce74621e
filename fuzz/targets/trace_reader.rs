//! Any bytes are a trace, or measured durations, or are refused with a line; what was checked reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pileup::random::measured::read_durations;
use pileup::random::trace::{TraceReader, check_trace};

fuzz_target!(|bytes: &[u8]| {
    let file = || Box::new(std::io::Cursor::new(bytes.to_vec()));
    if let Ok(summary) = check_trace(file()) {
        let mut rows = TraceReader::new(file()).expect("it was checked");
        let mut messages = 0_u64;
        let mut last = summary.first;
        for row in &mut rows {
            let row = row.expect("it was checked");
            assert!(last <= row.at);
            (last, messages) = (row.at, messages.saturating_add(row.count));
        }
        assert_eq!((messages, last), (summary.messages, summary.last));
        assert!(summary.mean_rate_per_s() >= 0.0);
    }
    if let Ok(durations) = read_durations(file()) {
        assert!(!durations.is_empty());
    }
});
