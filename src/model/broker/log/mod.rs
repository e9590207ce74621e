//! A partitioned log, as Apache Kafka is one: topics of partitions, read by consumer groups that don't know of one another.
//!
//! Reading takes nothing away. A group's place in a partition is one number, the offset that it committed; after a crash or a rebalance
//! it reads again from there, and what had been worked on since is worked on twice. A partition is read by one member of a group at a
//! time, in order, so partitions bound how many can work at once, and one slow message delays all behind it. Nothing here ever tells a
//! producer to slow down, but a quota.
//!
//! | file | what it holds |
//! |---|---|
//! | `ownership` | who reads which partition |
//! | `partition` | messages in order, and what retention leaves of them |
//! | `cursor` | how far a group is in a partition |
//! | `delivery` | what was delivered, and what of it is committed |
//! | `reading` | what members are given, and what all are done with |
//! | `aside` | what consumers give up, in a topic of its own |
//! | `audit` | what holds at every moment |
//! | `expiry` | what becomes of readers that come too late |
//! | `group` | who is a member, and how partitions are dealt out anew |
//! | `incremental` | how it changes without a moment at which all wait |
//! | `member` | one member, and how it is found out that it is gone |
//! | `settings` | what the scenario says of it |
//! | `timers` | what a log waits for |
//! | `sender` | a client that publishes, and what it sends together |
//! | `requests` | how many of its requests are under way, and when the next may leave |
//! | `publishing` | the way of a publish that doesn't go straight into a partition |
//! | `held` | publishes that wait at their client |
//! | `replicas` | a partition on several nodes: what of it is safe |
//! | `failover` | what becomes of partitions when a node is lost |
//! | `transactions` | what is read together or not at all |
//! | `transacting` | those who read and write so |

mod aside;
mod audit;
mod cursor;
mod delivery;
mod expiry;
mod failover;
mod group;
mod held;
mod incremental;
mod member;
mod ownership;
mod partition;
mod publishing;
mod reading;
mod replicas;
mod requests;
mod sender;
mod settings;
mod timers;
mod transacting;
mod transactions;

pub use sender::Sender;
pub use settings::{GroupConsumer, GroupSettings, LogSettings, TopicSettings};
pub use timers::{MOST_GROUPS, MOST_MEMBERS};

use failover::Cluster;
use group::Group;
use partition::Partition;
use replicas::Replicas;
use timers::{Timer, Timers};
use transactions::Transaction;

use super::{Address, Broker, Client, Consumer, Fetch, Presence, Publish, Storage, Word};
use crate::model::context::Context;
use crate::model::id::{Id, NodeId};
use crate::model::message::Messages;
use crate::model::observation::Observer;
use crate::model::packet::{Answer, Sent};
use crate::model::service::Delivered;
use crate::policy::commit::Commit;
use crate::policy::replication::Replication;
use crate::policy::retention::Retention;
use crate::random::Chance;
use crate::time::{SimDuration, SimTime};

/// A partitioned log.
#[derive(Debug)]
pub struct Log {
    node: NodeId,
    topics: Vec<Topic>,
    groups: Vec<Group>,
    /// For each link that publishes here, its client.
    senders: Vec<Option<Sender>>,
    cluster: Cluster,
    transactions: Vec<Transaction>,
    timers: Timers,
    word: Word,
}

#[derive(Debug)]
struct Topic {
    partitions: Vec<Partition>,
    retention: Retention,
    replication: Replication,
    /// How long consumers wait before they work on a message.
    delay: SimDuration,
    /// Who reads it.
    groups: Vec<usize>,
}

impl Log {
    /// An empty log, whose consumers are all there. `senders` are the clients of the links that publish here, by the place of the link.
    pub fn new(
        id: Id<Broker>,
        node: NodeId,
        settings: &LogSettings,
        senders: Vec<Option<Sender>>,
        draws: &mut impl Chance,
    ) -> Log {
        let timers = Timers(id);
        let nodes = settings.nodes;
        let partition = |topic: &TopicSettings, number: usize| {
            let keeps_back = topic.delay > SimDuration::ZERO;
            let mut partition = Partition::new(topic.partitions[number], node, keeps_back);
            let replicas = || Replicas::new(number as u32, &topic.replication, nodes);
            partition.replicas = (nodes > 1).then(|| Box::new(replicas()));
            partition
        };
        let topic = |(index, topic): (usize, &TopicSettings)| Topic {
            partitions: (0..topic.partitions.len()).map(|one| partition(topic, one)).collect(),
            retention: topic.retention.clone(),
            replication: topic.replication.clone(),
            delay: topic.delay,
            groups: settings.readers(index).collect(),
        };
        let mut group = |(index, group): (usize, &GroupSettings)| {
            let partitions = &settings.topics[group.topic].partitions;
            let place = settings.readers(group.topic).position(|other| other == index);
            let place = place.expect("a group reads its topic") as u8;
            let sites = partitions.iter().map(|partition| [node, group.node, *partition]).collect();
            Group::new(index, place, group.clone(), sites, timers, draws)
        };
        let mut log = Log {
            node,
            topics: settings.topics.iter().enumerate().map(topic).collect(),
            groups: settings.groups.iter().enumerate().map(&mut group).collect(),
            senders,
            cluster: Cluster::new(nodes, settings.failover),
            transactions: Vec::new(),
            timers,
            word: Word::GoOn,
        };
        log.find_transactions();
        log
    }

    /// The group and the member that a worker is.
    #[inline]
    fn member(&self, client: Client) -> (usize, usize) {
        let group = client.from.index();
        let (first, _) = self.groups[group].workers(client.consumer);
        (group, first + client.worker as usize)
    }
}

impl Storage for Log {
    fn open<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.scan_transactions(cx);
        (0..self.groups.len()).for_each(|group| self.tell_members(group, cx));
        for topic in 0..self.topics.len() {
            let first = cx.now + self.topics[topic].retention.check_every;
            self.timers.set(first, Timer::Retention { topic }, cx);
        }
    }

    #[inline]
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        let message = publish.message;
        let (key, ordinal) = (cx.key(message), cx.messages()[message].ordinal);
        let Some(sender) = &mut self.senders[publish.link.index()] else {
            unreachable!("every link that publishes here has a client");
        };
        let number = sender.partitioner.partition(key, ordinal, cx.now) as usize;
        if publish.attempt > 1 && sender.is_known && cx.messages()[message].is_stored() {
            return self.on_repeated(publish, cx);
        }
        let partition = &self.topics[publish.to.index()].partitions[number];
        if sender.is_plain && partition.replicas.is_none() {
            self.append(publish, number, cx);
            return publish.answered(Answer::Done);
        }
        self.send(publish, number, cx)
    }

    fn on_withdraw<O: Observer>(&mut self, publish: Publish, _: SimTime, cx: &mut Context<O>) {
        self.withdraw(publish, cx);
    }

    #[inline]
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        let (index, member) = self.member(fetch.by);
        if fetch.commit == Commit::Transaction {
            self.on_new_poll(index, member, cx);
        }
        let group = &mut self.groups[index];
        if let Commit::Auto { every } = fetch.commit {
            group.members[member].auto_commit = Some(every);
            if cx.now.since(group.members[member].committed_at) >= every {
                group.commit_positions(member, cx);
            }
        }
        group.on_poll(member, cx);
        group.stop_if_lost(member, cx);
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
        if commit == Commit::Transaction {
            self.word = self.on_progress(by, batch, cx);
            return;
        }
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
        if commit == Commit::Transaction {
            self.word = self.on_unheard_progress(by);
            return;
        }
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
        let group = from.index();
        for member in first..first + count {
            match presence {
                Presence::Left => self.on_client_leaves((group, member), cx),
                Presence::Dead | Presence::Unreachable => {
                    self.on_client_gone((group, member), presence == Presence::Dead, cx);
                }
                Presence::Started | Presence::Reachable => {}
            }
            self.groups[group].on_presence(member, presence, cx);
            if presence.is_present() {
                self.on_client_back((group, member), cx);
            }
        }
        self.let_go(from.index(), None, cx);
    }

    fn on_set_aside<O: Observer>(
        &mut self,
        to: Address,
        given_up: &[Delivered],
        cx: &mut Context<O>,
    ) -> bool {
        self.set_aside(to.index(), given_up, cx)
    }

    fn word(&mut self) -> Word {
        std::mem::take(&mut self.word)
    }

    fn on_nodes_lost<O: Observer>(&mut self, lost: u32, cx: &mut Context<O>) {
        self.on_other_nodes(lost, cx);
    }

    fn audit(&self) {
        self.check();
    }

    fn accepts(&self) -> bool {
        true
    }

    fn on_timer<O: Observer>(&mut self, token: u32, cx: &mut Context<O>) -> Sent {
        let timer = Timer::unpacked(token);
        let group = match timer {
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
            Timer::Gathered { .. }
            | Timer::Replicated { .. }
            | Timer::Failover { .. }
            | Timer::CaughtUp { .. }
            | Timer::Transaction { .. }
            | Timer::Ripe { .. }
            | Timer::Requests { .. }
            | Timer::Scan => return self.on_publishing_timer(timer, cx),
        };
        self.let_go(group, None, cx);
        None
    }

    /// What a log holds is on other machines as well.
    fn on_crash<O: Observer>(&mut self, cx: &mut Context<O>) -> u32 {
        self.break_connections(cx);
        0
    }

    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.abort_doomed(cx);
        for group in 0..self.groups.len() {
            for member in 0..self.groups[group].members.len() {
                if !self.groups[group].members[member].in_transaction {
                    self.groups[group].commit_unheard(member, cx);
                }
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
