//! The way of a publish that doesn't go straight into a partition: with others, in a transaction, or to several nodes.
//!
//! An idempotent client, which is the default, keeps the order: what can't be written waits at the client, in order, until it can. Any
//! other client is told, and tries again message by message.

use super::Log;
use super::held::Held;
use super::partition::Record;
use super::replicas::Entry;
use super::timers::Timer;
use crate::model::broker::Publish;
use crate::model::context::Context;
use crate::model::observation::{Fate, Gauge, Observer, Place};
use crate::model::packet::{Answer, Sent};
use crate::policy::log_client::Acks;
use crate::time::SimDuration;

impl Log {
    /// A publish comes to its client, for partition `number`.
    pub(super) fn send<O: Observer>(
        &mut self,
        publish: Publish,
        number: usize,
        cx: &mut Context<O>,
    ) -> Sent {
        if let Some(place) = self.transaction_for(publish, cx) {
            let transaction = &mut self.transactions[place];
            if transaction.is_over() {
                cx.messages()[publish.message].note(Fate::Abandoned);
                return publish.answered(Answer::Done);
            }
            if transaction.is_committing() {
                transaction.held.push_back(Held::new(publish, number, cx));
                return None;
            }
        }
        let Some(sender) = &mut self.senders[publish.link.index()] else {
            unreachable!("every link that publishes here has a client");
        };
        if sender.requests.is_some() {
            sender.gather(publish, number, cx.now);
            self.go_on_sending(publish.link.index(), cx);
            return None;
        }
        if !sender.settings.gathers() {
            return self.write(publish, number, cx);
        }
        let (is_first, is_full) = sender.gather(publish, number, cx.now);
        let due = cx.now + sender.settings.linger;
        if is_full {
            self.send_batch(publish.link.index(), number, cx);
        } else if is_first {
            self.timers.set(due, Timer::Gathered { sender: publish.link.index() }, cx);
        }
        None
    }

    /// Batches that have waited long enough go.
    pub(super) fn on_gathered<O: Observer>(&mut self, sender: usize, cx: &mut Context<O>) {
        while let Some(number) = self.senders[sender].as_ref().and_then(|one| one.next_due(cx.now))
        {
            self.send_batch(sender, number, cx);
        }
    }

    pub(super) fn send_batch<O: Observer>(
        &mut self,
        sender: usize,
        number: usize,
        cx: &mut Context<O>,
    ) {
        let Some(gathering) = &mut self.senders[sender] else { return };
        for publish in gathering.take_batch(number) {
            let answer = self.write(publish, number, cx);
            cx.post(answer);
        }
    }

    /// Writes a publish to partition `number`, if that is possible now.
    pub(super) fn write<O: Observer>(
        &mut self,
        publish: Publish,
        number: usize,
        cx: &mut Context<O>,
    ) -> Sent {
        if cx.messages()[publish.message].is_forsaken() {
            return publish.answered(Answer::Reset);
        }
        let Some(sender) = &self.senders[publish.link.index()] else {
            unreachable!("every link that publishes here has a client");
        };
        let (acks, waits) = (sender.settings.acks, sender.settings.keeps_order());
        let lost = self.cluster.lost;
        let topic = publish.to.index();
        if let Some(replicas) = &mut self.topics[topic].partitions[number].replicas {
            match replicas.entry(acks, lost) {
                Entry::Open => {}
                Entry::Void => {
                    cx.messages()[publish.message].hold();
                    cx.lose(publish.message);
                    return publish.answered(Answer::Done);
                }
                Entry::Refused(_) if waits => {
                    replicas.held.push_back(Held::new(publish, number, cx));
                    return None;
                }
                Entry::Refused(answer) => return publish.answered(answer),
            }
        }
        let offset = self.append(publish, number, cx);
        self.enter_transaction(publish, number, offset, cx);
        self.acknowledge(publish, number, offset, acks, cx)
    }

    /// What was written is answered, as soon as its client takes it for stored.
    fn acknowledge<O: Observer>(
        &mut self,
        publish: Publish,
        number: usize,
        offset: u64,
        acks: Acks,
        cx: &mut Context<O>,
    ) -> Sent {
        let topic = publish.to.index();
        let Some(replicas) = &mut self.topics[topic].partitions[number].replicas else {
            return publish.answered(Answer::Done);
        };
        if acks != Acks::All {
            self.advance(topic, number, cx);
            return publish.answered(Answer::Done);
        }
        replicas.unanswered.push_back((offset, publish));
        self.advance(topic, number, cx);
        None
    }

    /// A message that is stored already comes again, because its answer got lost or comes late. Its client is told what it would have
    /// been told the first time.
    #[cold]
    pub(super) fn on_repeated<O: Observer>(
        &mut self,
        publish: Publish,
        _: &mut Context<O>,
    ) -> Sent {
        let topic = &mut self.topics[publish.to.index()];
        let replicas = topic.partitions.iter_mut().filter_map(|one| one.replicas.as_mut());
        for replicas in replicas {
            let waiting = |(_, other): &(u64, Publish)| other.message == publish.message;
            if let Some(place) = replicas.unanswered.iter().position(waiting) {
                let (offset, _) = replicas.unanswered[place];
                replicas.unanswered.insert(place + 1, (offset, publish));
                return None;
            }
        }
        publish.answered(Answer::Done)
    }

    /// Appends a message to partition `number`; at which offset.
    #[inline]
    pub(super) fn append<O: Observer>(
        &mut self,
        publish: Publish,
        number: usize,
        cx: &mut Context<O>,
    ) -> u64 {
        let message = publish.message;
        let slot = cx.route(publish.link).slot;
        cx.messages()[message].set_stored(true);
        self.store(publish.to.index(), number, Record { message, slot, hops: 0 }, cx)
    }

    /// Stores a message at the end of partition `number` of a topic; at which offset.
    #[inline]
    pub(super) fn store<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        record: Record,
        cx: &mut Context<O>,
    ) -> u64 {
        let at = topic;
        let topic = &mut self.topics[topic];
        cx.move_to(record.message, self.node, Place::Broker);
        cx.messages()[record.message].hold();
        let partition = &mut topic.partitions[number];
        let (offset, now) = (partition.end(), cx.now);
        partition.append(record, &topic.retention, now, cx.messages());
        if let Some(replicas) = &mut partition.replicas {
            replicas.on_append(offset, now);
        }
        if topic.delay > SimDuration::ZERO {
            let ripe = Timer::Ripe { topic: at, partition: number };
            self.timers.set(now + topic.delay, ripe, cx);
        }
        let is_plain = partition.replicas.is_none() && topic.delay == SimDuration::ZERO;
        for group in &topic.groups {
            let group = &mut self.groups[*group];
            for at in group.sites[number] {
                cx.change(at, Gauge::Lag, 1);
                cx.change(at, Gauge::Waiting, 1);
            }
            if is_plain && let Some(reader) = group.reader(number) {
                group.wake(reader, cx);
            }
        }
        offset
    }

    /// A timer is due of what is published here.
    pub(super) fn on_publishing_timer<O: Observer>(
        &mut self,
        timer: Timer,
        cx: &mut Context<O>,
    ) -> Sent {
        match timer {
            Timer::Gathered { sender } => self.on_gathered(sender, cx),
            Timer::Replicated { topic, partition } => self.on_replicated(topic, partition, cx),
            Timer::Failover { node } => self.on_failover(node, cx),
            Timer::CaughtUp { topic, node } => self.on_caught_up(topic, node, cx),
            Timer::Transaction { place } => self.on_transaction(place, cx),
            Timer::Ripe { topic, partition } => self.on_ripe(topic, partition, cx),
            Timer::Requests { sender } => self.on_requests(sender, cx),
            Timer::Scan => self.scan_transactions(cx),
            Timer::Heartbeat { .. }
            | Timer::Session { .. }
            | Timer::Ghost { .. }
            | Timer::Poll { .. }
            | Timer::Commit { .. }
            | Timer::Barrier { .. }
            | Timer::Assigned { .. }
            | Timer::Retention { .. } => unreachable!("{timer:?} is of those who read"),
        }
        None
    }

    /// Something has become readable in a partition.
    pub(super) fn wake_readers<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        cx: &mut Context<O>,
    ) {
        for group in &self.topics[topic].groups {
            let group = &mut self.groups[*group];
            if let Some(reader) = group.reader(number) {
                group.wake(reader, cx);
            }
        }
    }
}
