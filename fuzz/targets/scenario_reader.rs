//! Any text is a scenario or is refused with a reason; what is valid can be planned.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else { return Corpus::Reject };
    if let Some(scenario) = pileup_fuzz::whole::read(text, &[]) {
        for variant in &scenario.variants {
            let _ = variant.plan();
        }
    }
    Corpus::Keep
});
