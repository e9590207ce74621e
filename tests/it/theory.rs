//! The simulator against queueing theory: the theoretical number stands in the assertion, inside an interval that is narrow.
//!
//! Each system runs twenty times, with independent chance. The theoretical value has to lie in the 99 % confidence interval of the
//! mean over the runs (Student's t, 19 degrees of freedom), and the half-width of that interval has to be below 1 % of it (3 % for
//! tails and small probabilities), so that an interval can't be passed by being wide. Runs begin empty; they are so long that the
//! beginning weighs less than a tenth of the half-width.

use pileup::model::blueprint::{FaultEffect, FaultPlan, FaultTiming, LinkPlan, ServicePlan};
use pileup::model::health::Ailment;
use pileup::model::id::NodeId;
use pileup::policy::commit::Commit;
use pileup::theory::{
    batch_arrivals, closed_loop, dm1, erlang, mg1, mm1, mmc, mmck, priority, retries,
};

use crate::support::{Plan, Story, With, call, from, json, publish, run, unbounded, work};

const REPLICATIONS: u32 = 20;
/// Student's t at 99.5 % with 19 degrees of freedom (Abramowitz and Stegun, table 26.10).
const T: f64 = 2.861;
const MEAN: f64 = 0.01;
const TAIL: f64 = 0.03;

/// The same world under independent chance.
struct Replications(Vec<Story>);

impl Replications {
    fn of(plan: &Plan) -> Replications {
        Replications((0..REPLICATIONS).map(|replication| run(&plan.0, 1, replication)).collect())
    }

    /// `what` is `theory`, known to within `narrow` of it.
    #[track_caller]
    fn expect(&self, theory: f64, narrow: f64, what: impl Fn(&Story) -> f64) {
        let values: Vec<f64> = self.0.iter().map(what).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let half_width = T * (variance / n).sqrt();
        let interval = format!("{mean} ± {half_width}");
        assert!(half_width <= narrow * theory, "{interval} is too wide for {theory}");
        assert!((mean - theory).abs() <= half_width, "{theory} is not in {interval}");
    }

    #[track_caller]
    fn expect_mean(&self, theory: f64, metric: &str) {
        self.expect(theory, MEAN, |story| story.total(metric));
    }
}

/// Calls by a Poisson process to a service.
fn open(horizon: &str, rate: &str, service: ServicePlan) -> Plan {
    let mut plan = Plan::lasting(horizon);
    let service = plan.service("service", service);
    let arrivals = format!(r#"{{"poisson": {{"rate": "{rate}"}}}}"#);
    plan.producer("users", &arrivals, [call(service)]);
    plan
}

fn exponential(mean: &str) -> ServicePlan {
    work(&format!(r#"{{"exponential": {{"mean": "{mean}"}}}}"#))
}

#[test]
fn one_worker_with_random_arrivals_and_service_is_mm1() {
    let runs = Replications::of(&open("60000s", "8/s", exponential("100ms")));
    runs.expect_mean(0.8, "utilization_ratio");
    runs.expect_mean(1e3 * mm1::mean_waiting_s(8.0, 10.0), "waiting_mean_ms");
    runs.expect_mean(1e3 * mm1::mean_sojourn_s(8.0, 10.0), "sojourn_mean_ms");
    let p99 = 1e3 * mm1::sojourn_percentile_s(8.0, 10.0, 0.99);
    runs.expect(p99, TAIL, |story| story.total("sojourn_p99_ms"));
}

#[test]
fn several_workers_and_one_line_are_mmc() {
    let service = ServicePlan { workers: 5, ..exponential("100ms") };
    let runs = Replications::of(&open("10000s", "40/s", service));
    runs.expect_mean(0.8, "utilization_ratio");
    runs.expect_mean(1e3 * mmc::mean_sojourn_s(40.0, 10.0, 5), "sojourn_mean_ms");
    let wait = 1e3 * mmc::mean_waiting_s(40.0, 10.0, 5);
    runs.expect(wait, TAIL, |story| story.total("waiting_mean_ms"));
}

/// Three workers and ten places: who finds them taken is refused.
#[test]
fn threads_make_it_mmck() {
    let service = ServicePlan { workers: 3, threads: Some(10), ..exponential("100ms") };
    let runs = Replications::of(&open("4000s", "36/s", service));
    let theory = mmck::bounded(36.0, 10.0, 3, 10);
    runs.expect_mean(theory.throughput, "throughput_per_s");
    runs.expect(theory.turned_away, MEAN, |s| s.total("rejected") / s.total("produced"));
    runs.expect_mean(1e3 * theory.mean_waiting / theory.throughput, "waiting_mean_ms");
}

/// As many threads as workers: Erlang's loss formula holds whatever the distribution of the service time.
#[test]
fn without_a_line_the_loss_is_erlangs_whatever_the_service_time() {
    for service in [exponential("100ms"), work(r#""100ms""#)] {
        let service = ServicePlan { workers: 10, threads: Some(10), ..service };
        let runs = Replications::of(&open("900s", "80/s", service));
        let lost = erlang::erlang_b(8.0, 10);
        runs.expect(lost, TAIL, |story| story.total("rejected") / story.total("produced"));
        runs.expect(8.0 * (1.0 - lost), MEAN, |s| 10.0 * s.total("utilization_ratio"));
    }
}

#[test]
fn constant_service_times_halve_the_wait() {
    let runs = Replications::of(&open("45000s", "8/s", work(r#""100ms""#)));
    runs.expect_mean(1e3 * mg1::constant_service_waiting_s(8.0, 0.1), "waiting_mean_ms");
    let runs = Replications::of(&open("20000s", "5/s", work(r#""100ms""#)));
    runs.expect_mean(1e3 * mg1::constant_service_waiting_s(5.0, 0.1), "waiting_mean_ms");
}

#[test]
fn the_wait_grows_with_the_variability_of_the_service_time() {
    let lognormal = work(r#"{"lognormal": {"mean": "100ms", "cv": 0.8}}"#);
    let runs = Replications::of(&open("40000s", "5/s", lognormal));
    runs.expect_mean(1e3 * mg1::mean_waiting_s(5.0, 0.1, 0.64), "waiting_mean_ms");
    let bimodal = r#"{"bimodal": {"fast": "10ms", "slow": "300ms", "probability_slow": 0.1}}"#;
    let (mean, square) = (0.9 * 0.01 + 0.1 * 0.3, 0.9 * 0.0001 + 0.1 * 0.09);
    let cv2 = square / (mean * mean) - 1.0;
    let runs = Replications::of(&open("25000s", "15/s", work(bimodal)));
    runs.expect_mean(1e3 * mg1::mean_waiting_s(15.0, mean, cv2), "waiting_mean_ms");
}

#[test]
fn arrivals_like_clockwork_are_dm1() {
    let mut plan = Plan::lasting("25000s");
    let service = plan.service("service", exponential("100ms"));
    plan.producer("users", r#"{"constant": {"rate": "8/s"}}"#, [call(service)]);
    let runs = Replications::of(&plan);
    runs.expect_mean(1e3 * dm1::mean_sojourn_s(8.0, 10.0), "sojourn_mean_ms");
}

#[test]
fn a_batch_waits_for_itself() {
    for (size, square, rate) in [("5", 25.0, 1.0), (r#"{"geometric": {"mean": 4}}"#, 28.0, 1.25)] {
        let mut plan = Plan::lasting("60000s");
        let service = plan.service("service", exponential("100ms"));
        let arrivals = format!(r#"{{"batches": {{"rate": "{rate}/s", "size": {size}}}}}"#);
        plan.producer("users", &arrivals, [call(service)]);
        let runs = Replications::of(&plan);
        let in_system = batch_arrivals::mean_in_system(rate, 5.0 / rate, square, 10.0);
        runs.expect_mean(1e3 * in_system / 5.0, "sojourn_mean_ms");
    }
}

/// Through queues, one after the other: each sees a Poisson process at its door (Burke 1956).
#[test]
fn stages_in_a_row_are_each_as_if_alone() {
    let mut plan = Plan::lasting("20000s");
    let queues = ["one", "two", "three"].map(|name| plan.queue(name, unbounded()));
    for (stage, (mean, name)) in
        [("100ms", "first"), ("80ms", "second"), ("50ms", "third")].into_iter().enumerate()
    {
        let sends = queues.get(stage + 1).map(|next| publish(*next)).into_iter().collect();
        let consumes = from(queues[stage], 1, Commit::After);
        plan.service(name, ServicePlan { consumes, sends, ..exponential(mean) });
    }
    plan.producer("users", r#"{"poisson": {"rate": "6/s"}}"#, [publish(queues[0])]);
    let runs = Replications::of(&plan);
    for (name, rate) in [("first", 10.0), ("second", 12.5), ("third", 20.0)] {
        let sojourn = 1e3 * mm1::mean_sojourn_s(6.0, rate);
        runs.expect(sojourn, MEAN, |story| story.of(name, "sojourn_mean_ms"));
    }
}

#[test]
fn users_who_wait_for_their_answers_slow_down_by_themselves() {
    let mut plan = Plan::lasting("1500s");
    let service = plan.service("service", work(r#"{"exponential": {"mean": "66666667ns"}}"#));
    let users = r#"{"closed_loop": {"users": 20, "think_time": {"exponential": {"mean": "1s"}}}}"#;
    plan.producer("users", users, [call(service)]);
    let runs = Replications::of(&plan);
    let theory = closed_loop::closed_loop(20, 1.0, 15.0, 1);
    runs.expect_mean(theory.throughput, "goodput_per_s");
    runs.expect(1e3 * theory.mean_sojourn_s, TAIL, |story| story.total("latency_mean_ms"));
}

/// The order of the line changes who waits, not how long on average (Kleinrock's conservation law).
#[test]
fn last_come_first_served_has_the_same_mean_and_a_longer_tail() {
    let lifo = ServicePlan { discipline: json(r#""lifo""#), ..exponential("100ms") };
    let [fifo, lifo] = [exponential("100ms"), lifo]
        .map(|service| Replications::of(&open("40000s", "6/s", service)));
    for runs in [&fifo, &lifo] {
        runs.expect_mean(1e3 * mm1::mean_waiting_s(6.0, 10.0), "waiting_mean_ms");
    }
    let p99 = |runs: &Replications| runs.0[0].total("waiting_p99_ms");
    assert!(p99(&lifo) > 1.5 * p99(&fifo));
}

#[test]
fn the_urgent_overtake_and_the_others_pay_for_it() {
    let mut plan = Plan::lasting("30000s");
    let service = ServicePlan { discipline: json(r#""priority""#), ..exponential("100ms") };
    let service = plan.service("service", service);
    plan.producer("urgent", r#"{"poisson": {"rate": "3/s"}}"#, [call(service)]);
    plan.producer("others", r#"{"poisson": {"rate": "4/s"}}"#, [call(service)]).priority = 1;
    let runs = Replications::of(&plan);
    let (urgent, others) = priority::mean_waiting_s(3.0, 4.0, 0.1, 1.0);
    for (name, waiting) in [("urgent", urgent), ("others", others)] {
        let theory = 1e3 * (waiting + 0.1);
        runs.expect(theory, MEAN, |story| story.of(name, "latency_mean_ms"));
    }
}

/// Hung now and then, whether at work or not, and going on where it stood: the probability generating function of White and
/// Christie (1958) gives L = λ((ξ + η)² + µξ) ÷ ((ξ + η)(µη − λ(ξ + η))), with failures at rate ξ and repairs at rate η.
#[test]
fn breakdowns_that_interrupt_and_resume_are_those_of_white_and_christie() {
    let mut plan = open("40000s", "5/s", exponential("100ms"));
    let node = plan.0.services[0].node;
    plan.0.faults.push(random(node, Ailment::Hang, "10s", r#"{"exponential": {"mean": "500ms"}}"#));
    let (arrivals, service, failures, repairs) = (5.0_f64, 10.0, 0.1, 2.0);
    let both: f64 = failures + repairs;
    let in_system = arrivals * (both.powi(2) + service * failures)
        / (both * (service * repairs - arrivals * both));
    let runs = Replications::of(&plan);
    runs.expect_mean(1e3 * in_system / arrivals, "sojourn_mean_ms");
}

fn random(node: NodeId, ailment: Ailment, mtbf: &str, mttr: &str) -> FaultPlan {
    let timing = FaultTiming::Random {
        from: "0s".parse().unwrap(),
        until: None,
        mtbf: json(&format!(r#"{{"exponential": {{"mean": "{mtbf}"}}}}"#)),
        mttr: json(mttr),
    };
    FaultPlan { label: "random".into(), node, effect: FaultEffect::Node(node, ailment), timing }
}

/// The caller gives up after a second, and the work is done all the same: e^(−(µ−λ)T) of it for nobody.
#[test]
fn work_for_callers_who_gave_up_takes_its_share_of_the_goodput() {
    let mut plan = open("20000s", "8/s", exponential("100ms"));
    plan.0.producers[0].sends[0] = plan.0.producers[0].sends[0].clone().timeout("1s");
    let runs = Replications::of(&plan);
    let late = (-2.0_f64).exp();
    runs.expect(late, TAIL, |story| story.total("timed_out") / story.total("produced"));
    runs.expect_mean(8.0 * (1.0 - late), "goodput_per_s");
    runs.expect_mean(8.0, "throughput_per_s");
}

/// A call that fails with probability p whatever was before.
fn failing(horizon: &str, rate: &str, service: ServicePlan, p: f64, retry: &str) -> Plan {
    let mut plan = open(horizon, rate, service);
    let link: LinkPlan = plan.0.producers[0].sends[0].clone().retry(retry);
    plan.0.producers[0].sends[0] = link;
    let node = plan.0.services[0].node;
    plan.ails(node, Ailment::Errors(p), "0s", horizon);
    plan
}

#[test]
fn independent_failures_multiply_the_load_by_the_geometric_series() {
    let retry = r#"{"schedule": ["1s", "2s", "4s"]}"#;
    let plan =
        failing("7000s", "10/s", ServicePlan { workers: 99, ..work(r#""1ms""#) }, 0.3, retry);
    let runs = Replications::of(&plan);
    runs.expect_mean(retries::amplification(0.3, 4), "retry_amplification_ratio");
    let gives_up = retries::gives_up(0.3, 4);
    runs.expect(gives_up, TAIL, |story| story.total("abandoned") / story.total("produced"));
}

/// What fails comes back at once: the worker is loaded as if λ ÷ (1 − p) came (Jackson 1957).
#[test]
fn failures_that_come_back_at_once_are_a_jackson_network() {
    let retry = r#"{"max_attempts": "unlimited", "backoff": "none"}"#;
    let plan = failing("50000s", "4/s", exponential("100ms"), 0.25, retry);
    let runs = Replications::of(&plan);
    runs.expect_mean(4.0 / 0.75, "throughput_per_s");
    runs.expect_mean(1e3 * mm1::mean_waiting_s(4.0 / 0.75, 10.0), "waiting_mean_ms");
}

/// Three layers of three attempts each, the bottom failing with p = 0.9: (1 − p²⁷) ÷ (1 − p) calls there.
#[test]
fn retries_in_layers_multiply() {
    let mut plan = Plan::lasting("100000s");
    let retry = r#"{"max_attempts": 3, "backoff": "none"}"#;
    let mut below = plan.service("bottom", work(r#""1ms""#));
    plan.ails(below.node, Ailment::Errors(0.9), "0s", "100000s");
    for name in ["middle", "top"] {
        let sends = vec![call(below).retry(retry)];
        below = plan.service(name, ServicePlan { sends, ..work(r#""1ms""#) });
    }
    plan.producer("users", r#"{"constant": {"rate": "0.1/s"}}"#, [call(below).retry(retry)]);
    let runs = Replications::of(&plan);
    let (calls, fails) = retries::nested(0.9, 3, 3);
    runs.expect(calls, MEAN, |story| {
        story.of("bottom", "attempts") / story.of("users", "produced")
    });
    let failed = |story: &Story| story.of("users", "abandoned") / story.of("users", "produced");
    runs.expect(fails, TAIL, failed);
}

/// Calls every 0.1 s that fail with 0.5; open for 9.95 s after five failures in a row: 62 calls in a closed period on average, 99
/// rejections in each open one, and each probe fails with 0.5.
#[test]
fn a_circuit_breaker_lets_through_what_renewal_theory_says() {
    let mut plan = Plan::lasting("25000s");
    let service = plan.service("service", ServicePlan { workers: 9, ..work(r#""0s""#) });
    let breaker = r#"{"trip_on": {"consecutive_failures": 5}, "open_for": "9950ms"}"#;
    plan.producer("users", r#"{"constant": {"rate": "10/s"}}"#, [call(service).breaker(breaker)]);
    plan.ails(service.node, Ailment::Errors(0.5), "0s", "25000s");
    let runs = Replications::of(&plan);
    let (closed, open_periods) = (62.0, 2.0);
    let rejected = open_periods * 99.0 / (closed + open_periods * 100.0);
    runs.expect(rejected, MEAN, |story| story.total("rejected") / story.total("produced"));
    runs.expect(1.0 - rejected, TAIL, |story| story.total("attempts") / story.total("produced"));
}

/// A consumer that always has work, crashes after exponential times of mean `mtbf` while it is up, and is down for `down`.
struct Crashing {
    horizon: &'static str,
    backlog: u64,
    service: ServicePlan,
    batch: u32,
    commit: Commit,
    mtbf: &'static str,
    down: &'static str,
}

impl Crashing {
    /// Batches of a hundred, 0.1 s a message, crashes after 50 s, five seconds down.
    fn in_batches(commit: Commit) -> Replications {
        let service = work(r#""100ms""#);
        let (horizon, backlog, batch) = ("40000s", 400_000, 100);
        Crashing { horizon, backlog, service, batch, commit, mtbf: "50s", down: "5s" }.run()
    }

    /// One message at a time, 0.27 s each, crashes after 2 s, back at once.
    fn one_by_one(idempotency: &str) -> Replications {
        let service = ServicePlan { idempotency: json(idempotency), ..work(r#""270ms""#) };
        let (horizon, backlog, batch, commit) = ("9000s", 40_000, 1, Commit::After);
        Crashing { horizon, backlog, service, batch, commit, mtbf: "2s", down: "10ms" }.run()
    }

    fn run(self) -> Replications {
        let mut plan = Plan::lasting(self.horizon);
        let queue = plan.queue("queue", unbounded());
        let consumes = from(queue, self.batch, self.commit);
        let service = plan.service("service", ServicePlan { consumes, ..self.service });
        plan.producer("users", "", [publish(queue)]).initial_backlog = self.backlog;
        let down = format!("{:?}", self.down);
        plan.0.faults.push(random(service.node, Ailment::Crash, self.mtbf, &down));
        Replications::of(&plan)
    }
}

/// With q = e^(−gS): (q^(−B) − 1) ÷ (B (q⁻¹ − 1)) executions per message, and a batch takes (1/g + R)(e^(gBS) − 1).
#[test]
fn commit_after_the_batch_repeats_what_a_crash_interrupts() {
    let runs = Crashing::in_batches(Commit::After);
    let (q, batch) = ((-0.002_f64).exp(), 100.0);
    let executions = (q.powf(-batch) - 1.0) / (batch * (1.0 / q - 1.0));
    runs.expect(executions, MEAN, |story| story.total("effects") / story.total("succeeded"));
    runs.expect(executions - 1.0, TAIL, |story| {
        story.total("duplicates") / story.total("succeeded")
    });
    let seconds_per_batch = 55.0 * (0.2_f64.exp() - 1.0);
    runs.expect(batch / seconds_per_batch, MEAN, |story| story.total("succeeded") / 40_000.0);
}

/// 1 − q (1 − q^B) ÷ (B (1 − q)) of the messages are taken, committed, and never done.
#[test]
fn commit_before_the_batch_loses_what_a_crash_interrupts() {
    let runs = Crashing::in_batches(Commit::Before);
    let (q, batch) = ((-0.002_f64).exp(), 100.0_f64);
    let lost = 1.0 - q * (1.0 - q.powf(batch)) / (batch * (1.0 - q));
    let done = |story: &Story| story.total("lost") + story.total("effects");
    runs.expect(lost, TAIL, |story| story.total("lost") / done(story));
}

/// Only a crash between effect and key duplicates silently: e^(gc) − 1 per message with a gap of c, however long the work.
#[test]
fn a_key_outside_the_transaction_duplicates_by_the_length_of_the_gap_alone() {
    let gap = r#"{"check_then_act": {"gap": "100ms"}}"#;
    let runs = Crashing::one_by_one(gap);
    let theory = (0.5_f64 * 0.1).exp() - 1.0;
    runs.expect(theory, TAIL, |story| story.total("duplicates") / story.total("succeeded"));
    let transactional = r#"{"transactional": {"cost": "100ms"}}"#;
    let runs = Crashing::one_by_one(transactional);
    assert!(runs.0.iter().all(|story| story.total("duplicates") == 0.0));
}
