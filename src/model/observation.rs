//! Everything that can be learned from a run, on one screen.
//!
//! Nodes report facts and never measure. The observer is generic and inlined, so a fact that nobody records costs nothing.
//! Where a fact has two ends, `by` is the node that made or sent the message and `at` the node where it happened.

use crate::model::id::NodeId;
use crate::time::{SimDuration, SimTime};

/// Who hears of what happens. `()` hears nothing.
pub trait Observer {
    /// `observation` happened at `now`; times never go back.
    fn observe(&mut self, now: SimTime, observation: Observation);

    /// A message of `by` came into being, was sent to `at` and was let in there, all at once.
    #[inline]
    fn observe_entry(&mut self, now: SimTime, by: NodeId, at: NodeId) {
        let made = Site { node: by, place: Place::Producer };
        let inside = Site { node: at, place: Place::Service };
        self.observe(now, Observation::Produced { by });
        self.observe(now, Observation::Moved { from: None, to: Some(made) });
        self.observe(now, Observation::Offered { by, at });
        self.observe(now, Observation::Attempted { by, at, retry: false, count: 1 });
        self.observe(now, Observation::Moved { from: Some(made), to: Some(inside) });
    }

    /// A message of `by` came into being, was published to the broker `at` and was stored there, and its sender knows, all at once.
    #[inline]
    fn observe_storage(&mut self, now: SimTime, by: NodeId, at: NodeId) {
        let made = Site { node: by, place: Place::Producer };
        let stored = Site { node: at, place: Place::Broker };
        self.observe(now, Observation::Produced { by });
        self.observe(now, Observation::Moved { from: None, to: Some(made) });
        self.observe(now, Observation::Offered { by, at });
        self.observe(now, Observation::Attempted { by, at, retry: false, count: 1 });
        self.observe(now, Observation::Moved { from: Some(made), to: Some(stored) });
        self.observe(now, Observation::Changed { at, gauge: Gauge::Lag, by: 1 });
        self.observe(now, Observation::Changed { at, gauge: Gauge::Waiting, by: 1 });
        self.observe(now, Observation::Answered { by, at, latency: SimDuration::ZERO });
    }

    /// A message of `by` that the broker `from` had delivered to `at` had its first effect there, the broker knows, and it is finished,
    /// all at once.
    #[inline]
    fn observe_consumption(
        &mut self,
        now: SimTime,
        (by, from, at): (NodeId, NodeId, NodeId),
        sojourn: SimDuration,
    ) {
        let stored = Site { node: from, place: Place::Broker };
        self.observe(now, Observation::Effect { by, at, sojourn, duplicate: false });
        self.observe(now, Observation::Mattered { by, at });
        self.observe(now, Observation::Completed { at });
        self.observe(now, Observation::Changed { at: from, gauge: Gauge::InFlight, by: -1 });
        self.observe(now, Observation::Retired { at: from, age: sojourn });
        self.observe(now, Observation::Changed { at: from, gauge: Gauge::Lag, by: -1 });
        self.observe(now, Observation::Moved { from: Some(stored), to: None });
        self.observe(now, Observation::Settled { by, fate: Fate::Succeeded });
    }

    /// A message of `by` that `at` had let in had its first effect there, its sender knows, and it is finished, all at once.
    #[inline]
    fn observe_exit(&mut self, now: SimTime, by: NodeId, at: NodeId, sojourn: SimDuration) {
        let inside = Site { node: at, place: Place::Service };
        self.observe(now, Observation::Effect { by, at, sojourn, duplicate: false });
        self.observe(now, Observation::Completed { at });
        self.observe(now, Observation::Mattered { by, at });
        self.observe(now, Observation::Answered { by, at, latency: sojourn });
        self.observe(now, Observation::Moved { from: Some(inside), to: None });
        self.observe(now, Observation::Settled { by, fate: Fate::Succeeded });
    }
}

impl Observer for () {
    #[inline]
    fn observe(&mut self, _: SimTime, _: Observation) {}
}

/// A fact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// A message came into being at its producer (or at a service that sends onward).
    Produced { by: NodeId },
    /// An unfinished message waits elsewhere now. `from` is `None` when it has just been produced, `to` when it is finished.
    Moved { from: Option<Site>, to: Option<Site> },
    /// A message is finished: nothing of it is alive anywhere. Comes once for each message, after its last `Moved`.
    Settled { by: NodeId, fate: Fate },
    /// A message that is sent for the first time over a link: the offered load, whether or not the attempt leaves the node.
    Offered { by: NodeId, at: NodeId },
    /// So many attempts left `by` for `at`; `retry` if their messages were attempted over this link before.
    Attempted { by: NodeId, at: NodeId, retry: bool, count: u64 },
    /// So many attempts of `by` at `at` failed, as `by` learned just now.
    AttemptFailed { by: NodeId, at: NodeId, failure: Failure, count: u64 },
    /// The outcome of a call or a publish, after all its attempts, is a success that came `latency` after production.
    Answered { by: NodeId, at: NodeId, latency: SimDuration },
    /// The outcome of a call or a publish, after all its attempts, is a failure.
    Unanswered { by: NodeId, at: NodeId },
    /// Work began on something that had waited in line at a service for `waited`.
    Started { at: NodeId, waited: SimDuration },
    /// A call left its line at a service before work began, after it had waited for `waited`: its caller hung up, or it was turned away.
    LeftLine { at: NodeId, waited: SimDuration },
    /// A service finished a piece of work (throughput), whether or not anybody still wants it.
    Completed { at: NodeId },
    /// A completion that still mattered (goodput): its caller accepted the answer in time, or a delivered message had its first effect.
    Mattered { by: NodeId, at: NodeId },
    /// A message that a service had sent on had its first effect, `journey` after the first of its chain was produced.
    Journeyed { at: NodeId, journey: SimDuration },
    /// The work of a message of `by` was done: for the first time, `sojourn` after its production, or again (`duplicate`).
    Effect { by: NodeId, at: NodeId, sojourn: SimDuration, duplicate: bool },
    /// That effect came after one of a later message of the same key.
    Overtaken { by: NodeId, at: NodeId },
    /// The partner of a message of `by` did not come within the window of a join.
    Unmatched { by: NodeId, at: NodeId },
    /// That effect was made of something else than was meant: its message was read without an error, and wrongly.
    Misread { by: NodeId, at: NodeId },
    /// An effect that an idempotency key suppressed: the message had been worked on before.
    Suppressed { at: NodeId },
    /// A broker delivered a message that it had delivered before.
    Redelivered { at: NodeId },
    /// A broker is done with a message of this age (counted from production): acknowledged, dropped or expired.
    Retired { at: NodeId, age: SimDuration },
    /// A producer that was made to wait (blocked, or without credit) may go on with a message, after `blocked`.
    Unblocked { by: NodeId, blocked: SimDuration },
    /// A gauge went up or down.
    Changed { at: NodeId, gauge: Gauge, by: i64 },
    /// Something that a reader wants to see on a time axis.
    Marked { at: NodeId, mark: Mark },
}

/// Where an unfinished message waits, by who has accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// The node that holds it.
    pub node: NodeId,
    /// In which role.
    pub place: Place,
}

/// The places of an unfinished message; `pending` is stacked by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Made, and accepted by nobody yet: on its way, blocked, or without credit.
    Producer,
    /// Failed, and accepted by nobody since: waiting for its next attempt, or on its way.
    RetryQueue,
    /// Accepted by a broker.
    Broker,
    /// Accepted by a service: in line or in work.
    Service,
}

/// Where a finished message ended up. The order is the order in which they are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// At least one effect, and whoever had to know it knows.
    Succeeded,
    /// At least one effect, but the caller gave up or the acknowledgement never arrived.
    Uncertain,
    /// Accepted by somebody who then lost it.
    Lost,
    /// Outlived its retention, time to live or deadline.
    Expired,
    /// Moved to a dead-letter queue.
    DeadLettered,
    /// Refused to the producer, who gave up at once.
    Rejected,
    /// The producer gave up after its attempts.
    Abandoned,
}

/// Why an attempt failed, as its sender sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// Connection refused: the callee is down, or has no room and says so.
    Refused,
    /// Turned away by load shedding or a full queue, perhaps with a Retry-After.
    Shed,
    /// No answer in time.
    TimedOut,
    /// The connection broke: the callee crashed with the attempt inside.
    Reset,
    /// The callee answered with an error.
    Error,
    /// Not sent at all: the sender's own circuit breaker is open.
    BreakerOpen,
}

/// A level that goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gauge {
    /// Messages that failed at least once and are not settled.
    RetryBacklog,
    /// Messages that a producer is made to hold back: blocked, or without credit.
    HeldAtProducer,
    /// Services: requests in line. Brokers: messages stored and not delivered.
    Waiting,
    /// Services: workers at work. Brokers: messages delivered and not acknowledged.
    InFlight,
    /// Services that share their workers: requests in work beyond the workers that they keep busy.
    Excess,
    /// Brokers: messages stored and not yet acknowledged.
    Lag,
    /// Services: workers that could work (0 while down).
    Workers,
    /// 1 while a node is up.
    Up,
}

/// Something on the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A node went down, with `lost` requests or messages inside.
    Crash { cause: CrashCause, lost: u32 },
    /// A node came up again.
    Restart,
    /// Fault number `fault` of the scenario began.
    FaultBegins { fault: u16 },
    /// Fault number `fault` of the scenario ended.
    FaultEnds { fault: u16 },
    /// A circuit breaker towards `at` opened.
    BreakerOpens { at: NodeId },
    /// A circuit breaker towards `at` lets a probe through.
    BreakerProbes { at: NodeId },
    /// A circuit breaker towards `at` closed.
    BreakerCloses { at: NodeId },
    /// A retry queue of this many messages was resent.
    Resend { count: u32 },
    /// The members of a consumer group have changed, and all are to join again.
    RebalanceBegins,
    /// The partitions were dealt out to this many members.
    Rebalanced { members: u32 },
    /// A worker of `member` was not heard of for its session timeout, and is out of its group.
    SessionExpired { member: NodeId },
    /// A worker of `member` did not poll in time, and is out of its group.
    Evicted { member: NodeId },
    /// A queue refuses what is above its quota, for the first time in a while.
    Throttled,
    /// So many messages were received too often, and go to the queue `to`.
    DeadLettered { to: NodeId, count: u32 },
    /// What was put aside begins to go back to where it came from.
    RedriveBegins,
    /// A worker of `member` left a message unacknowledged for too long, and has lost all that it had.
    ConsumerTimedOut { member: NodeId },
    /// The first message became a dead letter here, for this reason.
    DeadLetters { reason: Death },
    /// A queue without consumers was deleted, with `lost` messages.
    QueueDeleted { lost: u32 },
    /// Memory is short with `stored` messages, and nobody may publish.
    MemoryAlarm { stored: u64 },
    /// There is memory again, and everybody may publish.
    MemoryAlarmClears,
    /// Disk space is short with `stored` messages, and nobody may publish.
    DiskAlarm { stored: u64 },
    /// There is disk space again, and everybody may publish.
    DiskAlarmClears,
    /// The loss of one of a broker's nodes was noticed, and others lead what it led; so many messages are lost with it.
    LeadersMoved { lost: u32 },
    /// A worker of `member` has said goodbye, and is out of its group.
    Left { member: NodeId },
    /// A partition is read by a worker of `member` of `group` from now on; which one, if it has several.
    Assigned { group: NodeId, member: NodeId, worker: Option<u32> },
    /// A partition is no longer read by a worker of `member` of `group`.
    Revoked { group: NodeId, member: NodeId, worker: Option<u32> },
    /// A worker of `member` has lost partitions, and so many messages are read again on which it had worked since its last commit.
    Replayed { member: NodeId, count: u64 },
}

/// Why a node went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashCause {
    /// Its threads ran out.
    Exhausted,
    /// A fault of the scenario.
    Fault,
}

/// Why a message is dead-lettered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// A consumer refused it.
    Rejected,
    /// It waited for longer than it may live.
    Expired,
    /// There were more than its queue may hold.
    MaxLength,
    /// It came back too often.
    DeliveryLimit,
}
