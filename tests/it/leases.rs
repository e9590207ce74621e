//! What holds for every queue of leased messages, whatever happens to its consumers.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::{Order, Polling, SqsQueueSettings};
use pileup::model::health::Ailment;
use pileup::time::SimDuration;
use proptest::prelude::*;

use crate::support::{Plan, Story, With, fifo, json, lease, publish, standard, work};

/// A queue, and what happens to its consumers in the first 60 seconds.
#[derive(Debug, Clone)]
struct Recipe {
    order: Kind,
    timeout_s: u64,
    heartbeat: bool,
    short_poll: bool,
    delay_s: u64,
    in_flight_limit: u64,
    max_receive_count: Option<u16>,
    /// Workers of each service.
    workers: Vec<u32>,
    batch: u32,
    faults: Vec<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Standard { shards: u32, duplicates: bool },
    Fifo { keys: u32, look_ahead: usize },
}

/// Which service, what happens to it, and from when to when, in milliseconds.
type Fault = (usize, Mishap, u64, u64);

#[derive(Debug, Clone, Copy)]
enum Mishap {
    Crash,
    Hang,
    /// Half of its work fails.
    Errors,
    /// The broker is down.
    BrokerCrash,
    /// Nothing passes between the broker and its consumers.
    Cut,
}

const MESSAGES: u64 = 200;

fn recipes() -> impl Strategy<Value = Recipe> {
    let standard = (1..12_u32, any::<bool>())
        .prop_map(|(shards, duplicates)| Kind::Standard { shards, duplicates });
    let fifo =
        (1..9_u32, 1..60_usize).prop_map(|(keys, look_ahead)| Kind::Fifo { keys, look_ahead });
    let mishaps = [Mishap::Crash, Mishap::Hang, Mishap::Errors, Mishap::BrokerCrash, Mishap::Cut];
    let fault = (0..4_usize, prop::sample::select(mishaps.to_vec()), 0..60_000_u64, 1..30_000_u64);
    let polls = (any::<bool>(), any::<bool>(), 0..4_u64);
    let limits = (3..9_u64, 1..30_u64, prop::option::of(1..5_u16));
    let faults = proptest::collection::vec(fault, 0..6);
    let workers = proptest::collection::vec(1..4_u32, 1..4);
    (prop_oneof![standard, fifo], polls, limits, workers, 1..11_u32, faults).prop_map(
        |(order, polls, limits, workers, batch, faults)| {
            let (heartbeat, short_poll, delay_s) = polls;
            let (timeout_s, in_flight_limit, max_receive_count) = limits;
            let faults = faults.into_iter();
            let faults = faults
                .map(|(of, what, from, long)| (of % workers.len(), what, from, from + long))
                .collect();
            Recipe {
                order,
                timeout_s,
                heartbeat,
                short_poll,
                delay_s,
                in_flight_limit,
                max_receive_count,
                workers,
                batch,
                faults,
            }
        },
    )
}

impl Recipe {
    fn queue(&self) -> SqsQueueSettings {
        let timeout = SimDuration::from_secs(self.timeout_s);
        let short = Polling::Short(SimDuration::from_millis(130));
        let order = match self.order {
            Kind::Standard { shards, duplicates } => Order::Standard {
                shards,
                short_poll_reach: 0.5,
                duplicate_probability: if duplicates { 0.1 } else { 0.0 },
            },
            Kind::Fifo { look_ahead, .. } => match fifo("").order {
                Order::Fifo { deduplication_window, quota, .. } => {
                    Order::Fifo { deduplication_window, quota, look_ahead }
                }
                Order::Standard { .. } => unreachable!("a FIFO queue is none"),
            },
        };
        SqsQueueSettings {
            visibility_timeout: timeout,
            polling: if self.short_poll { short } else { Polling::Long },
            in_flight_limit: self.in_flight_limit,
            delay: SimDuration::from_secs(self.delay_s),
            redrive: self.max_receive_count.map(|most| (most, 1)),
            order,
            ..standard("orders")
        }
    }

    /// Ten messages a second for 20 s, 100 ms each, and enough time for everything to come to rest.
    fn tell(&self) -> Story {
        let mut plan = Plan::lasting("900s");
        let dead = match self.order {
            Kind::Standard { .. } => standard("dead"),
            Kind::Fifo { .. } => fifo("dead"),
        };
        let aws = plan.sqs([self.queue(), dead]);
        let mut services = Vec::new();
        for (index, workers) in self.workers.iter().enumerate() {
            let mut consumes = lease(aws, 0, self.batch);
            if let Kind::Fifo { .. } = self.order {
                consumes[0].on_failure = json(r#""halt""#);
            }
            let service = ServicePlan { workers: *workers, consumes, ..work(r#""100ms""#) };
            services.push(plan.service(&format!("worker-{index}"), service));
        }
        if self.heartbeat {
            let (every, by) =
                (SimDuration::from_millis(900), SimDuration::from_secs(self.timeout_s));
            plan.beat(aws, every, by);
        }
        let retry = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "1s"}}, "jitter": "none"}"#;
        let steady = r#"{"constant": {"rate": "10/s", "until": "19950ms"}}"#;
        let shop = plan.producer("shop", steady, [publish(aws).retry(retry)]);
        if let Kind::Fifo { keys, .. } = self.order {
            shop.keys = json(&format!(r#"{{"round_robin": {{"count": {keys}}}}}"#));
        }
        for (of, what, from, until) in &self.faults {
            let (from, until) = (format!("{from}ms"), format!("{until}ms"));
            match what {
                Mishap::Crash => plan.ails(services[*of].node, Ailment::Crash, &from, &until),
                Mishap::Hang => plan.ails(services[*of].node, Ailment::Hang, &from, &until),
                Mishap::Errors => {
                    plan.ails(services[*of].node, Ailment::Errors(0.5), &from, &until);
                }
                Mishap::BrokerCrash => plan.ails(aws.node, Ailment::Crash, &from, &until),
                Mishap::Cut => plan.cut_off(aws.node, &from, &until),
            }
        }
        plan.run()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// The books are balanced in every run of a story, and no level of a queue falls below zero.
    #[test]
    fn a_leased_message_is_done_at_least_once_or_put_aside(recipe in recipes()) {
        let story = recipe.tell();
        prop_assert_eq!(story.of("aws/orders", "final_lag"), 0.0, "everything comes to an end");
        prop_assert_eq!(story.counts(["lost", "expired", "pending"]), [0; 3]);
        let [done, unknown, aside] = story.counts(["succeeded", "uncertain", "dead_lettered"]);
        prop_assert_eq!(done + unknown + aside, MESSAGES);
        prop_assert!(story.of("aws/orders", "peak_in_flight") <= recipe.in_flight_limit as f64);
        let again = story.total("redeliveries");
        match recipe.max_receive_count {
            Some(most) => prop_assert!(again <= f64::from(most - 1) * MESSAGES as f64),
            None => prop_assert_eq!((done, aside), (MESSAGES, 0)),
        }
        let copies = recipe.order.has_duplicates();
        if recipe.faults.is_empty() && !copies {
            prop_assert_eq!(story.counts(["duplicates", "redeliveries"]), [0, 0]);
        }
        // What is sent again, because the broker was down, comes after what was sent since.
        let sent_once =
            !recipe.faults.iter().any(|(_, what, ..)| matches!(what, Mishap::BrokerCrash));
        let keeps_order = matches!(recipe.order, Kind::Fifo { .. });
        if keeps_order && sent_once && recipe.max_receive_count.is_none() {
            prop_assert_eq!(story.total("out_of_order"), 0.0);
        }
    }
}

impl Kind {
    fn has_duplicates(self) -> bool {
        matches!(self, Kind::Standard { duplicates: true, .. })
    }
}
