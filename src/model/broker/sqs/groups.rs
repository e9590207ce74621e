//! What is visible of a queue with a strict order: one line, and messages of blocked groups that were passed over.
//!
//! While a message of a group is in hand, no other of that group is given to anybody; what stands in line behind it is passed over. A
//! receive takes what it can of one group, and goes on with the next group only then. How far it looks past blocked groups is limited:
//! a long backlog of one group hides what was sent behind it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use super::item::{First, Item, Origins};
use super::line::Line;
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::model::observation::Observer;
use crate::time::SimTime;

/// The visible messages of a queue with order.
#[derive(Debug)]
pub(super) struct Groups {
    line: Line,
    /// Groups of which something is in hand or was passed over.
    groups: BTreeMap<u32, Group>,
    /// Of those the ones of which nothing is in hand, by the position of the first message that was passed over.
    ready: BTreeMap<u64, u32>,
    passed_over: usize,
    look_ahead: usize,
    /// The group that the receive at hand takes from.
    current: Option<u32>,
    /// Whether something of it is in hand since.
    is_in_hand: bool,
}

#[derive(Debug, Default)]
struct Group {
    in_hand: u32,
    passed_over: VecDeque<Item>,
}

impl Groups {
    pub(super) fn new(broker: NodeId, look_ahead: usize) -> Groups {
        Groups {
            line: Line::new(broker),
            groups: BTreeMap::new(),
            ready: BTreeMap::new(),
            passed_over: 0,
            look_ahead,
            current: None,
            is_in_hand: false,
        }
    }

    /// Whether there may be something to receive.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && (self.line.is_empty() || self.passed_over >= self.look_ahead)
    }

    /// A message becomes visible.
    #[inline]
    pub(super) fn push(&mut self, message: MessageId, sent_at: SimTime, messages: &mut Messages) {
        self.line.push(message, sent_at, messages);
    }

    /// A message comes from another queue.
    pub(super) fn put_last(&mut self, item: Item) {
        self.line.put_last(item);
    }

    /// The next message of the receive at hand.
    #[inline]
    pub(super) fn next<O: Observer>(
        &mut self,
        origins: &Origins,
        cx: &mut Context<O>,
    ) -> Option<Item> {
        if let Some(current) = self.current {
            if let Some(item) = self.next_of(current, origins, cx) {
                return Some(item);
            }
            self.leave();
        }
        if let Some((_, group)) = self.ready.pop_first() {
            self.current = Some(group);
            return self.take_passed_over(group);
        }
        while let Some(item) = self.next_in_line(origins, cx) {
            if !self.groups.contains_key(&item.group) {
                self.current = Some(item.group);
                return Some(item);
            }
            self.pass_over(item);
        }
        None
    }

    /// The receive at hand is over.
    #[inline]
    pub(super) fn end(&mut self) {
        self.leave();
    }

    /// The next message of this group, as far as one may look.
    fn next_of<O: Observer>(
        &mut self,
        group: u32,
        origins: &Origins,
        cx: &mut Context<O>,
    ) -> Option<Item> {
        if let Some(item) = self.take_passed_over(group) {
            return Some(item);
        }
        while let Some(item) = self.next_in_line(origins, cx) {
            if item.group == group {
                return Some(item);
            }
            self.pass_over(item);
        }
        None
    }

    #[inline]
    fn next_in_line<O: Observer>(
        &mut self,
        origins: &Origins,
        cx: &mut Context<O>,
    ) -> Option<Item> {
        if self.passed_over >= self.look_ahead {
            return None;
        }
        let first = self.line.pop(cx.messages())?;
        Some(origins.item(first, 0, cx))
    }

    fn take_passed_over(&mut self, group: u32) -> Option<Item> {
        let item = self.groups.get_mut(&group)?.passed_over.pop_front()?;
        self.passed_over -= 1;
        Some(item)
    }

    fn pass_over(&mut self, item: Item) {
        self.passed_over += 1;
        let group = self.groups.entry(item.group).or_default();
        let is_first = group.in_hand == 0 && group.passed_over.is_empty();
        group.passed_over.push_back(item);
        if is_first && self.current != Some(item.group) {
            self.ready.insert(item.position, item.group);
        }
    }

    /// The receive goes on without the group that it took from, of which nothing may be in hand all the same.
    #[inline]
    fn leave(&mut self) {
        let is_in_hand = std::mem::take(&mut self.is_in_hand);
        if let Some(group) = self.current.take().filter(|_| !is_in_hand) {
            self.settle(group);
        }
    }

    /// A group of which nothing is in hand is ready, or needs not be remembered.
    fn settle(&mut self, number: u32) {
        let Some(group) = self.groups.get(&number) else { return };
        match (group.in_hand, group.passed_over.front()) {
            (0, Some(first)) => {
                self.ready.insert(first.position, number);
            }
            (0, None) => {
                self.groups.remove(&number);
            }
            (1.., _) => {}
        }
    }

    /// A message of this group is in hand: the group is blocked.
    #[inline]
    pub(super) fn block(&mut self, group: u32) {
        self.groups.entry(group).or_default().in_hand += 1;
        self.is_in_hand = true;
    }

    /// A message of this group is in hand no longer.
    #[inline]
    pub(super) fn unblock(&mut self, number: u32) {
        let Entry::Occupied(mut entry) = self.groups.entry(number) else { return };
        let group = entry.get_mut();
        group.in_hand -= 1;
        match (group.in_hand, group.passed_over.front()) {
            (0, Some(first)) => {
                self.ready.insert(first.position, number);
            }
            (0, None) => {
                entry.remove();
            }
            (1.., _) => {}
        }
    }

    /// The lease of a message has ended: it is visible where it was, before all that follow it.
    pub(super) fn put_back(&mut self, item: Item) {
        let group = self.groups.entry(item.group).or_default();
        let place = group.passed_over.partition_point(|other| other.position < item.position);
        group.passed_over.insert(place, item);
        self.passed_over += 1;
        self.unblock(item.group);
    }

    fn all_passed_over(&self) -> impl Iterator<Item = &Item> {
        self.groups.values().flat_map(|group| &group.passed_over)
    }

    /// When the message was sent that has been kept for longest.
    pub(super) fn first_sent(&self) -> Option<SimTime> {
        self.all_passed_over().map(|item| item.sent_at).chain(self.line.first_sent()).min()
    }

    /// Takes a message that was sent at `before` or earlier.
    pub(super) fn pop_sent_by(
        &mut self,
        before: SimTime,
        messages: &mut Messages,
    ) -> Option<First> {
        for (number, group) in &mut self.groups {
            let Some(place) = group.passed_over.iter().position(|item| item.sent_at <= before)
            else {
                continue;
            };
            let first = group.passed_over.front().map(|item| item.position);
            let (number, item) = (*number, group.passed_over.remove(place)?);
            self.passed_over -= 1;
            self.ready.remove(&first?);
            self.settle(number);
            return Some(First::Back(item));
        }
        self.line.pop_sent_by(before, messages)
    }

    /// When the oldest message was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        let passed_over = self.all_passed_over().map(|item| messages[item.message].produced_at);
        passed_over.chain(self.line.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let passed_over = self.groups.values().map(|group| group.passed_over.bytes());
        passed_over.chain([self.line.bytes(), self.groups.bytes()]).sum()
    }
}
