//! Queues as those of Amazon SQS: who gets which message when, what comes back, and what is put aside.
//!
//! Rules are those of the Amazon SQS Developer Guide; each test names its chapter.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::{Broker, Order, Polling, SqsQueueSettings};
use pileup::model::health::Ailment;
use pileup::model::observation::{Fate, Mark, Observation};
use pileup::policy::quota::Quota;
use pileup::time::SimDuration;

use crate::support::{Node, Plan, Story, With, fifo, json, lease, publish, standard, trace, work};

fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// So many messages at once.
fn burst(count: u32) -> String {
    format!(r#"{{"burst": {{"count": {count}}}}}"#)
}

/// A queue whose messages stay invisible for so many seconds.
fn leasing(timeout: u64) -> SqsQueueSettings {
    SqsQueueSettings { visibility_timeout: secs(timeout), ..standard("orders") }
}

/// One message, worked on for `work_s` by either of two workers.
fn two_workers(queue: SqsQueueSettings, work_s: &str) -> Story {
    let mut plan = Plan::lasting("200s");
    let aws = plan.sqs([queue]);
    let consumes = lease(aws, 0, 1);
    plan.service("w", ServicePlan { workers: 2, consumes, ..work(work_s) });
    plan.producer("shop", &burst(1), [publish(aws)]);
    plan.listen()
}

/// When messages were delivered that had been delivered before, each told by the broker and by its queue.
fn redeliveries(story: &Story) -> Vec<f64> {
    let mut times = story.times(|fact| matches!(fact, Observation::Redelivered { .. }));
    times.dedup();
    times
}

/// "Visibility timeout": it begins when the message is returned by a receive.
#[test]
fn a_crash_tells_nobody_and_the_message_is_back_exactly_at_its_visibility_timeout() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([leasing(30)]);
    let worker = || ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) };
    let first = plan.service("first", worker());
    plan.service("second", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.ails(first.node, Ailment::Crash, "2s", "3s");
    plan.producer("shop", &burst(1), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(redeliveries(&story), [30.0]);
    assert_eq!(story.effects(), [35.0]);
    assert_eq!(story.counts(["succeeded", "duplicates", "pending"]), [1, 0, 0]);
    assert_eq!(story.of("aws/orders", "final_lag"), 0.0);
}

/// "Visibility timeout": work that takes longer is delivered to somebody else, while it goes on.
#[test]
fn work_that_takes_longer_than_the_timeout_is_done_twice() {
    let story = two_workers(leasing(30), r#""40s""#);
    // The second worker begins at 30 s. The first one deletes in vain at 40 s, as its receipt handle is not the latest any more. At 60 s the
    // first one, which is idle, gets it again, and the second one deletes in vain at 70 s; and so on.
    assert_eq!(redeliveries(&story), [30.0, 60.0, 90.0, 120.0, 150.0, 180.0]);
    assert_eq!(story.effects(), [40.0, 70.0, 100.0, 130.0, 160.0, 190.0]);
    assert_eq!(story.counts(["duplicates", "pending"]), [5, 1]);
}

#[test]
fn work_that_ends_with_the_timeout_is_in_time() {
    let story = two_workers(leasing(30), r#""30s""#);
    assert_eq!(story.effects(), [30.0]);
    assert_eq!(story.counts(["succeeded", "redeliveries"]), [1, 0]);
}

/// `DeleteMessage`: the latest receipt handle is good even after the timeout, as long as nobody has received the message since.
#[test]
fn a_late_delete_counts_if_nobody_has_received_the_message_since() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([leasing(30)]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""40s""#) });
    plan.producer("shop", &burst(1), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [40.0]);
    assert_eq!(story.counts(["succeeded", "redeliveries", "pending"]), [1, 0, 0]);
}

/// "Visibility timeout": a heartbeat extends it, counted from when it is sent.
#[test]
fn a_heartbeat_keeps_the_message_while_the_work_goes_on() {
    let mut plan = Plan::lasting("200s");
    let aws = plan.sqs([leasing(30)]);
    let consumes = lease(aws, 0, 1);
    plan.service("w", ServicePlan { workers: 2, consumes, ..work(r#""100s""#) });
    plan.beat(aws, secs(20), secs(30));
    plan.producer("shop", &burst(1), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [100.0]);
    assert_eq!(story.counts(["succeeded", "redeliveries"]), [1, 0]);
}

#[test]
fn after_a_crash_the_message_is_back_so_long_after_the_last_heartbeat() {
    let mut plan = Plan::lasting("200s");
    let aws = plan.sqs([leasing(30)]);
    let worker = || ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""100s""#) };
    let first = plan.service("first", worker());
    plan.service("second", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.beat(aws, secs(20), secs(35));
    plan.ails(first.node, Ailment::Crash, "59s", "200s");
    plan.producer("shop", &burst(1), [publish(aws)]);
    // Heartbeats at 20 s and at 40 s.
    assert_eq!(redeliveries(&plan.listen()), [75.0]);
}

/// "Visibility timeout": it can't be extended beyond twelve hours from the receive.
#[test]
fn no_heartbeat_keeps_a_message_for_longer_than_twelve_hours() {
    let mut plan = Plan::lasting("20h");
    let aws = plan.sqs([leasing(600)]);
    let consumes = lease(aws, 0, 1);
    plan.service("w", ServicePlan { workers: 2, consumes, ..work(r#""15h""#) });
    plan.beat(aws, secs(300), secs(600));
    plan.producer("shop", &burst(1), [publish(aws)]);
    assert_eq!(redeliveries(&plan.listen()), [12.0 * 3600.0]);
}

/// Heartbeats are the consumer's: of two that read the same queue, one sends them and keeps its message, and the other one doesn't.
#[test]
fn each_consumer_sends_heartbeats_or_does_not() {
    let story = Plan::of_scenario(
        r#"{"title": "t", "question": "?", "duration": "100s", "sample_every": "1s",
            "producers": {"shop": {"arrivals": [{"burst": {"count": 2}}],
                "sends": [{"publish": {"to": "aws"}}]}},
            "brokers": {"aws": {"sqs": {"queues": {"orders": {"standard":
                {"wait_time": "20s", "shards": 1, "duplicate_probability": 0}}}}}},
            "services": {
                "beats": {"service_time": "50s", "consumes": [
                    {"from": "aws", "heartbeat": {"every": "20s", "by": "30s"}}]},
                "silent": {"service_time": "50s", "consumes": [{"from": "aws"}]},
                "late": {"service_time": "1s", "consumes": [{"from": "aws"}]}}}"#,
    )
    .listen();
    assert_eq!(redeliveries(&story), [30.0]);
    assert_eq!(story.effects(), [31.0, 50.0, 50.0]);
    assert_eq!(story.counts(["succeeded", "duplicates"]), [2, 1]);
}

/// "Message timers": a delay of its own, whatever the queue says, counted from when it was sent; so is its retention.
#[test]
fn a_message_timer_takes_the_place_of_the_delay_of_the_queue() {
    let effects = |delay: &str| {
        let story = Plan::of_scenario(&format!(
            r#"{{"title": "t", "question": "?", "duration": "100s", "sample_every": "1s",
                "producers": {{
                    "shop": {{"arrivals": [{{"burst": {{"count": 1}}}}],
                        "sends": [{{"publish": {{"to": "aws"{delay}}}}}]}},
                    "web": {{"arrivals": [{{"burst": {{"count": 1, "at": "1s"}}}}],
                        "sends": [{{"publish": {{"to": "aws"}}}}]}}}},
                "brokers": {{"aws": {{"sqs": {{"queues": {{"orders": {{"standard":
                    {{"wait_time": "20s", "delay": "5s", "shards": 1, "retention": "60s",
                      "duplicate_probability": 0}}}}}}}}}}}},
                "services": {{"w": {{"service_time": "1s", "consumes": [{{"from": "aws"}}]}}}}}}"#
        ))
        .listen();
        (story.effects(), story.counts(["succeeded", "expired", "redeliveries"]))
    };
    assert_eq!(effects(""), (vec![6.0, 7.0], [2, 0, 0]));
    assert_eq!(effects(r#", "delay": "0s""#), (vec![1.0, 7.0], [2, 0, 0]));
    assert_eq!(effects(r#", "delay": "20s""#), (vec![7.0, 21.0], [2, 0, 0]));
    assert_eq!(
        effects(r#", "delay": "61s""#),
        (vec![7.0], [1, 1, 0]),
        "kept for 60 s from the send"
    );
}

/// A consumer that fails doesn't delete: the message is back at its timeout and not before.
#[test]
fn a_failed_message_is_back_at_its_timeout() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([leasing(30)]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.beat(aws, secs(20), secs(30));
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "10s");
    plan.producer("shop", &burst(1), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(redeliveries(&story), [30.0]);
    assert_eq!(story.effects(), [35.0]);
}

/// "Dead-letter queues": moved when it would be received once more than `maxReceiveCount`.
#[test]
fn a_message_is_received_as_often_as_is_allowed_and_then_put_aside() {
    let mut plan = Plan::lasting("200s");
    let redrive = Some((2, 1));
    let aws = plan.sqs([SqsQueueSettings { redrive, ..leasing(30) }, standard("dead")]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "200s");
    plan.producer("shop", &burst(1), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(redeliveries(&story), [30.0]);
    assert_eq!(story.marks("dead_lettered"), [60.0]);
    assert_eq!(story.counts(["dead_lettered", "effects", "pending"]), [1, 0, 0]);
    assert_eq!([story.of("aws/orders", "final_lag"), story.of("aws/dead", "final_lag")], [0.0; 2]);
}

/// A dead-letter queue is a queue: what is in it waits for whoever reads it.
#[test]
fn what_was_put_aside_can_be_consumed_from_there() {
    let mut plan = Plan::lasting("200s");
    let redrive = Some((1, 1));
    let aws = plan.sqs([SqsQueueSettings { redrive, ..leasing(30) }, standard("dead")]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.service("night-shift", ServicePlan { consumes: lease(aws, 1, 1), ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "200s");
    plan.producer("shop", &burst(2), [publish(aws)]);
    let story = plan.listen();
    // Both were received within 5 s, one after the other, and each is moved at its timeout.
    assert_eq!(story.marks("dead_lettered"), [30.0, 35.0]);
    assert_eq!(story.effects(), [31.0, 36.0]);
    assert_eq!(story.counts(["succeeded", "dead_lettered"]), [2, 0]);
}

/// `StartMessageMoveTask`: back to the source, at a rate, and as good as new.
#[test]
fn what_was_put_aside_goes_back_at_its_rate() {
    let mut plan = Plan::lasting("300s");
    let redrive = Some((1, 1));
    let task = json(r#"{"at": "100s", "rate": "0.1/s"}"#);
    let dead = SqsQueueSettings { redrive_back: Some(task), has_reader: true, ..standard("dead") };
    let aws = plan.sqs([SqsQueueSettings { redrive, ..leasing(30) }, dead]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "90s");
    plan.producer("shop", &burst(3), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.marks("redrive_begins"), [100.0]);
    assert_eq!(story.effects(), [101.0, 111.0, 121.0]);
    assert_eq!(story.counts(["succeeded", "dead_lettered", "pending"]), [3, 0, 0]);
}

/// "Standard queues": a message that was received three times and not deleted goes to the back of the queue.
#[test]
fn a_message_that_came_back_too_often_goes_to_the_back() {
    let mut plan = Plan::lasting("200s");
    let aws = plan.sqs([leasing(30)]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""8s""#) });
    // Only the first message fails, at 8 s, 40 s and 72 s, and then no more.
    for (from, until) in [("7s", "9s"), ("39s", "41s"), ("71s", "73s")] {
        plan.ails(w.node, Ailment::Errors(1.0), from, until);
    }
    plan.producer("shop", &burst(15), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(
        redeliveries(&story),
        [32.0, 64.0, 136.0],
        "it is last: fourteen others were before it"
    );
    assert_eq!(story.counts(["succeeded", "redeliveries"]), [15, 3]);
}

/// "Quotas": above the limit of messages in flight a receive gives nothing until something is deleted or comes back.
#[test]
fn no_more_is_given_out_than_may_be_in_flight() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([SqsQueueSettings { in_flight_limit: 3, ..leasing(30) }]);
    let consumes = lease(aws, 0, 1);
    plan.service("w", ServicePlan { workers: 5, consumes, ..work(r#""5s""#) });
    plan.producer("shop", &burst(6), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.of("aws/orders", "peak_in_flight"), 3.0);
    assert_eq!(story.effects(), [5.0, 5.0, 5.0, 10.0, 10.0, 10.0]);
    assert_eq!(story.counts(["succeeded"]), [6]);
}

/// "Message retention": counted from when it was sent, however often it was received since.
#[test]
fn what_is_kept_for_too_long_expires_once() {
    let mut plan = Plan::lasting("500s");
    let retention = secs(100);
    let aws = plan.sqs([SqsQueueSettings { retention, ..leasing(30) }]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "150s");
    plan.producer("shop", r#"{"constant": {"rate": "1/min", "until": "121s"}}"#, [publish(aws)]);
    let story = plan.listen();
    // Sent at 0, 60 and 120 s. The first one is in somebody's hands when its time is over, and gone when its lease ends; the others are
    // received in time at 150 s.
    assert_eq!(story.counts(["expired", "succeeded", "pending"]), [1, 2, 0]);
    let settled = story.times(|fact| matches!(fact, Observation::Settled { .. }));
    assert_eq!(settled, [120.0, 155.0, 160.0]);
}

#[test]
fn what_nobody_receives_expires_when_its_time_is_over() {
    let mut plan = Plan::lasting("500s");
    let aws = plan.sqs([SqsQueueSettings { retention: secs(100), ..leasing(30) }]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
    plan.ails(w.node, Ailment::Crash, "0s", "500s");
    plan.producer("shop", r#"{"constant": {"rate": "1/min", "until": "121s"}}"#, [publish(aws)]);
    let story = plan.listen();
    let settled = story.times(|fact| matches!(fact, Observation::Settled { .. }));
    assert_eq!(settled, [100.0, 160.0, 220.0]);
    assert_eq!(story.counts(["expired", "pending"]), [3, 0]);
    assert_eq!(story.of("aws/orders", "final_lag"), 0.0);
}

/// "Delay queues": invisible for so long after it was sent.
#[test]
fn in_a_delay_queue_a_message_is_invisible_at_first() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([SqsQueueSettings { delay: secs(20), ..leasing(30) }]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    let steady = r#"{"constant": {"rate": "0.2/s", "until": "11s"}}"#;
    plan.producer("shop", steady, [publish(aws)]);
    assert_eq!(plan.listen().effects(), [21.0, 26.0, 31.0]);
}

/// "Short and long polling": an empty answer at once, and the next question after a while.
#[test]
fn a_short_poll_comes_back_empty_and_is_repeated() {
    let mut plan = Plan::lasting("100s");
    let polling = Polling::Short(secs(4));
    let aws = plan.sqs([SqsQueueSettings { polling, ..leasing(30) }]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    let times = r#"{"burst": {"at": "5s", "count": 1}}; {"burst": {"at": "9500ms", "count": 1}}"#;
    plan.producer("shop", times, [publish(aws)]);
    // Polls at 0, 4 and 8 s; then, when it is done at 9 s, at 9 and at 13 s.
    assert_eq!(plan.listen().effects(), [9.0, 14.0]);
}

/// "Short and long polling": a short poll asks a part of the servers, and may miss what is there.
#[test]
fn a_short_poll_may_miss_what_a_long_poll_finds() {
    let sojourn = |polling| {
        let mut plan = Plan::lasting("1000s");
        let order =
            Order::Standard { shards: 10, short_poll_reach: 0.5, duplicate_probability: 0.0 };
        let aws = plan.sqs([SqsQueueSettings { polling, order, ..leasing(30) }]);
        plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1ms""#) });
        plan.producer("shop", r#"{"constant": {"rate": "0.5/s"}}"#, [publish(aws)]);
        plan.run().total("sojourn_mean_ms")
    };
    assert_eq!(sojourn(Polling::Long), 1.0);
    // 500 messages, each on one of ten servers. The next poll comes after 50 ms on average; it finds the message with probability one half,
    // so it takes one more on average: 151 ms. The standard error of that is 100 ms · √2 ÷ √500 = 6.3 ms.
    let short = sojourn(Polling::Short(SimDuration::from_millis(100)));
    assert!((132.0..170.0).contains(&short), "{short}");
}

/// "Standard queues": best-effort ordering.
#[test]
fn order_is_kept_nearly_over_several_servers_and_wholly_on_one() {
    let out_of_order = |shards| {
        let mut plan = Plan::lasting("1000s");
        let order = Order::Standard { shards, short_poll_reach: 1.0, duplicate_probability: 0.0 };
        let aws = plan.sqs([SqsQueueSettings { order, ..leasing(30) }]);
        plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""10ms""#) });
        let shop = plan.producer("shop", &burst(1000), [publish(aws)]);
        shop.keys = json(r#"{"uniform": {"count": 1}}"#);
        let story = plan.listen();
        assert_eq!(story.counts(["succeeded"]), [1000]);
        story.total("out_of_order")
    };
    assert_eq!(out_of_order(1), 0.0);
    assert!((500.0..999.0).contains(&out_of_order(10)));
}

/// "At-least-once delivery": on rare occasions a server that holds a copy doesn't hear of the delete.
#[test]
fn a_delete_that_misses_a_copy_brings_the_message_back_at_its_timeout() {
    let mut plan = Plan::lasting("100s");
    let order = Order::Standard { shards: 1, short_poll_reach: 1.0, duplicate_probability: 1.0 };
    let aws = plan.sqs([SqsQueueSettings { order, ..leasing(30) }]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    plan.producer("shop", &burst(1), [publish(aws)]);
    assert_eq!(plan.listen().effects(), [1.0, 31.0, 61.0, 91.0]);
}

/// A message of this many producers' keys each, a second apart, into a FIFO queue; `key` of each of them.
fn keyed(plan: &mut Plan, aws: Node<Broker>, arrivals: &str, keys: u32) {
    let shop = plan.producer("shop", arrivals, [publish(aws)]);
    shop.keys = json(&format!(r#"{{"round_robin": {{"count": {keys}}}}}"#));
}

/// "FIFO delivery logic": while one message of a group is in flight, no other of it is given to anybody.
#[test]
fn a_group_is_worked_on_by_one_worker_at_a_time() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([fifo("orders")]);
    let consumes = lease(aws, 0, 1);
    plan.service("w", ServicePlan { workers: 4, consumes, ..work(r#""2s""#) });
    keyed(&mut plan, aws, &burst(6), 2);
    let story = plan.listen();
    assert_eq!(story.effects(), [2.0, 2.0, 4.0, 4.0, 6.0, 6.0]);
    assert_eq!(story.of("aws/orders", "peak_in_flight"), 2.0);
    assert_eq!(story.counts(["succeeded", "out_of_order"]), [6, 0]);
}

/// "FIFO delivery logic": a receive gives as many as it can of one group before it goes on with another.
#[test]
fn a_batch_is_of_one_group_as_far_as_there_is_enough_of_it() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([fifo("orders")]);
    let consumes = lease(aws, 0, 3);
    let w = plan.service("w", ServicePlan { workers: 1, consumes, ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Hang, "0s", "1s");
    keyed(&mut plan, aws, &burst(5), 2);
    let story = plan.listen();
    // Keys 0 1 0 1 0. The first message is received alone, as it comes; then two of its group and one of the other, and what is left.
    let in_flight = story.of("aws/orders", "peak_in_flight");
    assert_eq!((in_flight, story.counts(["succeeded", "out_of_order"])), (3.0, [5, 0]));
    assert_eq!(story.effects().len(), 5);
}

/// "FIFO delivery logic": a group waits for a message that failed, the others don't.
#[test]
fn a_failure_blocks_its_group_until_the_timeout_and_nobody_else() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([fifo("orders")]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "500ms", "1500ms");
    keyed(&mut plan, aws, &burst(6), 2);
    let story = plan.listen();
    // The first message, of key 0, fails at 1 s: its group waits until 30 s. The other group is done by then.
    assert_eq!(story.effects(), [2.0, 3.0, 4.0, 31.0, 32.0, 33.0]);
    assert_eq!(story.counts(["succeeded", "out_of_order", "redeliveries"]), [6, 0, 1]);
}

/// "Dead-letter queues": a group is blocked for `maxReceiveCount` timeouts by a message that always fails, and goes on without it.
#[test]
fn a_group_goes_on_when_what_blocks_it_is_put_aside() {
    let mut plan = Plan::lasting("200s");
    let aws =
        plan.sqs([SqsQueueSettings { redrive: Some((2, 1)), ..fifo("orders") }, fifo("dead")]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    for (from, until) in [("500ms", "1500ms"), ("30500ms", "31500ms")] {
        plan.ails(w.node, Ailment::Errors(1.0), from, until);
    }
    plan.producer("shop", &burst(3), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.marks("dead_lettered"), [60.0]);
    assert_eq!(story.effects(), [61.0, 62.0]);
    assert_eq!(story.counts(["succeeded", "dead_lettered"]), [2, 1]);
}

/// `DeleteMessage` of a FIFO queue fails after the visibility timeout, whether or not anybody has received the message since.
#[test]
fn a_late_delete_from_a_fifo_queue_fails() {
    let mut plan = Plan::lasting("75s");
    let aws = plan.sqs([fifo("orders")]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""35s""#) });
    plan.producer("shop", &burst(1), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [35.0, 70.0]);
    assert_eq!(story.counts(["duplicates", "pending"]), [1, 1]);
}

/// "Exactly-once processing": what a sender sends again within five minutes is confirmed and not delivered; later it is a new message.
#[test]
fn a_message_that_is_sent_again_is_recognized_within_the_window() {
    let again = |every: &str| {
        let mut plan = Plan::lasting("1000s");
        let aws = plan.sqs([fifo("orders")]);
        plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
        let retry = format!(
            r#"{{"max_attempts": 2, "backoff": {{"fixed": {{"delay": "{every}"}}}}, "jitter": "none"}}"#
        );
        // Confirmations take longer than the sender waits.
        let link = publish(aws).latency(r#""2s""#).timeout("3s").retry(&retry);
        plan.producer("shop", &burst(1), [link]);
        plan.listen().effects()
    };
    assert_eq!(again("290s"), [3.0]);
    assert_eq!(again("299s"), [3.0, 305.0]);
}

/// "Quotas": 300 sends a second, and the sender has to come again with the rest.
#[test]
fn what_is_sent_above_the_quota_is_refused() {
    let mut plan = Plan::lasting("20s");
    let aws = plan.sqs([fifo("orders")]);
    let consumes = lease(aws, 0, 10);
    plan.service("w", ServicePlan { workers: 100, consumes, ..work(r#""1ms""#) });
    let retry =
        r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "1s"}}, "jitter": "none"}"#;
    let shop = plan.producer("shop", &burst(1000), [publish(aws).retry(retry)]);
    shop.keys = json(r#"{"uniform": {"count": 1000}}"#);
    let story = plan.listen();
    assert_eq!(story.marks("throttled"), [0.0]);
    // 300 at once, at 1 s and at 2 s, and the rest at 3 s.
    assert_eq!(
        story.counts(["attempts", "succeeded", "rejected"]),
        [1000 + 700 + 400 + 100, 1000, 0]
    );
}

/// FIFO queues look for free groups among the first 20,000 messages: a long backlog of one group hides what is behind it.
#[test]
fn a_long_backlog_of_one_group_hides_what_is_behind_it() {
    let done_at = |look_ahead| {
        let mut plan = Plan::lasting("100s");
        let order =
            Order::Fifo { deduplication_window: secs(300), quota: Quota::Unlimited, look_ahead };
        let aws = plan.sqs([SqsQueueSettings { order, ..fifo("orders") }]);
        let consumes = lease(aws, 0, 1);
        plan.service("w", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
        plan.producer("bulk", &burst(10), [publish(aws)]);
        let late =
            plan.producer("late", r#"{"burst": {"count": 1, "at": "100ms"}}"#, [publish(aws)]);
        late.keys = json(r#"{"uniform": {"count": 1}}"#);
        let story = plan.listen();
        story.of("late", "sojourn_max_ms")
    };
    assert_eq!(done_at(20_000), 1_000.0);
    // Nine of the others wait behind the first; once two are done seven are left, and an eighth may be looked at.
    assert_eq!(done_at(8), 2_900.0);
}

/// While the service can't be reached nobody sends and nobody receives; what it stores is stored many times, and nothing is lost.
#[test]
fn an_outage_of_the_queue_loses_nothing() {
    let mut plan = Plan::lasting("100s");
    let aws = plan.sqs([leasing(30)]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    plan.ails(aws.node, Ailment::Crash, "10500ms", "20s");
    plan.producer("shop", &burst(15), [publish(aws)]);
    let story = plan.listen();
    let lost = story.facts.iter().filter_map(|(_, fact)| match fact {
        Observation::Marked { mark: Mark::Crash { lost, .. }, .. } => Some(*lost),
        _ => None,
    });
    assert_eq!(lost.collect::<Vec<u32>>(), [0]);
    assert_eq!(story.counts(["succeeded", "lost", "pending"]), [15, 0, 0]);
    let effects = story.effects();
    assert!(effects.iter().all(|at| *at <= 11.0 || *at >= 21.0), "{effects:?}");
}

/// "Dead-letter queues": one without order goes on counting from when a message was sent, one with order begins anew. Moved at 60 s, it is kept for
/// 100 s.
#[test]
fn in_a_dead_letter_queue_with_order_retention_begins_anew() {
    let expires = |order: fn(&str) -> SqsQueueSettings| {
        let mut plan = Plan::lasting("300s");
        let redrive = Some((1, 1));
        let source = SqsQueueSettings { redrive, visibility_timeout: secs(60), ..order("orders") };
        let dead = SqsQueueSettings { retention: secs(100), has_reader: true, ..order("dead") };
        let aws = plan.sqs([source, dead]);
        let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""5s""#) });
        plan.ails(w.node, Ailment::Errors(1.0), "0s", "300s");
        plan.producer("shop", &burst(1), [publish(aws)]);
        let story = plan.listen();
        assert_eq!(story.marks("dead_lettered"), [60.0]);
        story.times(|fact| matches!(fact, Observation::Settled { .. }))
    };
    assert_eq!(expires(standard), [100.0]);
    assert_eq!(expires(fifo), [160.0]);
}

/// "Long polling": it asks all servers. The first is received alone, as it is there first; the other nine come with one receive, wherever they are.
#[test]
fn one_long_poll_takes_what_there_is_from_every_server() {
    let mut plan = Plan::lasting("1.5s");
    let order = Order::Standard { shards: 5, short_poll_reach: 0.2, duplicate_probability: 0.0 };
    let aws = plan.sqs([SqsQueueSettings { order, ..leasing(30) }]);
    plan.service("w", ServicePlan { consumes: lease(aws, 0, 10), ..work(r#""1s""#) });
    plan.producer("shop", &burst(10), [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0]);
    assert_eq!(story.of("aws/orders", "final_in_flight"), 9.0);
    assert_eq!(story.of("aws/orders", "final_waiting"), 0.0);
}

/// "Message retention period", also of what stands in line behind a message of its group that somebody has in hand. What has expired is no longer
/// passed over, so that a receive gets past it: here it looks no further than two.
#[test]
fn what_waits_behind_a_blocked_group_expires_and_is_in_nobodys_way() {
    let mut plan = Plan::lasting("300s");
    let order =
        Order::Fifo { deduplication_window: secs(300), quota: Quota::Unlimited, look_ahead: 2 };
    let queue = SqsQueueSettings {
        order,
        retention: secs(100),
        visibility_timeout: secs(1_000),
        ..standard("orders")
    };
    let aws = plan.sqs([queue]);
    let consumes = lease(aws, 0, 1);
    plan.service("w", ServicePlan { workers: 2, consumes, ..work(r#""250s""#) });
    let arrivals = vec![trace("0,1\n10,1\n40,1\n50,2\n120,2")];
    plan.producer("shop", "", [publish(aws)]).arrivals = arrivals;
    let story = plan.listen();
    let expired = story
        .times(|fact| matches!(fact, Observation::Settled { fate, .. } if *fate == Fate::Expired));
    // That of 50 s is received with the next look, at 120 s, and holds up the one that comes then.
    assert_eq!(expired, [110.0, 140.0, 220.0]);
    assert_eq!(story.effects(), [250.0]);
    assert_eq!(story.of("aws/orders", "final_in_flight"), 1.0);
}

/// "Message retention period": what has expired at one server leaves what is at the others. Three are sent at 1 s and three at 50 s, to any of many
/// servers; the consumer comes at 120 s.
#[test]
fn what_expires_at_one_server_leaves_the_others_as_they_are() {
    let mut plan = Plan::lasting("140s");
    let order = Order::Standard { shards: 40, short_poll_reach: 1.0, duplicate_probability: 0.0 };
    let aws = plan.sqs([SqsQueueSettings { order, retention: secs(100), ..leasing(30) }]);
    let w = plan.service("w", ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Crash, "0s", "120s");
    let six = r#"{"burst": {"count": 3, "at": "1s"}}; {"burst": {"count": 3, "at": "50s"}}"#;
    plan.producer("shop", six, [publish(aws)]);
    let story = plan.listen();
    assert_eq!(story.counts(["expired", "succeeded", "pending"]), [3, 3, 0]);
    assert_eq!(story.effects().first(), Some(&121.0));
}

/// Both are idle. One of them goes; the other one gets what comes then.
#[test]
fn when_one_consumer_goes_the_other_one_still_hears_of_what_comes() {
    let mut plan = Plan::lasting("60s");
    let aws = plan.sqs([leasing(30)]);
    let worker = || ServicePlan { consumes: lease(aws, 0, 1), ..work(r#""1s""#) };
    let first = plan.service("first", worker());
    plan.service("second", worker());
    plan.ails(first.node, Ailment::Crash, "5s", "60s");
    plan.producer("shop", r#"{"burst": {"count": 1, "at": "10s"}}"#, [publish(aws)]);
    assert_eq!(plan.listen().effects(), [11.0]);
}
