//! The retry queue of a sender that resends in batches: in rounds, or as soon as the callee accepts again.
//!
//! What a payment processor's webhook queue does. Entries wait in the order in which they failed, and nothing is scheduled for each
//! of them, which is why 200,000 waiting entries cost four bytes each here.

use std::collections::VecDeque;

use crate::engine::Calendar;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::model::observation::{Failure, Observer};
use crate::model::outbound::Link;
use crate::model::packet::{Packet, Sent};
use crate::policy::resend::Resend;
use crate::random::{Sampler, Stream};
use crate::time::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct RetryQueue {
    link: Id<Link>,
    resend: Resend,
    /// The times between rounds, and their chance.
    rounds: Option<(Sampler, Stream)>,
    entries: VecDeque<MessageId>,
    /// How many of the entries were resent and are not answered yet.
    under_way: usize,
    /// The callee has stopped accepting; it will be said when it accepts again.
    stopped: bool,
    /// A resend is in the calendar.
    scheduled: bool,
    /// The callee, or the sender's own breaker, has asked for no resend before this.
    not_before: SimTime,
    spreading: Option<Spread>,
}

/// A batch that is spread over time.
#[derive(Debug, Clone, Copy)]
struct Spread {
    began_at: SimTime,
    count: usize,
    sent: usize,
}

impl RetryQueue {
    pub(super) fn new(link: Id<Link>, resend: Resend, chance: Stream) -> RetryQueue {
        RetryQueue {
            link,
            rounds: resend.every().map(|every| (every.sampler(), chance)),
            resend,
            entries: VecDeque::new(),
            under_way: 0,
            stopped: false,
            scheduled: false,
            not_before: SimTime::ZERO,
            spreading: None,
        }
    }

    /// Sets the first round, where there are rounds.
    pub(super) fn start(&mut self, calendar: &mut Calendar<Event>) {
        if let Some((every, chance)) = &mut self.rounds {
            let first = SimTime::ZERO + every.sample(chance);
            calendar.schedule(first, Event::Round { link: self.link });
        }
    }

    /// A message failed: it waits here for the next batch.
    pub(super) fn on_failure<O: Observer>(
        &mut self,
        message: MessageId,
        failure: Failure,
        resend_after: Option<SimDuration>,
        cx: &mut Context<O>,
    ) -> Sent {
        self.entries.push_back(message);
        if self.rounds.is_some() {
            return None;
        }
        match failure {
            Failure::Shed | Failure::BreakerOpen => match resend_after {
                Some(delay) => {
                    self.not_before = self.not_before.max(cx.now + delay);
                    self.on_returned(cx);
                }
                None => return self.watch(),
            },
            Failure::TimedOut | Failure::Error => self.on_returned(cx),
            Failure::Refused | Failure::Reset => return self.watch(),
        }
        None
    }

    /// Asks once to be told when the callee accepts again.
    fn watch(&mut self) -> Sent {
        if self.stopped {
            return None;
        }
        self.stopped = true;
        Some(Packet::Watch { link: self.link })
    }

    pub(super) fn on_accepting<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.stopped = false;
        self.on_returned(cx);
    }

    /// A message that had been resent is answered, for good or ill.
    pub(super) fn on_answered<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.under_way -= 1;
        self.on_returned(cx);
    }

    /// There may be room for more to be resent at once.
    fn on_returned<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.rounds.is_none() && !self.stopped && !self.entries.is_empty() {
            self.schedule(cx.now, cx);
        }
    }

    pub(super) fn on_round<O: Observer>(&mut self, cx: &mut Context<O>) {
        if let Some((every, chance)) = &mut self.rounds {
            let next = cx.now + every.sample(chance);
            cx.calendar.schedule(next, Event::Round { link: self.link });
            self.schedule(cx.now, cx);
        }
    }

    /// Sets a resend for `at`, or for when one may go.
    fn schedule<O: Observer>(&mut self, at: SimTime, cx: &mut Context<O>) {
        if !self.scheduled && self.spreading.is_none() {
            self.scheduled = true;
            let at = at.max(self.not_before);
            cx.calendar.schedule(at, Event::Resend { link: self.link });
        }
    }

    /// A resend is due: how large the batch that begins is, if one begins, and how many entries go at this instant.
    pub(super) fn on_resend<O: Observer>(&mut self, cx: &mut Context<O>) -> (Option<usize>, usize) {
        self.scheduled = false;
        if cx.now < self.not_before {
            self.spreading = None;
            self.schedule(self.not_before, cx);
            return (None, 0);
        }
        if let Some(spread) = self.spreading {
            return (None, self.go_on(spread, cx));
        }
        if self.stopped {
            return (None, 0);
        }
        let count = self.batch_size();
        if count > 1 && self.resend.spread_over() > SimDuration::ZERO {
            return (Some(count), self.go_on(Spread { began_at: cx.now, count, sent: 0 }, cx));
        }
        (Some(count), count)
    }

    /// How many go in the batch that begins now. A batch on recovery also counts what is still under way of the one before.
    fn batch_size(&self) -> usize {
        let under_way = if self.rounds.is_some() { 0 } else { self.under_way };
        let allowed = self.resend.how_many((self.entries.len() + under_way) as u64) as usize;
        allowed.saturating_sub(under_way).min(self.entries.len())
    }

    /// The next of a batch that is spread; the batch is broken off when the callee stops accepting.
    fn go_on<O: Observer>(&mut self, mut spread: Spread, cx: &mut Context<O>) -> usize {
        self.spreading = None;
        if self.stopped {
            return 0;
        }
        spread.sent += 1;
        if spread.sent < spread.count {
            let offset = self.resend.offset(spread.sent as u64, spread.count as u64);
            cx.calendar.schedule(spread.began_at + offset, Event::Resend { link: self.link });
            self.spreading = Some(spread);
        } else if self.entries.len() > 1 {
            self.on_returned(cx);
        }
        1
    }

    pub(super) fn pop(&mut self) -> Option<MessageId> {
        let message = self.entries.pop_front()?;
        self.under_way += 1;
        Some(message)
    }

    /// The next `count` are attempted and refused at this instant: they wait again, in the same order, behind all others.
    pub(super) fn resend_in_vain(&mut self, count: usize, messages: &mut Messages) -> Sent {
        for message in self.entries.range(..count) {
            messages.attempt_in_vain(*message);
        }
        self.entries.rotate_left(count);
        if self.rounds.is_some() { None } else { self.watch() }
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.bytes()
    }
}
