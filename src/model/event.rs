//! Everything that can happen, on one screen, and what goes first when two things happen at the same instant.

use super::broker::Broker;
use super::id::Id;
use super::message::MessageId;
use super::outbound::Link;
use super::producer::{Producer, Source};
use super::service::Service;
use crate::engine::Ranked;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A fault of the scenario begins.
    FaultBegins { fault: u16 },
    /// A fault of the scenario ends.
    FaultEnds { fault: u16 },
    /// A crashed service is up again.
    Restart { service: Id<Service> },
    /// A worker is done with its piece of work.
    Finish { service: Id<Service>, worker: u32 },
    /// An answer that took time arrives.
    Return { packet: u32 },
    /// The wait for an answer ends.
    Timeout { link: Id<Link>, message: MessageId },
    /// The patience of a caller in line ends.
    HangUp { link: Id<Link>, message: MessageId },
    /// The window of a message that waits for a partner ends.
    Expire { service: Id<Service> },
    /// A source makes its next message.
    Arrival { source: Id<Source> },
    /// A user of closed loop `which` of a producer has thought enough.
    Think { producer: Id<Producer>, which: u8 },
    /// A request or a publish that took time arrives.
    Reach { packet: u32 },
    /// A timer of a broker; what it means stays in the broker's file.
    Broker { broker: Id<Broker>, timer: u32 },
    /// The back-off of a message is over.
    Retry { link: Id<Link>, message: MessageId },
    /// A round of resending begins.
    Round { link: Id<Link> },
    /// The retry queue of a link is resent, or the next of a batch that is spread over time.
    Resend { link: Id<Link> },
}

impl Ranked for Event {
    /// Of one instant: faults, restarts, completions, timeouts, arrivals, resends; within a kind in the order of scheduling.
    #[inline]
    fn rank(&self) -> u8 {
        match self {
            Event::FaultBegins { .. } | Event::FaultEnds { .. } => 0,
            Event::Restart { .. } => 1,
            Event::Finish { .. } | Event::Return { .. } => 2,
            Event::Timeout { .. }
            | Event::HangUp { .. }
            | Event::Expire { .. }
            | Event::Broker { .. } => 3,
            Event::Arrival { .. } | Event::Think { .. } | Event::Reach { .. } => 4,
            Event::Retry { .. } | Event::Round { .. } | Event::Resend { .. } => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_takes_8_bytes() {
        assert_eq!(size_of::<Event>(), 8);
    }
}
