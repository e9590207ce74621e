//! A service has workers. It answers calls, consumes from brokers, and may send on while a worker waits.
//!
//! | file | what it holds |
//! |---|---|
//! | `intake` | a call at the door: let in, refused, shed, or the last straw |
//! | `work` | a worker's piece of work from beginning to end |
//! | `reach` | being there for brokers, or not |
//! | `effect` | the effect of work, and its idempotency key |
//! | `records` | conflicts between pieces of work on the same record |
//! | `consumption` | taking messages from brokers, and giving word of them |
//! | `patience` | a caller in line that hangs up |
//! | `failure` | a delivery on which work failed |
//! | `sharing` | processor sharing: all requests in work at once |
//! | `collection` | batches: collecting, and being done with all of one |
//! | `joining` | pairs: waiting for a partner |
//! | `straight` | a message whose every step is an ordinary one |
//! | `breakdown` | crash, restart, hang, and what faults do |

mod breakdown;
mod collection;
mod consumption;
mod effect;
mod failure;
mod intake;
mod joining;
mod patience;
mod reach;
mod records;
mod sharing;
mod straight;
mod work;

use sharing::Sharing;

pub use consumption::{Delivered, Subscription, Verdict};
pub use patience::Patience;

use std::collections::BTreeMap;

use joining::Joining;

use super::context::Context;
use super::health::Health;
use super::id::{Id, NodeId};
use super::message::MessageId;
use super::observation::Observer;
use super::outbound::Link;
use super::packet::Sent;
use super::station::{Job, Station};
use crate::policy::codel::CodelState;
use crate::policy::concurrency_control::ConcurrencyControl;
use crate::policy::concurrency_limit::{ConcurrencyLimit, ConcurrencyLimitState};
use crate::policy::contention::Contention;
use crate::policy::exhaustion::WhenExhausted;
use crate::policy::failure::OnFailure;
use crate::policy::idempotency::Idempotency;
use crate::policy::load_shedding::LoadShedding;
use crate::policy::restart::RestartState;
use crate::policy::token_bucket::Tokens;
use crate::policy::warm_up::WarmUp;
use crate::policy::works_on::WorksOn;
use crate::random::{KeyedStream, Sampler};
use crate::time::{SimDuration, SimTime};

/// What the scenario says of a service.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// How long a piece of work takes.
    pub service_time: Sampler,
    /// How work slows down when many workers are busy.
    pub contention: Option<Contention>,
    /// What happens when the threads run out.
    pub when_exhausted: WhenExhausted,
    /// How work is slower after a start.
    pub warm_up: Option<WarmUp>,
    /// What is turned away before the threads run out.
    pub load_shedding: Option<LoadShedding>,
    /// How many requests are let in, if that is learned.
    pub concurrency_limit: Option<ConcurrencyLimit>,
    /// How work that was done before is told.
    pub idempotency: Idempotency,
    /// Whether work on the same record conflicts.
    pub concurrency_control: ConcurrencyControl,
    /// What is worked on at once.
    pub works_on: WorksOn,
}

/// A station with workers.
#[derive(Debug)]
pub struct Service {
    id: Id<Service>,
    node: NodeId,
    settings: ServiceSettings,
    station: Station,
    workers: Vec<Worker>,
    subscriptions: Vec<Subscription>,
    /// For each subscription, what is done with a message on which work failed.
    on_failure: Vec<OnFailure>,
    /// Which subscription is asked first by the next idle worker.
    turn: usize,
    /// The links of `sends`, side by side.
    links: Option<(Id<Link>, Id<Link>)>,
    /// What each worker has collected, if batches are worked on.
    collections: Vec<Vec<Delivered>>,
    /// What waits for partners, if pairs are worked on.
    joining: Option<Joining>,
    /// What a worker is doing while it works.
    work_stage: Stage,
    /// Messages sent on, and the worker that waits for each.
    sent_on: BTreeMap<MessageId, u32>,
    /// Links to tell when calls are accepted again.
    watchers: Vec<Id<Link>>,
    health: Health,
    /// The end of the work on a message is the end of everything.
    ends_with_work: bool,
    /// Nothing makes work slow: not a fault, nor a cold start, nor the others at work.
    always_alike: bool,
    /// While hung: the workers that stand still, and what remains of their pieces of work.
    frozen: Vec<(u32, SimDuration)>,
    restart: RestartState,
    limit: Option<ConcurrencyLimitState>,
    /// What turns away calls that have waited too long.
    codel: Option<CodelState>,
    /// Where work on the same record conflicts: the version of each, by key.
    records: Option<BTreeMap<Option<u32>, u32>>,
    /// What is left of its rate limit.
    allowance: Option<Tokens>,
    /// Under processor sharing: who is in work, and how far.
    sharing: Option<Box<Sharing>>,
    up: bool,
    up_since: SimTime,
    /// When the crash loop lets it up again.
    restart_due: Option<SimTime>,
    service_draws: KeyedStream,
    error_draws: KeyedStream,
    onward_draws: KeyedStream,
}

/// One worker, and the piece of work it has.
#[derive(Debug, Clone)]
struct Worker {
    stage: Stage,
    /// When the stage ends; an event at any other time is stale.
    finish: u64,
    job: Option<Job>,
    /// What was fetched from a broker, and how far it is done.
    batch: Vec<Delivered>,
    done: usize,
    /// How often the work failed on the one that is next.
    failures: u32,
    /// How much of it the broker was told of.
    told: usize,
    subscription: u8,
    /// Subscriptions that have nothing for this worker, by bit.
    dry: u8,
    /// Which version it has read of the record that it works on.
    version: u32,
}

/// What a worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    /// Doing the work itself.
    Working,
    /// Doing the work on a whole batch.
    Together,
    /// Doing the work on one of a pair.
    Matching,
    /// The effect is out, its idempotency key is not durable yet.
    Recording,
    /// Waiting, after a failure, to try again what is in hand.
    TryingAgain,
    /// Waiting, after a failure, to ask for the same again.
    Halted,
    /// Asleep, after a broker had nothing.
    Asleep,
    /// Waiting for a link of `sends` to conclude.
    Sending,
    /// Hung when that link concluded.
    Told {
        link: Id<Link>,
        message: MessageId,
        success: bool,
    },
    /// Hung when its transaction was over.
    Committed,
}

/// The finish of a worker whose end is not known.
const NEVER: u64 = u64::MAX;

impl Worker {
    fn idle() -> Worker {
        Worker {
            stage: Stage::Idle,
            finish: NEVER,
            job: None,
            batch: Vec::new(),
            done: 0,
            failures: 0,
            told: 0,
            subscription: 0,
            dry: 0,
            version: 0,
        }
    }
}

/// What a service is made of.
#[derive(Debug)]
pub struct ServiceParts {
    /// Its id.
    pub id: Id<Service>,
    /// Its node.
    pub node: NodeId,
    /// What the scenario says of it.
    pub settings: ServiceSettings,
    /// Its workers and lines.
    pub station: Station,
    /// Whether requests share the workers, instead of having one each.
    pub shares: bool,
    /// The brokers that it consumes from.
    pub subscriptions: Vec<Subscription>,
    /// For each of them, what is done with a message on which work failed.
    pub on_failure: Vec<OnFailure>,
    /// Its links, first and last, if it sends on.
    pub links: Option<(Id<Link>, Id<Link>)>,
    /// How it comes back after a crash.
    pub restart: RestartState,
    /// Chance of service times, by message and attempt.
    pub service_draws: KeyedStream,
    /// Chance of errors, by message and attempt.
    pub error_draws: KeyedStream,
    /// What tells the messages apart that are sent on, by the message and attempt that caused each.
    pub onward_draws: KeyedStream,
}

impl Service {
    /// A service that is up and idle.
    #[must_use]
    pub fn new(parts: ServiceParts) -> Service {
        let workers = parts.station.workers() as usize;
        let (work_stage, collections, joining) = match &parts.settings.works_on {
            WorksOn::Each => (Stage::Working, 0, None),
            WorksOn::Batch(_) => (Stage::Together, workers, None),
            WorksOn::Join(join) => (Stage::Matching, 0, Some(Joining::new(join.clone()))),
        };
        let mut service = Service {
            id: parts.id,
            node: parts.node,
            workers: vec![Worker::idle(); parts.station.workers() as usize],
            sharing: parts.shares.then(|| Box::new(Sharing::new(parts.station.workers()))),
            codel: parts.station.discipline().codel(),
            station: parts.station,
            records: parts.settings.concurrency_control.is_optimistic().then(BTreeMap::new),
            allowance: parts.settings.load_shedding.as_ref().and_then(LoadShedding::allowance),
            limit: parts.settings.concurrency_limit.clone().map(ConcurrencyLimitState::new),
            settings: parts.settings,
            subscriptions: parts.subscriptions,
            on_failure: parts.on_failure,
            turn: 0,
            links: parts.links,
            collections: vec![Vec::new(); collections],
            joining,
            work_stage,
            sent_on: BTreeMap::new(),
            watchers: Vec::new(),
            health: Health::default(),
            ends_with_work: false,
            always_alike: false,
            frozen: Vec::new(),
            restart: parts.restart,
            up: true,
            up_since: SimTime::ZERO,
            restart_due: None,
            service_draws: parts.service_draws,
            error_draws: parts.error_draws,
            onward_draws: parts.onward_draws,
        };
        service.take_health(Health::default());
        service.ends_with_work = service.only_works();
        service
    }

    /// The start of the run: every consumer asks for work.
    pub fn open<O: Observer>(&mut self, cx: &mut Context<O>) -> Sent {
        self.report_up(true, cx);
        self.send_all(cx);
        self.send_idle_worker()
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Whether it is up. A worker that was about to ask when its service crashed is as idle as all the others.
    #[inline]
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether somebody stands in line although a worker that could go on with it has nothing to do.
    #[must_use]
    pub fn idles_beside_work(&self) -> bool {
        self.up && !self.health.hung && self.station.idles_beside_work()
    }

    /// How many workers it has.
    #[must_use]
    pub fn workers(&self) -> u32 {
        self.station.workers()
    }

    /// The brokers that it consumes from.
    #[must_use]
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    #[inline]
    fn message_of(&self, worker: u32) -> MessageId {
        let slot = &self.workers[worker as usize];
        slot.job.map_or_else(|| slot.batch[slot.done].message, |job| job.message)
    }

    /// For which of its destinations a worker works on the message at hand.
    #[inline]
    fn slot_of<O: Observer>(&self, worker: u32, cx: &Context<O>) -> u8 {
        let slot = &self.workers[worker as usize];
        match slot.job {
            Some(job) => cx.route(cx.common.messages[job.message].link()).slot,
            None => slot.batch[slot.done].slot,
        }
    }

    /// Which attempt the work at hand is. What a consumer tries again by itself must not share its chance with later deliveries.
    #[inline]
    fn attempt_of(&self, worker: u32) -> u32 {
        let slot = &self.workers[worker as usize];
        let delivery = || slot.batch[slot.done].attempt().wrapping_add(slot.failures << 20);
        slot.job.map_or_else(delivery, |job| u32::from(job.attempt))
    }

    /// How long attempt number `attempt` to work on a message takes, before anything makes it slow.
    #[inline(always)]
    fn time_needed<O: Observer>(
        &self,
        message: MessageId,
        attempt: u32,
        cx: &Context<O>,
    ) -> SimDuration {
        let mut draws = self.service_draws.at(cx.identity(message), attempt);
        self.settings.service_time.sample(&mut draws)
    }

    /// How long a piece of work takes that is begun now.
    #[inline(always)]
    fn slowed(&self, needs: SimDuration, now: SimTime) -> SimDuration {
        if self.always_alike { needs } else { needs.scaled(self.slowness(now)) }
    }

    /// The faults that are active now.
    fn take_health(&mut self, health: Health) -> Health {
        self.always_alike = health.slowdown == 1.0
            && self.settings.warm_up.is_none()
            && self.settings.contention.is_none();
        std::mem::replace(&mut self.health, health)
    }

    /// By how much everything that makes work slow multiplies its time.
    fn slowness(&self, now: SimTime) -> f64 {
        let warm_up = self.settings.warm_up.as_ref();
        let contention = self.settings.contention.as_ref();
        let busy = self.station.busy();
        self.health.slowdown
            * warm_up.map_or(1.0, |warm_up| warm_up.slowdown(now.since(self.up_since)))
            * contention.map_or(1.0, |contention| contention.slowdown(busy))
    }
}
