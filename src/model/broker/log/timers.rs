//! What the timers of a log mean, packed into the number that the calendar keeps.

use crate::model::broker::Broker;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::observation::Observer;
use crate::time::SimTime;

/// Something that is due. Whoever it is for looks whether it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// A member hears, with its heartbeat, that it has to join again.
    Heartbeat { group: usize, member: usize },
    /// The session of a member ends.
    Session { group: usize, member: usize },
    /// The session ends of a member that was replaced by its own restart.
    Ghost { group: usize },
    /// A member has to have polled by now.
    Poll { group: usize, member: usize },
    /// A member that waits commits what it was given.
    Commit { group: usize, member: usize },
    /// Waiting for members to join is over.
    Barrier { group: usize },
    /// Everybody knows what they got.
    Assigned { group: usize },
    /// It is looked at what is too old.
    Retention { topic: usize },
    /// The first of the messages that a client gathers has waited long enough.
    Gathered { sender: usize },
    /// The replicas of a partition have what their leader had a while ago.
    Replicated { topic: usize, partition: usize },
    /// The loss of a node is noticed.
    Failover { node: usize },
    /// A node that is back has caught up.
    CaughtUp { topic: usize, node: usize },
    /// A transaction is due, or its commit is over.
    Transaction { place: usize },
    /// It is looked which transactions are too old.
    Scan,
    /// A message was kept back for long enough.
    Ripe { topic: usize, partition: usize },
    /// A request of a client is done, or the next one may leave.
    Requests { sender: usize },
}

/// How many groups, and topics, a log can tell apart.
pub const MOST_GROUPS: usize = 1 << 9;
/// How many members of a group a log can tell apart.
pub const MOST_MEMBERS: usize = 1 << 19;

/// Sets the timers of one log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timers(pub(super) Id<Broker>);

impl Timers {
    pub(super) fn set<O: Observer>(self, at: SimTime, timer: Timer, cx: &mut Context<O>) {
        let timer = timer.packed();
        cx.calendar.schedule(at, Event::Broker { broker: self.0, timer });
    }
}

impl Timer {
    fn packed(self) -> u32 {
        let (kind, group, member) = match self {
            Timer::Heartbeat { group, member } => (0, group, member),
            Timer::Session { group, member } => (1, group, member),
            Timer::Ghost { group } => (2, group, 0),
            Timer::Poll { group, member } => (3, group, member),
            Timer::Barrier { group } => (4, group, 0),
            Timer::Assigned { group } => (5, group, 0),
            Timer::Retention { topic } => (6, topic, 0),
            Timer::Commit { group, member } => (7, group, member),
            Timer::Gathered { sender } => (8, 0, sender),
            Timer::Replicated { topic, partition } => (9, topic, partition),
            Timer::Failover { node } => (10, 0, node),
            Timer::CaughtUp { topic, node } => (11, topic, node),
            Timer::Transaction { place } => (12, 0, place),
            Timer::Scan => (13, 0, 0),
            Timer::Ripe { topic, partition } => (14, topic, partition),
            Timer::Requests { sender } => (15, 0, sender),
        };
        debug_assert!(group < MOST_GROUPS && member < MOST_MEMBERS, "{self:?}");
        ((kind * MOST_GROUPS + group) * MOST_MEMBERS + member) as u32
    }

    pub(super) fn unpacked(token: u32) -> Timer {
        let member = token as usize % MOST_MEMBERS;
        let group = token as usize / MOST_MEMBERS % MOST_GROUPS;
        match token as usize / MOST_MEMBERS / MOST_GROUPS {
            0 => Timer::Heartbeat { group, member },
            1 => Timer::Session { group, member },
            2 => Timer::Ghost { group },
            3 => Timer::Poll { group, member },
            4 => Timer::Barrier { group },
            5 => Timer::Assigned { group },
            6 => Timer::Retention { topic: group },
            7 => Timer::Commit { group, member },
            8 => Timer::Gathered { sender: member },
            9 => Timer::Replicated { topic: group, partition: member },
            10 => Timer::Failover { node: member },
            11 => Timer::CaughtUp { topic: group, node: member },
            12 => Timer::Transaction { place: member },
            13 => Timer::Scan,
            14 => Timer::Ripe { topic: group, partition: member },
            15 => Timer::Requests { sender: member },
            kind => unreachable!("a log sets no timers of kind {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let (group, member) = (MOST_GROUPS - 1, MOST_MEMBERS - 1);
        for timer in [
            Timer::Heartbeat { group, member },
            Timer::Session { group: 0, member: 7 },
            Timer::Ghost { group },
            Timer::Poll { group: 3, member },
            Timer::Barrier { group },
            Timer::Assigned { group },
            Timer::Retention { topic: group },
            Timer::Commit { group, member: 0 },
            Timer::Gathered { sender: 65_535 },
            Timer::Replicated { topic: group, partition: 9_999 },
            Timer::Failover { node: 31 },
            Timer::CaughtUp { topic: group, node: 31 },
            Timer::Transaction { place: 65_535 },
            Timer::Scan,
            Timer::Ripe { topic: group, partition: 9_999 },
            Timer::Requests { sender: 65_535 },
        ] {
            assert_eq!(Timer::unpacked(timer.packed()), timer);
        }
    }
}
