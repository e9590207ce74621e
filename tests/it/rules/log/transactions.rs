//! Transactions: who sees what when, and what becomes of one that nobody ends.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use super::QUICK;
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
    let mut plan = Plan::lasting("200s");
    let log = plan.topics(&[2, 2], "{}", &[(0, QUICK), (1, COMMITTED)]);
    let consumes = member(log, 0, 50, commit);
    let sends = vec![publish_to(log, 1).client(client)];
    let enrich = plan.service("enrich", ServicePlan { consumes, sends, ..work(r#""20ms""#) });
    let consumes = member(log, 1, 500, Commit::After);
    plan.service("sink", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(enrich.node, ailment, "20.33s", until);
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
