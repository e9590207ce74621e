//! Ways through a broker with exchanges: what is written on what is published, and which queues get it.
//!
//! What a message has written on it is known before a run, and so are its queues; a run only follows the numbers. What becomes a dead
//! letter is written on anew, so the ways of dead letters follow from those of publishes.

use super::document::{Amqp, Binding, Broker, Document, Publish, Sending};
use crate::policy::routing::Label;
use crate::time::SimDuration;

/// The broker with exchanges of this name, if there is such a broker.
#[must_use]
pub fn amqp<'a>(document: &'a Document, name: &str) -> Option<&'a Amqp> {
    match document.brokers.get(name)? {
        Broker::Amqp(amqp) => Some(amqp),
        Broker::Queue(_) | Broker::Log(_) | Broker::Sqs(_) => None,
    }
}

/// To which exchange something is published, and what is written on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posting {
    /// The exchange; empty is the default exchange.
    pub exchange: String,
    /// Key and headers.
    pub label: Label,
    /// How long it lives.
    pub ttl: Option<SimDuration>,
    /// Whether it comes back if no queue gets it.
    pub mandatory: bool,
    /// Whether the publisher is told what became of it.
    pub confirms: bool,
}

/// What is published, as it is written.
#[must_use]
pub fn posting(amqp: &Amqp, publish: &Publish) -> Posting {
    let exchange = publish.exchange.clone().unwrap_or_default();
    let only = || amqp.queues.keys().next().filter(|_| amqp.queues.len() == 1);
    let queue = publish.queue.as_ref().or_else(only).filter(|_| exchange.is_empty());
    let key = publish.routing_key.as_ref().or(queue).cloned().unwrap_or_default();
    Posting {
        label: Label { key, headers: publish.headers.clone().unwrap_or_default() },
        exchange,
        ttl: publish.ttl,
        mandatory: publish.mandatory.unwrap_or(false),
        confirms: publish.confirms.unwrap_or(false),
    }
}

/// The queues that get a copy, by their places: each once, in the order in which they are declared. What an exchange passes on to another
/// goes on from there; what it passes on to nobody goes to its alternate exchange. No exchange sees the same message twice
/// (`rabbit_exchange:route`).
#[must_use]
pub fn queues(amqp: &Amqp, posting: &Posting) -> Vec<usize> {
    let mut reached = vec![false; amqp.queues.len()];
    let mut seen: Vec<&str> = Vec::new();
    let mut open = vec![posting.exchange.as_str()];
    while let Some(exchange) = open.pop() {
        if seen.contains(&exchange) {
            continue;
        }
        seen.push(exchange);
        let (queues, exchanges) = bound(amqp, exchange, &posting.label);
        let alternate = amqp.exchanges.get(exchange).and_then(|one| one.alternate.as_deref());
        open.extend(alternate.filter(|_| queues.is_empty() && exchanges.is_empty()));
        open.extend(exchanges);
        queues.into_iter().for_each(|queue| reached[queue] = true);
    }
    (0..reached.len()).filter(|queue| reached[*queue]).collect()
}

/// The queues and the exchanges to which an exchange passes on what has this label.
fn bound<'a>(amqp: &'a Amqp, exchange: &str, label: &Label) -> (Vec<usize>, Vec<&'a str>) {
    if exchange.is_empty() {
        return (amqp.queues.get_index_of(&label.key).into_iter().collect(), Vec::new());
    }
    let Some(kind) = amqp.exchanges.get(exchange).map(|one| one.exchange_type) else {
        return (Vec::new(), Vec::new());
    };
    let matching = amqp.bindings.iter().filter(|binding| {
        let key = binding.key.as_deref().unwrap_or_default();
        binding.exchange == exchange && kind.leads_on(key, binding.headers.as_ref(), label)
    });
    let queue = |binding: &Binding| amqp.queues.get_index_of(binding.queue.as_ref()?);
    let queues = matching.clone().filter_map(queue).collect();
    (queues, matching.filter_map(|binding| binding.to_exchange.as_deref()).collect())
}

/// Every way that a message may take through a broker.
#[derive(Debug, Clone)]
pub struct Ways {
    /// What is written on it: first everything that is published, then what that becomes as a dead letter.
    pub postings: Vec<Posting>,
    /// For each queue, and each way by which a letter may have come, the one that it takes as a dead letter; none without a dead-letter
    /// exchange.
    pub dead_letters: Vec<Vec<usize>>,
}

/// Everything that is published to the broker `name`.
#[must_use]
pub fn published(document: &Document, name: &str, amqp: &Amqp) -> Vec<Posting> {
    let mut postings: Vec<Posting> = Vec::new();
    for sending in document.sendings() {
        if let Sending::Publish(publish) = sending
            && publish.to == name
        {
            add(&mut postings, posting(amqp, publish));
        }
    }
    postings
}

/// All ways through the broker `name`.
#[must_use]
pub fn ways(document: &Document, name: &str, amqp: &Amqp) -> Ways {
    let mut postings = published(document, name, amqp);
    let mut dead_letters = vec![Vec::new(); amqp.queues.len()];
    let mut done = 0;
    while done < postings.len() {
        for (place, queue) in amqp.queues.values().enumerate() {
            let Some(exchange) = &queue.dead_letter_exchange else { continue };
            let Posting { label: Label { key, headers }, .. } = &postings[done];
            let key = queue.dead_letter_routing_key.as_ref().unwrap_or(key).clone();
            let label = Label { key, headers: headers.clone() };
            let dead = Posting { exchange: exchange.clone(), label, ..Posting::default() };
            let way = add(&mut postings, dead);
            dead_letters[place].push(way);
        }
        done += 1;
    }
    Ways { postings, dead_letters }
}

/// The place of a posting, which is added if it is new.
fn add(postings: &mut Vec<Posting>, posting: Posting) -> usize {
    let known = postings.iter().position(|other| *other == posting);
    known.unwrap_or_else(|| {
        postings.push(posting);
        postings.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(text: &str) -> Amqp {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn to(exchange: &str, key: &str) -> Posting {
        let label = Label { key: key.into(), ..Label::default() };
        Posting { exchange: exchange.into(), label, ..Posting::default() }
    }

    /// "Exchanges" of RabbitMQ's documentation: a queue gets one copy, however many bindings match.
    #[test]
    fn a_queue_gets_one_copy_however_many_bindings_lead_to_it() {
        let amqp = broker(
            r#"{"exchanges": {"rides": {"type": "topic"}}, "queues": {"a": {}, "b": {}, "c": {}},
                "bindings": [{"exchange": "rides", "queue": "b", "key": "ride.#"},
                             {"exchange": "rides", "queue": "b", "key": "*.nyc"},
                             {"exchange": "rides", "queue": "a", "key": "ride.nyc"}]}"#,
        );
        assert_eq!(queues(&amqp, &to("rides", "ride.nyc")), [0, 1]);
        assert_eq!(queues(&amqp, &to("rides", "order.paid")), [0; 0]);
        assert_eq!(queues(&amqp, &to("", "c")), [2], "the default exchange goes by name");
    }

    #[test]
    fn what_no_binding_matches_goes_to_the_alternate_exchange_but_not_in_a_circle() {
        let amqp = broker(
            r#"{"exchanges": {"first": {"alternate": "second"}, "second": {"type": "fanout"},
                              "left": {"alternate": "right"}, "right": {"alternate": "left"}},
                "queues": {"a": {}, "lost": {}},
                "bindings": [{"exchange": "first", "queue": "a", "key": "a"},
                             {"exchange": "second", "queue": "lost"}]}"#,
        );
        assert_eq!(queues(&amqp, &to("first", "a")), [0]);
        assert_eq!(queues(&amqp, &to("first", "b")), [1]);
        assert_eq!(queues(&amqp, &to("left", "b")), [0; 0]);
    }

    /// RabbitMQ's "Exchange to Exchange Bindings": the routing key stays, a queue gets one copy, and a circle is harmless.
    #[test]
    fn what_an_exchange_passes_on_to_another_goes_on_from_there() {
        let amqp = broker(
            r#"{"exchanges": {"in": {"type": "topic"}, "paid": {"type": "direct", "alternate": "rest"},
                              "rest": {"type": "fanout"}},
                "queues": {"audit": {}, "eu": {}, "lost": {}},
                "bindings": [{"exchange": "in", "queue": "audit", "key": "*.*"},
                             {"exchange": "in", "to_exchange": "paid", "key": "order.*"},
                             {"exchange": "paid", "queue": "eu", "key": "order.eu"},
                             {"exchange": "paid", "to_exchange": "in", "key": "order.eu"},
                             {"exchange": "paid", "queue": "audit", "key": "order.eu"},
                             {"exchange": "rest", "queue": "lost"}]}"#,
        );
        assert_eq!(queues(&amqp, &to("in", "order.eu")), [0, 1]);
        assert_eq!(queues(&amqp, &to("in", "ride.eu")), [0]);
        assert_eq!(queues(&amqp, &to("in", "order.us")), [0, 2], "the alternate of the second");
    }

    #[test]
    fn dead_letters_keep_their_key_unless_the_queue_names_another() {
        let document: Document = serde_json::from_str(
            r#"{"title": "", "question": "", "duration": "1s", "sample_every": "1s",
                "producers": {"web": {"sends": [
                    {"publish": {"to": "rabbit", "exchange": "in", "routing_key": "k"}}]}},
                "brokers": {"rabbit": {"amqp": {
                    "exchanges": {"in": {}, "dead": {"type": "topic"}},
                    "queues": {"a": {"dead_letter_exchange": "dead"},
                               "b": {"dead_letter_exchange": "", "dead_letter_routing_key": "a"}}}}}}"#,
        )
        .unwrap();
        let amqp = amqp(&document, "rabbit").unwrap();
        let Ways { postings, dead_letters } = ways(&document, "rabbit", amqp);
        assert_eq!(postings, [to("in", "k"), to("dead", "k"), to("", "a"), to("dead", "a")]);
        assert_eq!(dead_letters, [[1, 1, 3, 3], [2, 2, 2, 2]]);
    }
}
