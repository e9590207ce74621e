//! Who counts as a member of a consumer group, and what happens while that changes.
//!
//! A broker can't see a consumer die: it sees that heartbeats stop, and waits for the session timeout before it believes it. A consumer
//! that hangs in its work goes on with its heartbeats; only that it doesn't poll gives it away, and that takes longer still. Whenever the
//! members change, all of them have to come together once, and each comes only when it polls next: the slowest batch of work sets the
//! pace. Names and defaults are those of Apache Kafka's classic group protocol (`ConsumerConfig`, `GroupCoordinatorConfig`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assignment::Assignor;
use super::check::{self, Problem};
use super::retention::OffsetReset;
use crate::time::{SimDuration, SimTime};

/// Who leads when the members of a group change (`group.protocol`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Protocol {
    /// The members: all come together before partitions are dealt out (the default of Kafka's clients).
    #[default]
    Classic,
    /// The broker: it works out who is to read what, and each member comes to it with its own heartbeats, which are sent every 5s by
    /// default (KIP-848, `group.consumer.heartbeat.interval.ms`; state it as `heartbeat_interval`). A sticky assignor fits best.
    Consumer,
}

/// What a group is given of what was written in transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Isolation {
    /// Everything, at once (the default: `isolation.level`).
    #[default]
    ReadUncommitted,
    /// Only what is committed, and nothing behind the first message of a transaction that is open.
    ReadCommitted,
}

/// How a consumer group keeps its members and deals its partitions out to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Membership {
    /// How partitions are dealt out (default "range", with which `partition.assignment.strategy` begins).
    pub assignor: Assignor,
    /// Who leads when members change (default "classic": `group.protocol`).
    pub protocol: Protocol,
    /// How long after its last heartbeat a member counts as gone (default 45s: `session.timeout.ms` since Kafka 3.0; 10s before).
    pub session_timeout: SimDuration,
    /// How often a member sends a heartbeat, by which it also hears that members change (default 3s: `heartbeat.interval.ms`).
    pub heartbeat_interval: SimDuration,
    /// How long a member may work on one batch before it has to leave the group; also for how long the others wait for it to come
    /// together (default 5min: `max.poll.interval.ms`).
    pub max_poll_interval: SimDuration,
    /// Whether members have names of their own that they keep over a restart (`group.instance.id`): one that is back within its
    /// session goes on where it was, and nobody else notices (default: no).
    pub static_members: bool,
    /// How long a group without members waits for more after the first one comes (default 3s: `group.initial.rebalance.delay.ms`).
    pub initial_rebalance_delay: SimDuration,
    /// Where it goes on in a partition when the message that it would read next is gone (default "latest": `auto.offset.reset`).
    pub auto_offset_reset: OffsetReset,
    /// What it is given of what was written in transactions (default "read_uncommitted": `isolation.level`).
    pub isolation: Isolation,
    /// How long it takes from when all have come together until all know what they got (default 300ms, an assumption for a small
    /// group: a round trip, the assignment, and another round trip).
    pub assignment_time: SimDuration,
}

impl Default for Membership {
    fn default() -> Membership {
        Membership {
            assignor: Assignor::default(),
            protocol: Protocol::default(),
            session_timeout: SimDuration::from_secs(45),
            heartbeat_interval: SimDuration::from_secs(3),
            max_poll_interval: SimDuration::from_secs(300),
            static_members: false,
            auto_offset_reset: OffsetReset::default(),
            isolation: Isolation::default(),
            initial_rebalance_delay: SimDuration::from_secs(3),
            assignment_time: SimDuration::from_millis(300),
        }
    }
}

impl Membership {
    /// When a member that sends its heartbeats at `phase` after the start and at every interval from then on sends the next one, if it
    /// doesn't send one just `now`.
    #[must_use]
    pub fn next_heartbeat(&self, phase: SimDuration, now: SimTime) -> SimTime {
        let since = self.since_heartbeat(phase, now);
        if since == SimDuration::ZERO { now } else { (now + self.heartbeat_interval).before(since) }
    }

    /// When the session of such a member ends if nothing is heard of it any more from `now` on.
    #[must_use]
    pub fn session_end(&self, phase: SimDuration, now: SimTime) -> SimTime {
        (now + self.session_timeout).before(self.since_heartbeat(phase, now))
    }

    /// How long ago its last heartbeat was; before the first one it counts as having sent one before the start.
    fn since_heartbeat(&self, phase: SimDuration, now: SimTime) -> SimDuration {
        let interval = self.heartbeat_interval.as_nanos();
        let shifted = now.as_nanos() + interval - phase.as_nanos() % interval;
        SimDuration::from_nanos(shifted % interval)
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::longer_than_zero("heartbeat_interval", self.heartbeat_interval),
            check::not_below(
                "session_timeout",
                self.session_timeout,
                "heartbeat_interval",
                self.heartbeat_interval,
            ),
            check::longer_than_zero("max_poll_interval", self.max_poll_interval),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(secs)
    }

    /// With the defaults a member that dies is found out 42 to 45 seconds later.
    #[test]
    fn a_session_ends_its_timeout_after_the_last_heartbeat() {
        let membership = Membership::default();
        let phase = SimDuration::from_secs(1);
        for (died, ends) in
            [(100.0, 145.0), (101.5, 145.0), (102.5, 145.0), (103.0, 148.0), (0.5, 43.0)]
        {
            assert_eq!(membership.session_end(phase, secs(died)), secs(ends), "died at {died} s");
        }
    }

    #[test]
    fn news_come_with_the_next_heartbeat() {
        let membership = Membership::default();
        let phase = SimDuration::from_secs(1);
        for (now, next) in [(0.0, 1.0), (1.0, 1.0), (1.5, 4.0), (100.0, 100.0), (101.0, 103.0)] {
            assert_eq!(membership.next_heartbeat(phase, secs(now)), secs(next), "at {now} s");
        }
    }

    #[test]
    fn a_session_shorter_than_a_heartbeat_is_told() {
        let membership =
            Membership { session_timeout: SimDuration::from_secs(2), ..Membership::default() };
        assert_eq!(membership.check()[0].0, "session_timeout");
        assert_eq!(Membership::default().check(), []);
    }
}
