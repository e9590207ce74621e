//! Those who read and write in transactions: what they tell, and what becomes of a transaction whose client dies, comes back or leaves.

use super::Log;
use super::delivery;
use super::member::Member;
use super::transactions::{Phase, Transaction};
use crate::model::broker::{Client, Word};
use crate::model::context::Context;
use crate::model::observation::Observer;
use crate::model::packet::Answer;
use crate::model::service::{Delivered, Verdict};

impl Log {
    /// A worker is done with a message, and what it has published for it is in its transaction.
    pub(super) fn on_progress<O: Observer>(
        &mut self,
        by: Client,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) -> Word {
        let (group, member) = self.member(by);
        let Some(place) = self.transaction_of(group, member) else { return Word::GoOn };
        self.transactions[place].reader = Some((group, member));
        let reading = &mut self.groups[group];
        let reader = &reading.members[member];
        let (is_alive, is_doomed) = (reader.is_alive, reader.is_doomed);
        let owns = |one: &Delivered| reading.owner(delivery::untag(one.tag).0) == Some(member);
        let is_fine = batch.iter().all(|one| one.verdict != Verdict::Failed && owns(one));
        if !is_alive {
            self.transactions[place].is_doomed = true;
            return Word::StartOver;
        }
        if is_doomed || !is_fine || self.transactions[place].is_over() {
            self.abort(place, cx);
            return Word::StartOver;
        }
        for delivered in batch {
            let (number, offset) = delivery::untag(delivered.tag);
            reading.cursors[number].unheard = offset + 1;
        }
        reading.members[member].in_transaction = true;
        self.open_transaction(place, cx);
        let Transaction { phase, settings, .. } = &self.transactions[place];
        let Phase::Open { since } = *phase else { return Word::GoOn };
        if !settings.is_due(since, cx.now) {
            return Word::GoOn;
        }
        self.begin_commit(place, cx);
        self.transactions[place].parked = Some(by);
        Word::Wait
    }

    pub(super) fn transaction_of(&self, group: usize, member: usize) -> Option<usize> {
        let Member { node, worker, .. } = self.groups[group].members[member];
        let mut all = self.transactions.iter();
        all.position(|transaction| (transaction.node, transaction.worker) == (node, worker))
    }

    /// A member polls that reads in a transaction: it knows of everything that has come between, and what its client writes from now on
    /// belongs to what it is given.
    #[inline]
    pub(super) fn on_new_poll<O: Observer>(
        &mut self,
        group: usize,
        member: usize,
        cx: &mut Context<O>,
    ) {
        if let Some(place) = self.transaction_of(group, member) {
            self.transactions[place].reader = Some((group, member));
            if self.groups[group].members[member].is_doomed {
                self.abort(place, cx);
            }
            self.transactions[place].is_stale = false;
        }
    }

    /// The client that a transaction belongs to has died, or is out of reach.
    pub(super) fn on_client_gone<O: Observer>(
        &mut self,
        (group, member): (usize, usize),
        dead: bool,
        cx: &mut Context<O>,
    ) {
        let Some(place) = self.transaction_of(group, member) else { return };
        let transaction = &mut self.transactions[place];
        transaction.reopen();
        transaction.is_doomed = transaction.phase != Phase::None;
        if dead {
            transaction.is_stale = false;
            transaction.parked = None;
            for held in std::mem::take(&mut transaction.held) {
                let publish = held.let_go(cx);
                cx.post(publish.answered(Answer::Reset));
            }
        }
    }

    /// The client is back, or says goodbye: what it had not committed is aborted at once.
    pub(super) fn on_client_back<O: Observer>(
        &mut self,
        (group, member): (usize, usize),
        cx: &mut Context<O>,
    ) {
        let Some(place) = self.transaction_of(group, member) else { return };
        let transaction = &mut self.transactions[place];
        transaction.reopen();
        transaction.reader = Some((group, member));
        self.abort(place, cx);
    }

    /// A client that has nothing in hand says goodbye: what it has done is committed.
    pub(super) fn on_client_leaves<O: Observer>(
        &mut self,
        (group, member): (usize, usize),
        cx: &mut Context<O>,
    ) {
        let Some(place) = self.transaction_of(group, member) else { return };
        let Member { is_waiting, is_doomed, .. } = self.groups[group].members[member];
        if is_waiting && !is_doomed && !self.transactions[place].is_over() {
            self.complete(place, cx);
        } else {
            self.on_client_back((group, member), cx);
        }
    }

    /// The broker is down and hears nothing of what a worker has done.
    pub(super) fn on_unheard_progress(&mut self, by: Client) -> Word {
        let (group, member) = self.member(by);
        let Some(place) = self.transaction_of(group, member) else { return Word::GoOn };
        self.transactions[place].reader = Some((group, member));
        self.transactions[place].is_doomed = true;
        Word::StartOver
    }

    /// The broker is up again: what was cut short meanwhile is aborted.
    pub(super) fn abort_doomed<O: Observer>(&mut self, cx: &mut Context<O>) {
        for place in 0..self.transactions.len() {
            let Transaction { reader, is_doomed, .. } = self.transactions[place];
            if let Some((group, member)) = reader
                && is_doomed
                && self.groups[group].members[member].is_alive
            {
                self.on_client_back((group, member), cx);
            }
        }
    }
}
