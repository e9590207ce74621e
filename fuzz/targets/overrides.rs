//! Any lines, each taken for a `--set PATH=VALUE`, restate a scenario or are refused with a reason.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

const SCENARIO: &str = r#"{ "title": "Letters", "question": "?", "duration": "10s", "sample_every": "1s",
    "producers": { "shop": { "arrivals": [ { "poisson": { "rate": "5/s" } }, { "burst": { "count": 9 } } ],
        "sends": [ { "call": { "to": "mail", "timeout": "1s", "retry": { "max_attempts": 4 } } } ] } },
    "services": { "mail": { "service_time": { "lognormal": { "mean": "25ms", "cv": 1 } } } },
    "variants": { "direct": {}, "queue": { "brokers": { "letters": { "queue": {} } },
        "producers": { "shop": { "sends": [ { "publish": { "to": "letters" } } ] } },
        "services": { "mail": { "consumes": [ { "from": "letters" } ] } } } },
    "faults": [ { "crash": { "on": "mail", "from": "2s" } } ],
    "expect": [ { "variant": "queue", "metric": "lost", "equals": 0 } ] }"#;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else { return Corpus::Reject };
    let sets: Vec<String> = text.lines().take(4).map(str::to_owned).collect();
    if let Some(scenario) = pileup_fuzz::whole::read(SCENARIO, &sets) {
        let again = scenario.document.to_string();
        assert!(pileup_fuzz::whole::read(&again, &[]).is_some(), "what was resolved is read again");
    }
    Corpus::Keep
});
