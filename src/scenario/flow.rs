//! What arithmetic says of a variant before it is simulated: who gets how much work, and whether that is too much.
//!
//! Fresh work alone counts, without retries: it flows from the producers along `sends`, through brokers to those who consume, and on
//! from service to service. What comes all at once (bursts, an initial backlog) is kept apart from what goes on arriving.

use indexmap::IndexMap;

use super::document::{Consume, Document, Sending, Service};
use super::{exchanges, logs, queues, stations};
use crate::policy::works_on::WorksOn;
use crate::random::ArrivalProcess;
use crate::theory::fluid;
use crate::theory::station::{Law, Station};
use crate::time::{SimDuration, SimTime};

/// What arithmetic says of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The service.
    pub service: String,
    /// Whether it takes messages from brokers, where they wait: its own line is not all of the line then.
    pub consumes: bool,
    /// Fresh work that reaches it in the long run, per second, by call or through a broker.
    pub arrival_rate_per_s: f64,
    /// Work that it can do, per second.
    pub capacity_per_s: f64,
    /// Arrival rate ÷ capacity.
    pub offered_load: f64,
    /// Whether its line grows for ever.
    pub grows: bool,
    /// By which formula the wait is told; `None` where there is none.
    pub law: Option<Law>,
    /// Mean waiting time in the long run, in seconds; `None` where the line grows for ever, or no formula is known.
    pub mean_waiting_s: Option<f64>,
    /// The share of messages that never succeed in the long run: turned away, or given up by their callers.
    pub lost: f64,
    /// Attempts per message in the long run.
    pub attempts: f64,
    /// What is sent to it all at once; of what comes within a while, that which is left at the end of it.
    pub backlog: f64,
    /// How much of that comes through brokers, which keep it until it is worked on.
    pub backlog_at_brokers: f64,
    /// How long that takes to drain beside what goes on arriving; `None` if there is none, or it never drains.
    pub drain_time_s: Option<f64>,
    /// Messages in line and in work in the long run; `None` where the line grows for ever.
    pub mean_in_system: Option<f64>,
}

impl Prediction {
    /// Whether what comes to it can be done. Users who wait for their answers never send more than that.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.offered_load < 1.0 || self.law == Some(Law::ClosedLoop)
    }
}

/// A node, and of a log the topic, of a broker with queues the queue.
type Place<'a> = (&'a str, Option<&'a str>);

/// Work on its way to a node.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    rate: f64,
    backlog: f64,
    through_brokers: f64,
    /// How long the backlog takes to come.
    over_s: f64,
}

impl Flow {
    /// So much of it, through a broker.
    fn share(self, share: f64) -> Flow {
        Flow {
            rate: self.rate * share,
            backlog: self.backlog * share,
            through_brokers: self.backlog * share,
            over_s: self.over_s,
        }
    }

    fn add(&mut self, other: Flow) {
        self.rate += other.rate;
        self.backlog += other.backlog;
        self.through_brokers += other.through_brokers;
        self.over_s = self.over_s.max(other.over_s);
    }
}

/// What arithmetic says of every service of a variant. Rates are means from `from` to the end of the run.
#[must_use]
pub fn predict(document: &Document, from: SimTime) -> Vec<Prediction> {
    let reached = reach(document, from);
    let mut found: Vec<Prediction> = Vec::new();
    for (name, service) in &document.services {
        let flow = reached.get(&(name.as_str(), None)).copied().unwrap_or_default();
        let workers = useful_workers(document, name, service);
        found.push(prediction(document, name, workers, flow));
    }
    found
}

/// Messages that come to a topic of a log in the long run, per second.
#[must_use]
pub fn rate_of_topic(document: &Document, from: SimTime, log: &str, topic: &str) -> f64 {
    let reached = reach(document, from);
    reached.get(&(log, Some(topic))).map_or(0.0, |flow| flow.rate)
}

/// Messages that come to a service in the long run, per second.
#[must_use]
pub fn rate_of_service(document: &Document, from: SimTime, service: &str) -> f64 {
    reach(document, from).get(&(service, None)).map_or(0.0, |flow| flow.rate)
}

/// How many messages are worked on together on average, so much work coming to a service: with those that come within a window.
fn together(service: &Service, rate: f64) -> f64 {
    let WorksOn::Batch(batch) = &service.works_on else { return 1.0 };
    let in_window = rate / f64::from(service.workers) * batch.window.as_secs_f64();
    let count = batch.count.map_or(f64::INFINITY, f64::from);
    (1.0 + in_window).min(count).max(1.0)
}

/// How long the work on one message takes, as its share of the work on all that are worked on together.
fn mean_work_s(service: &Service, rate: f64) -> f64 {
    let own = service.service_time.mean_s();
    match &service.works_on {
        WorksOn::Batch(batch) => own / together(service, rate) + batch.per_message.as_secs_f64(),
        WorksOn::Each | WorksOn::Join(_) => own,
    }
}

fn prediction(document: &Document, name: &str, workers: u32, flow: Flow) -> Prediction {
    let service = &document.services[name];
    let work = Station::plain(flow.rate, mean_work_s(service, flow.rate), 1.0, workers);
    let (capacity, fits) = (work.service_capacity(), work.is_stable());
    let backlog = fluid::backlog_after(flow.backlog, flow.rate, capacity, flow.over_s);
    let at_brokers = if backlog > 0.0 { flow.through_brokers / flow.backlog } else { 0.0 };
    let drains = backlog > 0.0 && fits;
    let known = stations::stations(document, name, workers, flow.rate);
    let long_run = match stations::closed_loop_at(document, name) {
        Some(closed) => Some((1.0, closed)),
        None => known.map(|(count, station)| (f64::from(count), station.long_run())),
    };
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    // Of batches that are collected it is known how much work they are, and not how long each waits.
    let otherwise =
        || fits.then(|| Station { service_cv2: stations::spread(service), ..work }.long_run());
    let in_system = match long_run {
        Some((count, run)) => finite(count * run.mean_in_system),
        None => otherwise().map(|run| run.mean_in_system),
    };
    Prediction {
        service: name.to_owned(),
        consumes: !service.consumes.is_empty(),
        arrival_rate_per_s: flow.rate,
        capacity_per_s: capacity,
        offered_load: work.offered_load(),
        grows: long_run.map_or(!fits, |(_, run)| run.mean_waiting_s.is_infinite()),
        law: long_run.map(|(_, run)| run.law),
        mean_waiting_s: long_run.and_then(|(_, run)| finite(run.mean_waiting_s)),
        lost: long_run.map_or(0.0, |(_, run)| run.lost),
        attempts: long_run.map_or(1.0, |(_, run)| run.attempts),
        backlog,
        backlog_at_brokers: backlog * at_brokers,
        drain_time_s: drains.then(|| fluid::drain_time_s(backlog, flow.rate, capacity)),
        mean_in_system: in_system,
    }
}

/// Messages a second that a producer makes over the whole run.
pub(super) fn rate_of_producer(document: &Document, producer: &super::document::Producer) -> f64 {
    made(document.duration, producer, SimTime::ZERO).rate
}

/// How many workers can be at work at once: a group that reads a log has no use for more members than partitions.
fn useful_workers(document: &Document, name: &str, service: &Service) -> u32 {
    let [consume] = service.consumes.as_slice() else { return service.workers };
    let Some(log) = logs::log(document, &consume.from) else { return service.workers };
    let readings = logs::readings(document, &consume.from, log);
    let reads = |reading: &&logs::Reading| reading.consumers.iter().any(|(who, _)| *who == name);
    let Some(group) = readings.iter().find(reads) else { return service.workers };
    let members = group.consumers.iter().map(|(who, _)| u64::from(document.services[*who].workers));
    let partitions = log.topics.get(group.topic).map_or(1, |topic| u64::from(topic.partitions));
    let useful = u64::from(service.workers) * partitions / members.sum::<u64>().max(1);
    service.workers.min(u32::try_from(useful.max(1)).unwrap_or(u32::MAX))
}

/// The work that reaches each service and broker.
fn reach(document: &Document, from: SimTime) -> IndexMap<Place<'_>, Flow> {
    let mut reached: IndexMap<Place, Flow> = IndexMap::new();
    let mut on_the_way: IndexMap<Place, Flow> = IndexMap::new();
    for producer in document.producers.values() {
        let mut made = made(document.duration, producer, from);
        made.rate +=
            stations::closed_loop(document, producer).map_or(0.0, |found| found.throughput);
        for sending in &producer.sends {
            for target in targets(document, sending) {
                on_the_way.entry(target).or_default().add(made);
            }
        }
    }
    // Brokers may close a circle of services; work that has passed more nodes than there are has been around.
    for _ in 0..=document.services.len() + document.brokers.len() {
        for (name, flow) in std::mem::take(&mut on_the_way) {
            reached.entry(name).or_default().add(flow);
            for (next, part) in onward(document, name, flow) {
                on_the_way.entry(next).or_default().add(part);
            }
        }
    }
    reached
}

/// Where work goes from a node.
fn onward<'a>(document: &'a Document, place: Place<'a>, flow: Flow) -> Vec<(Place<'a>, Flow)> {
    let (name, part) = place;
    if let Some(service) = document.services.get(name) {
        let part = match &service.works_on {
            WorksOn::Each => flow,
            WorksOn::Batch(_) => flow.share(1.0 / together(service, flow.rate)),
            WorksOn::Join(_) => flow.share(0.5),
        };
        let targets = service.sends.iter().flat_map(|sending| targets(document, sending));
        return targets.map(|target| (target, part)).collect();
    }
    if let (Some(log), Some(topic)) = (logs::log(document, name), part) {
        let readings = logs::readings(document, name, log);
        let groups = readings.into_iter().filter(|reading| reading.topic == topic);
        let members = |group: logs::Reading<'a>| {
            let consumers: Vec<&str> = group.consumers.iter().map(|(one, _)| *one).collect();
            shares(document, &consumers, flow)
        };
        return groups.flat_map(members).collect();
    }
    let takes = |one: &Consume| {
        one.from == name && queues::queue(document, name, one.queue.as_ref()) == part
    };
    let consumers: Vec<&str> = document
        .services
        .iter()
        .filter(|(_, service)| service.consumes.iter().any(takes))
        .map(|(consumer, _)| consumer.as_str())
        .collect();
    shares(document, &consumers, flow)
}

/// What each of several services gets of what they take together: by their numbers of workers.
fn shares<'a>(document: &'a Document, consumers: &[&'a str], flow: Flow) -> Vec<(Place<'a>, Flow)> {
    let workers = |service: &str| f64::from(document.services[service].workers);
    let all: f64 = consumers.iter().map(|service| workers(service)).sum();
    let part = |service: &&'a str| ((*service, None), flow.share(workers(service) / all));
    consumers.iter().map(part).collect()
}

/// Where what is sent goes: to one place, or as a copy to each queue that gets it.
fn targets<'a>(document: &'a Document, sending: &'a Sending) -> Vec<Place<'a>> {
    let publish = match sending {
        Sending::Call(call) => return vec![(&call.to, None)],
        Sending::Publish(publish) => publish,
    };
    let to = publish.to.as_str();
    if let Some(amqp) = exchanges::amqp(document, to) {
        let queues = exchanges::queues(amqp, &exchanges::posting(amqp, publish)).into_iter();
        return queues
            .map(|queue| (to, amqp.queues.get_index(queue).map(|(name, _)| name.as_str())))
            .collect();
    }
    let topic = logs::log(document, to).and_then(|log| logs::topic(log, publish.topic.as_ref()));
    vec![(to, topic.or_else(|| queues::queue(document, to, publish.queue.as_ref())))]
}

/// What a producer makes: a rate, and what comes all at once.
fn made(duration: SimDuration, producer: &super::document::Producer, from: SimTime) -> Flow {
    let horizon = SimTime::ZERO + duration;
    let span = horizon.since(from).as_secs_f64();
    let mut flow = Flow { backlog: producer.initial_backlog as f64, ..Flow::default() };
    for process in &producer.arrivals {
        if let ArrivalProcess::Burst { count, over, .. } = process {
            flow.backlog += *count as f64;
            flow.over_s = flow.over_s.max(over.as_secs_f64());
        } else if span > 0.0 {
            flow.rate += process.expected_count(from, horizon, horizon).unwrap_or(0.0) / span;
        }
    }
    let each = producer.jobs.as_ref().map_or(1, |jobs| jobs.needs.len()) as f64;
    flow.rate *= each;
    flow.backlog *= each;
    flow
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(burst: &str) -> Prediction {
        let document = format!(
            r#"{{"title": "", "question": "", "duration": "20min", "sample_every": "1s",
                "producers": {{"shop": {{"arrivals": [{{"burst": {burst}}}, {{"constant": {{"rate": "60/s"}}}}],
                                         "sends": [{{"publish": {{"to": "orders"}}}}]}}}},
                "brokers": {{"orders": {{"queue": {{}}}}}},
                "services": {{"desk": {{"service_time": "10ms", "consumes": [{{"from": "orders"}}]}}}}}}"#
        );
        let document: Document = serde_json::from_str(&document).unwrap();
        predict(&document, SimTime::ZERO).remove(0)
    }

    #[test]
    fn of_a_burst_that_takes_a_while_only_what_is_left_of_it_has_to_drain() {
        let at_once = predicted(r#"{"count": 27000}"#);
        assert_eq!((at_once.backlog, at_once.drain_time_s), (27_000.0, Some(675.0)));
        let over_a_while = predicted(r#"{"count": 27000, "over": "5min"}"#);
        assert_eq!((over_a_while.backlog, over_a_while.drain_time_s), (15_000.0, Some(375.0)));
        assert_eq!(over_a_while.backlog_at_brokers, 15_000.0);
    }

    #[test]
    fn a_group_has_no_use_for_more_members_than_partitions() {
        let capacity = |workers: u32| {
            let document = format!(
                r#"{{"title": "", "question": "", "duration": "20min", "sample_every": "1s",
                    "producers": {{"shop": {{"arrivals": [{{"constant": {{"rate": "60/s"}}}}],
                                             "sends": [{{"publish": {{"to": "log"}}}}]}}}},
                    "brokers": {{"log": {{"log": {{"topics": {{"orders": {{"partitions": 12}}}}}}}}}},
                    "services": {{"desk": {{"workers": {workers}, "service_time": "10ms", "consumes": [{{"from": "log"}}]}}}}}}"#
            );
            predict(&serde_json::from_str(&document).unwrap(), SimTime::ZERO)[0].capacity_per_s
        };
        assert_eq!([5, 12, 20].map(capacity), [500.0, 1_200.0, 1_200.0]);
    }

    #[test]
    fn of_a_burst_that_is_slow_enough_nothing_is_left() {
        let slow = predicted(r#"{"count": 9000, "over": "5min"}"#);
        assert_eq!((slow.backlog, slow.drain_time_s), (0.0, None));
    }
}
