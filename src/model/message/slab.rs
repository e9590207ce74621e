//! All unfinished messages, each in a place of its own that is used again when it is finished.

use super::{
    AT_REST, ENDLESS, HOLD, IN_SERVICE, LOOP, Message, MessageId, NOTHING_AWAITED, STORED,
};
use crate::model::id::{Id, NodeId};
use crate::model::memory::Memory;
use crate::model::outbound::Link;
use crate::time::SimTime;

/// What has to be known of a message that only a broker holds, and of which nothing has happened but that it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asleep {
    /// When it came into being.
    pub produced_at: SimTime,
    /// Its number among the messages of its producer.
    pub ordinal: u32,
    /// The link over which it came.
    pub link: Id<Link>,
}

/// All unfinished messages.
#[derive(Debug, Default)]
pub struct Messages {
    slots: Vec<Message>,
    free: Vec<u32>,
    /// By place, attempts that were refused at once and changed nothing else. They are noted beside the messages because in a long storm
    /// the messages themselves are too many for the cache, and nobody looks at them.
    in_vain: Vec<u16>,
    /// Unfinished messages that have no slot, because a broker keeps them asleep.
    asleep: usize,
}

impl Messages {
    /// A new message, held by its producer, to be sent over `link` first.
    #[inline]
    pub fn create(&mut self, now: SimTime, ordinal: u32, link: Id<Link>, by: NodeId) -> MessageId {
        self.add(Message {
            produced_at: now,
            deadline: NOTHING_AWAITED,
            ordinal,
            tally: HOLD,
            link,
            attempt: 0,
            site: by,
            effects: 0,
        })
    }

    #[inline(always)]
    fn add(&mut self, message: Message) -> MessageId {
        if let Some(free) = self.free.pop() {
            self.slots[free as usize] = message;
            return MessageId(free);
        }
        self.slots.push(message);
        MessageId(u32::try_from(self.slots.len() - 1).expect("at most 2^32 unfinished messages"))
    }

    /// A new message that its service `at` has let in with its first attempt: held by its producer and by the service.
    #[inline(always)]
    pub fn create_in_service(
        &mut self,
        now: SimTime,
        ordinal: u32,
        link: Id<Link>,
        at: NodeId,
        deadline: Option<SimTime>,
    ) -> MessageId {
        self.add(Message {
            produced_at: now,
            deadline: deadline.map_or(ENDLESS, SimTime::as_nanos),
            ordinal,
            tally: IN_SERVICE,
            link,
            attempt: 1,
            site: at,
            effects: 0,
        })
    }

    /// A new message that a broker `at` has stored at its first attempt, as its producer knows: held by the broker.
    #[inline(always)]
    pub fn create_at_rest(
        &mut self,
        now: SimTime,
        ordinal: u32,
        link: Id<Link>,
        at: NodeId,
    ) -> MessageId {
        self.add(Message {
            produced_at: now,
            deadline: NOTHING_AWAITED,
            ordinal,
            tally: AT_REST,
            link,
            attempt: 1,
            site: at,
            effects: 0,
        })
    }

    /// One more attempt at a message begins; which one it is, from 1.
    #[inline]
    pub fn begin_attempt(&mut self, id: MessageId) -> u16 {
        let in_vain = self.in_vain.get_mut(id.0 as usize).map_or(0, std::mem::take);
        let message = &mut self[id];
        message.attempt = message.attempt.saturating_add(in_vain).saturating_add(1);
        message.attempt
    }

    /// One more attempt at a message is made, refused, and over.
    #[inline]
    pub fn attempt_in_vain(&mut self, id: MessageId) {
        let place = id.0 as usize;
        if self.in_vain.len() <= place {
            self.in_vain.resize(self.slots.len(), 0);
        }
        self.in_vain[place] = self.in_vain[place].saturating_add(1);
    }

    /// A message that nobody holds any more is finished: its place is free for another.
    #[inline(always)]
    pub fn remove(&mut self, id: MessageId) -> Message {
        self.free.push(id.0);
        self[id]
    }

    /// Whether a message waits at the broker `node`, its producer is satisfied and nobody else holds it.
    #[inline]
    #[must_use]
    pub fn could_sleep(&self, id: MessageId, node: NodeId) -> bool {
        let Message { deadline, effects, tally, site, .. } = self[id];
        let nobody_cares = tally & !LOOP & !STORED == AT_REST && site == node;
        nobody_cares && deadline == NOTHING_AWAITED && effects == 0
    }

    /// A message for which [`Messages::could_sleep`] holds gives up its slot: what is to be known of it.
    #[inline]
    pub fn put_to_sleep(&mut self, id: MessageId) -> Asleep {
        self.free.push(id.0);
        self.asleep += 1;
        let Message { produced_at, ordinal, link, .. } = self[id];
        Asleep { produced_at, ordinal, link }
    }

    /// A message that slept at the broker `node` is alive again, held by the broker.
    pub fn wake(&mut self, asleep: Asleep, node: NodeId) -> MessageId {
        self.asleep -= 1;
        let id = self.create(asleep.produced_at, asleep.ordinal, asleep.link, node);
        self[id].tally = AT_REST;
        id
    }

    /// How many messages are unfinished.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len() + self.asleep
    }

    /// Whether every message is finished.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory taken, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        [self.slots.bytes(), self.free.bytes(), self.in_vain.bytes()].into_iter().sum()
    }
}

impl std::ops::Index<MessageId> for Messages {
    type Output = Message;
    #[inline]
    fn index(&self, id: MessageId) -> &Message {
        &self.slots[id.0 as usize]
    }
}

impl std::ops::IndexMut<MessageId> for Messages {
    #[inline]
    fn index_mut(&mut self, id: MessageId) -> &mut Message {
        &mut self.slots[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Fate;

    /// Only of a message at rest is it enough to remember who sent it and when.
    #[test]
    fn a_message_sleeps_if_only_the_broker_holds_it_and_nothing_has_become_of_it() {
        let broker = NodeId::new(1);
        let at_rest = || {
            let mut messages = Messages::default();
            let id = messages.create_at_rest(SimTime::from_nanos(7), 3, Id::new(0), broker);
            (messages, id)
        };
        let (mut messages, id) = at_rest();
        assert!(messages.could_sleep(id, broker));
        assert!(!messages.could_sleep(id, NodeId::new(2)), "it is elsewhere");
        messages[id].set_user(2);
        messages[id].set_stored(true);
        assert!(messages.could_sleep(id, broker), "neither is told of in its sleep");
        messages[id].add_effect(0);
        assert!(!messages.could_sleep(id, broker));
        let (mut messages, id) = at_rest();
        messages[id].await_answer(None);
        assert!(!messages.could_sleep(id, broker));
        let (mut messages, id) = at_rest();
        messages[id].hold();
        assert!(!messages.could_sleep(id, broker));
        let (mut messages, id) = at_rest();
        messages[id].note(Fate::Lost);
        assert!(!messages.could_sleep(id, broker));
    }

    #[test]
    fn what_is_noted_of_a_message_is_noted_alone() {
        let mut messages = Messages::default();
        let id = messages.create(SimTime::ZERO, 0, Id::new(0), NodeId::new(1));
        let noted = |messages: &Messages| {
            let message = &messages[id];
            (message.is_stored(), message.has_failed(), message.is_forsaken(), message.user())
        };
        assert_eq!(noted(&messages), (false, false, false, None));
        messages[id].set_stored(true);
        assert_eq!(noted(&messages), (true, false, false, None));
        messages[id].set_failed(true);
        messages[id].set_user(3);
        assert_eq!(noted(&messages), (true, true, false, Some(3)));
        messages[id].set_stored(false);
        messages[id].forsake();
        assert_eq!(noted(&messages), (false, true, true, Some(3)));
        messages[id].set_failed(false);
        assert_eq!(noted(&messages), (false, false, true, Some(3)));
    }
}
