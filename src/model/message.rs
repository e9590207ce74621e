//! Messages: what is alive of each, compact and by index.
//!
//! A message is *held* by everybody who still has to do with it: its producer until the producer is done with it, and every copy
//! of it, in flight, in a broker or in a service. Whoever takes a packet takes its hold over. When the last hold is released
//! the message is finished, its fate is decided, and its place in memory is used again.

mod slab;

pub use slab::{Asleep, Messages};

use super::id::{Id, NodeId};
use super::observation::{Fate, Place, Site};
use super::outbound::Link;
use crate::time::SimTime;

/// The place of an unfinished message in [`Messages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageId(u32);

/// How many steps (`sends`) one node may have: each has a bit for its effect and one for its idempotency key.
pub const MOST_STEPS: usize = 8;

/// How many closed loops one producer may have: a message remembers which one its user belongs to.
pub const MOST_LOOPS: usize = 7;

const HOLD_SHIFT: u32 = 13;
const HOLD: u32 = 1 << HOLD_SHIFT;
const MOST_HOLDS: u32 = u32::MAX >> HOLD_SHIFT;
const CONFIRMED: u32 = 1 << 0;
const ACKNOWLEDGED: u32 = 1 << 1;
const FAILED: u32 = 1 << 2;
const PLACE_SHIFT: u32 = 3;
const PLACE: u32 = 0b11 << PLACE_SHIFT;
const FATE_SHIFT: u32 = 5;
const FATE: u32 = 0b111 << FATE_SHIFT;
const LOOP_SHIFT: u32 = 8;
const LOOP: u32 = 0b111 << LOOP_SHIFT;
const FORSAKEN: u32 = 1 << 11;
const STORED: u32 = 1 << 12;
/// Held once, by a broker, and its producer is satisfied.
const AT_REST: u32 = HOLD | CONFIRMED | (Place::Broker as u32) << PLACE_SHIFT;
/// Held by its producer and by a service.
const IN_SERVICE: u32 = (2 * HOLD) | ((Place::Service as u32) << PLACE_SHIFT);

/// One unfinished message, in 32 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// When it came into being.
    pub produced_at: SimTime,
    /// Until when an answer to the current attempt is waited for; `None` is "no attempt is waited for".
    deadline: u64,
    /// Its number among the messages of its producer, from 0, or, of what a service sends on, a number that follows from its
    /// cause: with the node's name, its identity in every variant.
    pub ordinal: u32,
    /// Holds in the upper 19 bits, flags in the lower 13.
    tally: u32,
    /// The link over which it is being sent, or was sent last.
    link: Id<Link>,
    /// Attempts over that link so far; stays at its maximum once there.
    pub attempt: u16,
    site: NodeId,
    /// Which steps have had their effect (lower byte), and which have recorded their idempotency key (upper byte).
    effects: u16,
}

/// The deadline of a message that waits for no answer.
const NOTHING_AWAITED: u64 = 0;
/// The deadline of a message that waits for an answer without end.
const ENDLESS: u64 = u64::MAX;

impl Message {
    /// The link over which it is being sent, or was sent last.
    #[must_use]
    pub fn link(&self) -> Id<Link> {
        self.link
    }

    /// Starts over on another link. A new message is on its first link already, and isn't written to: it was written just now, and may not
    /// even be in the cache yet.
    #[inline]
    pub fn take_link(&mut self, link: Id<Link>) {
        let is_new = self.attempt == 0 && self.deadline == NOTHING_AWAITED && !self.is_stored();
        if is_new && self.link == link {
            return;
        }
        self.link = link;
        self.attempt = 0;
        self.deadline = NOTHING_AWAITED;
        self.set(STORED, false);
    }

    /// An attempt is under way, and its answer is waited for until `deadline`.
    #[inline]
    pub fn await_answer(&mut self, deadline: Option<SimTime>) {
        self.deadline = deadline.map_or(ENDLESS, SimTime::as_nanos);
    }

    /// Nobody waits for an answer any longer.
    #[inline]
    pub fn stop_awaiting(&mut self) {
        self.deadline = NOTHING_AWAITED;
    }

    /// Whether the answer to `attempt` is still waited for.
    #[inline]
    #[must_use]
    pub fn awaits(&self, attempt: u16) -> bool {
        self.deadline != NOTHING_AWAITED && self.attempt == attempt
    }

    /// Until when the answer to the current attempt is waited for.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> SimTime {
        SimTime::from_nanos(self.deadline)
    }

    /// Whether nothing has happened to it but that attempt number `attempt` over `link` was let in by a service, and is waited for.
    #[inline]
    #[must_use]
    pub fn was_let_in_straight(&self, link: Id<Link>, attempt: u16) -> bool {
        let untouched = self.tally == IN_SERVICE && self.effects == 0;
        untouched && self.link == link && self.awaits(attempt)
    }

    /// Whether nothing has happened to it but that a broker stored it, and has delivered it now.
    #[inline]
    #[must_use]
    pub fn was_stored_straight(&self) -> bool {
        self.tally == AT_REST + HOLD && self.effects == 0
    }

    /// Whether the wait ends exactly `now`. A timer set for anything else is stale.
    #[inline]
    #[must_use]
    pub fn is_due(&self, now: SimTime) -> bool {
        self.deadline == now.as_nanos() && self.deadline != NOTHING_AWAITED
    }

    /// One more hold.
    #[inline]
    pub fn hold(&mut self) {
        assert!(
            self.tally >> HOLD_SHIFT < MOST_HOLDS,
            "more than half a million copies of one message are alive"
        );
        self.tally += HOLD;
    }

    /// One hold less; whether it was the last one.
    #[inline]
    #[must_use]
    pub fn let_go(&mut self) -> bool {
        self.tally -= HOLD;
        self.tally < HOLD
    }

    /// Where it waits.
    #[inline]
    #[must_use]
    pub fn site(&self) -> Site {
        let place = match (self.tally & PLACE) >> PLACE_SHIFT {
            0 => Place::Producer,
            1 => Place::RetryQueue,
            2 => Place::Broker,
            _ => Place::Service,
        };
        Site { node: self.site, place }
    }

    /// It waits at `site` now.
    #[inline]
    pub fn settle_at(&mut self, site: Site) {
        self.site = site.node;
        self.tally = (self.tally & !PLACE) | ((site.place as u32) << PLACE_SHIFT);
    }

    /// Whether an attempt of it has failed while its sender was not done with it.
    #[inline]
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.tally & FAILED != 0
    }

    /// Notes whether it counts as failed and unsettled.
    pub fn set_failed(&mut self, failed: bool) {
        self.set(FAILED, failed);
    }

    /// A user of closed loop `which` of its producer waits for its outcome.
    pub fn set_user(&mut self, which: u8) {
        self.tally = (self.tally & !LOOP) | ((u32::from(which) + 1) << LOOP_SHIFT);
    }

    /// The closed loop whose user waits for its outcome, if one does.
    #[inline]
    #[must_use]
    pub fn user(&self) -> Option<u8> {
        (((self.tally & LOOP) >> LOOP_SHIFT) as u8).checked_sub(1)
    }

    /// The process that sends it has died: no answer will be heard, and nothing is sent again.
    pub fn forsake(&mut self) {
        self.set(FORSAKEN, true);
    }

    /// Whether the process that sent it has died.
    #[inline]
    #[must_use]
    pub fn is_forsaken(&self) -> bool {
        self.tally & FORSAKEN != 0
    }

    /// Notes whether the broker that it was last sent to knows it by its number.
    #[inline]
    pub fn set_stored(&mut self, stored: bool) {
        self.set(STORED, stored);
    }

    /// Whether the broker that it was last sent to knows it by its number.
    #[inline]
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.tally & STORED != 0
    }

    /// Its producer is satisfied: every step was answered or confirmed.
    pub fn confirm(&mut self) {
        self.set(CONFIRMED, true);
    }

    /// A broker is satisfied: the delivery was acknowledged.
    pub fn acknowledge(&mut self) {
        self.set(ACKNOWLEDGED, true);
    }

    /// Counts an effect of step `step`; whether it is the first.
    pub fn add_effect(&mut self, step: u8) -> bool {
        let first = self.effects & (1 << step) == 0;
        self.effects |= 1 << step;
        first
    }

    /// Whether step `step` has had its effect.
    #[must_use]
    pub fn has_effect(&self, step: u8) -> bool {
        self.effects & (1 << step) != 0
    }

    /// Notes that the idempotency key of step `step` is durable.
    pub fn record_key(&mut self, step: u8) {
        self.effects |= 1 << (MOST_STEPS as u16 + u16::from(step));
    }

    /// Whether the idempotency key of step `step` is durable.
    #[must_use]
    pub fn key_is_recorded(&self, step: u8) -> bool {
        self.effects & (1 << (MOST_STEPS as u16 + u16::from(step))) != 0
    }

    /// Something happened that is the message's fate unless it has an effect. The earliest in the order of [`Fate`] wins.
    pub fn note(&mut self, fate: Fate) {
        let noted = (self.tally & FATE) >> FATE_SHIFT;
        if noted == 0 || (fate as u32) < noted {
            self.tally = (self.tally & !FATE) | ((fate as u32) << FATE_SHIFT);
        }
    }

    #[inline]
    fn set(&mut self, flag: u32, on: bool) {
        self.tally = if on { self.tally | flag } else { self.tally & !flag };
    }

    /// Where it ended up, nothing of it being alive. `published` if its last step goes to a broker; `all_of` are the destinations that
    /// all have to have had their effect, as bits, or none if one effect anywhere is enough.
    #[inline]
    #[must_use]
    pub fn fate(&self, published: bool, all_of: u8) -> Fate {
        let effects = self.effects as u8;
        let has_effect = if all_of == 0 { effects != 0 } else { effects & all_of == all_of };
        let known = self.tally & CONFIRMED != 0 && (!published || self.tally & ACKNOWLEDGED != 0);
        match ((self.tally & FATE) >> FATE_SHIFT, has_effect) {
            (_, true) if known => Fate::Succeeded,
            (_, true) => Fate::Uncertain,
            (2, false) => Fate::Lost,
            (3, false) => Fate::Expired,
            (4, false) => Fate::DeadLettered,
            (5, false) => Fate::Rejected,
            (6, false) => Fate::Abandoned,
            (noted, false) => {
                unreachable!("a message without effect ended for no reason ({noted})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> (Messages, MessageId) {
        let mut messages = Messages::default();
        let id = messages.create(SimTime::from_nanos(7), 3, Id::new(0), NodeId::new(0));
        (messages, id)
    }

    #[test]
    fn a_message_takes_32_bytes() {
        assert_eq!(size_of::<Message>(), 32);
    }

    #[test]
    fn a_message_is_finished_when_its_last_hold_is_released() {
        let (mut messages, id) = one();
        assert!(!messages.is_empty());
        messages[id].hold();
        messages[id].add_effect(0);
        messages[id].confirm();
        assert!(!messages[id].let_go());
        assert!(messages[id].let_go());
        assert_eq!(messages.remove(id).fate(false, 0), Fate::Succeeded);
        assert!(messages.is_empty());
    }

    #[test]
    fn an_effect_that_the_caller_gave_up_on_is_uncertain_and_one_that_was_never_acknowledged_too() {
        let (mut messages, id) = one();
        messages[id].add_effect(0);
        messages[id].note(Fate::Abandoned);
        assert_eq!(messages[id].fate(false, 0), Fate::Uncertain);
        let (mut messages, id) = one();
        messages[id].add_effect(0);
        messages[id].confirm();
        assert_eq!(messages[id].fate(true, 0), Fate::Uncertain);
    }

    #[test]
    fn the_fate_that_comes_first_in_the_order_of_fates_wins() {
        let (mut messages, id) = one();
        messages[id].note(Fate::Abandoned);
        messages[id].note(Fate::Lost);
        messages[id].note(Fate::Rejected);
        assert_eq!(messages[id].fate(false, 0), Fate::Lost);
    }

    #[test]
    fn attempts_in_vain_count_with_those_before_and_after_them() {
        let (mut messages, id) = one();
        assert_eq!(messages.begin_attempt(id), 1);
        messages.attempt_in_vain(id);
        messages.attempt_in_vain(id);
        assert_eq!([messages.begin_attempt(id), messages.begin_attempt(id)], [4, 5]);
        for _ in 0..u16::MAX {
            messages.attempt_in_vain(id);
        }
        assert_eq!(messages.begin_attempt(id), u16::MAX);
    }

    #[test]
    fn an_effect_is_the_first_of_its_step_once() {
        let (mut messages, id) = one();
        assert!(messages[id].add_effect(2));
        assert!(!messages[id].add_effect(2));
        assert!(messages[id].add_effect(7));
        assert!(!messages[id].key_is_recorded(2));
        messages[id].record_key(2);
        assert!(messages[id].key_is_recorded(2));
        assert!(!messages[id].key_is_recorded(1));
    }
}
