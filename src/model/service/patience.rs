//! Callers who hang up: they wait in line only so long, and are gone before their work begins.
//!
//! That is the Palm/Erlang-A queue (C. Palm, 1957; A. Mandelbaum and S. Zeltyn, "Service engineering in action: the Palm/Erlang-A
//! queue", 2007). It costs answers where a timeout costs work: a service goes on working for a caller who has timed out, and not for one
//! who has left the line.

use super::Service;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::message::MessageId;
use crate::model::observation::{Gauge, Observation, Observer};
use crate::model::outbound::Link;
use crate::model::packet::{Answer, Sent};
use crate::model::station::{Entry, Job, Wanted};
use crate::random::{KeyedStream, Sampler};
use crate::time::SimDuration;

/// How long callers over a link stay in line.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How long.
    pub lasts: Sampler,
    /// Its chance, by message and attempt.
    pub draws: KeyedStream,
}

impl Patience {
    fn of(&self, identity: u64, attempt: u16) -> SimDuration {
        self.lasts.sample(&mut self.draws.at(identity, u32::from(attempt)))
    }
}

impl Service {
    /// A call waits in line from now on, and perhaps not for ever.
    #[cold]
    pub(super) fn expect_hang_up<O: Observer>(&self, job: Job, cx: &mut Context<O>) {
        let Job { message, link, attempt, since, .. } = job;
        if let Some(patience) = &cx.common.patience[link.index()] {
            let at = since + patience.of(cx.identity(message), attempt);
            cx.calendar.schedule(at, Event::HangUp { link, message });
        }
    }

    /// The patience of a caller is over: if it still waits in line, it is gone.
    pub fn on_hang_up<O: Observer>(
        &mut self,
        link: Id<Link>,
        message: MessageId,
        cx: &mut Context<O>,
    ) -> Sent {
        let (job, was) = self.take_out_of_line(link, message, cx)?;
        cx.change(self.node, Gauge::Waiting, -1);
        cx.observe(Observation::LeftLine { at: self.node, waited: cx.now.since(job.since) });
        if was == Entry::Admitted {
            self.free_thread(cx);
        }
        self.tell_watchers(cx);
        job.answered(Answer::HungUp)
    }

    /// The request whose patience is over now. Which attempt that is follows from how long each stays; what was sent again since, or is
    /// another message by now, stays where it is.
    fn take_out_of_line<O: Observer>(
        &mut self,
        link: Id<Link>,
        message: MessageId,
        cx: &Context<O>,
    ) -> Option<(Job, Entry)> {
        let patience = cx.common.patience[link.index()].as_ref()?;
        let facts = &cx.common.messages[message];
        (1..=facts.attempt).rev().find_map(|attempt| {
            let since = cx.now.before(patience.of(cx.identity(message), attempt));
            self.station.take_out(Wanted { message, link, attempt, since })
        })
    }
}
