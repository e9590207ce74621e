//! Transactions: who sees what when, and what becomes of one that nobody ends.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use super::{QUICK, effects_at};
use crate::support::{Plan, Story, With, member, publish, publish_to, work};

const COMMITTED: &str = r#"{"isolation": "read_committed"}"#;

/// `isolation.level`: a reader of what is committed has to wait for the commit, and the others don't.
#[test]
fn what_is_written_together_is_read_together() {
    let mut plan = Plan::lasting("10s");
    let log = plan.log(1, "{}", &["{}", COMMITTED]);
    for (group, name) in ["quick", "patient"].into_iter().enumerate() {
        let consumes = member(log, group as u16, 500, Commit::After);
        plan.service(name, ServicePlan { consumes, ..work(r#""1ms""#) });
    }
    let client = r#"{"transaction": {"every": "1s", "commit_time": "100ms"}}"#;
    let burst = r#"{"burst": {"count": 3, "at": "1s"}}; {"burst": {"count": 1, "at": "2.05s"}}"#;
    plan.producer("shop", burst, [publish(log).client(client)]);
    let story = plan.listen();
    // The last message comes while the first transaction is being committed, and waits for it.
    let (quick, patient) = ([1.001, 1.002, 1.003, 2.101], [2.101, 2.102, 2.103, 3.201]);
    let mut all = [quick, patient].concat();
    all.sort_by(f64::total_cmp);
    assert_eq!(story.effects(), all);
    assert_eq!(story.answers(), [1.0, 1.0, 1.0, 2.1]);
}

/// Ten messages a second are enriched and passed on to another topic; something happens to who does it.
fn chain(commit: Commit, client: &str, ailment: Ailment, until: &str) -> Story {
    chain_from(commit, client, ailment, "20.33s", until)
}

fn chain_from(commit: Commit, client: &str, ailment: Ailment, from: &str, until: &str) -> Story {
    let mut plan = Plan::lasting("200s");
    let log = plan.topics(&[2, 2], "{}", &[(0, QUICK), (1, COMMITTED)]);
    let consumes = member(log, 0, 50, commit);
    let sends = vec![publish_to(log, 1).client(client)];
    let enrich = plan.service("enrich", ServicePlan { consumes, sends, ..work(r#""20ms""#) });
    let consumes = member(log, 1, 500, Commit::After);
    plan.service("sink", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(enrich.node, ailment, from, until);
    plan.producer("shop", r#"{"constant": {"rate": "10/s", "until": "60s"}}"#, [publish(log)]);
    plan.listen()
}

const EVERY_SECOND: &str = r#"{"transaction": {"every": "1s", "commit_time": "10ms"}}"#;

/// What was read and what was written are committed together, so what is done again has left nothing behind.
#[test]
fn a_crash_leaves_exactly_one_message_for_each() {
    for ailment in [Ailment::Crash, Ailment::Stop] {
        let story = chain(Commit::Transaction, EVERY_SECOND, ailment, "25s");
        assert_eq!(story.of("sink", "effects"), 600.0);
        assert_eq!(story.total("final_lag"), 0.0);
        assert_eq!(story.counts(["lost", "pending"]), [0, 0]);
        assert_eq!(story.total("abandoned"), story.of("enrich", "duplicates"), "what was aborted");
    }
    let foil = chain(Commit::Auto { every: "1s".parse().unwrap() }, "{}", Ailment::Crash, "25s");
    assert!(foil.of("sink", "effects") > 600.0, "at least once");
}

/// When `sink` got something, in seconds.
fn longest_pause(story: &Story) -> (f64, f64) {
    let effects = story.effects();
    let pairs = effects.windows(2).map(|pair| (pair[0], pair[1]));
    pairs.max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0))).unwrap()
}

/// A new instance of the same name aborts what the old one left (`initTransactions`); without one the broker does so when it finds the
/// transaction too old, which it looks for every ten seconds: 60 to 70 s after its first message.
#[test]
fn a_transaction_that_nobody_ends_holds_up_its_readers() {
    let other = |until: &str| {
        let mut plan = Plan::lasting("200s");
        let log = plan.topics(&[1, 1], "{}", &[(0, QUICK), (1, COMMITTED)]);
        let consumes = member(log, 0, 50, Commit::Transaction);
        let sends = vec![publish_to(log, 1).client(EVERY_SECOND)];
        let enrich = plan.service("enrich", ServicePlan { consumes, sends, ..work(r#""20ms""#) });
        let consumes = member(log, 1, 500, Commit::After);
        plan.service("sink", ServicePlan { consumes, ..work(r#""1ms""#) });
        plan.ails(enrich.node, Ailment::Crash, "20.33s", until);
        plan.producer("shop", r#"{"constant": {"rate": "10/s", "until": "20s"}}"#, [publish(log)]);
        // Somebody else writes to the second topic as well, without a transaction.
        let steady = r#"{"constant": {"rate": "10/s", "until": "150s"}}"#;
        plan.producer("other", steady, [publish_to(log, 1)]);
        plan.listen()
    };
    let (from, to) = longest_pause(&other("180s"));
    assert!((19.0..20.33).contains(&from) && (80.0..80.1).contains(&to), "{from} to {to}");
    let (from, to) = longest_pause(&other("25s"));
    assert!((19.0..20.33).contains(&from) && (25.0..25.1).contains(&to), "{from} to {to}");
}

/// `ProducerFenced`: a client that stands still for too long has lost its transaction, and begins again where it had committed.
#[test]
fn who_stands_still_for_too_long_begins_again() {
    let story = chain(Commit::Transaction, EVERY_SECOND, Ailment::Hang, "110s");
    assert_eq!(story.of("sink", "effects"), 600.0);
    assert_eq!(story.total("final_lag"), 0.0);
    assert_eq!(story.counts(["lost", "pending"]), [0, 0]);
}

/// One of two members that share the work goes and comes back: each gives up its partitions with a commit.
#[test]
fn a_rebalance_ends_the_transactions_of_those_who_give_something_up() {
    let mut plan = Plan::lasting("200s");
    let log = plan.topics(&[4, 2], "{}", &[(0, QUICK), (1, COMMITTED)]);
    let mut nodes = Vec::new();
    for name in ["a", "b"] {
        let consumes = member(log, 0, 50, Commit::Transaction);
        let sends = vec![publish_to(log, 1).client(EVERY_SECOND)];
        nodes.push(plan.service(name, ServicePlan { consumes, sends, ..work(r#""20ms""#) }).node);
    }
    let consumes = member(log, 1, 500, Commit::After);
    plan.service("sink", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(nodes[1], Ailment::Crash, "20.33s", "40s");
    plan.producer("shop", r#"{"constant": {"rate": "20/s", "until": "60s"}}"#, [publish(log)]);
    let story = plan.run();
    assert_eq!(story.of("sink", "effects"), 1200.0);
    assert_eq!(story.counts(["lost", "pending"]), [0, 0]);
    assert_eq!(story.total("final_lag"), 0.0);
}

/// `sendOffsetsToTransaction`: what was read and what was written for it are one transaction. A client that stands still between the two has
/// written and not said what it has read, so what it has written is never committed, whatever its interval; it is put out meanwhile
/// (`max.poll.interval.ms`), finds its transaction in vain, and does all of it again.
#[test]
fn what_a_client_wrote_before_it_stood_still_is_not_committed_without_what_it_had_read() {
    let mut plan = Plan::lasting("120s");
    let membership = QUICK.replace('{', r#"{"max_poll_interval": "5s", "#);
    let log = plan.topics(&[1, 1], "{}", &[(0, &membership), (1, COMMITTED)]);
    let consumes = member(log, 0, 50, Commit::Transaction);
    let sends = vec![publish_to(log, 1).client(EVERY_SECOND).latency(r#""50ms""#)];
    let enrich = plan.service("enrich", ServicePlan { consumes, sends, ..work(r#""20ms""#) });
    let consumes = member(log, 1, 500, Commit::After);
    let sink = plan.service("sink", ServicePlan { consumes, ..work(r#""1ms""#) });
    // The message is read at 1 s, what is written for it arrives at 1.07 s, and word of that would come back at 1.12 s.
    plan.ails(enrich.node, Ailment::Hang, "1.1s", "20s");
    plan.producer("shop", r#"{"burst": {"count": 1, "at": "1s"}}"#, [publish(log)]);
    let story = plan.listen();
    assert_eq!(story.marks("evicted"), [6.0]);
    let [read] = effects_at(&story, sink.node.index())[..] else { panic!("once") };
    assert!(read > 21.0, "{read}: a second after it was written anew");
    assert_eq!(story.counts(["abandoned", "lost", "pending"]), [1, 0, 0], "the first one is void");
}

/// `IllegalGenerationException`: the offsets of a transaction are those of a member. One that is put out of its group while its commit is under
/// way can't end it: what it has read is another's, who reads it again, so it may not have been written.
#[test]
fn a_commit_that_takes_longer_than_its_client_may_stay_away_is_void() {
    let mut plan = Plan::lasting("60s");
    let membership = QUICK.replace('{', r#"{"max_poll_interval": "2s", "#);
    let log = plan.topics(&[1, 1], "{}", &[(0, &membership), (1, COMMITTED)]);
    for name in ["a", "b"] {
        // Only the commit of the first one is slow.
        let slow = if name == "a" { "3s" } else { "10ms" };
        let client = format!(r#"{{"transaction": {{"every": "1s", "commit_time": "{slow}"}}}}"#);
        let consumes = member(log, 0, 50, Commit::Transaction);
        let sends = vec![publish_to(log, 1).client(&client)];
        plan.service(name, ServicePlan { consumes, sends, ..work(r#""200ms""#) });
    }
    let consumes = member(log, 1, 500, Commit::After);
    let sink = plan.service("sink", ServicePlan { consumes, ..work(r#""1ms""#) });
    // The first opens the transaction at 1.2 s, so it is due at 2.2 s; the second one is done at 2.3 s, and the commit then lasts until
    // 5.3 s. Its client polled last at 2.1 s.
    let two = r#"{"burst": {"count": 1, "at": "1s"}}; {"burst": {"count": 1, "at": "2.1s"}}"#;
    plan.producer("shop", two, [publish(log)]);
    let story = plan.listen();
    assert_eq!(story.marks("evicted"), [4.1]);
    assert_eq!(effects_at(&story, sink.node.index()).len(), 2, "each once");
    assert_eq!(story.counts(["abandoned", "lost", "pending"]), [2, 0, 0], "what `a` had written");
    assert_eq!(story.total("final_lag"), 0.0);
}

/// `transactional.id`: each worker is a client with transactions of its own. Two of one service read a partition
/// each, and what the second one has begun later is committed later; what it writes into the same partition is behind what the first wrote.
#[test]
fn each_worker_has_a_transaction_of_its_own() {
    let mut plan = Plan::lasting("60s");
    let log = plan.topics(&[2, 1], "{}", &[(0, QUICK), (1, COMMITTED)]);
    let consumes = member(log, 0, 1, Commit::Transaction);
    let client = r#"{"transaction": {"every": "1s", "commit_time": "10ms"}}"#;
    let sends = vec![publish_to(log, 1).client(client)];
    plan.service("enrich", ServicePlan { workers: 2, consumes, sends, ..work(r#""100ms""#) });
    let consumes = member(log, 1, 500, Commit::After);
    let sink = plan.service("sink", ServicePlan { consumes, ..work(r#""0s""#) });
    // One partition after the other: the first message is for the first worker, the second one, half a second later, for the second.
    let two = r#"{"burst": {"count": 1, "at": "1s"}}; {"burst": {"count": 1, "at": "1.5s"}}"#;
    plan.producer("shop", two, [publish(log)]);
    let story = plan.listen();
    // Written at 1.1 and 1.6 s; due a second later, and 10 ms until it is over. The second waits for nothing but its own commit.
    assert_eq!(effects_at(&story, sink.node.index()), [2.11, 2.61]);
}

/// A client that is closed between two messages commits what it has done; in the middle of one, it aborts it. The messages of 20.1 s to 20.3 s are
/// done 20 ms later.
#[test]
fn whoever_is_closed_with_nothing_in_hand_commits() {
    let again = |closed: &str| {
        let story = chain_from(Commit::Transaction, EVERY_SECOND, Ailment::Stop, closed, "25s");
        assert_eq!(story.of("sink", "effects"), 600.0);
        story.of("enrich", "duplicates")
    };
    assert_eq!(again("20.33s"), 0.0);
    assert!(again("20.31s") > 0.0);
}
