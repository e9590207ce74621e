//! Transactions: what one client writes to any partitions is read by all, or by nobody who reads only what is committed.
//!
//! A transaction that is open holds up all who read behind its first message in a partition, also what others have written meanwhile. A
//! client that dies leaves it open: until the broker finds it too old, or until the client is started again under its name, which aborts
//! it at once. A service that reads with commit `transaction` commits what it has read together with what it has written; if it fails in
//! between, both are as if they had never been. To stop between two messages is its own doing: it ends a transaction when it is done with
//! a message, never in the middle of one.

use std::collections::VecDeque;

use super::Log;
use super::held::Held;
use super::timers::Timer;
use crate::model::broker::{Client, Publish};
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::observation::{Fate, Observer};
use crate::model::packet::{Answer, Packet};
use crate::policy::log_client::{TRANSACTION_SCAN, Transaction as Settings};
use crate::time::SimTime;

/// The transactions of one client, one after the other.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Whose they are.
    pub(super) node: NodeId,
    /// Which of its workers, if they read in them.
    pub(super) worker: u32,
    pub(super) settings: Settings,
    pub(super) phase: Phase,
    /// What was written: topic, partition, offset.
    written: Vec<(usize, usize, u64)>,
    /// Publishes that wait for the commit to be over.
    pub(super) held: VecDeque<Held>,
    /// The group and the member that reads in it.
    pub(super) reader: Option<(usize, usize)>,
    /// The worker that waits for the commit to be over.
    pub(super) parked: Option<Client>,
    /// Something came between: it can't be committed any more.
    pub(super) is_doomed: bool,
    /// It was aborted, and its client has not noticed: what that still does is in vain, until it polls anew.
    pub(super) is_stale: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    None,
    Open { since: SimTime },
    Committing { since: SimTime, until: SimTime },
}

impl Transaction {
    fn new(node: NodeId, worker: u32, settings: Settings) -> Transaction {
        Transaction {
            node,
            worker,
            settings,
            phase: Phase::None,
            written: Vec::new(),
            held: VecDeque::new(),
            reader: None,
            parked: None,
            is_doomed: false,
            is_stale: false,
        }
    }

    /// Whether what its client still does is in vain.
    pub(super) fn is_over(&self) -> bool {
        self.is_doomed || self.is_stale
    }

    pub(super) fn is_committing(&self) -> bool {
        matches!(self.phase, Phase::Committing { .. })
    }

    /// A commit that was under way did not come through.
    pub(super) fn reopen(&mut self) {
        if let Phase::Committing { since, .. } = self.phase {
            self.phase = Phase::Open { since };
        }
    }
}

impl Log {
    /// Finds the clients that send in transactions. All links of a node share them, and each worker that reads in one has its own.
    pub(super) fn find_transactions(&mut self) {
        for sender in self.senders.iter_mut().flatten() {
            let Some(settings) = sender.settings.transaction else { continue };
            let node = sender.node;
            let found = self.transactions.iter().position(|one| one.node == node);
            sender.transactions = found.or_else(|| {
                let members = self.groups.iter().flat_map(|group| &group.members);
                let mine = members.filter(|member| member.node == node);
                let last = mine.map(|member| member.worker).max().unwrap_or(0);
                let first = self.transactions.len();
                let new = |worker| Transaction::new(node, worker, settings);
                self.transactions.extend((0..=last).map(new));
                Some(first)
            });
        }
    }

    /// The transaction that a publish belongs to, if its client sends in transactions.
    pub(super) fn transaction_for<O: Observer>(
        &self,
        publish: Publish,
        cx: &Context<O>,
    ) -> Option<usize> {
        let first = self.senders[publish.link.index()].as_ref()?.transactions?;
        Some(first + cx.maker(publish.message) as usize)
    }

    /// If there are transactions, it is looked from time to time whether one is too old.
    pub(super) fn scan_transactions<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.transactions.is_empty() {
            return;
        }
        for place in 0..self.transactions.len() {
            let Transaction { phase, settings, .. } = &self.transactions[place];
            if let Phase::Open { since } = *phase
                && settings.is_too_old(since, cx.now)
            {
                self.abort(place, cx);
            }
        }
        self.timers.set(cx.now + TRANSACTION_SCAN, Timer::Scan, cx);
    }

    pub(super) fn open_transaction<O: Observer>(&mut self, place: usize, cx: &mut Context<O>) {
        let transaction = &mut self.transactions[place];
        if transaction.phase == Phase::None {
            transaction.phase = Phase::Open { since: cx.now };
            let due = cx.now + transaction.settings.every;
            self.timers.set(due, Timer::Transaction { place }, cx);
        }
    }

    /// A message was written, perhaps in a transaction.
    #[inline]
    pub(super) fn enter_transaction<O: Observer>(
        &mut self,
        publish: Publish,
        number: usize,
        offset: u64,
        cx: &mut Context<O>,
    ) {
        let Some(place) = self.transaction_for(publish, cx) else { return };
        self.open_transaction(place, cx);
        let topic = publish.to.index();
        self.transactions[place].written.push((topic, number, offset));
        self.topics[topic].partitions[number].open_transaction(place, offset);
    }

    /// A transaction is due, or its commit is over.
    pub(super) fn on_transaction<O: Observer>(&mut self, place: usize, cx: &mut Context<O>) {
        let transaction = &self.transactions[place];
        let is_out = transaction
            .reader
            .is_some_and(|(group, member)| self.groups[group].members[member].is_doomed);
        match transaction.phase {
            Phase::Open { since } if transaction.settings.is_due(since, cx.now) => {
                let between_messages = transaction.reader.is_none_or(|(group, member)| {
                    let member = &self.groups[group].members[member];
                    member.is_waiting && member.is_alive
                });
                if between_messages && is_out {
                    self.abort(place, cx);
                } else if between_messages && !transaction.is_over() {
                    self.begin_commit(place, cx);
                }
            }
            // What it has read may be another's by now, who reads it again.
            Phase::Committing { until, .. } if until == cx.now => {
                if is_out {
                    self.abort(place, cx)
                } else {
                    self.complete(place, cx)
                }
            }
            Phase::None | Phase::Open { .. } | Phase::Committing { .. } => {}
        }
    }

    /// Nothing more goes into a transaction; its commit takes a while.
    pub(super) fn begin_commit<O: Observer>(&mut self, place: usize, cx: &mut Context<O>) {
        let node = self.transactions[place].node;
        for sender in 0..self.senders.len() {
            while let Some(number) = self.senders[sender]
                .as_ref()
                .filter(|sender| sender.transactions.is_some() && sender.node == node)
                .and_then(|sender| sender.next_gathered())
            {
                self.send_batch(sender, number, cx);
            }
        }
        let transaction = &mut self.transactions[place];
        let Phase::Open { since } = transaction.phase else { return };
        let until = cx.now + transaction.settings.commit_time;
        transaction.phase = Phase::Committing { since, until };
        self.timers.set(until, Timer::Transaction { place }, cx);
    }

    /// A transaction is committed: everybody may read it, and what its client has read is done with.
    pub(super) fn complete<O: Observer>(&mut self, place: usize, cx: &mut Context<O>) {
        let group = self.transactions[place].reader;
        if let Some((group, member)) = group {
            self.groups[group].commit_unheard(member, cx);
            self.groups[group].members[member].in_transaction = false;
        }
        let written = std::mem::take(&mut self.transactions[place].written);
        self.close(place, &written, cx);
        for held in std::mem::take(&mut self.transactions[place].held) {
            let (number, publish) = (held.number, held.let_go(cx));
            let answer = self.send(publish, number, cx);
            cx.post(answer);
        }
        self.release_worker(place, true, cx);
        if let Some((group, _)) = group {
            self.let_go(group, None, cx);
        }
    }

    /// A transaction is as if it had never been: who reads only what is committed passes over it, and its client reads again.
    pub(super) fn abort<O: Observer>(&mut self, place: usize, cx: &mut Context<O>) {
        let written = std::mem::take(&mut self.transactions[place].written);
        for (topic, number, offset) in &written {
            let partition = &mut self.topics[*topic].partitions[*number];
            if *offset >= partition.base() && partition.set_void(*offset, false) {
                let message = partition.give(*offset, cx.messages()).message;
                cx.messages()[message].note(Fate::Abandoned);
            }
        }
        self.close(place, &written, cx);
        for held in std::mem::take(&mut self.transactions[place].held) {
            let publish = held.let_go(cx);
            cx.post(publish.answered(Answer::Reset));
        }
        if let Some((group, member)) = self.transactions[place].reader {
            let reading = &mut self.groups[group];
            reading.members[member].in_transaction = false;
            reading.members[member].is_doomed = false;
            for at in 0..reading.members[member].partitions.len() {
                reading.start_again(reading.members[member].partitions[at], cx);
            }
            let is_alive = reading.members[member].is_alive;
            self.transactions[place].is_stale = is_alive && !reading.members[member].is_waiting;
            if reading.members[member].is_waiting {
                reading.wake(member, cx);
            }
        }
        self.release_worker(place, false, cx);
    }

    /// A transaction is over: nobody is held up by it.
    fn close<O: Observer>(
        &mut self,
        place: usize,
        written: &[(usize, usize, u64)],
        cx: &mut Context<O>,
    ) {
        self.transactions[place].phase = Phase::None;
        self.transactions[place].is_doomed = false;
        let mut partitions: Vec<(usize, usize)> =
            written.iter().map(|(topic, number, _)| (*topic, *number)).collect();
        partitions.sort_unstable();
        partitions.dedup();
        for (topic, number) in partitions {
            self.topics[topic].partitions[number].close_transaction(place);
            self.pass_void(topic, number, cx);
            self.wake_readers(topic, number, cx);
        }
    }

    /// The worker that waits for the end of a transaction, if one does, hears of it.
    fn release_worker<O: Observer>(&mut self, place: usize, committed: bool, cx: &mut Context<O>) {
        if let Some(Client { consumer, worker, .. }) = self.transactions[place].parked.take() {
            let (service, subscription) = (consumer.service, consumer.subscription);
            cx.post(Some(Packet::TransactionEnded { service, subscription, worker, committed }));
        }
    }
}
