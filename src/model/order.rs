//! Whether the messages of one key (one user, say) take effect in the order in which they were produced.

use std::collections::BTreeMap;

use crate::random::KeySampler;

/// The keys of one node's messages, and how far the effects of each key have come.
#[derive(Debug)]
pub struct KeyOrder {
    keys: KeySampler,
    /// Keys that a trace names, by the number of their message.
    given: BTreeMap<u32, u32>,
    newest: BTreeMap<(u8, u32), u32>,
}

impl KeyOrder {
    /// Nothing has taken effect yet.
    #[must_use]
    pub fn new(keys: KeySampler) -> KeyOrder {
        KeyOrder { keys, given: BTreeMap::new(), newest: BTreeMap::new() }
    }

    /// Message `ordinal` has this key, and not one that is drawn.
    pub fn give(&mut self, ordinal: u32, key: u32) {
        self.given.insert(ordinal, key);
    }

    /// The key of message `ordinal`.
    #[inline]
    #[must_use]
    pub fn key(&self, ordinal: u32) -> Option<u32> {
        let given = self.given.get(&ordinal).copied();
        given.or_else(|| self.keys.draw(u64::from(ordinal)))
    }

    /// Step `step` of message `ordinal` takes effect for the first time: whether a later message of its key did so before it.
    pub fn is_overtaken(&mut self, step: u8, ordinal: u32) -> bool {
        let Some(key) = self.key(ordinal) else { return false };
        let newest = self.newest.entry((step, key)).or_insert(ordinal);
        let overtaken = ordinal < *newest;
        *newest = ordinal.max(*newest);
        overtaken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{KeyedStream, Keys};

    #[test]
    fn only_an_earlier_message_of_the_same_key_is_overtaken() {
        let keys = Keys::RoundRobin { count: 2 }.sampler(KeyedStream::new(1, 0, "keys"));
        let mut order = KeyOrder::new(keys);
        let overtaken: Vec<bool> =
            [0, 3, 2, 1, 5, 4].into_iter().map(|ordinal| order.is_overtaken(0, ordinal)).collect();
        assert_eq!(overtaken, [false, false, false, true, false, false]);
        assert!(!order.is_overtaken(1, 0), "each step has an order of its own");
    }
}
