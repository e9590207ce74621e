//! What passes between nodes. A packet that names a message holds it, and whoever takes the packet takes the hold over.

use super::broker::Presence;
use super::id::Id;
use super::message::MessageId;
use super::outbound::Link;
use super::service::Service;
use crate::time::SimDuration;

/// Something on its way from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet {
    /// A node asks one of its links to get a message across.
    Offer { link: Id<Link>, message: MessageId },
    /// A call, on its way to the service.
    Request { link: Id<Link>, message: MessageId, attempt: u16 },
    /// A publish, on its way to the broker.
    Publish { link: Id<Link>, message: MessageId, attempt: u16 },
    /// A publisher gives up on an attempt: if it is still made to wait for room, it waits no longer.
    Withdraw { link: Id<Link>, message: MessageId, attempt: u16 },
    /// What came of a request or a publish, on its way back.
    Answer { link: Id<Link>, message: MessageId, attempt: u16, answer: Answer },
    /// The link has got a message across, and tells the node that it belongs to. (Success is no field of one variant: a bit written
    /// where another variant has a number is waited for when it is read as one.)
    Concluded { link: Id<Link>, message: MessageId },
    /// The link has given up on a message, and tells the node that it belongs to.
    GivenUp { link: Id<Link>, message: MessageId },
    /// A link whose callee stopped accepting asks to be told when it accepts again.
    Watch { link: Id<Link> },
    /// The callee of a link accepts again.
    Accepting { link: Id<Link> },
    /// A broker tells a consumer that had found it empty, or one worker of it, that there is something to fetch.
    Available { service: Id<Service>, subscription: u8, worker: u32 },
    /// A consumer that was told of work has no worker free to take it.
    Declined { service: Id<Service>, subscription: u8 },
    /// An idle worker asks a broker for work.
    Fetch { service: Id<Service>, subscription: u8, worker: u32 },
    /// A worker tells the broker that its batch is done.
    Commit { service: Id<Service>, subscription: u8, worker: u32 },
    /// A worker gives up what it has in hand, to be put aside and consumed again.
    SetAside { service: Id<Service>, subscription: u8, worker: u32 },
    /// The transaction is over for which a worker has waited.
    TransactionEnded { service: Id<Service>, subscription: u8, worker: u32, committed: bool },
    /// A consumer of a broker comes or goes.
    Attend { service: Id<Service>, subscription: u8, presence: Presence },
}

/// What a handler has to send: nothing, or one packet. Several go through `Context::post`.
pub type Sent = Option<Packet>;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Done, or stored.
    Done,
    /// Connection refused.
    Refused,
    /// Turned away, perhaps with a word on when to come again.
    Shed { retry_after: Option<Pause> },
    /// Its caller has hung up before the work began.
    HungUp,
    /// The connection broke: a crash.
    Reset,
    /// An error.
    Error,
}

/// How long a callee asks to be spared: the place of that time in [`Pauses`], so that a packet fits into two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause(u16);

/// The times that callees ask to be spared for; there are as many as the scenario names.
#[derive(Debug, Default)]
pub struct Pauses(Vec<SimDuration>);

impl Pauses {
    /// The pause that lasts so long.
    ///
    /// # Panics
    /// If there are more than 65,536 different ones.
    pub fn of(&mut self, lasts: SimDuration) -> Pause {
        let known = self.0.iter().position(|known| *known == lasts);
        let place = known.unwrap_or_else(|| {
            self.0.push(lasts);
            self.0.len() - 1
        });
        Pause(u16::try_from(place).expect("at most 65,536 different times to be spared for"))
    }
}

impl std::ops::Index<Pause> for Pauses {
    type Output = SimDuration;
    fn index(&self, pause: Pause) -> &SimDuration {
        &self.0[usize::from(pause.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_handed_over_in_two_registers() {
        assert!(size_of::<Sent>() <= 16);
    }

    #[test]
    fn a_pause_lasts_as_long_as_was_asked_for() {
        let mut pauses = Pauses::default();
        let long = pauses.of(SimDuration::from_secs(60));
        let short = pauses.of(SimDuration::from_secs(1));
        assert_eq!(pauses.of(SimDuration::from_secs(60)), long);
        assert_eq!(
            (pauses[long], pauses[short]),
            (SimDuration::from_secs(60), SimDuration::from_secs(1))
        );
    }
}
