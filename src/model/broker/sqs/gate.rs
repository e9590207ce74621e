//! What a queue with order accepts: so many sends a second, and each message once.
//!
//! What was sent before and comes again within the deduplication window is confirmed like any other and not stored. It is remembered
//! from when it was accepted, whether or not it has been received or deleted since; but not if its sender never sends anything again.

use std::collections::{BTreeSet, VecDeque};

use crate::model::memory::Memory;
use crate::policy::quota::{Quota, QuotaState};
use crate::time::{SimDuration, SimTime};

/// What decides over a send.
#[derive(Debug)]
pub(super) struct Gate {
    quota: QuotaState,
    window: SimDuration,
    /// Accepted within the window, oldest first.
    accepted: VecDeque<(SimTime, u64)>,
    /// The same to look them up, from when that was needed first.
    index: Option<BTreeSet<u64>>,
    /// When a send was refused last.
    throttled_at: Option<SimTime>,
}

/// What becomes of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// It is stored.
    Stored,
    /// It is confirmed and not stored, because it was before.
    Duplicate,
    /// There are too many. `begins` if the last one that was refused is long ago.
    Throttled { begins: bool },
}

/// After so long without a refusal the next one is worth a mark.
const QUIET: SimDuration = SimDuration::from_secs(60);

impl Gate {
    pub(super) fn new(quota: Quota, window: SimDuration) -> Gate {
        Gate {
            quota: QuotaState::new(quota),
            window,
            accepted: VecDeque::new(),
            index: None,
            throttled_at: None,
        }
    }

    /// What becomes of attempt `attempt` of a message, whose sender may send it again, or never does.
    #[inline]
    pub(super) fn pass(
        &mut self,
        identity: u64,
        attempt: u16,
        retries: bool,
        now: SimTime,
    ) -> Passage {
        if !self.quota.allows(now) {
            let last = self.throttled_at.replace(now);
            return Passage::Throttled { begins: last.is_none_or(|last| now.since(last) >= QUIET) };
        }
        self.forget(now);
        if attempt > 1 && self.knows(identity) {
            return Passage::Duplicate;
        }
        if retries {
            self.remember(identity, now);
        }
        Passage::Stored
    }

    #[inline]
    fn remember(&mut self, identity: u64, now: SimTime) {
        self.accepted.push_back((now, identity));
        if let Some(index) = &mut self.index {
            index.insert(identity);
        }
    }

    #[inline]
    fn forget(&mut self, now: SimTime) {
        while let Some(&(accepted, identity)) = self.accepted.front()
            && now.since(accepted) >= self.window
        {
            self.accepted.pop_front();
            if let Some(index) = &mut self.index {
                index.remove(&identity);
            }
        }
    }

    fn knows(&mut self, identity: u64) -> bool {
        let all = || self.accepted.iter().map(|(_, identity)| *identity).collect();
        self.index.get_or_insert_with(all).contains(&identity)
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        [self.accepted.bytes(), self.index.bytes()].into_iter().sum()
    }
}
