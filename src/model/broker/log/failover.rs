//! The nodes of a log: what becomes of its partitions when one is lost, and when it is back.
//!
//! The cluster notices the loss of a node when its session ends. Until then what it leads can be neither written nor read, and what it
//! copies is safe nowhere else. Then others lead, and go on with what is safe: all that only the lost node had is gone, and with
//! `unclean_election` more than that. Consumer groups are kept wherever a node is left.

use super::held::Held;
use super::timers::Timer;
use super::{Log, Topic};
use crate::model::broker::Publish;
use crate::model::context::Context;
use crate::model::observation::{Fate, Mark, Observer};
use crate::model::packet::Answer;
use crate::policy::replication::{Election, Nodes};
use crate::time::{SimDuration, SimTime};

/// The nodes of a log.
#[derive(Debug)]
pub(super) struct Cluster {
    /// Those that are gone.
    pub(super) lost: Nodes,
    /// Those of which it has been noticed.
    gone: Nodes,
    /// Since when each is gone, or has been back.
    since: Vec<SimTime>,
    /// How long it takes to notice.
    failover: SimDuration,
}

impl Cluster {
    pub(super) fn new(nodes: u32, failover: SimDuration) -> Cluster {
        Cluster { lost: 0, gone: 0, since: vec![SimTime::ZERO; nodes as usize], failover }
    }

    fn nodes(&self) -> u32 {
        self.since.len() as u32
    }
}

impl Topic {
    /// Whether a node has replicas that are not in sync.
    fn misses(&self, node: u32) -> bool {
        let replicas = self.partitions.iter().filter_map(|one| one.replicas.as_ref());
        replicas.into_iter().any(|one| (one.set.replicas & !one.set.in_sync) & (1 << node) != 0)
    }
}

impl Log {
    /// Other nodes are lost than before.
    pub(super) fn on_other_nodes<O: Observer>(&mut self, lost: Nodes, cx: &mut Context<O>) {
        let before = std::mem::replace(&mut self.cluster.lost, lost);
        for node in 0..self.cluster.nodes() {
            let bit = 1 << node;
            match (before & bit != 0, lost & bit != 0) {
                (false, true) => self.on_lost(node, cx),
                (true, false) => self.on_back(node, cx),
                (true, true) | (false, false) => {}
            }
        }
    }

    fn on_lost<O: Observer>(&mut self, node: u32, cx: &mut Context<O>) {
        self.cluster.since[node as usize] = cx.now;
        for partition in self.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            if let Some(replicas) = &mut partition.replicas {
                replicas.on_lost(node);
            }
        }
        let noticed = cx.now + self.cluster.failover;
        self.timers.set(noticed, Timer::Failover { node: node as usize }, cx);
    }

    fn on_back<O: Observer>(&mut self, node: u32, cx: &mut Context<O>) {
        self.cluster.since[node as usize] = cx.now;
        self.cluster.gone &= !(1 << node);
        for topic in 0..self.topics.len() {
            let caught_up = cx.now + self.topics[topic].replication.catch_up;
            for number in 0..self.topics[topic].partitions.len() {
                self.settle(topic, number, cx);
            }
            if !self.topics[topic].misses(node) {
                self.return_of(topic, node);
            }
            for node in 0..self.cluster.nodes() {
                if self.topics[topic].misses(node) {
                    let timer = Timer::CaughtUp { topic, node: node as usize };
                    self.timers.set(caught_up, timer, cx);
                }
            }
        }
    }

    /// A node has everything again.
    fn return_of(&mut self, topic: usize, node: u32) {
        for partition in &mut self.topics[topic].partitions {
            if let Some(replicas) = &mut partition.replicas {
                replicas.on_back(node);
            }
        }
    }

    /// A node has caught up, unless it was lost again.
    pub(super) fn on_caught_up<O: Observer>(
        &mut self,
        topic: usize,
        node: usize,
        cx: &mut Context<O>,
    ) {
        let due = self.cluster.since[node] + self.topics[topic].replication.catch_up;
        if due > cx.now || self.cluster.lost & (1 << node) != 0 {
            return;
        }
        self.return_of(topic, node as u32);
        for number in 0..self.topics[topic].partitions.len() {
            if let Some(replicas) = &mut self.topics[topic].partitions[number].replicas {
                replicas.set.on_caught_up(node as u32);
            }
            self.settle(topic, number, cx);
        }
    }

    /// It is noticed that a node is lost, unless it is back.
    pub(super) fn on_failover<O: Observer>(&mut self, node: usize, cx: &mut Context<O>) {
        let due = self.cluster.since[node] + self.cluster.failover;
        if due != cx.now || self.cluster.lost & (1 << node) == 0 {
            return;
        }
        self.cluster.gone |= 1 << node;
        let gone = self.cluster.gone;
        let mut lost = 0;
        for topic in 0..self.topics.len() {
            let unclean = self.topics[topic].replication.unclean_election;
            for number in 0..self.topics[topic].partitions.len() {
                let partition = &mut self.topics[topic].partitions[number];
                let Some(replicas) = &mut partition.replicas else { continue };
                if replicas.set.replicas & (1 << node) != 0 {
                    let election = replicas.set.on_gone(node as u32, gone, unclean);
                    lost += self.go_on_after(election, topic, number, cx);
                    self.settle(topic, number, cx);
                }
            }
        }
        cx.mark(self.node, Mark::LeadersMoved { lost });
    }

    /// Another replica leads, perhaps, and goes on with what it has: how many messages are lost with it.
    fn go_on_after<O: Observer>(
        &mut self,
        election: Election,
        topic: usize,
        number: usize,
        cx: &mut Context<O>,
    ) -> u32 {
        let Some(replicas) = &self.topics[topic].partitions[number].replicas else { return 0 };
        match election {
            Election::None => 0,
            Election::Clean => self.cut_off(topic, number, replicas.high_watermark, cx),
            Election::Unclean(node) => self.cut_off(topic, number, replicas.had(node), cx),
        }
    }

    /// Nobody has anything from `from` on. Whoever waits for an answer is told; for the others it is lost.
    fn cut_off<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        from: u64,
        cx: &mut Context<O>,
    ) -> u32 {
        let partition = &mut self.topics[topic].partitions[number];
        let (from, end) = (from.max(partition.base()), partition.end());
        let Some(replicas) = &mut partition.replicas else { return 0 };
        let told = replicas.cut(from, end);
        let mut lost = 0;
        for offset in from..end {
            let message = partition.give(offset, cx.messages()).message;
            cx.messages()[message].set_stored(false);
            if partition.set_void(offset, true) && told.iter().all(|one| one.message != message) {
                cx.messages()[message].note(Fate::Lost);
                lost += 1;
            }
        }
        self.tell(told, number, cx);
        self.pass_void(topic, number, cx);
        lost
    }

    /// What was written and not confirmed is gone. Clients that keep the order write it again before anything else.
    fn tell<O: Observer>(&mut self, told: Vec<Publish>, number: usize, cx: &mut Context<O>) {
        for publish in told.into_iter().rev() {
            let sender = self.senders[publish.link.index()].as_ref();
            let writes_again = sender.is_some_and(|sender| sender.settings.keeps_order());
            let partition = &mut self.topics[publish.to.index()].partitions[number];
            match &mut partition.replicas {
                Some(replicas) if writes_again => {
                    replicas.held.push_front(Held::new(publish, number, cx));
                }
                Some(_) | None => cx.post(publish.answered(Answer::Reset)),
            }
        }
    }

    /// Whatever can go on in a partition goes on: a leader where there was none, what waits to be written, what waits to be read.
    pub(super) fn settle<O: Observer>(&mut self, topic: usize, number: usize, cx: &mut Context<O>) {
        let (gone, unclean) = (self.cluster.gone, self.topics[topic].replication.unclean_election);
        let Some(replicas) = &mut self.topics[topic].partitions[number].replicas else { return };
        let election = replicas.set.elect(gone, unclean);
        self.go_on_after(election, topic, number, cx);
        self.advance(topic, number, cx);
        let Some(replicas) = &mut self.topics[topic].partitions[number].replicas else { return };
        for held in std::mem::take(&mut replicas.held) {
            let publish = held.let_go(cx);
            let answer = self.write(publish, number, cx);
            cx.post(answer);
        }
        self.wake_readers(topic, number, cx);
    }

    /// What has become safe in a partition by now is answered, and can be read.
    pub(super) fn advance<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        cx: &mut Context<O>,
    ) {
        let lost = self.cluster.lost;
        let Some(replicas) = &mut self.topics[topic].partitions[number].replicas else { return };
        let moved = replicas.advance(lost, cx.now);
        while let Some(publish) = replicas.pop_answered() {
            cx.post(publish.answered(Answer::Done));
        }
        let next = replicas.next_safe().filter(|at| *at > cx.now && !replicas.is_timed);
        if let Some(at) = next {
            replicas.is_timed = true;
            self.timers.set(at, Timer::Replicated { topic, partition: number }, cx);
        }
        if moved {
            self.wake_readers(topic, number, cx);
        }
    }

    /// The others have what their leader had a while ago.
    pub(super) fn on_replicated<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        cx: &mut Context<O>,
    ) {
        if let Some(replicas) = &mut self.topics[topic].partitions[number].replicas {
            replicas.is_timed = false;
        }
        self.advance(topic, number, cx);
    }
}
