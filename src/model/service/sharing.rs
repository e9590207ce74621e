//! Processor sharing: every request is in work at once, and all of them share the workers evenly.
//!
//! With n requests on c workers each goes ahead at the rate min(1, c ÷ n), as threads do on the processors of one machine. So nobody
//! waits behind anybody, a short request overtakes a long one, and the mean time does not depend on how service times are spread
//! (L. Kleinrock, "Queueing Systems", volume 2, 1976, chapter 4).
//!
//! A request is done when as much service has been given to it as it needs. Since all are given the same, one clock is enough, which
//! goes at their common rate: a request is done when this clock shows what it showed at its start, plus its service time.

use std::collections::BTreeSet;

use super::{NEVER, Service, Stage, Worker};
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::observation::{Gauge, Observer};
use crate::model::packet::Sent;
use crate::time::{SimDuration, SimTime};

/// Requests that share workers.
#[derive(Debug)]
pub(super) struct Sharing {
    workers: f64,
    /// Service given to each request that was there all the time, in nanoseconds. Begins anew whenever nobody is there.
    given: f64,
    /// When that was so.
    updated: SimTime,
    /// Who is in work, by what will have been given when it is done. The bits of a number that is not negative are in its order.
    done_at: BTreeSet<(u64, u32)>,
    /// For each worker slot, what will have been given when it is done.
    ends: Vec<f64>,
    /// Nothing moves: the service hangs.
    still: bool,
    /// Whose end an event is set for.
    due: Option<u32>,
    /// Requests in work beyond the workers that they keep busy, as last told.
    excess: i64,
}

impl Sharing {
    pub(super) fn new(workers: u32) -> Sharing {
        Sharing {
            workers: f64::from(workers),
            given: 0.0,
            updated: SimTime::ZERO,
            done_at: BTreeSet::new(),
            ends: Vec::new(),
            still: false,
            due: None,
            excess: 0,
        }
    }

    /// How many workers are kept busy.
    fn busy(&self) -> u32 {
        (self.done_at.len() as f64).min(self.workers) as u32
    }

    fn rate(&self) -> f64 {
        (self.workers / self.done_at.len() as f64).min(1.0)
    }

    /// Brings the clock of service given up to `now`.
    fn advance(&mut self, now: SimTime) {
        let passed = now.since(self.updated).as_nanos() as f64;
        self.updated = now;
        if self.done_at.is_empty() {
            self.given = 0.0;
        } else if !self.still {
            self.given += passed * self.rate();
        }
    }

    /// The piece of work in slot `worker` begins, and needs so much service.
    fn begin(&mut self, worker: u32, needs: SimDuration, now: SimTime) {
        self.advance(now);
        let end = self.given + needs.as_nanos() as f64;
        let slot = worker as usize;
        if self.ends.len() <= slot {
            self.ends.resize(slot + 1, 0.0);
        }
        self.ends[slot] = end;
        self.done_at.insert((end.to_bits(), worker));
    }

    /// The piece of work in slot `worker` is done.
    fn end(&mut self, worker: u32, now: SimTime) {
        self.advance(now);
        let end = self.ends[worker as usize];
        self.done_at.remove(&(end.to_bits(), worker));
        // Events come at whole nanoseconds: what the last of them was too late or too early is forgotten.
        self.given = self.given.max(end);
        self.due = None;
    }

    /// Who is done next, and when, if nobody comes or goes before.
    fn next(&self) -> Option<(u32, SimTime)> {
        let &(bits, worker) = self.done_at.first().filter(|_| !self.still)?;
        let left = (f64::from_bits(bits) - self.given).max(0.0) / self.rate();
        Some((worker, self.updated + SimDuration::from_secs_f64(left / 1e9)))
    }
}

impl Service {
    /// A place for one more piece of work: a worker that is idle, or, where workers are shared, always one.
    #[inline(always)]
    pub(super) fn take_place(&mut self) -> Option<u32> {
        self.station.take_idle().or_else(|| self.sharing.is_some().then(|| self.add_slot()))
    }

    #[cold]
    fn add_slot(&mut self) -> u32 {
        self.workers.push(Worker::idle());
        self.station.add_slot()
    }

    /// How many workers are at work.
    pub(super) fn busy_workers(&self) -> u32 {
        self.sharing.as_ref().map_or_else(|| self.station.busy(), |sharing| sharing.busy())
    }

    /// A piece of work begins that needs so much service.
    pub(super) fn share<O: Observer>(
        &mut self,
        worker: u32,
        needs: SimDuration,
        cx: &mut Context<O>,
    ) {
        if let Some(sharing) = &mut self.sharing {
            sharing.begin(worker, needs, cx.now);
        }
        self.reckon(cx);
    }

    /// A stage of a piece of work ends.
    pub(super) fn on_shared_finish<O: Observer>(
        &mut self,
        worker: u32,
        cx: &mut Context<O>,
    ) -> Sent {
        let shared =
            matches!(self.workers[worker as usize].stage, Stage::Working | Stage::Recording);
        if let Some(sharing) = &mut self.sharing
            && shared
        {
            sharing.end(worker, cx.now);
        }
        let sent = self.end_stage(worker, cx);
        self.reckon(cx);
        sent
    }

    /// Somebody came or went: who is done next, and how many are in work beyond the workers that they keep busy.
    pub(super) fn reckon<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Some(sharing) = &mut self.sharing else { return };
        let excess = i64::from(self.station.busy()) - i64::from(sharing.busy());
        let more = excess - std::mem::replace(&mut sharing.excess, excess);
        if more != 0 {
            cx.change(self.node, Gauge::Excess, more);
        }
        let next = sharing.next();
        let before = std::mem::replace(&mut sharing.due, next.map(|(worker, _)| worker));
        if let Some(worker) = before
            && before != sharing.due
        {
            self.workers[worker as usize].finish = NEVER;
        }
        if let Some((worker, at)) = next
            && self.workers[worker as usize].finish != at.as_nanos()
        {
            self.workers[worker as usize].finish = at.as_nanos();
            cx.calendar.schedule(at, Event::Finish { service: self.id, worker });
        }
    }

    /// Nothing moves any more, or everything goes on.
    pub(super) fn stand_still(&mut self, still: bool, now: SimTime) {
        if let Some(sharing) = &mut self.sharing {
            sharing.advance(now);
            sharing.still = still;
            if let Some(worker) = sharing.due.take() {
                self.workers[worker as usize].finish = NEVER;
            }
        }
    }

    /// A crash: nobody is in work.
    pub(super) fn forget_sharing<O: Observer>(&mut self, cx: &mut Context<O>) {
        if let Some(sharing) = &mut self.sharing {
            (sharing.done_at, sharing.due) = (BTreeSet::new(), None);
            cx.change(self.node, Gauge::Excess, -std::mem::take(&mut sharing.excess));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> SimTime {
        SimTime::from_nanos(ms * 1_000_000)
    }

    fn needs(ms: u64) -> SimDuration {
        SimDuration::from_millis(ms)
    }

    /// One alone for 1 s; then two, each at half speed: the first has 1 s left and takes 2, the second then has 1 s left alone.
    #[test]
    fn two_on_one_worker_go_at_half_speed() {
        let mut sharing = Sharing::new(1);
        sharing.begin(0, needs(2_000), at(0));
        assert_eq!(sharing.next(), Some((0, at(2_000))));
        sharing.begin(1, needs(2_000), at(1_000));
        assert_eq!(sharing.next(), Some((0, at(3_000))));
        sharing.end(0, at(3_000));
        assert_eq!(sharing.next(), Some((1, at(4_000))));
        sharing.end(1, at(4_000));
        assert_eq!(sharing.next(), None);
    }

    #[test]
    fn the_short_one_overtakes_the_long_one() {
        let mut sharing = Sharing::new(1);
        sharing.begin(0, needs(10_000), at(0));
        sharing.begin(1, needs(100), at(0));
        assert_eq!(sharing.next(), Some((1, at(200))));
    }

    #[test]
    fn as_many_as_there_are_workers_do_not_feel_one_another() {
        let mut sharing = Sharing::new(2);
        sharing.begin(0, needs(1_000), at(0));
        sharing.begin(1, needs(1_000), at(0));
        assert_eq!((sharing.next(), sharing.busy()), (Some((0, at(1_000))), 2));
        sharing.begin(2, needs(1_000), at(0));
        assert_eq!((sharing.next(), sharing.busy()), (Some((0, at(1_500))), 2));
    }

    #[test]
    fn nothing_is_given_while_it_stands_still() {
        let mut sharing = Sharing::new(1);
        sharing.begin(0, needs(1_000), at(0));
        sharing.advance(at(400));
        sharing.still = true;
        assert_eq!(sharing.next(), None);
        sharing.advance(at(5_400));
        sharing.still = false;
        assert_eq!(sharing.next(), Some((0, at(6_000))));
    }
}
