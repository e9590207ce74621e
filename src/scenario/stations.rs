//! What kind of station a service is, as far as arithmetic knows one: how its work arrives, what its callers do, and what its workers do.

use super::document::{Call, Consume, Document, Producer, Sending, Service};
use super::{ResolvedVariant, flow, logs};
use crate::policy::backoff::{Backoff, Jitter};
use crate::policy::discipline::Discipline;
use crate::policy::exhaustion::WhenExhausted;
use crate::policy::retry::{MaxAttempts, Retry};
use crate::policy::works_on::WorksOn;
use crate::random::ArrivalProcess;
use crate::theory::station::{Arrivals, Callers, Station, Worker};

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
    // Members of a group share nothing: each has partitions of its own, and a line for them.
    let apart = reads_a_log(document, service);
    let (count, each) = if apart { (workers, 1) } else { (1, workers) };
    let own = service.service_time.mean_s();
    let plain = Station::plain(rate / f64::from(count), own, spread(service), each);
    let station = Station {
        capacity: places(service, &calls),
        arrivals: arrivals(document, name),
        callers: callers(service, &calls),
        worker: worker(service, rate)?,
        ..plain
    };
    Some((count, station))
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
        | Discipline::AdaptiveLifo { .. } => service.service_time.cv2(),
    }
}

fn calls_to<'a>(document: &'a Document, name: &str) -> Vec<&'a Call> {
    let producers = document.producers.values().flat_map(|producer| &producer.sends);
    let all = producers.chain(document.services.values().flat_map(|service| &service.sends));
    let to_it = |sending: &'a Sending| match sending {
        Sending::Call(call) => (call.to == name).then_some(call),
        Sending::Publish(_) => None,
    };
    all.filter_map(to_it).collect()
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

/// Clockwork, if all of its work comes from one producer like that, directly.
fn arrivals(document: &Document, name: &str) -> Arrivals {
    let calls = |sends: &[Sending]| {
        sends.iter().any(|sending| matches!(sending, Sending::Call(call) if call.to == name))
    };
    let by_service = document.services.values().any(|service| calls(&service.sends));
    let callers: Vec<&Producer> =
        document.producers.values().filter(|producer| calls(&producer.sends)).collect();
    let consumes = !document.services[name].consumes.is_empty();
    match callers.as_slice() {
        [one] if !by_service && !consumes => match one.arrivals.as_slice() {
            [ArrivalProcess::Constant { .. }] => Arrivals::Clockwork,
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
    match comes_again(&call.retry) {
        Some((after_s, persistence))
            if service.threads == Some(service.workers) && service.accept_backlog == 0 =>
        {
            Callers::ComeAgain { after_s, persistence }
        }
        Some(_) | None => Callers::Wait,
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
fn worker(service: &Service, rate: f64) -> Option<Worker> {
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
