//! What passes between nodes. A packet that names a message holds it, and whoever takes the packet takes the hold over.

use super::id::Id;
use super::message::MessageId;
use super::outbound::Link;
use super::service::Service;
use crate::time::{SimDuration, SimTime};

/// Something on its way from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet {
    /// A node asks one of its links to get a message across.
    Offer { link: Id<Link>, message: MessageId },
    /// A call, on its way to the service.
    Request { link: Id<Link>, message: MessageId, attempt: u16 },
    /// A publish, on its way to the broker.
    Publish { link: Id<Link>, message: MessageId, attempt: u16 },
    /// A publisher gives up on an attempt of `sent_at`: if it is still made to wait for room, it waits no longer.
    Withdraw { link: Id<Link>, message: MessageId, attempt: u16, sent_at: SimTime },
    /// What came of a request or a publish, on its way back.
    Answer { link: Id<Link>, message: MessageId, attempt: u16, answer: Answer },
    /// The link is done with a message, and tells the node that it belongs to.
    Concluded { link: Id<Link>, message: MessageId, success: bool },
    /// A link whose callee stopped accepting asks to be told when it accepts again.
    Watch { link: Id<Link> },
    /// The callee of a link accepts again.
    Accepting { link: Id<Link> },
    /// A broker tells a consumer that had found it empty that there is something to fetch.
    Available { service: Id<Service>, subscription: u8 },
    /// A consumer that was told of work has no worker free to take it.
    Declined { service: Id<Service>, subscription: u8 },
    /// An idle worker asks a broker for work.
    Fetch { service: Id<Service>, subscription: u8, worker: u32 },
    /// A worker tells the broker that its batch is done.
    Commit { service: Id<Service>, subscription: u8, worker: u32 },
    /// A consumer of a broker went down, or came up again.
    Attend { service: Id<Service>, subscription: u8, present: bool },
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
    Shed { retry_after: Option<SimDuration> },
    /// The connection broke: a crash.
    Reset,
    /// An error.
    Error,
}
