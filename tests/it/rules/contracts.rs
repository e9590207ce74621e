//! Messages with which work fails, because of what they are: poison, and what consumers do about it.

use pileup::model::blueprint::{LinkPlan, ServicePlan};
use pileup::model::observation::{Fate, Observation};
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, With, call, from, json, member, publish, unbounded, work};

/// One message a second, from 1 s until 4 s.
const THREE: &str = r#"{"constant": {"rate": "1/s", "from": "1s", "until": "4s"}}"#;

/// A direct call shows the failure to whoever made it, at once.
#[test]
fn a_call_with_a_poison_message_is_answered_with_an_error_after_its_work_each_time() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""200ms""#));
    let retry = r#"{"max_attempts": 2, "backoff": {"fixed": {"delay": "100ms"}}}"#;
    let web = plan.producer("web", THREE, [call(mail).retry(retry)]).node;
    plan.poison(web, 1.0, "2s", "3s");
    let story = plan.listen();
    assert_eq!(story.effects(), [1.2, 3.2]);
    assert_eq!(story.attempts(), [1.0, 2.0, 2.3, 3.0]);
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [2.5]);
    assert_eq!(story.counts(["abandoned", "succeeded"]), [1, 2]);
}

/// Poison is made in the window, whenever it is worked on; at a queue it goes back to the head and is delivered again for ever.
#[test]
fn poison_shows_when_it_is_worked_on_and_stays_poison() {
    let mut plan = Plan::lasting("10s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""2s""#) });
    let web = plan.producer("web", THREE, [publish(queue)]).node;
    plan.poison(web, 1.0, "2s", "2500ms");
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0], "and at 5, 7 and 9 s the poison fails");
    assert_eq!(story.counts(["redeliveries", "pending"]), [3, 2]);
}

/// Half of what is made is poison: the same half, whether it is called or queued.
#[test]
fn the_same_messages_are_poison_in_every_variant() {
    let arrivals = r#"{"constant": {"rate": "10/s", "until": "10s"}}"#;
    let mut direct = Plan::lasting("60s");
    let mail = direct.service("mail", work(r#""10ms""#));
    let web = direct.producer("web", arrivals, [call(mail)]).node;
    direct.poison(web, 0.5, "0s", "60s");
    let mut queued = Plan::lasting("60s");
    let queue = queued.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::Before);
    queued.service("mail", ServicePlan { consumes, ..work(r#""10ms""#) });
    let web = queued.producer("web", arrivals, [publish(queue)]).node;
    queued.poison(web, 0.5, "0s", "60s");
    let [direct, queued] = [direct.listen(), queued.listen()];
    assert_eq!(direct.effects(), queued.effects());
    assert_eq!(direct.total("abandoned"), queued.total("lost"));
    assert!((30.0..70.0).contains(&direct.total("succeeded")));
}

/// Messages at 0, 1, 2, … s, that at 2 s poison, each worth 1 s of work, in a log of two partitions, one after the other; what the
/// workers of the consumer do about it.
fn read_from_a_log(workers: u32, batch: u32, commit: Commit, on_failure: &str) -> Story {
    let mut plan = Plan::lasting("20s");
    let log = plan.log(2, "{}", &["{}"]);
    let mut consumes = member(log, 0, batch, commit);
    consumes[0].on_failure = json(on_failure);
    plan.service("mail", ServicePlan { workers, consumes, ..work(r#""1s""#) });
    let six = r#"{"constant": {"rate": "1/s", "until": "6s"}}"#;
    let web = plan.producer("web", six, [publish(log)]).node;
    plan.poison(web, 1.0, "2s", "2500ms");
    plan.listen()
}

/// Kafka's consumer throws at that record with every poll, its position stays, and its heartbeats go on.
#[test]
fn a_consumer_that_halts_reads_nothing_else_and_stays_a_member() {
    let one_by_one = read_from_a_log(1, 1, Commit::After, r#""halt""#);
    assert_eq!(one_by_one.effects(), [1.0, 2.0], "not even of its other partition");
    let story = read_from_a_log(1, 500, Commit::After, r#""halt""#);
    assert_eq!(story.effects(), [1.0, 2.0]);
    let fails = story.times(|fact| matches!(fact, Observation::Completed { .. }));
    let wanted: Vec<f64> = (1..20).map(f64::from).collect();
    assert_eq!(fails, wanted, "once a second");
    assert_eq!(story.counts(["succeeded", "pending", "rebalances", "redeliveries"]), [2, 4, 0, 17]);
}

/// Ordering, and so blocking, is by partition; a worker that reads another one is not concerned.
#[test]
fn whoever_reads_another_partition_goes_on() {
    let story = read_from_a_log(
        2,
        500,
        Commit::After,
        r#"{"halt": {"backoff": {"fixed": {"delay": "4s"}}}}"#,
    );
    assert_eq!(story.effects(), [1.0, 2.0, 4.0, 6.0]);
    let tries = story.times(|fact| matches!(fact, Observation::Redelivered { .. }));
    assert_eq!(tries, [7.0, 7.0, 12.0, 12.0, 17.0, 17.0], "told at the log and at the group");
}

/// What is before the failure in a batch is committed, and not worked on again.
#[test]
fn a_halt_in_the_middle_of_a_batch_repeats_nothing() {
    let mut plan = Plan::lasting("20s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 10, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""2s""#) });
    let web = plan.producer("web", THREE, [publish(log)]).node;
    plan.poison(web, 1.0, "3s", "4s");
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0, 5.0]);
    assert_eq!(story.counts(["duplicates", "final_lag"]), [0, 1]);
}

#[test]
fn a_message_that_is_skipped_is_lost_and_one_that_is_put_aside_is_dead_lettered() {
    for commit in [Commit::Before, Commit::After] {
        let story = read_from_a_log(1, 500, commit, r#""skip""#);
        assert_eq!(story.effects(), [1.0, 2.0, 4.0, 5.0, 6.0]);
        assert_eq!(story.counts(["succeeded", "lost", "dead_lettered", "final_lag"]), [5, 1, 0, 0]);
        let story = read_from_a_log(1, 500, commit, r#"{"dead_letter": {"attempts": 3}}"#);
        assert_eq!(story.effects(), [1.0, 2.0, 6.0, 7.0, 8.0]);
        assert_eq!(story.counts(["succeeded", "lost", "dead_lettered", "final_lag"]), [5, 0, 1, 0]);
    }
}

/// A consumer of a plain queue tries three times, half a second apart, before it gives a message back; others go on meanwhile.
#[test]
fn a_consumer_may_try_again_itself_before_it_gives_a_message_back() {
    let mut plan = Plan::lasting("6s");
    let queue = plan.queue("queue", unbounded());
    let mut consumes = from(queue, 1, Commit::After);
    consumes[0].on_failure =
        json(r#"{"requeue": {"attempts": 2, "backoff": {"fixed": {"delay": "500ms"}}}}"#);
    plan.service("mail", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
    let web = plan.producer("web", THREE, [publish(queue)]).node;
    plan.poison(web, 1.0, "1s", "2s");
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0, 4.0]);
    let tries = story.times(|fact| matches!(fact, Observation::Completed { .. }));
    assert_eq!(tries, [2.0, 3.0, 3.5, 4.0, 4.5]);
    assert_eq!(story.times(|fact| matches!(fact, Observation::Redelivered { .. })), [3.5]);
}

/// An in-place retry with back-off in an ordered partition, worked out by hand: the poison message of 20 s takes 5 · 10 ms and waits
/// 1 + 2 + 4 + 8 s, so everything behind it waits 15.05 s, and the 50/s that came meanwhile are worked off at 50/s net.
#[test]
fn retries_in_place_hold_up_all_that_follows() {
    let mut plan = Plan::lasting("120s");
    let log = plan.log(1, "{}", &["{}"]);
    let mut consumes = member(log, 0, 1, Commit::After);
    consumes[0].on_failure = json(
        r#"{"dead_letter": {"attempts": 5, "backoff": {"exponential": {"base": "1s", "factor": 2}}}}"#,
    );
    plan.service("mail", ServicePlan { consumes, ..work(r#""10ms""#) });
    let arrivals = r#"{"constant": {"rate": "50/s", "until": "120s"}}"#;
    let web = plan.producer("web", arrivals, [publish(log)]).node;
    plan.poison(web, 1.0, "20s", "20.01s");
    let story = plan.listen();
    let dead =
        story.times(|fact| matches!(fact, Observation::Settled { fate: Fate::DeadLettered, .. }));
    assert_eq!(dead, [35.05]);
    let tries = story.times(|fact| matches!(fact, Observation::Completed { .. }));
    assert_eq!(tries.len(), 6_004);
    let next_before = story.effects().into_iter().rfind(|now| *now < 35.05);
    assert_eq!(next_before, Some(19.99));
    let peak = story.total("peak_lag");
    assert!((751.0..=755.0).contains(&peak), "{peak}: 50/s · 15.05 s, and the poison itself");
}

/// A required field is renamed at 2 s: what was written before is read, and nothing after it, however late it is read.
const RENAMED: &str = r#"{"rename_field": {"field": "total", "to": "amount"}}"#;

/// A direct call shows a breach of contract to whoever committed it, at once.
#[test]
fn a_caller_learns_at_once_that_its_schema_is_not_understood() {
    let mut plan = Plan::lasting("20s");
    let mail = plan.service("mail", work(r#""200ms""#));
    let web = plan.producer("web", THREE, [call(mail)]).node;
    plan.change_schema(web, "2s", RENAMED);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.2]);
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [2.2, 3.2]);
}

/// Behind a backlog the first bad message is read long after it was written; a consumer that is deployed anew reads it at last.
#[test]
fn a_queue_puts_the_failure_off_until_the_message_is_read_and_an_upgrade_ends_it() {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 500, Commit::After);
    let reads = vec![("0s".parse().unwrap(), 0), ("20s".parse().unwrap(), 1)];
    plan.service("mail", ServicePlan { consumes, reads, ..work(r#""4s""#) });
    let four = r#"{"burst": {"count": 2, "at": "1s"}}; {"burst": {"count": 2, "at": "2s"}}"#;
    let web = plan.producer("web", four, [publish(log)]).node;
    plan.change_schema(web, "2s", RENAMED);
    let story = plan.listen();
    assert_eq!(story.effects(), [5.0, 9.0, 21.0, 25.0], "in vain until 13 and 17 s");
    assert_eq!(
        story.counts(["succeeded", "redeliveries"]),
        [4, 3],
        "one twice, and the one behind it"
    );
}

/// A registry refuses the schema to its producer: nothing of it comes to the topic, and no consumer fails.
#[test]
fn a_registry_turns_the_producer_away_and_not_the_consumers() {
    let story = |change: &str, registry: &str| {
        let mut plan = Plan::lasting("20s");
        let queue = plan.queue("queue", unbounded());
        let consumes = from(queue, 1, Commit::After);
        plan.service("mail", ServicePlan { consumes, ..work(r#""200ms""#) });
        let link = LinkPlan { registry: Some(json(registry)), ..publish(queue) };
        let web = plan.producer("web", THREE, [link]).node;
        plan.change_schema(web, "2s", change);
        plan.listen()
    };
    let refused = story(RENAMED, r#""backward""#);
    assert_eq!(refused.effects(), [1.2]);
    let unanswered = refused.times(|fact| matches!(fact, Observation::Unanswered { .. }));
    assert_eq!(unanswered, [2.0, 3.0]);
    assert_eq!(refused.counts(["rejected", "redeliveries", "attempts"]), [2, 0, 1]);
    let required = r#"{"remove_field": {"field": "total"}}"#;
    assert_eq!(
        story(required, r#""backward""#).total("rejected"),
        0.0,
        "whoever reads is to go first"
    );
    assert_eq!(story(required, r#""forward""#).total("rejected"), 2.0);
    assert_eq!(story(RENAMED, r#""none""#).total("rejected"), 0.0);
}

/// Avro's rules of resolution: a reader fails on a symbol that it doesn't know, and reads every other. The messages with the new symbol are
/// the same in every variant, and of those that were written before none has it.
#[test]
fn an_old_reader_fails_on_the_messages_with_the_new_symbol_only() {
    let story = |change: &str, reads: usize| {
        let mut plan = Plan::lasting("60s");
        let log = plan.log(1, "{}", &["{}"]);
        let mut consumes = member(log, 0, 500, Commit::After);
        consumes[0].on_failure = json(r#""skip""#);
        let reads = vec![("0s".parse().unwrap(), reads)];
        plan.service("mail", ServicePlan { consumes, reads, ..work(r#""10ms""#) });
        let hundred = r#"{"constant": {"rate": "10/s", "until": "20s"}}"#;
        let web = plan.producer("web", hundred, [publish(log)]).node;
        plan.change_schema(web, "10s", change);
        plan.listen()
    };
    let added =
        |share: f64| format!(r#"{{"add_symbol": {{"field": "status", "share": {share}}}}}"#);
    for (share, lost) in [(0.0, 0), (1.0, 100)] {
        assert_eq!(story(&added(share), 0).counts(["lost", "succeeded"]), [lost, 200 - lost]);
        assert_eq!(story(&added(share), 1).counts(["lost", "succeeded"]), [0, 200]);
    }
    let few = story(&added(0.3), 0);
    assert!(few.effects().iter().filter(|now| **now < 10.0).count() == 100);
    // Three standard deviations of a share of 0.3 in 100: 0.14.
    assert!((16.0..=44.0).contains(&few.total("lost")), "{}", few.total("lost"));
    let more = story(&added(0.6), 0);
    assert!(
        more.effects().iter().all(|now| few.effects().contains(now)),
        "the same ones, and more"
    );
    let gone = story(r#"{"remove_symbol": {"field": "status", "share": 0.3}}"#, 1);
    assert!((16.0..=44.0).contains(&gone.total("lost")), "{}", gone.total("lost"));
    assert!(gone.effects().iter().filter(|now| **now >= 10.0).count() == 100);
}

/// Neither a registry nor an error shows that a field fell back to its default, or that its meaning changed.
#[test]
fn what_is_read_wrongly_without_an_error_is_counted() {
    let misread = |change: &str| {
        let mut plan = Plan::lasting("20s");
        let queue = plan.queue("queue", unbounded());
        let consumes = from(queue, 1, Commit::After);
        plan.service("mail", ServicePlan { consumes, ..work(r#""200ms""#) });
        let link = LinkPlan { registry: Some(json(r#""full_transitive""#)), ..publish(queue) };
        let web = plan.producer("web", THREE, [link]).node;
        plan.change_schema(web, "2s", change);
        let story = plan.run();
        assert_eq!(story.total("succeeded"), 3.0);
        story.total("misread")
    };
    let renamed = r#"{"rename_field": {"field": "total", "to": "amount", "optional": true}}"#;
    assert_eq!(misread(renamed), 2.0);
    assert_eq!(misread(r#"{"change_meaning": {"field": "total"}}"#), 2.0);
    assert_eq!(misread(r#"{"add_field": {"field": "total", "optional": true}}"#), 0.0);
}
