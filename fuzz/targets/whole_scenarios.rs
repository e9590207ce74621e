//! Any scenario that is valid runs to its end, with a ledger that balances, and can be reported.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use pileup::scenario::schema::schema;
use pileup_fuzz::{counter, generator, whole};
use serde_json::Value;

static SCHEMA: LazyLock<Value> = LazyLock::new(schema);

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let text = generator::scenario(&SCHEMA, bytes).to_string();
    let Some(scenario) = whole::read(&text, &[]) else { return Corpus::Reject };
    let results = whole::run(&scenario);
    // Drawing takes longer than most runs.
    if bytes.first().is_some_and(|first| first.is_multiple_of(16)) {
        assert_eq!(whole::report(&results), whole::report(&whole::run(&scenario)), "run twice");
    }
    counter::count();
    Corpus::Keep
});
