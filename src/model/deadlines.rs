//! Until when the work on a message is worth doing, where calls say so.
//!
//! A deadline goes along with a request. What a callee sends on because of it has no more time than is left, so a chain of calls ends when
//! its first caller has given up.

use std::collections::BTreeMap;

use super::message::MessageId;
use crate::time::SimTime;

/// The deadlines of unfinished messages.
#[derive(Debug, Default)]
pub struct Deadlines(BTreeMap<MessageId, Deadline>);

#[derive(Debug, Clone, Copy, Default)]
struct Deadline {
    /// That of the message that caused this one.
    inherited: Option<SimTime>,
    /// That of the call at hand.
    own: Option<SimTime>,
}

impl Deadline {
    fn earlier(self) -> Option<SimTime> {
        self.inherited.into_iter().chain(self.own).min()
    }
}

impl Deadlines {
    /// Until when the work on a message is worth doing, if there is an end to it.
    #[must_use]
    pub fn of(&self, message: MessageId) -> Option<SimTime> {
        self.0.get(&message).and_then(|deadline| deadline.earlier())
    }

    /// A step of a message begins, which has a deadline of its own or none.
    pub fn begin(&mut self, message: MessageId, own: Option<SimTime>) {
        if own.is_some() || self.0.contains_key(&message) {
            self.0.entry(message).or_default().own = own;
        }
    }

    /// A message is caused by another one.
    pub fn inherit(&mut self, message: MessageId, cause: MessageId) {
        if let inherited @ Some(_) = self.of(cause) {
            self.0.insert(message, Deadline { inherited, own: None });
        }
    }

    /// A message is finished.
    pub fn forget(&mut self, message: MessageId) {
        self.0.remove(&message);
    }
}
