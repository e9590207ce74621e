//! A broker with exchanges and queues, as RabbitMQ is one.
//!
//! What is published goes through an exchange to every queue that is bound to it, as a copy for each. A queue pushes to its consumers as
//! much as they allow, and forgets what they acknowledge. What comes back is delivered again; what can't be delivered becomes a dead
//! letter, if anybody wants it. Unlike a log it pushes back: queues may refuse, and when memory runs short nobody may publish anything.
//!
//! | file | what it holds |
//! |---|---|
//! | `letter` | a copy of a message, and a line of them that takes little memory |
//! | `queue` | letters in order, and those that go |
//! | `reader` | one consumer, and what it has in hand |
//! | `turns` | whose turn it is |
//! | `consumers` | consumers that come and go |
//! | `dead_letters` | where letters go that can't stay |
//! | `alarm` | when publishers have to wait |
//! | `flow` | when a publisher has to wait |
//! | `settings` | what the scenario says of it |
//! | `timers` | what the broker waits for |

mod alarm;
mod consumers;
mod dead_letters;
mod flow;
mod letter;
mod queue;
mod reader;
mod settings;
mod timers;
mod turns;

pub use settings::{AmqpConsumer, AmqpQueueSettings, AmqpSettings, Way};
pub use timers::MOST_QUEUES;

use alarm::Alarm;
use flow::Flow;
use letter::{Origin, Origins};
use queue::{Queue, Reason};
use timers::{Timer, Timers};

use super::blocked::Blocked;
use super::{Address, Broker, Client, Consumer, Fetch, Presence, Publish, Storage};
use crate::model::context::Context;
use crate::model::id::{Id, NodeId};
use crate::model::message::Messages;
use crate::model::observation::{Fate, Observer};
use crate::model::packet::{Answer, Sent};
use crate::model::service::{Delivered, Verdict};
use crate::policy::commit::Commit;
use crate::time::{SimDuration, SimTime};

/// A broker with exchanges and queues.
#[derive(Debug)]
pub struct Amqp {
    node: NodeId,
    queues: Vec<Queue>,
    ways: Vec<Way>,
    origins: Origins,
    /// For each link that has published here the origins of its messages in each queue of its way.
    sources: Vec<Vec<u16>>,
    requeue_after: SimDuration,
    heartbeat_timeout: SimDuration,
    consumer_timeout: SimDuration,
    timeout_check_every: SimDuration,
    alarms: Vec<Alarm>,
    message_bytes: u64,
    /// Whether one of them is raised.
    is_alarmed: bool,
    blocked: Blocked,
    /// How messages come in, if that takes time.
    flow: Option<Flow>,
    is_up: bool,
    timers: Timers,
}

impl Amqp {
    /// An empty broker, whose consumers are all there.
    #[must_use]
    pub fn new(id: Id<Broker>, node: NodeId, settings: AmqpSettings) -> Amqp {
        let hurried = settings.ways.iter().any(|way| way.ttl.is_some());
        let queue = |queue: AmqpQueueSettings| {
            let expiring = hurried || queue.message_ttl.is_some();
            Queue::new(node, queue, expiring)
        };
        let alarm = |watch| Alarm { watch, is_raised: false };
        Amqp {
            node,
            queues: settings.queues.into_iter().map(queue).collect(),
            ways: settings.ways,
            origins: Origins::default(),
            sources: Vec::new(),
            requeue_after: settings.requeue_after,
            heartbeat_timeout: settings.heartbeat_timeout,
            consumer_timeout: settings.consumer_timeout,
            timeout_check_every: settings.timeout_check_every,
            alarms: settings.watches.into_iter().map(alarm).collect(),
            message_bytes: settings.message_bytes,
            is_alarmed: false,
            blocked: Blocked::default(),
            flow: settings.ingress.map(Flow::new),
            is_up: true,
            timers: Timers(id),
        }
    }

    /// The origins of what a link publishes, one for each queue of its way.
    #[inline]
    fn source<O: Observer>(&mut self, publish: Publish, cx: &Context<O>) -> &[u16] {
        let link = publish.link.index();
        let way = publish.to.index();
        let count = self.ways[way].queues.len();
        if self.sources.get(link).is_none_or(|known| known.len() < count) {
            let first = cx.route(publish.link).slot;
            let ttl = self.ways[way].ttl;
            let origin = |place| Origin { slot: first + place as u8, way, ttl, passed: Vec::new() };
            let origins = (0..count).map(|place| self.origins.of(origin(place))).collect();
            self.sources.resize(self.sources.len().max(link + 1), Vec::new());
            self.sources[link] = origins;
        }
        &self.sources[link]
    }

    /// Takes a publish, and gives the answer to it.
    #[inline]
    fn accept<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        let (message, way) = (publish.message, publish.to.index());
        let Way { ttl, mandatory, confirms, .. } = self.ways[way];
        let (mut is_routed, mut is_refused) = (false, false);
        for place in 0..self.ways[way].queues.len() {
            let queue = self.ways[way].queues[place];
            if !self.queues[queue].is_deleted {
                let origin = self.source(publish, cx)[place];
                is_routed = true;
                is_refused |= !self.queues[queue].publish(message, origin, 0, ttl, cx);
                self.settle(queue, cx);
            }
        }
        if (!is_routed && mandatory) || (is_refused && confirms) {
            return publish.answered(cx.shed(None));
        }
        if !is_routed || is_refused {
            cx.messages()[message].note(Fate::Lost);
        }
        publish.answered(Answer::Done)
    }

    /// Sends what can be sent from a queue, and sees to what has left it.
    #[inline]
    fn go_on<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        self.queues[queue].tidy(cx);
        self.settle(queue, cx);
    }

    /// Sets the first looks at what consumers have had in hand for too long, and the moments that they look back at.
    fn watch_consumers<O: Observer>(&mut self, cx: &mut Context<O>) {
        let every = self.timeout_check_every.as_nanos();
        let limit = self.consumer_timeout.as_nanos();
        let first = cx.now + self.timeout_check_every;
        let back = SimDuration::from_nanos(limit.next_multiple_of(every) - limit);
        self.timers.set(first, Timer::Overdue, cx);
        self.timers.set(cx.now + back, Timer::InHand, cx);
    }

    /// Notes what every consumer has in hand.
    fn note_in_hand<O: Observer>(&mut self, cx: &mut Context<O>) {
        let readers = self.queues.iter_mut().flat_map(|queue| &mut queue.readers);
        readers.for_each(reader::Reader::note_sent);
        self.timers.set(cx.now + self.timeout_check_every, Timer::InHand, cx);
    }
}

impl Storage for Amqp {
    fn open<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.watch_resources(cx);
        if self.queues.iter().any(|queue| !queue.readers.is_empty()) {
            self.watch_consumers(cx);
        }
        for queue in 0..self.queues.len() {
            for place in 0..self.queues[queue].readers.len() {
                self.queues[queue].make_room(place);
            }
            if self.queues[queue].readers.is_empty() {
                self.queues[queue].unused_since = Some(cx.now);
                self.await_disuse(queue, cx);
            }
        }
    }

    #[inline]
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        if self.is_alarmed {
            self.blocked.push(publish, cx);
            return None;
        }
        if self.flow.is_some() {
            self.let_in(publish, cx);
            return None;
        }
        self.accept(publish, cx)
    }

    fn on_withdraw<O: Observer>(
        &mut self,
        publish: Publish,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        self.blocked.withdraw(publish, sent_at, cx);
        self.withdraw_from_flow(publish, sent_at, cx);
    }

    #[inline]
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        let index = fetch.by.from.index();
        let place = self.queues[index].place_of(fetch.by);
        if !self.queues[index].readers[place].is_present {
            self.queues[index].register(place);
            self.go_on(index, cx);
        }
        let reader = &mut self.queues[index].readers[place];
        while batch.len() < fetch.at_most as usize {
            let Some((tag, letter)) = reader.take(cx.messages()) else { break };
            let (message, deliveries) = (letter.message, letter.deliveries);
            if !reader.auto_ack {
                cx.messages()[message].hold();
            }
            let slot = self.origins[letter.origin].slot;
            batch.push(Delivered {
                message,
                tag,
                deliveries,
                slot,
                hops: 0,
                verdict: Verdict::default(),
            });
        }
        reader.is_hungry = batch.is_empty();
    }

    fn on_declined<O: Observer>(&mut self, _: &mut Context<O>) {}

    #[inline]
    fn on_commit<O: Observer>(
        &mut self,
        by: Client,
        _: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        let index = by.from.index();
        let queue = &mut self.queues[index];
        let place = queue.place_of(by);
        let verdicts = batch.iter().map(|delivered| (delivered.tag, delivered.verdict));
        let reader = &mut queue.readers[place];
        if reader.silent_since.is_some() {
            return reader.unheard.extend(verdicts);
        }
        queue.conclude(place, verdicts, cx);
        self.go_on(index, cx);
    }

    /// What was delivered went back into its queue when the broker crashed.
    fn on_unheard<O: Observer>(
        &mut self,
        _: Client,
        _: Commit,
        _: &[Delivered],
        _: &mut Context<O>,
    ) {
    }

    fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        from: Address,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        self.attend(consumer, from.index(), presence, cx);
    }

    fn accepts(&self) -> bool {
        !self.is_alarmed && self.queues.iter().all(|queue| queue.accepts())
    }

    fn on_timer<O: Observer>(&mut self, timer: u32, cx: &mut Context<O>) -> Sent {
        match Timer::unpacked(timer) {
            Timer::Expiry { queue } => {
                if self.queues[queue].timer == Some(cx.now) {
                    self.queues[queue].timer = None;
                    self.go_on(queue, cx);
                }
            }
            Timer::Adrift { queue } => self.on_adrift(queue, cx),
            Timer::Heartbeat { queue } => self.on_heartbeat_due(queue, cx),
            Timer::Unused { queue } => self.on_unused(queue, cx),
            Timer::Overdue => {
                if cx.now >= SimTime::ZERO + self.consumer_timeout {
                    self.on_overdue(cx);
                }
                self.timers.set(cx.now + self.timeout_check_every, Timer::Overdue, cx);
            }
            Timer::InHand => self.note_in_hand(cx),
            Timer::Resource { alarm } => self.on_look_due(alarm, cx),
            Timer::Ingress => self.on_ingress_due(cx),
        }
        None
    }

    fn on_crash<O: Observer>(&mut self, cx: &mut Context<O>) -> u32 {
        self.is_up = false;
        self.blocked.reset(cx);
        self.break_flow(cx);
        self.queues.iter_mut().for_each(|queue| queue.is_up = false);
        let mut lost = 0;
        for index in 0..self.queues.len() {
            let queue = &mut self.queues[index];
            queue.recall(cx);
            if !queue.settings.durable {
                lost += queue.purge(Reason::QueueLost, cx);
            }
            self.settle(index, cx);
        }
        lost
    }

    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.is_up = true;
        self.queues.iter_mut().for_each(|queue| queue.is_up = true);
        for queue in 0..self.queues.len() {
            for place in 0..self.queues[queue].readers.len() {
                self.queues[queue].make_room(place);
            }
            self.go_on(queue, cx);
        }
        self.look_at_resources(cx);
    }

    fn oldest(&self, node: NodeId, messages: &Messages) -> Option<SimTime> {
        let these = self.queues.iter().filter(|queue| queue.at.contains(&node));
        these.filter_map(|queue| queue.oldest(messages)).min()
    }

    fn bytes(&self) -> usize {
        let flow = self.flow.as_ref().map_or(0, Flow::bytes);
        self.queues.iter().map(Queue::bytes).chain([self.blocked.bytes(), flow]).sum()
    }
}
