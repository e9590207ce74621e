//! The order of effects, per key: what stays in order is what is on one partition, and what is counted is the key all the same.

use pileup::model::blueprint::{BrokerKindPlan, LinkPlan, ServicePlan};
use pileup::model::broker::Broker;
use pileup::model::health::Ailment;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;
use pileup::policy::onward_keys::OnwardKeys;
use pileup::policy::partitioner::{PartitionBy, Partitioner};
use pileup::random::{Chance, Keys, Stream};
use pileup::time::SimDuration;

use crate::support::{
    Node, Plan, Story, fifo, from, json, member, publish, trace, unbounded, work,
};

/// A log whose clients hash with murmur2, by which 0 goes to the first of two partitions and 1 to the second, and groups of it.
fn hashed(plan: &mut Plan, partitions: usize, groups: &[&str]) -> Node<Broker> {
    let log = plan.log(partitions, "{}", groups);
    let BrokerKindPlan::Log(_, partitioners) = &mut plan.0.brokers[log.id.index()].kind else {
        panic!("it is a log")
    };
    partitioners[0] = Partitioner::default();
    log
}

fn by_message(log: Node<Broker>) -> LinkPlan {
    LinkPlan { partition_by: PartitionBy::Message, ..publish(log) }
}

/// Two partitions of which the first has 500 messages and the second 20, and two messages of one user: the first is made at the start, the
/// second a second later.
fn two_of_one_user(partition_by: PartitionBy) -> Story {
    let mut plan = Plan::lasting("10s");
    let log = hashed(&mut plan, 2, &["{}"]);
    let consumes = member(log, 0, 1, Commit::After);
    plan.service("desks", ServicePlan { workers: 2, consumes, ..work(r#""10ms""#) });
    for (name, key, count) in [("first", 0, 500), ("second", 1, 20)] {
        plan.producer(name, "", [publish(log)]).arrivals =
            vec![trace(&format!("0,{key}\n").repeat(count))];
    }
    let user = plan.producer("user", "", [LinkPlan { partition_by, ..publish(log) }]);
    user.arrivals = vec![trace("0.001,0\n1,0")];
    plan.listen()
}

/// By hand: 501 · 10 ms = 5.01 s on the first partition. The second is empty at 0.2 s, so 1 s + 10 ms there: 4 s earlier.
#[test]
fn keyed_by_its_number_the_second_message_of_a_user_overtakes_the_first() {
    let story = two_of_one_user(PartitionBy::Message);
    assert_eq!([story.of("user", "out_of_order"), story.total("out_of_order")], [1.0, 1.0]);
    assert_eq!(story.of("user", "sojourn_max_ms"), 5_009.0);
    assert!(story.effects().contains(&1.01));
}

#[test]
fn keyed_by_user_it_waits_behind_the_first() {
    let story = two_of_one_user(PartitionBy::Key);
    assert_eq!(story.total("out_of_order"), 0.0);
    // Both on the partition of 500 others: 502 · 10 ms.
    assert_eq!(story.effects().last(), Some(&5.02));
}

/// A group that is slow on one partition does the messages of a user out of order; a group that is fast everywhere does not.
#[test]
fn each_group_has_an_order_of_its_own() {
    let mut plan = Plan::lasting("10s");
    let log = hashed(&mut plan, 2, &["{}", "{}"]);
    for (name, group, time) in [("slow", 0, r#""3s""#), ("fast", 1, r#""1ms""#)] {
        let consumes = member(log, group, 1, Commit::After);
        plan.service(name, ServicePlan { workers: 2, consumes, ..work(time) });
    }
    // Another's message keeps the first partition busy: of the user's, the first is done at 6 s and the second at 4 s.
    plan.producer("other", "", [publish(log)]).arrivals = vec![trace("0,0")];
    plan.producer("user", "", [by_message(log)]).arrivals = vec![trace("0,7\n1,7")];
    let story = plan.run();
    assert_eq!(["slow", "fast"].map(|group| story.of(group, "out_of_order")), [1.0, 0.0]);
}

/// After a crash everything since the last commit is worked on again, in order, after later messages had their effect. That is counted as
/// duplicates: the order is that of first effects, which idempotency would leave.
#[test]
fn a_replay_does_twice_what_was_in_order_and_stays_in_order() {
    let mut plan = Plan::lasting("60s");
    let quick = r#"{"session_timeout": "6s", "heartbeat_interval": "1s"}"#;
    let log = hashed(&mut plan, 2, &[quick]);
    let auto = Commit::Auto { every: SimDuration::from_secs(5) };
    let consumer = || ServicePlan { consumes: member(log, 0, 500, auto), ..work(r#""1ms""#) };
    plan.service("a", consumer());
    let b = plan.service("b", consumer());
    plan.ails(b.node, Ailment::Crash, "20.5s", "60s");
    let users = plan.producer("users", r#"{"constant": {"rate": "100/s"}}"#, [publish(log)]);
    users.keys = json(r#"{"round_robin": {"count": 10}}"#);
    let story = plan.run();
    assert!(story.total("duplicates") > 20.0);
    assert_eq!(story.total("out_of_order"), 0.0);
}

/// Pairs of events of a user, keyed by event: Poisson arrivals of 64/s over 8 partitions of 10/s, each an M/M/1 queue. The second of a pair
/// is done first with probability (1 − 1/P) · µ/(µ + θ) · E[e^(−θ max(V, δ))], where V is the work in front of the first, which an
/// arrival sees as time does (Wolff 1982), δ the time between them and θ = µ − Λ/P: 0.43256.
#[test]
fn how_often_a_pair_keyed_by_event_is_reversed_follows_from_the_queues() {
    const PAIRS: u64 = 60_000;
    let mut arrivals = Stream::new(8, 0, "arrivals");
    let (mut lines, mut now) = (String::new(), 0.0);
    for event in 0..2 * PAIRS {
        now -= (1.0 - arrivals.unit()).ln() / 64.0;
        lines += &format!("{now:.9},{}\n", event / 2);
    }
    let reversed = |partition_by| {
        let mut plan = Plan::lasting("2000s");
        let log = hashed(&mut plan, 8, &["{}"]);
        let consumes = member(log, 0, 1, Commit::After);
        let work = work(r#"{"exponential": {"mean": "100ms"}}"#);
        plan.service("desks", ServicePlan { workers: 8, consumes, ..work });
        let link = LinkPlan { partition_by, ..publish(log) };
        plan.producer("users", "", [link]).arrivals = vec![trace(&lines)];
        let story = plan.run();
        assert_eq!(story.total("effects"), 2.0 * PAIRS as f64);
        story.total("out_of_order") / PAIRS as f64
    };
    // Four standard deviations of 60,000 independent pairs are 0.008; neighbors share their queues, which widens it.
    let share = reversed(PartitionBy::Message);
    assert!((share - 0.432_560_9).abs() < 0.016, "{share}");
    assert_eq!(reversed(PartitionBy::Key), 0.0);
}

/// Six orders of two users come in by turns; a service passes them on to a log of two partitions. What `keys` says decides on which: by
/// key one of the users each. At which nodes the effects were, in order of time.
fn passed_on(keys: OnwardKeys) -> Story {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let log = hashed(&mut plan, 2, &["{}"]);
    let consumes = from(queue, 1, Commit::After);
    let sends = vec![publish(log)];
    plan.service("desk", ServicePlan { consumes, sends, keys, ..work(r#""100ms""#) });
    let consumes = member(log, 0, 1, Commit::After);
    plan.service("packers", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
    let user = plan.producer("user", "", [publish(queue)]);
    user.arrivals = vec![trace("0,0\n0,0\n0,0\n0,1\n0,0\n0,1")];
    plan.listen()
}

/// Kafka Streams (`KStream#mapValues` keeps the key, `selectKey` chooses another): with the key of what came in, the four of one user are on
/// one partition and the two of the other on the other one.
#[test]
fn what_is_sent_on_has_the_key_of_what_came_in_if_it_keeps_it() {
    let packed = |keys| effects_of(&passed_on(keys), "packers");
    // At the desk they are done at 0.1, 0.2, … 0.6 s.
    assert_eq!(packed(OnwardKeys::Same), [1.1, 1.4, 2.1, 2.4, 3.1, 4.1]);
    let story = passed_on(OnwardKeys::Drawn(Keys::Uniform { count: 1 }));
    assert_eq!(
        effects_of(&story, "packers"),
        [1.1, 2.1, 3.1, 4.1, 5.1, 6.1],
        "one key: one partition"
    );
    assert_eq!(story.total("out_of_order"), 0.0);
}

/// A FIFO queue of SQS takes the key for its `MessageGroupId`: two messages of one group are never in work at the same time.
#[test]
fn a_fifo_queue_groups_what_is_sent_on_by_its_key() {
    let packed = |keys| {
        let mut plan = Plan::lasting("20s");
        let queue = plan.queue("queue", unbounded());
        let sqs = plan.sqs([fifo("letters")]);
        let consumes = from(queue, 1, Commit::After);
        let sends = vec![publish(sqs)];
        plan.service("desk", ServicePlan { consumes, sends, keys, ..work(r#""100ms""#) });
        let consumes = from(sqs, 1, Commit::After);
        plan.service("packers", ServicePlan { workers: 4, consumes, ..work(r#""1s""#) });
        let user = plan.producer("user", "", [publish(queue)]);
        user.arrivals = vec![trace("0,0\n0,1\n0,0")];
        effects_of(&plan.listen(), "packers")
    };
    assert_eq!(packed(OnwardKeys::Same), [1.1, 1.2, 2.1]);
    assert_eq!(packed(OnwardKeys::Drawn(Keys::RoundRobin { count: 1 })), [1.1, 2.1, 3.1]);
}

/// When a service's work took effect.
fn effects_of(story: &Story, service: &str) -> Vec<f64> {
    let names = &story.metrics.nodes;
    let place = names.iter().position(|node| node.name == service).expect("there is one");
    story.times(|fact| matches!(fact, Observation::Effect { at, .. } if at.index() == place))
}
