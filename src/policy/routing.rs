//! To which queues an exchange passes a message on: the rules of AMQP 0-9-1, as RabbitMQ has them.
//!
//! Publishers name an exchange and never a queue. Queues are bound to exchanges, and every queue that a binding leads to gets a copy of
//! its own, once, however many bindings lead there. Who publishes doesn't learn who reads, and not even whether anybody does: a message
//! that no binding matches is dropped without a word, unless the publisher asked to have it back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By what an exchange chooses queues (RabbitMQ's documentation, "Exchanges").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeType {
    /// Queues whose binding key is the routing key.
    #[default]
    Direct,
    /// Every queue that is bound.
    Fanout,
    /// Queues whose binding key, as a pattern, matches the routing key word by word: `*` is one word, `#` any number of words.
    Topic,
    /// Queues whose binding names headers that the message has.
    Headers,
}

/// Which headers a binding asks for (`x-match`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HeaderMatch {
    /// Each of these, with this value.
    All(BTreeMap<String, String>),
    /// One of these at least, with this value.
    Any(BTreeMap<String, String>),
}

/// What a publisher writes on a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// The routing key.
    pub key: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
}

impl ExchangeType {
    /// Whether a binding with this key, and perhaps these headers, leads a message on.
    #[must_use]
    pub fn leads_on(self, key: &str, headers: Option<&HeaderMatch>, label: &Label) -> bool {
        match self {
            ExchangeType::Direct => key == label.key,
            ExchangeType::Fanout => true,
            ExchangeType::Topic => matches_pattern(key, &label.key),
            ExchangeType::Headers => headers.is_none_or(|wanted| wanted.matches(&label.headers)),
        }
    }
}

impl HeaderMatch {
    /// Whether a message with these headers has what is asked for. Nothing is asked for by all of no headers, and by any of none.
    #[must_use]
    pub fn matches(&self, headers: &BTreeMap<String, String>) -> bool {
        let has = |(name, value): (&String, &String)| headers.get(name) == Some(value);
        match self {
            HeaderMatch::All(wanted) => wanted.iter().all(has),
            HeaderMatch::Any(wanted) => wanted.iter().any(has),
        }
    }
}

/// Whether a pattern of words with `*` and `#` matches a routing key.
#[must_use]
pub fn matches_pattern(pattern: &str, key: &str) -> bool {
    let words: Vec<&str> = key.split('.').filter(|_| !key.is_empty()).collect();
    // For each number of leading words of the key: whether the pattern so far matches just them.
    let mut matched = vec![false; words.len() + 1];
    matched[0] = true;
    for wanted in pattern.split('.').filter(|_| !pattern.is_empty()) {
        let mut next = vec![false; words.len() + 1];
        for count in 0..=words.len() {
            next[count] = match wanted {
                "#" => matched[count] || (count > 0 && next[count - 1]),
                "*" => count > 0 && matched[count - 1],
                word => count > 0 && matched[count - 1] && words[count - 1] == word,
            };
        }
        matched = next;
    }
    matched[words.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The patterns were tried at RabbitMQ 3.10.8; "Exchanges" of its documentation says the same.
    #[test]
    fn a_star_is_one_word_and_a_hash_any_number_of_words() {
        for (pattern, matching, others) in [
            (
                "ride.*.requested",
                &["ride.nyc.requested"][..],
                &["ride.requested", "ride.nyc.z1.requested", "ride.nyc"][..],
            ),
            (
                "ride.#",
                &["ride", "ride.nyc", "ride.nyc.requested", "ride.nyc.z1.requested"],
                &["rides", "a.ride", ""],
            ),
            ("#", &["", "ride", "ride.nyc.requested"], &[]),
            ("*", &["ride"], &["", "ride.nyc"]),
            ("#.requested", &["requested", "ride.nyc.requested"], &["ride.requested.nyc"]),
            ("a.#.b.#.c", &["a.b.c", "a.x.b.y.z.c", "a.b.b.c"], &["a.c", "a.b.x"]),
            ("#.#", &["", "a", "a.b"], &[]),
            ("*.#", &["a", "a.b"], &[""]),
            ("", &[""], &["a"]),
            ("a..b", &["a..b"], &["a.b", "a.x.b"]),
        ] {
            for key in matching {
                assert!(matches_pattern(pattern, key), "{pattern} {key}");
            }
            for key in others {
                assert!(!matches_pattern(pattern, key), "{pattern} {key}");
            }
        }
    }

    #[test]
    fn headers_are_asked_for_all_together_or_one_at_least() {
        let headers = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let wanted = headers(&[("region", "eu"), ("kind", "paid")]);
        let (all, any) = (HeaderMatch::All(wanted.clone()), HeaderMatch::Any(wanted));
        for (has, by_all, by_any) in [
            (&[("region", "eu"), ("kind", "paid"), ("more", "x")][..], true, true),
            (&[("region", "eu"), ("kind", "free")], false, true),
            (&[("region", "us")], false, false),
            (&[], false, false),
        ] {
            let has = headers(has);
            assert_eq!((all.matches(&has), any.matches(&has)), (by_all, by_any), "{has:?}");
        }
        assert!(HeaderMatch::All(BTreeMap::new()).matches(&BTreeMap::new()));
        assert!(!HeaderMatch::Any(BTreeMap::new()).matches(&headers(&[("region", "eu")])));
    }

    #[test]
    fn each_type_of_exchange_looks_at_something_else() {
        let label = Label { key: "order.paid".into(), headers: BTreeMap::new() };
        let eu = HeaderMatch::All([("region".to_owned(), "eu".to_owned())].into());
        for (exchange, same, pattern, other) in [
            (ExchangeType::Direct, true, false, false),
            (ExchangeType::Fanout, true, true, true),
            (ExchangeType::Topic, true, true, false),
            (ExchangeType::Headers, false, false, false),
        ] {
            let leads = ["order.paid", "order.*", "ride"]
                .map(|key| exchange.leads_on(key, Some(&eu), &label));
            assert_eq!(leads, [same, pattern, other], "{exchange:?}");
        }
    }
}
