//! What kind of station a service is, as far as arithmetic knows one: how its work arrives, what its callers do, and what its workers do.

use super::document::{Call, Consume, Document, Producer, Sending, Service};
use super::{ResolvedVariant, flow, logs};
use crate::model::fault::Fault;
use crate::policy::backoff::{Backoff, Jitter};
use crate::policy::discipline::Discipline;
use crate::policy::exhaustion::WhenExhausted;
use crate::policy::resend::{AtMost, Resend};
use crate::policy::retry::{MaxAttempts, Retry};
use crate::policy::works_on::WorksOn;
use crate::random::ArrivalProcess;
use crate::theory::closed_loop::{self, ClosedLoop};
use crate::theory::station::{Arrivals, Callers, Law, LongRun, Station, Worker};

/// The service `name`, to which so many messages a second come, as stations of which it is one, or several that are alike: how many,
/// and what each of them is. Nothing where no formula is known.
pub(super) fn stations(
    document: &Document,
    name: &str,
    workers: u32,
    rate: f64,
) -> Option<(u32, Station)> {
    let service = &document.services[name];
    let calls = calls_to(document, name);
    if gives_up_the_late(document, service) {
        return None;
    }
    // Members of a group share nothing: each has partitions of its own, and a line for them.
    let apart = reads_a_log(document, service);
    let (count, each) = if apart { (workers, 1) } else { (1, workers) };
    let own = service.service_time.mean_s();
    let plain = Station::plain(rate / f64::from(count), own, spread(service), each);
    let station = Station {
        capacity: places(service, &calls),
        arrivals: arrivals(document, name),
        callers: callers(service, &calls),
        worker: worker(document, name, rate)?,
        ..plain
    };
    is_known(&station).then_some((count, station))
}

/// Whether there is a formula: of batches and of stops only for one worker with exponential times, and for nothing else besides.
fn is_known(station: &Station) -> bool {
    let is_plain = station.capacity.is_none() && station.callers == Callers::Wait;
    let is_single = station.workers == 1 && (station.service_cv2 - 1.0).abs() < 1e-6;
    let in_batches = matches!(station.arrivals, Arrivals::Batches { .. });
    let stops = matches!(station.worker, Worker::Stops { .. });
    match (in_batches, stops) {
        (false, false) => true,
        (true, false) => is_plain && is_single && station.worker == Worker::Attends,
        (false, true) => is_plain && is_single && station.arrivals == Arrivals::Poisson,
        (true, true) => false,
    }
}

/// The squared coefficient of variation of the service time, as far as the mean time depends on it. Where workers are shared it
/// doesn't: it is that of exponential service times (Kleinrock, "Queueing Systems", volume 2, 1976, section 4.4).
pub(super) fn spread(service: &Service) -> f64 {
    match service.discipline {
        Discipline::ProcessorSharing => 1.0,
        Discipline::Fifo
        | Discipline::Lifo
        | Discipline::Random
        | Discipline::Priority
        | Discipline::AdaptiveLifo { .. }
        | Discipline::Codel(_) => service.service_time.cv2(),
    }
}

/// What a service comes to whose only work is that of one closed loop, called directly.
pub(super) fn closed_loop_at(document: &Document, name: &str) -> Option<LongRun> {
    let service = &document.services[name];
    let mut callers = document.producers.values().filter(|producer| calls(&producer.sends, name));
    let (one, others) = (callers.next()?, callers.count());
    let by_service = document.services.values().any(|service| calls(&service.sends, name));
    let found = closed_loop(document, one)?;
    let own = service.service_time.mean_s();
    (others == 0 && !by_service).then_some(LongRun {
        law: Law::ClosedLoop,
        mean_waiting_s: found.mean_sojourn_s - own,
        mean_in_system: found.mean_in_system,
        lost: 0.0,
        attempts: 1.0,
    })
}

/// The closed loop of a producer, if it does nothing but call a service like that of theory.
pub(super) fn closed_loop(document: &Document, producer: &Producer) -> Option<ClosedLoop> {
    let [ArrivalProcess::ClosedLoop { users, think_time }] = producer.arrivals.as_slice() else {
        return None;
    };
    let [Sending::Call(call)] = producer.sends.as_slice() else { return None };
    let service = &document.services[&call.to];
    let own = service.service_time.mean_s();
    let is_plain = service.consumes.is_empty()
        && service.sends.is_empty()
        && service.threads.is_none()
        && service.works_on == WorksOn::Each
        && call.latency.mean_s() == 0.0
        && call.timeout.is_none()
        && !gives_up_the_late(document, service)
        && producer.jobs.is_none();
    let is_known = (spread(service) - 1.0).abs() < 1e-6 && think_time.mean_s() > 0.0 && own > 0.0;
    (is_plain && is_known)
        .then(|| closed_loop::closed_loop(*users, think_time.mean_s(), 1.0 / own, service.workers))
}

fn calls(sends: &[Sending], name: &str) -> bool {
    sends.iter().any(|sending| matches!(sending, Sending::Call(call) if call.to == name))
}

/// Whether it may turn calls away because they have waited too long.
fn gives_up_the_late(document: &Document, service: &Service) -> bool {
    let has_deadline =
        |sending: &Sending| matches!(sending, Sending::Call(call) if call.deadline.is_some());
    matches!(service.discipline, Discipline::Codel(_)) || document.sendings().any(has_deadline)
}

fn calls_to<'a>(document: &'a Document, name: &str) -> Vec<&'a Call> {
    let to_it = |sending: &'a Sending| match sending {
        Sending::Call(call) => (call.to == name).then_some(call),
        Sending::Publish(_) => None,
    };
    document.sendings().filter_map(to_it).collect()
}

fn reads_a_log(document: &Document, service: &Service) -> bool {
    let [consume] = service.consumes.as_slice() else { return false };
    logs::log(document, &consume.from).is_some()
}

/// How many requests it holds at most, if whoever comes beyond is turned away for good.
fn places(service: &Service, calls: &[&Call]) -> Option<u32> {
    let turns_away = match service.when_exhausted {
        WhenExhausted::Refuse | WhenExhausted::Shed { .. } => service.accept_backlog == 0,
        WhenExhausted::Crash { .. } => false,
    };
    let for_good = calls.iter().all(|call| call.retry == Retry::None);
    service.threads.filter(|_| turns_away && for_good && service.consumes.is_empty())
}

/// Clockwork or batches, if all of its work comes from one producer like that, directly.
fn arrivals(document: &Document, name: &str) -> Arrivals {
    let by_service = document.services.values().any(|service| calls(&service.sends, name));
    let callers: Vec<&Producer> =
        document.producers.values().filter(|producer| calls(&producer.sends, name)).collect();
    let consumes = !document.services[name].consumes.is_empty();
    match callers.as_slice() {
        [one] if !by_service && !consumes => match one.arrivals.as_slice() {
            [ArrivalProcess::Constant { .. }] => Arrivals::Clockwork,
            [ArrivalProcess::Batches { size, .. }] => {
                Arrivals::Batches { mean_size: size.mean(), size_square: size.square() }
            }
            _ => Arrivals::Poisson,
        },
        _ => Arrivals::Poisson,
    }
}

fn callers(service: &Service, calls: &[&Call]) -> Callers {
    let [call] = calls else { return Callers::Wait };
    if let Some(patience) = &call.patience {
        return Callers::HangUp { patience_s: patience.mean_s() };
    }
    if service.threads != Some(service.workers) || service.accept_backlog > 0 {
        return Callers::Wait;
    }
    match (comes_again(&call.retry), comes_in_turn(&call.retry)) {
        (Some((after_s, persistence)), _) => Callers::ComeAgain { after_s, persistence },
        (None, Some(after_s)) if service.workers == 1 => Callers::ComeAgainInTurn { after_s },
        (None, _) => Callers::Wait,
    }
}

/// After what mean time the next caller comes again, if they do so one at a time, without end and at random.
fn comes_in_turn(retry: &Retry) -> Option<f64> {
    let Retry::Rules(rules) = retry else { return None };
    let endless = rules.max_attempts == Some(MaxAttempts::Unlimited) && rules.budget.is_none();
    match &rules.resend {
        Some(Resend::Rounds { every, at_most: AtMost::Of(1), .. }) if endless => {
            ((every.cv2() - 1.0).abs() < 1e-6).then(|| every.mean_s())
        }
        _ => None,
    }
}

/// After what mean time and with what probability a caller comes again, if it does so without end and at random.
fn comes_again(retry: &Retry) -> Option<(f64, f64)> {
    let Retry::Rules(rules) = retry else { return None };
    let endless = rules.max_attempts == Some(MaxAttempts::Unlimited) && rules.budget.is_none();
    match (&rules.backoff, &rules.jitter) {
        (Some(Backoff::Fixed { delay }), Some(Jitter::Exponential)) if endless => {
            Some((delay.as_secs_f64(), rules.persistence))
        }
        _ => None,
    }
}

/// What its workers do. Nothing where batches are collected, of which no formula tells the wait.
fn worker(document: &Document, name: &str, rate: f64) -> Option<Worker> {
    let service = &document.services[name];
    if let Some(stops) = stops(document, name) {
        return Some(stops);
    }
    let sleeps = |consume: &Consume| {
        let every = consume.poll_every.as_ref()?;
        Some(Worker::Sleeps { mean_s: every.mean_s(), cv2: every.cv2() })
    };
    match &service.works_on {
        WorksOn::Each => {
            let sleeping = service.consumes.iter().find_map(sleeps);
            (sleeping.is_none() || service.workers == 1)
                .then(|| sleeping.unwrap_or(Worker::Attends))
        }
        WorksOn::Batch(batch) => {
            let at_once = rate * batch.window.as_secs_f64() < 0.01;
            let is_exponential = (service.service_time.cv2() - 1.0).abs() < 1e-6;
            let as_one = at_once && is_exponential && batch.per_message.as_nanos() == 0;
            let at_most = batch.count.filter(|_| as_one && service.workers == 1)?;
            Some(Worker::Together { at_most })
        }
        WorksOn::Join(_) => None,
    }
}

/// Stops at random, if that is all that ever goes wrong.
fn stops(document: &Document, name: &str) -> Option<Worker> {
    let [Fault::Hang(hang)] = document.faults.as_slice() else { return None };
    let is_plain = document.services[name].works_on == WorksOn::Each && hang.on == name;
    let timing = document.faults[0].timing();
    let (Some(up), Some(down), None, None) = (timing.mtbf, timing.mttr, timing.from, timing.until)
    else {
        return None;
    };
    let at_random = [up, down].iter().all(|time| (time.cv2() - 1.0).abs() < 1e-6);
    (is_plain && at_random).then(|| Worker::Stops {
        failure_rate: 1.0 / up.mean_s(),
        repair_rate: 1.0 / down.mean_s(),
    })
}

/// What retries would make of the load of a service if every attempt failed, for each that calls it with retries.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPlan {
    /// Who calls.
    pub by: String,
    /// Whom.
    pub at: String,
    /// How many attempts each message has at most; `None` is without end.
    pub attempts: Option<u64>,
    /// What a budget allows at most, in attempts per message.
    pub budget: Option<f64>,
    /// Messages a second that it sends for the first time.
    pub rate_per_s: f64,
    /// What the callee can do a second.
    pub capacity_per_s: f64,
}

impl ResolvedVariant {
    /// What the retries of each producer would make of the load, of which `predictions` tell how much fits.
    #[must_use]
    pub fn retry_plans(&self, predictions: &[flow::Prediction]) -> Vec<RetryPlan> {
        retry_plans(&self.document, predictions)
    }
}

/// The calls of producers that are repeated when they fail.
fn retry_plans(document: &Document, predictions: &[flow::Prediction]) -> Vec<RetryPlan> {
    let mut plans = Vec::new();
    for (by, producer) in &document.producers {
        for sending in &producer.sends {
            let Sending::Call(call) = sending else { continue };
            let found = predictions.iter().find(|found| found.service == call.to);
            let Some(found) = found.filter(|_| call.retry != Retry::None) else { continue };
            let rate_per_s = flow::rate_of_producer(document, producer);
            if rate_per_s <= 0.0 || !found.capacity_per_s.is_finite() {
                continue;
            }
            plans.push(RetryPlan {
                by: by.clone(),
                at: call.to.clone(),
                attempts: call.retry.attempts(),
                budget: call
                    .retry
                    .budget()
                    .and_then(|budget| budget.ratio())
                    .map(|ratio| 1.0 + ratio),
                rate_per_s,
                capacity_per_s: found.capacity_per_s,
            });
        }
    }
    plans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimTime;

    /// By which formula the wait at a desk is told that does 10 a second, with one worker and exponential times; and the wait, in milliseconds.
    fn told(
        arrivals: &str,
        call: &str,
        desk: &str,
        faults: &str,
    ) -> (Option<&'static str>, Option<f64>) {
        let document = format!(
            r#"{{"title": "", "question": "", "duration": "20min", "sample_every": "1s",
                "producers": {{"users": {{"arrivals": [{{{arrivals}}}], "sends": [{{"call": {{"to": "desk"{call}}}}}]}}}},
                "services": {{"desk": {{"service_time": {{"exponential": {{"mean": "100ms"}}}}{desk}}}}}, "faults": [{faults}]}}"#
        );
        let document: Document = serde_json::from_str(&document).unwrap();
        let found = flow::predict(&document, SimTime::ZERO).remove(0);
        let millis = found.mean_waiting_s.map(|seconds| (seconds * 1e5).round() / 1e2);
        (found.law.map(Law::name), millis)
    }

    const POISSON: &str = r#""poisson": {"rate": "5/s"}"#;

    #[test]
    fn batches_are_told_by_their_own_formula_where_there_is_one() {
        let batches = r#""batches": {"rate": "1.5/s", "size": 5}"#;
        assert_eq!(told(batches, "", "", ""), (Some("M[X]/M/1"), Some(1_100.0)));
        let geometric = r#""batches": {"rate": "2/s", "size": {"geometric": {"mean": 4}}}"#;
        assert_eq!(told(geometric, "", "", ""), (Some("M[X]/M/1"), Some(1_900.0)));
        assert_eq!(told(batches, "", r#", "workers": 2"#, ""), (None, None));
        assert_eq!(told(batches, "", r#", "threads": 9"#, ""), (None, None));
    }

    #[test]
    fn stops_at_random_are_told_if_nothing_else_goes_wrong() {
        let hang = r#"{"hang": {"on": "desk", "mtbf": "10s", "mttr": "2s"}}"#;
        let wait = (5.666_666_667_f64 / 5.0 - 0.1) * 1e3;
        let rounded = (wait * 1e2).round() / 1e2;
        assert_eq!(told(POISSON, "", "", hang), (Some("M/M/1 with breakdowns"), Some(rounded)));
        let crash = hang.replace("hang", "crash");
        assert_eq!(told(POISSON, "", "", &crash).0, Some("M/M/1"), "a crash loses what is there");
        let both = format!("{hang}, {hang}");
        assert_eq!(told(POISSON, "", "", &both).0, Some("M/M/1"));
        let even =
            r#"{"hang": {"on": "desk", "mtbf": {"constant": {"value": "10s"}}, "mttr": "2s"}}"#;
        assert_eq!(told(POISSON, "", "", even).0, Some("M/M/1"));
        assert_eq!(told(POISSON, "", r#", "workers": 2"#, hang), (None, None));
    }

    #[test]
    fn callers_who_come_again_in_turn_are_told() {
        let four = r#""poisson": {"rate": "4/s"}"#;
        let rounds = |at_most: u32, every: &str| {
            format!(
                r#", "retry": {{"max_attempts": "unlimited", "resend": {{"rounds": {{"every": {every}, "at_most": {at_most}}}}}}}"#
            )
        };
        let exponential = r#"{"exponential": {"mean": "200ms"}}"#;
        let full = r#", "threads": 1"#;
        let (law, wait) = told(four, &rounds(1, exponential), full, "");
        assert_eq!((law, wait), (Some("retrial queue, one at a time"), Some(542.86)));
        let six = r#""poisson": {"rate": "6/s"}"#;
        assert_eq!(told(six, &rounds(1, exponential), full, ""), (law, None), "it grows for ever");
        assert_ne!(told(four, &rounds(2, exponential), full, "").0, law);
        assert_ne!(told(four, &rounds(1, "\"200ms\""), full, "").0, law);
        assert_ne!(told(four, &rounds(1, exponential), "", "").0, law, "there is a line");
    }

    /// Gross & Harris, section 2.6, with a user more than can be at work: 20 who think a second at 10/s.
    #[test]
    fn a_closed_loop_is_told_if_nobody_else_comes() {
        let users = |count: u32| {
            format!(
                r#""closed_loop": {{"users": {count}, "think_time": {{"exponential": {{"mean": "1s"}}}}}}"#
            )
        };
        let many = closed_loop::closed_loop(20, 1.0, 10.0, 1).mean_sojourn_s - 0.1;
        let (law, wait) = told(&users(20), "", "", "");
        assert_eq!((law, wait), (Some("closed loop"), Some((many * 1e5).round() / 1e2)));
        assert_eq!(told(&users(1), "", "", ""), (law, Some(0.0)), "one waits for nobody");
        assert_ne!(told(&users(20), "", r#", "threads": 5"#, "").0, law);
        assert_ne!(told(&users(20), r#", "latency": "5ms""#, "", "").0, law);
        assert_ne!(told(&format!("{}}}, {{{POISSON}", users(20)), "", "", "").0, law);
    }
}
