//! A producer makes messages by its arrival processes and sends each over its links, in order.

use super::context::Context;
use super::event::Event;
use super::id::{Id, NodeId};
use super::jobs::JobRuns;
use super::message::MessageId;
use super::observation::{Gauge, Observer};
use super::outbound::Link;
use super::packet::{Packet, Sent};
use crate::engine::{Calendar, Lane};
use crate::random::{Arrival, Arrivals, Sampler, Stream};
use crate::time::SimTime;

/// One arrival process of one producer.
#[derive(Debug)]
pub struct Source {
    id: Id<Source>,
    /// Whose it is.
    pub producer: Id<Producer>,
    arrivals: Arrivals,
    /// The arrival after the one that is in the calendar. It is drawn one ahead, so that nothing waits for a draw when it is put there.
    next: Option<Arrival>,
    /// The key of the message that is due next, where the process names it.
    key: Option<u32>,
    lane: Lane,
}

impl Source {
    /// A source whose first arrival is in the calendar.
    pub fn start(
        id: Id<Source>,
        producer: Id<Producer>,
        mut arrivals: Arrivals,
        calendar: &mut Calendar<Event>,
    ) -> Source {
        let lane = calendar.add_lane();
        let next = arrivals.next();
        let mut source = Source { id, producer, arrivals, next, key: None, lane };
        source.schedule_next(calendar);
        source
    }

    /// Puts the next arrival into the calendar, if there is one; the key of the one that is due, if the process names it.
    #[inline(always)]
    pub fn schedule_next(&mut self, calendar: &mut Calendar<Event>) -> Option<u32> {
        let due = self.key;
        if let Some(arrival) = self.next {
            self.key = arrival.key;
            calendar.schedule_in(self.lane, arrival.at, Event::Arrival { source: self.id });
            self.next = self.arrivals.next();
        }
        due
    }
}

/// Makes messages and sends them.
#[derive(Debug)]
pub struct Producer {
    id: Id<Producer>,
    node: NodeId,
    first_link: Id<Link>,
    last_link: Id<Link>,
    made: u32,
    loops: Vec<ClosedLoop>,
}

/// Users who each wait for the outcome of their message, think, and send the next.
#[derive(Debug)]
pub struct ClosedLoop {
    /// How many users.
    pub users: u32,
    /// How long one thinks before each message.
    pub think_time: Sampler,
    /// Chance of the thinking.
    pub stream: Stream,
}

impl Producer {
    /// A producer that has made nothing yet. Its links stand side by side, from `first_link` to `last_link`.
    pub fn new(
        id: Id<Producer>,
        node: NodeId,
        first_link: Id<Link>,
        last_link: Id<Link>,
        loops: Vec<ClosedLoop>,
        calendar: &mut Calendar<Event>,
    ) -> Producer {
        let mut producer = Producer { id, node, first_link, last_link, made: 0, loops };
        for which in 0..producer.loops.len() {
            for _ in 0..producer.loops[which].users {
                producer.think(which as u8, SimTime::ZERO, calendar);
            }
        }
        producer
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The link that its messages are offered to first.
    #[inline]
    #[must_use]
    pub fn first_link(&self) -> Id<Link> {
        self.first_link
    }

    /// Its link, if it has no other.
    #[must_use]
    pub fn only_link(&self) -> Option<Id<Link>> {
        (self.first_link == self.last_link).then_some(self.first_link)
    }

    /// The number of the message that it makes now.
    #[inline]
    pub fn count(&mut self) -> u32 {
        let made = self.made;
        self.made = made.wrapping_add(1);
        made
    }

    /// The next message, with a key if its source names one, and the link that it is offered to.
    #[inline(always)]
    pub fn on_arrival<O: Observer>(
        &mut self,
        key: Option<u32>,
        cx: &mut Context<O>,
    ) -> (Id<Link>, MessageId) {
        if let Some(Some(_)) = cx.common.jobs.get(self.node.index()) {
            return (self.first_link, self.begin_run(cx));
        }
        if let (Some(key), Some(order)) = (key, &mut cx.common.orders[self.node.index()]) {
            order.give(self.made, key);
        }
        let ordinal = self.count();
        (self.first_link, cx.create(ordinal, self.first_link, self.node))
    }

    /// A run of jobs begins: one of each is made. The first is given back; the others are sent after it, or held until they are ready.
    #[cold]
    fn begin_run<O: Observer>(&mut self, cx: &mut Context<O>) -> MessageId {
        let size = cx.common.jobs[self.node.index()].as_ref().map_or(1, JobRuns::size);
        let first = self.made;
        self.made = self.made.wrapping_add(size);
        let create = |place| cx.create(first.wrapping_add(place), self.first_link, self.node);
        let messages: Vec<MessageId> = (0..size).map(create).collect();
        let jobs = cx.common.jobs[self.node.index()].as_mut();
        let free = jobs.map_or_else(Vec::new, |jobs| jobs.begin(cx.now, first, &messages));
        cx.change(self.node, Gauge::HeldAtProducer, (messages.len() - free.len()) as i64);
        for message in free.into_iter().skip(1) {
            cx.post(Some(Packet::Offer { link: self.first_link, message }));
        }
        messages[0]
    }

    /// A user of closed loop `which` has thought enough, and sends.
    pub fn on_thought<O: Observer>(&mut self, which: u8, cx: &mut Context<O>) -> Sent {
        let ordinal = self.count();
        let message = cx.create(ordinal, self.first_link, self.node);
        cx.messages()[message].set_user(which);
        Some(Packet::Offer { link: self.first_link, message })
    }

    /// A link is done with a message: on to the next step, or it was the last, or it failed.
    #[inline]
    pub fn on_concluded<O: Observer>(
        &mut self,
        link: Id<Link>,
        message: MessageId,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        if success && link != self.last_link {
            return Some(Packet::Offer { link: Id::new(link.index() + 1), message });
        }
        if success {
            cx.messages()[message].confirm();
        }
        let user = cx.messages()[message].user();
        cx.release(message);
        if let Some(which) = user {
            self.think(which, cx.now, cx.calendar);
        }
        None
    }

    fn think(&mut self, which: u8, now: SimTime, calendar: &mut Calendar<Event>) {
        let users = &mut self.loops[usize::from(which)];
        let at = now + users.think_time.sample(&mut users.stream);
        calendar.schedule(at, Event::Think { producer: self.id, which });
    }
}
