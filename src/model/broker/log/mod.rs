//! A partitioned log, as Apache Kafka is one: topics of partitions, read by consumer groups that don't know of one another.
//!
//! Reading takes nothing away. A group's place in a partition is one number, the offset that it committed; after a crash or a rebalance
//! it reads again from there, and what had been worked on since is worked on twice. A partition is read by one member of a group at a
//! time, in order, so partitions bound how many can work at once, and one slow message delays all behind it. Nothing here ever tells a
//! producer to slow down.
//!
//! | file | what it holds |
//! |---|---|
//! | `ownership` | who reads which partition |
//! | `partition` | messages in order, and what retention leaves of them |
//! | `cursor` | how far a group is in a partition |
//! | `delivery` | what was delivered, and what of it is committed |
//! | `expiry` | what becomes of readers that come too late |
//! | `group` | who is a member, and how partitions are dealt out anew |
//! | `incremental` | how it changes without a moment at which all wait |
//! | `member` | one member, and how it is found out that it is gone |
//! | `settings` | what the scenario says of it |
//! | `timers` | what a log waits for |

mod cursor;
mod delivery;
mod expiry;
mod group;
mod incremental;
mod member;
mod ownership;
mod partition;
mod settings;
mod timers;

pub use settings::{GroupConsumer, GroupSettings, LogSettings, TopicSettings};
pub use timers::{MOST_GROUPS, MOST_MEMBERS};

use group::Group;
use partition::{Partition, Record};
use timers::{Timer, Timers};

use super::{Address, Broker, Client, Consumer, Fetch, Presence, Publish, Storage};
use crate::model::context::Context;
use crate::model::id::{Id, NodeId};
use crate::model::message::Messages;
use crate::model::observation::{Gauge, Observation, Observer, Place};
use crate::model::packet::{Answer, Sent};
use crate::model::service::{Delivered, Verdict};
use crate::policy::commit::Commit;
use crate::policy::partitioner::PartitionerState;
use crate::policy::retention::Retention;
use crate::random::Chance;
use crate::time::SimTime;

/// A partitioned log.
#[derive(Debug)]
pub struct Log {
    node: NodeId,
    topics: Vec<Topic>,
    groups: Vec<Group>,
    /// For each link that publishes here, how it chooses partitions.
    partitioners: Vec<Option<PartitionerState>>,
    timers: Timers,
}

#[derive(Debug)]
struct Topic {
    partitions: Vec<Partition>,
    retention: Retention,
    /// Who reads it.
    groups: Vec<usize>,
}

impl Log {
    /// An empty log, whose consumers are all there. `partitioners` are those of the links that publish here, by the place of the link.
    pub fn new(
        id: Id<Broker>,
        node: NodeId,
        settings: &LogSettings,
        partitioners: Vec<Option<PartitionerState>>,
        draws: &mut impl Chance,
    ) -> Log {
        let timers = Timers(id);
        let topic = |(index, topic): (usize, &TopicSettings)| Topic {
            partitions: topic.partitions.iter().map(|part| Partition::new(*part, node)).collect(),
            retention: topic.retention.clone(),
            groups: settings.readers(index).collect(),
        };
        let mut group = |(index, group): (usize, &GroupSettings)| {
            let partitions = &settings.topics[group.topic].partitions;
            let place = settings.readers(group.topic).position(|other| other == index);
            let place = place.expect("a group reads its topic") as u8;
            let sites = partitions.iter().map(|partition| [node, group.node, *partition]).collect();
            Group::new(index, place, group.clone(), sites, timers, draws)
        };
        Log {
            node,
            topics: settings.topics.iter().enumerate().map(topic).collect(),
            groups: settings.groups.iter().enumerate().map(&mut group).collect(),
            partitioners,
            timers,
        }
    }

    /// The group and the member that a worker is.
    #[inline]
    fn member(&self, client: Client) -> (usize, usize) {
        let group = client.from.index();
        let (first, _) = self.groups[group].workers(client.consumer);
        (group, first + client.worker as usize)
    }

    /// Gives a member what its partitions have, one partition after the other.
    #[inline]
    fn fill<O: Observer>(
        &mut self,
        group: usize,
        member: usize,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        let reader = &mut self.groups[group];
        let topic = &mut self.topics[reader.settings.topic];
        let count = reader.members[member].partitions.len();
        let turn = reader.members[member].turn;
        for place in (0..count).map(|offset| (turn + offset) % count) {
            let number = reader.members[member].partitions[place];
            reader.reset(&mut topic.partitions[number], number, cx);
            let partition = &mut topic.partitions[number];
            let cursor = &mut reader.cursors[number];
            let from = cursor.position;
            let room = u64::from(fetch.at_most) - batch.len() as u64;
            let room = if cursor.is_halted { 1 - batch.len().min(1) as u64 } else { room };
            let to = partition.end().min(from + room);
            for offset in from..to {
                let Record { message, slot } = partition.give(offset, cx.messages());
                let (slot, deliveries) = (slot + reader.place, cursor.deliver(offset));
                if deliveries > 1 {
                    cx.observe(Observation::Redelivered { at: self.node });
                    cx.observe(Observation::Redelivered { at: reader.settings.node });
                }
                cx.messages()[message].hold();
                let tag = delivery::tag(number, offset);
                batch.push(Delivered {
                    message,
                    tag,
                    deliveries,
                    slot,
                    verdict: Verdict::default(),
                });
            }
            cursor.seek(to.max(from), reader.sites[number], cx);
            if cursor.is_halted && !batch.is_empty() {
                return;
            }
            if batch.len() == fetch.at_most as usize {
                reader.members[member].turn = place + 1;
                return;
            }
        }
    }

    /// Lets go of what all groups have committed. `done` says what that means for a message that is still in work.
    #[inline]
    fn let_go<O: Observer>(
        &mut self,
        group: usize,
        in_work_at: Option<NodeId>,
        cx: &mut Context<O>,
    ) {
        let topic = &mut self.topics[self.groups[group].settings.topic];
        while let Some(number) = self.groups[group].committed.pop() {
            let done =
                topic.groups.iter().map(|group| self.groups[*group].cursors[number].committed);
            let done = done.min().unwrap_or(0);
            while let Some(message) = topic.partitions[number].take_before(done, cx.messages()) {
                let age = cx.now.since(cx.produced_at(message));
                for at in self.groups[group].sites[number] {
                    cx.observe(Observation::Retired { at, age });
                }
                cx.messages()[message].acknowledge();
                if let Some(node) = in_work_at {
                    cx.move_to(message, node, Place::Service);
                }
                cx.release(message);
            }
        }
    }
}

impl Storage for Log {
    fn open<O: Observer>(&mut self, cx: &mut Context<O>) {
        for topic in 0..self.topics.len() {
            let first = cx.now + self.topics[topic].retention.check_every;
            self.timers.set(first, Timer::Retention { topic }, cx);
        }
    }

    #[inline]
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        let message = publish.message;
        let (key, number) = (cx.key(message), cx.messages()[message].ordinal);
        let partitioner = self.partitioners[publish.link.index()].as_mut();
        let partitioner = partitioner.expect("every link that publishes here has one");
        let number = partitioner.partition(key, number, cx.now) as usize;
        let topic = &mut self.topics[publish.to.index()];
        let slot = cx.route(publish.link).slot;
        cx.move_to(message, self.node, Place::Broker);
        cx.messages()[message].hold();
        let (record, now) = (Record { message, slot }, cx.now);
        topic.partitions[number].append(record, &topic.retention, now, cx.messages());
        for group in &topic.groups {
            let group = &mut self.groups[*group];
            for at in group.sites[number] {
                cx.change(at, Gauge::Lag, 1);
                cx.change(at, Gauge::Waiting, 1);
            }
            if let Some(reader) = group.reader(number) {
                group.wake(reader, cx);
            }
        }
        publish.answered(Answer::Done)
    }

    fn on_withdraw<O: Observer>(&mut self, _: Publish, _: SimTime, _: &mut Context<O>) {}

    #[inline]
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        let (index, member) = self.member(fetch.by);
        let group = &mut self.groups[index];
        if let Commit::Auto { every } = fetch.commit {
            group.members[member].auto_commit = Some(every);
            if cx.now.since(group.members[member].committed_at) >= every {
                group.commit_positions(member, cx);
            }
        }
        group.on_poll(member, cx);
        if group.may_read(member) {
            self.fill(index, member, fetch, batch, cx);
        }
        let group = &mut self.groups[index];
        if batch.is_empty() {
            group.park(member, cx);
        } else {
            group.watch(member, cx);
        }
        if fetch.commit == Commit::Before {
            group.commit_positions(member, cx);
            return self.let_go(index, Some(fetch.node), cx);
        }
        self.let_go(index, None, cx);
    }

    fn on_declined<O: Observer>(&mut self, _: &mut Context<O>) {}

    #[inline]
    fn on_commit<O: Observer>(
        &mut self,
        by: Client,
        commit: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        let (index, member) = self.member(by);
        let is_heard = self.groups[index].members[member].is_alive;
        self.groups[index].end_batch(member, commit, batch, is_heard, cx);
        self.let_go(index, None, cx);
    }

    fn on_unheard<O: Observer>(
        &mut self,
        by: Client,
        commit: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        let (index, member) = self.member(by);
        self.groups[index].end_batch(member, commit, batch, false, cx);
    }

    fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        from: Address,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        let (first, count) = self.groups[from.index()].workers(consumer);
        for member in first..first + count {
            self.groups[from.index()].on_presence(member, presence, cx);
        }
        self.let_go(from.index(), None, cx);
    }

    fn accepts(&self) -> bool {
        true
    }

    fn on_timer<O: Observer>(&mut self, token: u32, cx: &mut Context<O>) -> Sent {
        let group = match Timer::unpacked(token) {
            Timer::Heartbeat { group, member } => {
                self.groups[group].on_heartbeat(member, cx);
                group
            }
            Timer::Session { group, member } => {
                self.groups[group].on_session_end(member, cx);
                group
            }
            Timer::Ghost { group } => {
                self.groups[group].on_ghost_end(cx);
                group
            }
            Timer::Poll { group, member } => {
                self.groups[group].on_poll_due(member, cx);
                group
            }
            Timer::Commit { group, member } => {
                self.groups[group].on_commit_due(member, cx);
                group
            }
            Timer::Barrier { group } => {
                self.groups[group].on_barrier(cx);
                group
            }
            Timer::Assigned { group } => {
                self.groups[group].on_assigned(cx);
                self.groups[group].wake_all(cx);
                group
            }
            Timer::Retention { topic } => {
                self.cut(topic, cx);
                return None;
            }
        };
        self.let_go(group, None, cx);
        None
    }

    /// What a log holds is on other machines as well.
    fn on_crash<O: Observer>(&mut self, _: &mut Context<O>) -> u32 {
        0
    }

    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>) {
        for group in 0..self.groups.len() {
            for member in 0..self.groups[group].members.len() {
                self.groups[group].commit_unheard(member, cx);
            }
            self.let_go(group, None, cx);
        }
    }

    fn oldest(&self, node: NodeId, messages: &Messages) -> Option<SimTime> {
        if let Some(group) = self.groups.iter().find(|group| group.settings.node == node) {
            let partitions = &self.topics[group.settings.topic].partitions;
            let next = partitions.iter().zip(&group.cursors);
            let next = next.filter(|(partition, cursor)| cursor.committed < partition.end());
            let produced = next.map(|(at, cursor)| at.produced_at(cursor.committed, messages));
            return produced.flatten().min();
        }
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        let these = partitions.filter(|partition| node == self.node || node == partition.node);
        these.filter_map(|partition| partition.oldest(messages)).min()
    }

    fn bytes(&self) -> usize {
        self.topics.iter().flat_map(|topic| &topic.partitions).map(Partition::bytes).sum()
    }
}
