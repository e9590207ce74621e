//! What is measured: every row once in each round, so that what disturbs one disturbs its neighbours as well.

use std::hint::black_box;

use pileup::scenario::Scenario;

use crate::clock::cpu_seconds;
use crate::hold::Hold;
use crate::lindley;
use crate::workload::{Per, Took, load, many_nodes, run, run_replications, run_unrecorded};

const ROUNDS: usize = 5;

/// A thing that is measured.
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// One of what its cost is counted by, in words.
    pub unit: &'static str,
    measure: Box<dyn Fn() -> Took>,
    /// What each round gave.
    pub took: Vec<Took>,
}

/// The cost of one row in terms of another's, of the same round.
pub struct Ratio {
    /// What is compared.
    pub name: &'static str,
    /// Above the line.
    pub of: &'static str,
    /// Below it.
    pub to: &'static str,
    /// What is wanted.
    pub at_most: f64,
}

/// What the rows are to each other, and what they should be at most.
#[rustfmt::skip]
pub const RATIOS: [Ratio; 18] = [
    Ratio { name: "W1 to the Lindley recursion", of: "W1", to: "Lindley", at_most: 8.0 },
    Ratio { name: "through a queue to a call", of: "W1 through a queue", to: "W1", at_most: 1.25 },
    Ratio { name: "through SQS to through a queue", of: "W1 through SQS", to: "W1 through a queue", at_most: 3.0 },
    Ratio { name: "through a FIFO queue to through a queue", of: "W1 through SQS FIFO", to: "W1 through a queue", at_most: 3.0 },
    Ratio { name: "a system 1,000 times as large", of: "W2 × 1000", to: "W2", at_most: 1.35 },
    Ratio { name: "W1 recorded to not recorded", of: "W1", to: "W1, nobody listens", at_most: 1.2 },
    Ratio { name: "W2 recorded to not recorded", of: "W2", to: "W2, nobody listens", at_most: 1.2 },
    Ratio { name: "W3 recorded to not recorded", of: "W3", to: "W3, nobody listens", at_most: 1.2 },
    Ratio { name: "1,002 nodes to 3", of: "1,002 nodes", to: "3 nodes", at_most: 1.3 },
    Ratio { name: "the same, not recorded", of: "1,002 nodes, nobody listens", to: "3 nodes, nobody listens", at_most: 1.3 },
    Ratio { name: "10⁶ pending to 10²", of: "a hold, 10⁶ pending", to: "a hold, 10² pending", at_most: 2.0 },
    Ratio { name: "8 replications on 2 threads to 1", of: "8 × W1 on 2 threads", to: "8 × W1 on 1 thread", at_most: 1.0 / 1.9 },
    Ratio { name: "a burst ten times as long", of: "burst of 10 M", to: "burst of 1 M", at_most: 1.2 },
    Ratio { name: "10 M through a log to 10 M through a queue", of: "10 M through a log", to: "burst of 10 M", at_most: 3.0 },
    Ratio { name: "10 M through SQS", of: "10 M through SQS", to: "burst of 10 M", at_most: 3.0 },
    Ratio { name: "10 M through SQS FIFO", of: "10 M through SQS FIFO", to: "burst of 10 M", at_most: 3.0 },
    Ratio { name: "10 M through RabbitMQ", of: "10 M through RabbitMQ", to: "burst of 10 M", at_most: 3.0 },
    Ratio { name: "10 M through RabbitMQ, unlimited prefetch", of: "10 M through RabbitMQ, unlimited", to: "burst of 10 M", at_most: 3.0 },
];

/// Every row, with what all rounds gave.
pub fn measure() -> Vec<Row> {
    let mut rows = rows();
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS}");
        for row in &mut rows {
            row.took.push((row.measure)());
        }
    }
    rows
}

fn rows() -> Vec<Row> {
    let w1 = load("w1", &[]);
    let w2 = load("w2", &["duration=15625s"]);
    let w3 = load("w3", &["duration=1h"]);
    let [few, many] = [1, 334].map(|threes| many_nodes(threes, 1_000_000));
    vec![
        row("Lindley", "customer", || {
            let customers = 20_000_000;
            let (seconds, mean_wait) = cpu_seconds(|| lindley::mean_wait(customers));
            assert!((8.0..10.0).contains(&mean_wait), "{mean_wait}");
            Took { seconds, operations: customers as f64 }
        }),
        whole("W1", w1.clone(), Per::Message),
        unrecorded("W1, nobody listens", w1, Per::Message),
        whole("W1 through a queue", load("w1-queue", &[]), Per::Message),
        whole("W1 through SQS", load("w1-sqs", &[]), Per::Message),
        whole("W1 through SQS FIFO", load("w1-fifo", &[]), Per::Message),
        whole("W1 through an exchange", load("w1-amqp", &[]), Per::Message),
        whole("W2", w2.clone(), Per::Message),
        unrecorded("W2, nobody listens", w2, Per::Message),
        whole("W2 × 1000", load("w2x1000", &["duration=15625ms"]), Per::Message),
        whole("W3", w3.clone(), Per::Attempt),
        unrecorded("W3, nobody listens", w3, Per::Attempt),
        whole("W3, jittered", load("w3-jittered", &["duration=1h"]), Per::Attempt),
        whole("3 nodes", few.clone(), Per::Message),
        unrecorded("3 nodes, nobody listens", few, Per::Message),
        whole("1,002 nodes", many.clone(), Per::Message),
        unrecorded("1,002 nodes, nobody listens", many, Per::Message),
        hold("a hold, 10² pending", 100),
        hold("a hold, 10⁶ pending", 1_000_000),
        whole("burst of 1 M", burst("1s"), Per::Message),
        whole("burst of 10 M", burst("10s"), Per::Message),
        whole("10 M through a log", load("burst-log", &[]), Per::Message),
        whole("10 M through SQS", load("burst-sqs", &[]), Per::Message),
        whole("10 M through SQS FIFO", load("burst-fifo", &[]), Per::Message),
        whole("10 M through RabbitMQ", load("burst-amqp", &[]), Per::Message),
        whole("10 M through RabbitMQ, unlimited", load("burst-amqp", &[UNLIMITED]), Per::Message),
        replications("8 × W1 on 1 thread", 1),
        replications("8 × W1 on 2 threads", 2),
    ]
}

fn row(name: &'static str, unit: &'static str, measure: impl Fn() -> Took + 'static) -> Row {
    Row { name, unit, measure: Box::new(measure), took: Vec::new() }
}

/// A run with everything recorded.
fn whole(name: &'static str, scenario: Scenario, per: Per) -> Row {
    row(name, per.word(), move || run(&scenario, per))
}

/// The same with nobody listening.
fn unrecorded(name: &'static str, scenario: Scenario, per: Per) -> Row {
    let operations = run(&scenario, per).operations;
    row(name, per.word(), move || run_unrecorded(&scenario, operations))
}

fn hold(name: &'static str, pending: usize) -> Row {
    const TURNS: u64 = 2_000_000;
    row(name, "event", move || {
        let mut hold = Hold::new(pending);
        let (seconds, _) = cpu_seconds(|| black_box(hold.turn(TURNS)));
        Took { seconds, operations: TURNS as f64 }
    })
}

fn replications(name: &'static str, jobs: usize) -> Row {
    let scenario = load("w1", &["duration=500s"]);
    row(name, "replication", move || run_replications(&scenario, 8, jobs))
}

/// Everything is sent to consumers as soon as it comes.
const UNLIMITED: &str = "services.server.consumes[0].prefetch=0";

/// A million messages for each second that it goes on, and ten times as long to work them off.
fn burst(until: &str) -> Scenario {
    let seconds: u64 = until.trim_end_matches('s').parse().expect("whole seconds");
    let until = format!("producers.web.arrivals[0].constant.until={until}");
    load("burst", &[&until, &format!("duration={}s", 11 * seconds)])
}
