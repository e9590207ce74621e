//! Whether the messages of one key (one user, say) take effect in the order in which they were produced.

use std::collections::BTreeMap;

use crate::policy::onward_keys::OnwardKeys;
use crate::random::{KeySampler, KeyedStream, Keys};

/// The keys of one node's messages, and how far the effects of each key have come.
#[derive(Debug)]
pub struct KeyOrder {
    keys: KeySampler,
    /// Whether a message that a service sends on has the key of what it comes of.
    keeps: bool,
    /// What is known of messages whose keys don't follow from their numbers: those that a trace names, and those that a service sends on.
    given: BTreeMap<u32, Given>,
    /// How many messages a service has sent on.
    sent_on: u32,
    /// For each step.
    newest: Vec<Newest>,
}

/// The key of a message, and how many came before it.
#[derive(Debug, Clone, Copy)]
struct Given {
    key: u32,
    turn: u32,
}

/// Of each key, one more than the number of the newest message that has taken effect; 0 is none.
#[derive(Debug, Default)]
struct Newest {
    /// By key: this is looked at for every message, and there are usually a few keys, numbered from 0.
    near: Vec<u32>,
    far: BTreeMap<u32, u32>,
}

/// Keys from here on have no place in a list.
const FAR: u32 = 1 << 20;

impl KeyOrder {
    /// Nothing has taken effect yet.
    #[must_use]
    pub fn new(keys: KeySampler) -> KeyOrder {
        let (given, newest) = (BTreeMap::new(), Vec::new());
        KeyOrder { keys, keeps: false, given, sent_on: 0, newest }
    }

    /// That of a service, if what it sends on has keys; `stream` is for these keys alone.
    #[must_use]
    pub fn of_service(keys: OnwardKeys, stream: KeyedStream) -> Option<KeyOrder> {
        let (drawn, keeps) = match keys {
            OnwardKeys::None => return None,
            OnwardKeys::Same => (Keys::None, true),
            OnwardKeys::Drawn(keys) => (keys, false),
        };
        Some(KeyOrder { keeps, ..KeyOrder::new(drawn.sampler(stream)) })
    }

    /// Message `ordinal` has this key, and not one that is drawn.
    pub fn give(&mut self, ordinal: u32, key: u32) {
        self.given.insert(ordinal, Given { key, turn: ordinal });
    }

    /// A service sends message `number` on, because of one whose key is `cause`.
    pub fn send_on(&mut self, number: u32, cause: Option<u32>) {
        let key = if self.keeps { cause } else { self.keys.draw(u64::from(number)) };
        if let Some(key) = key {
            self.given.insert(number, Given { key, turn: self.sent_on });
            self.sent_on = self.sent_on.wrapping_add(1);
        }
    }

    /// Nobody asks for the key of message `number` any more.
    pub fn forget(&mut self, number: u32) {
        self.given.remove(&number);
    }

    /// The key of message `ordinal`.
    #[inline]
    #[must_use]
    pub fn key(&self, ordinal: u32) -> Option<u32> {
        let given = self.given.get(&ordinal).map(|given| given.key);
        given.or_else(|| self.keys.draw(u64::from(ordinal)))
    }

    /// Step `step` of message `ordinal` takes effect for the first time: whether a later message of its key did so before it.
    pub fn is_overtaken(&mut self, step: u8, ordinal: u32) -> bool {
        let Some(key) = self.key(ordinal) else { return false };
        let turn = self.given.get(&ordinal).map_or(ordinal, |given| given.turn);
        let step = usize::from(step);
        if self.newest.len() <= step {
            self.newest.resize_with(step + 1, Newest::default);
        }
        let (newest, this) = (self.newest[step].of(key), turn.saturating_add(1));
        let overtaken = this < *newest;
        *newest = this.max(*newest);
        overtaken
    }
}

impl Newest {
    #[inline]
    fn of(&mut self, key: u32) -> &mut u32 {
        if key >= FAR {
            return self.far.entry(key).or_default();
        }
        let place = key as usize;
        if self.near.len() <= place {
            self.near.resize(place + 1, 0);
        }
        &mut self.near[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_sends_on_is_in_the_order_in_which_it_sends_whatever_its_numbers() {
        let stream = KeyedStream::new(1, 0, "keys");
        assert!(KeyOrder::of_service(OnwardKeys::None, stream).is_none());
        let mut order = KeyOrder::of_service(OnwardKeys::Same, stream).unwrap();
        for (number, cause) in [(900, Some(7)), (5, Some(7)), (30, None)] {
            order.send_on(number, cause);
        }
        assert_eq!([900, 5, 30].map(|number| order.key(number)), [Some(7), Some(7), None]);
        assert_eq!([5, 900, 30].map(|number| order.is_overtaken(0, number)), [false, true, false]);
        order.forget(5);
        assert_eq!(order.key(5), None);
    }

    #[test]
    fn only_an_earlier_message_of_the_same_key_is_overtaken() {
        let keys = Keys::RoundRobin { count: 2 }.sampler(KeyedStream::new(1, 0, "keys"));
        let mut order = KeyOrder::new(keys);
        let overtaken: Vec<bool> =
            [0, 3, 2, 1, 5, 4].into_iter().map(|ordinal| order.is_overtaken(0, ordinal)).collect();
        assert_eq!(overtaken, [false, false, false, true, false, false]);
        assert!(!order.is_overtaken(1, 0), "each step has an order of its own");
    }

    #[test]
    fn keys_of_any_number_are_told_apart() {
        let mut order = KeyOrder::new(Keys::None.sampler(KeyedStream::new(1, 0, "keys")));
        for (ordinal, key) in [(0, 7), (1, FAR), (2, u32::MAX), (3, FAR), (4, 7)] {
            order.give(ordinal, key);
        }
        let overtaken = [3, 2, 1, 4, 0].map(|ordinal| order.is_overtaken(0, ordinal));
        assert_eq!(overtaken, [false, false, true, false, true]);
    }
}
