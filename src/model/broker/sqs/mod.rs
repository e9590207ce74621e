//! Queues as those of Amazon SQS: whoever receives a message leases it, and has to delete it before the lease ends.
//!
//! Nothing here ever knows whether a consumer is alive. What is not deleted is visible again when its visibility timeout is over: after a
//! crash, after a failure, and just so while a slow consumer is still at work on it. Producers are never slowed down; a queue with order
//! refuses what is above its quota.
//!
//! | file | what it holds |
//! |---|---|
//! | `queue` | one queue: a message's way through it |
//! | `gate` | what a queue with order accepts |
//! | `visible` | what can be received, in either order: `shards` nearly in order, `groups` strictly; both are made of a `line` |
//! | `item` | what is remembered of a message that was in somebody's hands |
//! | `leases` | what is in somebody's hands |
//! | `returning` | how it comes back |
//! | `polling` | how hungry consumers come to know of messages |
//! | `keeping` | delays, retention, and messages that are moved |
//! | `settings` | what the scenario says of it |
//! | `timers` | what a queue waits for |

mod gate;
mod groups;
mod item;
mod keeping;
mod leases;
mod line;
mod polling;
mod queue;
mod returning;
mod settings;
mod shards;
mod timers;
mod visible;

pub use queue::SqsChance;
pub use settings::{Order, Polling, SqsQueueSettings, SqsSettings};
pub use shards::MOST_SHARDS;

use item::Item;
use queue::Queue;
use timers::Timer;

use super::{Address, Broker, Client, Consumer, Fetch, Presence, Publish, Storage};
use crate::model::context::Context;
use crate::model::id::{Id, NodeId};
use crate::model::message::Messages;
use crate::model::observation::{Fate, Mark, Observer};
use crate::model::packet::Sent;
use crate::model::service::Delivered;
use crate::policy::commit::Commit;
use crate::time::{SimDuration, SimTime};

/// Queues of messages that are leased.
#[derive(Debug)]
pub struct Sqs {
    node: NodeId,
    queues: Vec<Queue>,
    /// Messages with a delay of their own: to which queue, and for how long.
    message_timers: Vec<(usize, SimDuration)>,
}

impl Sqs {
    /// Empty queues. `chance` is theirs, in the same order.
    #[must_use]
    pub fn new(
        id: Id<Broker>,
        node: NodeId,
        settings: &SqsSettings,
        chance: impl Iterator<Item = SqsChance>,
    ) -> Sqs {
        let queues = settings.queues.iter().zip(chance).enumerate();
        let queues = queues.map(|(index, (settings, chance))| {
            Queue::new(id, index, node, settings.clone(), chance)
        });
        Sqs { node, queues: queues.collect(), message_timers: settings.timers.clone() }
    }

    /// What was received from queue `from` too often goes to its dead-letter queue; if nobody ever takes anything out of that, this is its
    /// end.
    #[cold]
    fn put_aside<O: Observer>(&mut self, from: usize, worn_out: Vec<Item>, cx: &mut Context<O>) {
        let source = &self.queues[from];
        let (_, to) =
            source.settings.redrive.expect("only with a dead-letter queue there is a limit");
        let node = source.node;
        let target = &mut self.queues[to];
        let mark = Mark::DeadLettered { to: target.node, count: worn_out.len() as u32 };
        cx.mark(node, mark);
        for item in worn_out {
            if !target.settings.has_reader {
                cx.messages()[item.message].note(Fate::DeadLettered);
                cx.release(item.message);
                continue;
            }
            // A queue without order keeps the time of the first send, one with order begins anew ("Dead-letter queues").
            let sent_at = if target.settings.order.is_strict() { cx.now } else { item.sent_at };
            target.take_in(Item { sent_at, ..item }, cx);
        }
    }

    /// One message of a dead-letter queue goes back to where it came from, as a new one.
    fn move_back<O: Observer>(&mut self, from: usize, cx: &mut Context<O>) {
        let source = &mut self.queues[from];
        let task = source.settings.redrive_back.expect("only who has a task is woken for it");
        if task.at == cx.now {
            cx.mark(source.node, Mark::RedriveBegins);
        }
        let Some(item) = source.take_out(cx) else { return };
        let pause = SimDuration::from_secs_f64(1.0 / task.rate.as_per_second());
        source.timers.set(Timer::MoveBack, cx.now + pause, cx);
        self.queues[usize::from(item.home)].take_in(Item { sent_at: cx.now, ..item }, cx);
    }
}

impl Storage for Sqs {
    fn open<O: Observer>(&mut self, cx: &mut Context<O>) {
        for queue in &mut self.queues {
            if let Some(task) = queue.settings.redrive_back {
                queue.timers.set(Timer::MoveBack, task.at, cx);
            }
        }
    }

    #[inline]
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        let place = publish.to.index();
        match place.checked_sub(self.queues.len()) {
            None => self.queues[place].on_publish(publish, None, cx),
            Some(own) => {
                let (queue, delay) = self.message_timers[own];
                self.queues[queue].on_publish(publish, Some(delay), cx)
            }
        }
    }

    fn on_withdraw<O: Observer>(&mut self, _: Publish, _: SimTime, _: &mut Context<O>) {}

    #[inline]
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        let mut worn_out = Vec::new();
        let from = fetch.by.from.index();
        self.queues[from].receive(fetch, batch, &mut worn_out, cx);
        if !worn_out.is_empty() {
            self.put_aside(from, worn_out, cx);
        }
    }

    /// Somebody else may have somebody free.
    fn on_declined<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.queues.iter_mut().for_each(|queue| queue.wake(cx));
    }

    #[inline]
    fn on_commit<O: Observer>(
        &mut self,
        by: Client,
        commit: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        let queue = &mut self.queues[by.from.index()];
        if queue.absent.contains(&by.consumer) {
            return self.on_unheard(by, commit, batch, cx);
        }
        for delivered in batch {
            queue.on_done(delivered, cx);
        }
        queue.wake(cx);
    }

    fn on_unheard<O: Observer>(
        &mut self,
        by: Client,
        _: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        for delivered in batch {
            self.queues[by.from.index()].fall_silent(delivered.tag, cx.now);
        }
    }

    fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        from: Address,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        self.queues[from.index()].on_presence(consumer, presence, cx);
    }

    fn accepts(&self) -> bool {
        true
    }

    fn on_timer<O: Observer>(&mut self, token: u32, cx: &mut Context<O>) -> Sent {
        let (index, timer) = timers::unpacked(token);
        let queue = &mut self.queues[index];
        if !queue.timers.is_due(timer, cx.now) {
            return None;
        }
        match timer {
            Timer::Lease => queue.on_lease_due(cx),
            Timer::Poll => queue.on_poll_due(cx),
            Timer::Delay => queue.on_delay_over(cx),
            Timer::Retention => queue.on_retention_over(cx),
            Timer::MoveBack => self.move_back(index, cx),
        }
        None
    }

    /// What is stored is in several places at once, and outlives this; but no heartbeat gets through.
    fn on_crash<O: Observer>(&mut self, cx: &mut Context<O>) -> u32 {
        for queue in &mut self.queues {
            queue.hear(|_| true, Presence::Unreachable, cx);
        }
        0
    }

    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>) {
        for queue in &mut self.queues {
            let absent = queue.absent.clone();
            queue.hear(|consumer| !absent.contains(&consumer), Presence::Reachable, cx);
            for hungry in std::mem::take(&mut queue.hungry) {
                cx.post(Some(hungry.consumer.available(0)));
            }
        }
    }

    fn oldest(&self, node: NodeId, messages: &Messages) -> Option<SimTime> {
        let these = self.queues.iter().filter(|queue| node == self.node || node == queue.node);
        these.filter_map(|queue| queue.oldest(messages)).min()
    }

    fn bytes(&self) -> usize {
        self.queues.iter().map(Queue::bytes).sum()
    }
}
