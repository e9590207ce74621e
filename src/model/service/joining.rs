//! Joining two streams: a message waits for one of the same key on the other side.
//!
//! What waits is in a store that survives a crash, as the state of Kafka Streams does: its broker is told that it is done with, and the
//! service holds it. It waits in line with others of its key, and the one that has waited for longest is taken first. A pair is worked on
//! by the worker that brought the second of the two; if that fails, the first goes back to its place in line.

use std::collections::{BTreeMap, VecDeque};

use super::Service;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::message::MessageId;
use crate::model::observation::{Fate, Observation, Observer, Place};
use crate::model::outbound::Link;
use crate::model::packet::{Packet, Sent};
use crate::policy::works_on::{Join, Unmatched};
use crate::time::SimTime;

/// What waits for a partner, and what has found one.
#[derive(Debug)]
pub(super) struct Joining {
    settings: Join,
    /// By side and key, those who wait, the longest first.
    waiting: BTreeMap<(u8, u32), VecDeque<Waiting>>,
    /// Whose windows end when, in that order; they may have been matched meanwhile.
    ends: VecDeque<(SimTime, u8, u32)>,
    /// The partners of what workers have in hand.
    partners: BTreeMap<u32, Waiting>,
    /// What was sent on alone, and for whom.
    emitted: BTreeMap<MessageId, Waiting>,
}

/// A message that waits for its partner, held by the service.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    message: MessageId,
    /// For which of its destinations it is.
    slot: u8,
    side: u8,
    key: u32,
    until: SimTime,
}

impl Joining {
    pub(super) fn new(settings: Join) -> Joining {
        Joining {
            settings,
            waiting: BTreeMap::new(),
            ends: VecDeque::new(),
            partners: BTreeMap::new(),
            emitted: BTreeMap::new(),
        }
    }

    fn line(&mut self, side: u8, key: u32) -> &mut VecDeque<Waiting> {
        self.waiting.entry((side, key)).or_default()
    }

    /// Who has waited for longest on a side.
    fn take(&mut self, side: u8, key: u32) -> Option<Waiting> {
        let line = self.waiting.get_mut(&(side, key))?;
        let first = line.pop_front();
        if line.is_empty() {
            self.waiting.remove(&(side, key));
        }
        first
    }

    /// Back to its place in line, as nobody has been put before it.
    fn put_back(&mut self, waiting: Waiting) {
        let line = self.line(waiting.side, waiting.key);
        let place = line.partition_point(|other| other.until < waiting.until);
        line.insert(place, waiting);
        let place = self.ends.partition_point(|(end, ..)| *end <= waiting.until);
        self.ends.insert(place, (waiting.until, waiting.side, waiting.key));
    }

    fn is_waiting(&self, side: u8, key: u32, message: MessageId) -> bool {
        let line = self.waiting.get(&(side, key));
        line.is_some_and(|line| line.iter().any(|waiting| waiting.message == message))
    }

    /// The next whose window is over.
    fn take_overdue(&mut self, now: SimTime) -> Option<Waiting> {
        while let Some((_, side, key)) = self.ends.front().copied().filter(|(end, ..)| *end <= now)
        {
            self.ends.pop_front();
            let line = self.waiting.get(&(side, key));
            if line.and_then(VecDeque::front).is_some_and(|first| first.until <= now) {
                return self.take(side, key);
            }
        }
        None
    }
}

impl Service {
    fn joining(&mut self) -> &mut Joining {
        self.joining.as_mut().expect("only who joins waits for partners")
    }

    /// The work on one side of a pair is over: its partner is there, or it waits.
    pub(super) fn after_matching<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let message = self.message_of(worker);
        if self.fails(worker, message, cx) {
            return self.end_piece(worker, false, cx);
        }
        if self.is_known_done(worker, message, cx) {
            return self.take_effect(worker, cx);
        }
        let side = self.workers[worker as usize].subscription;
        let key = cx.key(message);
        if let Some(partner) = key.and_then(|key| self.joining().take(1 - side, key)) {
            self.joining().partners.insert(worker, partner);
            return match self.links {
                Some((first, _)) => self.send_on(worker, first, cx),
                None => self.end_match(worker, true, cx),
            };
        }
        // Without a key there is no partner, ever; it waits all the same, as nobody tells the service.
        self.wait_for_partner(worker, side, key.unwrap_or(u32::MAX), cx);
        self.end_piece(worker, true, cx)
    }

    fn wait_for_partner<O: Observer>(
        &mut self,
        worker: u32,
        side: u8,
        key: u32,
        cx: &mut Context<O>,
    ) {
        let (message, slot) = (self.message_of(worker), self.slot_of(worker, cx));
        let joining = self.joining();
        if joining.is_waiting(side, key, message) {
            return;
        }
        let until = cx.now + joining.settings.window;
        joining.line(side, key).push_back(Waiting { message, slot, side, key, until });
        joining.ends.push_back((until, side, key));
        cx.messages()[message].hold();
        cx.move_to(message, self.node, Place::Service);
        cx.calendar.schedule(until, Event::Expire { service: self.id });
    }

    /// The pair that a worker has in hand is done, or has failed.
    pub(super) fn end_match<O: Observer>(
        &mut self,
        worker: u32,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        let partner = self.joining().partners.remove(&worker).expect("a pair has two");
        if !success {
            self.joining().put_back(partner);
            let sent = self.end_piece(worker, false, cx);
            self.expire(cx);
            return sent;
        }
        self.end_waiting(partner, cx);
        self.take_effect(worker, cx)
    }

    /// A message that waited takes effect.
    fn end_waiting<O: Observer>(&mut self, waiting: Waiting, cx: &mut Context<O>) {
        let Waiting { message, slot, .. } = waiting;
        self.count_effect(message, slot, true, cx);
        self.record_key(message, slot, cx);
        cx.release(message);
    }

    /// Windows may have ended. While the service is down or hung nothing in it moves.
    pub fn on_expire<O: Observer>(&mut self, cx: &mut Context<O>) -> Sent {
        self.expire(cx);
        None
    }

    pub(super) fn expire<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.joining.is_none() || !self.up || self.health.hung {
            return;
        }
        while let Some(waiting) = self.joining().take_overdue(cx.now) {
            let route = cx.route(cx.common.messages[waiting.message].link());
            let by = route.by;
            cx.observe(Observation::Unmatched { by, at: self.node });
            match (self.joining().settings.unmatched, self.links) {
                (Unmatched::Expire, _) => {
                    cx.messages()[waiting.message].note(Fate::Expired);
                    cx.release(waiting.message);
                }
                (Unmatched::Emit, None) => self.end_waiting(waiting, cx),
                (Unmatched::Emit, Some((first, _))) => {
                    let new = self.create_onward(waiting.message, 0, first, cx);
                    self.joining().emitted.insert(new, waiting);
                    cx.post(Some(Packet::Offer { link: first, message: new }));
                }
            }
        }
    }

    /// A link is done with something that no worker waits for: it was sent on for a message alone, or by a process that has died.
    pub(super) fn after_emission<O: Observer>(
        &mut self,
        link: Id<Link>,
        sent: MessageId,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        let emitted = self.joining.as_mut().and_then(|joining| joining.emitted.remove(&sent));
        if let (Some(waiting), Some((_, last))) = (emitted, self.links) {
            if success && link != last {
                self.joining().emitted.insert(sent, waiting);
                return Some(Packet::Offer { link: Id::new(link.index() + 1), message: sent });
            }
            if success {
                cx.messages()[sent].confirm();
                self.end_waiting(waiting, cx);
            } else {
                cx.messages()[waiting.message].note(Fate::Expired);
                cx.release(waiting.message);
            }
        }
        cx.release(sent);
        None
    }

    /// A crash: the store is still there, and so is everything in it that was not sent on.
    pub(super) fn keep_waiting<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Some(joining) = &mut self.joining else { return };
        for (_, partner) in std::mem::take(&mut joining.partners) {
            joining.put_back(partner);
        }
        for (sent, waiting) in std::mem::take(&mut joining.emitted) {
            cx.messages()[sent].forsake();
            joining.put_back(waiting);
        }
    }
}
