//! Hand-fed observations and the exact numbers that they have to become.

use super::alert::{AlertRule, Bad};
use super::column::{self, COLUMNS};
use super::recorder::{NodeLabel, Recorder, RecorderPlan};
use super::summary::NodeKind;
use crate::model::id::NodeId;
use crate::model::observation::{
    CrashCause, Failure, Fate, Gauge, Mark, Observation, Observer, Place, Site,
};
use crate::time::{SimDuration, SimTime};

pub(super) const SHOP: usize = 0;
pub(super) const MAILER: usize = 1;
const QUEUE: usize = 2;

pub(super) fn id(node: usize) -> NodeId {
    NodeId::new(node)
}

pub(super) fn at(secs: u64) -> SimTime {
    SimTime::from_nanos(secs * 1_000_000_000)
}

fn plan() -> RecorderPlan {
    let label = |name: &str, kind| NodeLabel { name: name.into(), kind };
    RecorderPlan {
        nodes: vec![
            label("shop", NodeKind::Producer),
            label("mailer", NodeKind::Service),
            label("queue", NodeKind::Broker),
        ],
        faults: vec!["slowdown of mailer".into()],
        trigger_end: None,
        drained_at: 0.0,
        fresh_load_below_capacity: true,
        alerts: Vec::new(),
        series_points: 8,
    }
}

/// A recorder of one shop, one mailer and one queue, fed by hand.
pub(super) struct Run(pub(super) Recorder);

impl Run {
    pub(super) fn new() -> Run {
        Run(Recorder::new(plan()))
    }

    pub(super) fn see(&mut self, secs: u64, observation: Observation) {
        self.0.observe(at(secs), observation);
    }

    pub(super) fn produce(&mut self, secs: u64) {
        self.see(secs, Observation::Produced { by: id(SHOP) });
        self.moves(secs, None, Some((SHOP, Place::Producer)));
    }

    pub(super) fn moves(
        &mut self,
        secs: u64,
        from: Option<(usize, Place)>,
        to: Option<(usize, Place)>,
    ) {
        let site = |(node, place)| Site { node: id(node), place };
        self.see(secs, Observation::Moved { from: from.map(site), to: to.map(site) });
    }

    pub(super) fn settle(&mut self, secs: u64, from: (usize, Place), fate: Fate) {
        self.moves(secs, Some(from), None);
        self.see(secs, Observation::Settled { by: id(SHOP), fate });
    }

    pub(super) fn change(&mut self, secs: u64, node: usize, gauge: Gauge, by: i64) {
        self.see(secs, Observation::Changed { at: id(node), gauge, by });
    }

    pub(super) fn close(&mut self, secs: u64) {
        self.0.close_window(at(secs), &mut |_| None);
    }

    /// A value of the window that was closed last; `None` as node is the whole system.
    fn window(&self, node: Option<usize>, name: &str) -> Option<f64> {
        let row = self.0.rows().nth(node.map_or(0, |node| node + 1)).unwrap();
        Some(row.values[column::index(name).unwrap()]).filter(|value| !value.is_nan())
    }

    fn total(&self, name: &str) -> Option<f64> {
        self.window(None, name)
    }
}

#[test]
fn a_fact_with_two_ends_shows_at_both_and_once_in_total() {
    let mut run = Run::new();
    let (by, on) = (id(SHOP), id(MAILER));
    run.see(1, Observation::Offered { by, at: on });
    for retry in [false, true, true] {
        run.see(1, Observation::Attempted { by, at: on, retry, count: 1 });
    }
    run.see(2, Observation::AttemptFailed { by, at: on, failure: Failure::Refused, count: 1 });
    run.see(2, Observation::AttemptFailed { by, at: on, failure: Failure::TimedOut, count: 1 });
    run.see(3, Observation::AttemptFailed { by, at: on, failure: Failure::BreakerOpen, count: 1 });
    run.close(10);
    for row in [None, Some(SHOP), Some(MAILER)] {
        assert_eq!(run.window(row, "attempts"), Some(3.0), "{row:?}");
        assert_eq!(run.window(row, "retries"), Some(2.0));
        assert_eq!(run.window(row, "refused"), Some(1.0));
        assert_eq!(run.window(row, "failed_attempts"), Some(2.0), "one of them was never sent");
        assert_eq!(run.window(row, "retry_amplification_ratio"), Some(3.0));
    }
    assert_eq!(run.window(Some(QUEUE), "attempts"), Some(0.0));
    assert_eq!(run.window(Some(QUEUE), "retry_amplification_ratio"), None);
}

#[test]
fn counters_begin_anew_in_each_window_and_readings_add_them_up() {
    let mut run = Run::new();
    let completed = Observation::Completed { at: id(MAILER) };
    (0..20).for_each(|_| run.see(1, completed));
    run.close(10);
    assert_eq!(run.window(Some(MAILER), "throughput_per_s"), Some(2.0));
    (0..10).for_each(|_| run.see(11, completed));
    run.see(11, Observation::Redelivered { at: id(QUEUE) });
    let read =
        |name, node| run.0.reading_at(at(15), node, column::lookup(name).unwrap(), &mut |_| None);
    assert_eq!(read("throughput_per_s", None), Some(2.0));
    assert_eq!(read("redeliveries", Some(id(QUEUE))), Some(1.0));
    assert_eq!(read("redeliveries", Some(id(MAILER))), None);
    run.close(20);
    assert_eq!(run.window(Some(MAILER), "throughput_per_s"), Some(1.0));
    assert_eq!(run.0.finish().total.value("throughput_per_s"), Some(1.5));
}

#[test]
fn pending_is_told_where_it_waits_with_its_exact_peak() {
    let mut run = Run::new();
    (1..=3).for_each(|secs| run.produce(secs));
    run.moves(4, Some((SHOP, Place::Producer)), Some((QUEUE, Place::Broker)));
    run.moves(5, Some((SHOP, Place::Producer)), Some((SHOP, Place::RetryQueue)));
    run.settle(6, (QUEUE, Place::Broker), Fate::Succeeded);
    run.close(10);
    assert_eq!(run.total("pending"), Some(2.0));
    assert_eq!(run.window(Some(SHOP), "pending"), Some(2.0));
    assert_eq!(run.window(Some(QUEUE), "pending"), Some(0.0));
    assert_eq!(run.total("pending_at_producer"), Some(1.0));
    assert_eq!(run.total("pending_in_retry_queue"), Some(1.0));
    assert_eq!(run.window(Some(MAILER), "pending_in_retry_queue"), None, "it sends nothing");
    let metrics = run.0.finish();
    assert_eq!(metrics.total.value("peak_pending"), Some(3.0));
    assert_eq!(metrics.total.value("peak_pending_at_s"), Some(3.0));
    assert_eq!(metrics.total.value("final_pending"), Some(2.0));
    assert_eq!(metrics.nodes[QUEUE].value("peak_pending_at_s"), Some(4.0));
}

#[test]
fn the_peak_of_a_total_is_not_the_sum_of_the_peaks() {
    let mut run = Run::new();
    run.change(1, MAILER, Gauge::Waiting, 5);
    run.change(2, MAILER, Gauge::Waiting, -5);
    run.change(3, QUEUE, Gauge::Waiting, 4);
    run.close(10);
    let metrics = run.0.finish();
    assert_eq!(metrics.total.value("peak_waiting"), Some(5.0));
    assert_eq!(metrics.nodes[MAILER].value("peak_waiting_at_s"), Some(1.0));
    assert_eq!(metrics.total.value("final_waiting"), Some(4.0));
}

#[test]
fn the_ledger_balances_when_every_message_is_settled_or_has_a_place() {
    let mut run = Run::new();
    (0..4).for_each(|_| run.produce(1));
    run.settle(2, (SHOP, Place::Producer), Fate::Abandoned);
    run.settle(2, (SHOP, Place::Producer), Fate::Succeeded);
    let ledger = run.0.ledger().unwrap();
    assert_eq!((ledger.produced, ledger.settled(), ledger.pending), (4, 2, 2));
    run.close(10);
    let metrics = run.0.finish();
    assert_eq!(metrics.total.ledger, Some(ledger));
    assert_eq!(metrics.nodes[SHOP].ledger, Some(ledger));
    assert_eq!(metrics.nodes[MAILER].ledger, None);
}

#[test]
fn a_message_that_vanishes_or_settles_twice_is_told() {
    let mut vanished = Run::new();
    vanished.produce(1);
    vanished.moves(2, Some((SHOP, Place::Producer)), None);
    assert_eq!(
        vanished.0.ledger().unwrap_err(),
        "1 messages are not settled, 0 are pending, 0 have a place"
    );
    let mut twice = Run::new();
    twice.see(1, Observation::Settled { by: id(SHOP), fate: Fate::Lost });
    assert!(
        twice.0.ledger().unwrap_err().starts_with("shop settled more messages than it produced")
    );
    let mut below = Run::new();
    below.change(1, QUEUE, Gauge::Lag, -1);
    assert_eq!(below.0.ledger().unwrap_err(), "lag of queue fell below zero");
}

#[test]
fn availability_counts_outcomes_and_not_attempts() {
    let mut run = Run::new();
    let (by, on) = (id(SHOP), id(MAILER));
    for millis in [10, 20, 30] {
        let latency = SimDuration::from_millis(millis);
        run.see(1, Observation::Answered { by, at: on, latency });
    }
    run.see(1, Observation::Unanswered { by, at: on });
    run.close(10);
    for row in [None, Some(SHOP), Some(MAILER)] {
        assert_eq!(run.window(row, "availability_ratio"), Some(0.75));
    }
    assert_eq!(run.total("latency_mean_ms"), Some(20.0));
    assert_eq!(run.window(Some(SHOP), "latency_max_ms"), Some(30.0));
    assert_eq!(run.window(Some(MAILER), "latency_mean_ms"), None);
}

#[test]
fn effects_and_sojourn_show_at_producer_and_service_and_once_in_total() {
    let mut run = Run::new();
    let (by, on, sojourn) = (id(SHOP), id(MAILER), SimDuration::from_secs(2));
    run.see(2, Observation::Effect { by, at: on, sojourn, duplicate: false });
    let later = SimDuration::from_secs(9);
    run.see(9, Observation::Effect { by, at: on, sojourn: later, duplicate: true });
    run.see(9, Observation::Suppressed { at: on });
    run.close(10);
    for row in [None, Some(SHOP), Some(MAILER)] {
        assert_eq!(run.window(row, "effects"), Some(2.0));
        assert_eq!(run.window(row, "duplicates"), Some(1.0));
        assert_eq!(run.window(row, "sojourn_max_ms"), Some(2000.0), "a duplicate has no sojourn");
    }
    assert_eq!(run.total("suppressed"), Some(1.0));
}

#[test]
fn utilization_is_work_over_the_workers_that_are_up() {
    let mut run = Run::new();
    run.change(0, MAILER, Gauge::Workers, 2);
    run.change(2, MAILER, Gauge::InFlight, 1);
    run.change(4, QUEUE, Gauge::InFlight, 1);
    run.change(8, MAILER, Gauge::InFlight, -1);
    run.close(10);
    assert_eq!(run.window(Some(MAILER), "utilization_ratio"), Some(0.3));
    assert_eq!(run.total("utilization_ratio"), Some(0.3));
    run.change(15, MAILER, Gauge::Workers, -2);
    run.change(16, MAILER, Gauge::InFlight, 0);
    run.close(20);
    assert_eq!(run.window(Some(MAILER), "utilization_ratio"), Some(0.0));
    let utilization = column::lookup("utilization_ratio").unwrap();
    let read = run.0.reading_at(at(20), Some(id(MAILER)), utilization, &mut |_| None);
    assert_eq!(read, Some(6.0 / 30.0));
    assert_eq!(run.window(Some(SHOP), "utilization_ratio"), None);
}

#[test]
fn lag_in_seconds_peaks_when_the_oldest_message_is_let_go() {
    let mut run = Run::new();
    run.change(1, QUEUE, Gauge::Lag, 2);
    run.see(8, Observation::Retired { at: id(QUEUE), age: SimDuration::from_secs(7) });
    run.change(8, QUEUE, Gauge::Lag, -1);
    run.0.close_window(at(10), &mut |node| (node == id(QUEUE)).then(|| at(6)));
    assert_eq!(run.window(Some(QUEUE), "lag_s"), Some(4.0));
    assert_eq!(run.total("lag_s"), Some(4.0));
    assert_eq!(run.window(Some(MAILER), "lag_s"), None);
    run.see(12, Observation::Retired { at: id(QUEUE), age: SimDuration::from_secs(6) });
    run.change(12, QUEUE, Gauge::Lag, -1);
    run.close(20);
    assert_eq!(run.window(Some(QUEUE), "lag_s"), Some(0.0));
    let metrics = run.0.finish();
    assert_eq!(metrics.total.value("peak_lag_s"), Some(7.0));
    assert_eq!(metrics.nodes[QUEUE].value("peak_lag_s_at_s"), Some(8.0));
    assert_eq!(metrics.total.value("final_lag_s"), Some(0.0));
}

#[test]
fn the_time_to_drain_is_told_only_while_the_lag_falls() {
    let mut run = Run::new();
    run.change(1, QUEUE, Gauge::Lag, 100);
    run.close(10);
    assert_eq!(run.total("drain_eta_s"), None);
    run.change(15, QUEUE, Gauge::Lag, -20);
    run.close(20);
    assert_eq!(run.total("drain_eta_s"), Some(40.0));
    assert_eq!(run.window(Some(QUEUE), "drain_eta_s"), Some(40.0));
    run.close(30);
    assert_eq!(run.total("drain_eta_s"), None);
}

#[test]
fn what_does_not_exist_has_no_value() {
    let mut run = Run::new();
    run.close(10);
    for name in ["latency_p99_ms", "availability_ratio", "utilization_ratio", "rebalances", "up"] {
        assert_eq!(run.total(name), None, "{name}");
    }
    assert_eq!(run.total("lag"), Some(0.0));
    let metrics = run.0.finish();
    for name in ["drain_time_s", "recovery_time_s", "metastable", "peak_up"] {
        assert_eq!(metrics.total.value(name), None, "{name}");
    }
}

#[test]
fn blocked_time_is_added_up_over_messages() {
    let mut run = Run::new();
    for blocked in [2, 3] {
        let blocked = SimDuration::from_secs(blocked);
        run.see(5, Observation::Unblocked { by: id(SHOP), blocked });
    }
    run.close(10);
    assert_eq!(run.window(Some(SHOP), "blocked_time_s"), Some(5.0));
    assert_eq!(run.total("blocked_time_s"), Some(5.0));
}

#[test]
fn crashes_and_restarts_are_counted_and_marked() {
    let mut run = Run::new();
    let crash = Mark::Crash { cause: CrashCause::Exhausted, lost: 200 };
    run.see(1, Observation::Marked { at: id(MAILER), mark: crash });
    run.see(61, Observation::Marked { at: id(MAILER), mark: Mark::Restart });
    run.see(62, Observation::Marked { at: id(MAILER), mark: Mark::FaultBegins { fault: 0 } });
    run.close(70);
    assert_eq!(run.total("crashes"), Some(1.0));
    assert_eq!(run.window(Some(MAILER), "restarts"), Some(1.0));
    let marks = run.0.finish().marks;
    let told: Vec<_> = marks.iter().map(|mark| (mark.kind, mark.detail.as_str())).collect();
    let wanted = [
        ("crash", "ran out of threads, with 200 inside"),
        ("restart", "up again"),
        ("fault_begins", "slowdown of mailer"),
    ];
    assert_eq!(told, wanted);
    assert_eq!((marks[0].time_s, marks[0].node.as_str()), (1.0, "mailer"));
}

#[test]
fn an_alert_leaves_marks_when_it_is_raised_and_cleared() {
    let rule = AlertRule {
        name: "work piles up".into(),
        column: column::lookup("lag").unwrap(),
        node: Some(id(QUEUE)),
        bad: Bad::Above(10.0),
        for_: SimDuration::from_secs(10),
    };
    let mut run = Run(Recorder::new(RecorderPlan { alerts: vec![rule], ..plan() }));
    run.change(5, QUEUE, Gauge::Lag, 11);
    run.close(10);
    run.close(20);
    run.change(25, QUEUE, Gauge::Lag, -11);
    run.close(30);
    let marks = run.0.finish().marks;
    let told: Vec<_> = marks.iter().map(|mark| (mark.time_s, mark.kind)).collect();
    assert_eq!(told, [(20.0, "alert_raised"), (30.0, "alert_cleared")]);
    assert_eq!(marks[0].detail, "work piles up: lag is 11 (above 10 for 10s)");
}

#[test]
fn a_drain_is_measured_from_the_trigger_to_the_exact_event() {
    let trigger_end = Some(at(2));
    let mut run = Run(Recorder::new(RecorderPlan { trigger_end, drained_at: 1.0, ..plan() }));
    (0..3).for_each(|_| run.produce(2));
    for secs in [4, 7, 9] {
        run.settle(secs, (SHOP, Place::Producer), Fate::Succeeded);
    }
    run.close(10);
    assert_eq!(run.0.finish().total.value("drain_time_s"), Some(5.0));
}

#[test]
fn every_row_has_a_value_for_each_column_and_a_highest_one_for_each_gauge() {
    let mut run = Run::new();
    run.close(10);
    let gauges = COLUMNS.iter().filter(|column| column.kind == column::Kind::Gauge).count();
    assert_eq!(run.0.rows().count(), 4);
    for row in run.0.rows() {
        assert_eq!((row.values.len(), row.maxima.len()), (COLUMNS.len(), gauges));
    }
}

#[test]
fn a_closed_moment_is_not_closed_again() {
    let mut run = Run::new();
    run.produce(1);
    run.close(10);
    run.close(10);
    assert_eq!(run.total("produced"), Some(1.0));
    assert_eq!(run.0.finish().total.series.times_s, [10.0]);
}

#[test]
fn a_service_that_sends_on_what_it_did_not_make_has_a_sender_s_values() {
    let mut run = Run::new();
    run.see(1, Observation::Offered { by: id(MAILER), at: id(QUEUE) });
    run.close(10);
    assert_eq!(run.window(Some(MAILER), "pending_in_retry_queue"), Some(0.0));
    assert_eq!(run.window(Some(MAILER), "produced"), Some(0.0));
}
