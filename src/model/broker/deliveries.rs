//! What a broker has handed out and is still to hear of: who has it, and where it goes back to if they never say.

use std::collections::VecDeque;

use super::Consumer;
use crate::model::message::MessageId;

/// A message and its place in the order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) message: MessageId,
    pub(super) position: u64,
    pub(super) deliveries: u32,
}

/// What is in the hands of consumers, by tag: tags count deliveries.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    /// From tag `first` on; `None` is acknowledged or gone back.
    pub(super) open: VecDeque<Option<(Stored, Consumer)>>,
    first: u64,
    pub(super) count: u64,
}

impl Deliveries {
    pub(super) fn add(&mut self, stored: Stored, consumer: Consumer) -> u64 {
        self.open.push_back(Some((stored, consumer)));
        self.count += 1;
        self.first + self.open.len() as u64 - 1
    }

    pub(super) fn take(&mut self, tag: u64) -> Option<Stored> {
        let index = usize::try_from(tag.checked_sub(self.first)?).ok()?;
        let (stored, _) = self.open.get_mut(index)?.take()?;
        self.count -= 1;
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first += 1;
        }
        Some(stored)
    }

    /// Takes everything that `whose` has in hand.
    pub(super) fn take_all(&mut self, mut whose: impl FnMut(Consumer) -> bool) -> Vec<Stored> {
        let taken: Vec<Stored> = self
            .open
            .iter_mut()
            .filter_map(|slot| slot.take_if(|(_, consumer)| whose(*consumer)))
            .map(|(stored, _)| stored)
            .collect();
        self.count -= taken.len() as u64;
        taken
    }
}
