//! Workers and their waiting line. No events, no time passing: only who is in, who is next, and whether there is room.
//!
//! A request that is let in holds a thread, in line or in work, until it leaves. Connections beyond that wait in the accept
//! backlog, which the operating system keeps: they hold no thread.

use std::collections::VecDeque;

use super::id::Id;
use super::message::MessageId;
use super::outbound::Link;
use super::packet::{Answer, Packet, Sent};
use crate::policy::discipline::{Discipline, End};
use crate::random::{Chance, KeyedStream};
use crate::time::{SimDuration, SimTime};

/// A request in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Its message, which it holds.
    pub message: MessageId,
    /// The link over which it came.
    pub link: Id<Link>,
    /// Which attempt it is.
    pub attempt: u16,
    /// Since when it waits.
    pub since: SimTime,
    /// How long the work on it takes, as drawn for it, before anything makes it slow. It is drawn when the request comes and not when
    /// its turn does: the end of its work then needs no more than an addition, for which nothing has to wait.
    pub needs: SimDuration,
}

impl Job {
    /// Its outcome, on the way back to its caller; the hold on the message goes with it.
    #[inline]
    #[must_use]
    pub fn answered(self, answer: Answer) -> Sent {
        let Job { link, message, attempt, .. } = self;
        Some(Packet::Answer { link, message, attempt, answer })
    }
}

/// What becomes of a request at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It has a thread.
    Admitted,
    /// It waits for a thread in the accept backlog.
    Queued,
    /// All threads are taken, and there is no accept backlog.
    Exhausted,
    /// The accept backlog is full: connecting will time out.
    BacklogFull,
}

/// Workers, threads and lines of one service.
#[derive(Debug)]
pub struct Station {
    idle: Vec<u32>,
    workers: u32,
    /// Places for pieces of work: as many as there are workers, unless requests share them.
    slots: u32,
    /// Requests held, in line or in work.
    held: u32,
    threads: u32,
    discipline: Discipline,
    /// One line per priority; only the first is used unless the discipline is by priority.
    lines: Vec<VecDeque<Job>>,
    waiting: usize,
    backlog: VecDeque<Job>,
    accept_backlog: usize,
    /// Where the next is drawn by lot: the lot belongs to the instant, so that nothing that was before changes it.
    lots: KeyedStream,
}

impl Station {
    /// An idle station. `threads` bounds the requests held; `u32::MAX` is no bound.
    #[must_use]
    pub fn new(
        workers: u32,
        threads: u32,
        accept_backlog: usize,
        discipline: Discipline,
        priorities: usize,
        lots: KeyedStream,
    ) -> Station {
        let lines = discipline.lane(u8::MAX).min(priorities.saturating_sub(1)) + 1;
        Station {
            idle: (0..workers).rev().collect(),
            workers,
            slots: workers,
            held: 0,
            threads,
            discipline,
            lines: vec![VecDeque::new(); lines],
            waiting: 0,
            backlog: VecDeque::new(),
            accept_backlog,
            lots,
        }
    }

    /// What becomes of one more request.
    #[inline]
    #[must_use]
    pub fn entry(&self) -> Entry {
        if self.held < self.threads {
            Entry::Admitted
        } else if self.accept_backlog == 0 {
            Entry::Exhausted
        } else if self.backlog.len() < self.accept_backlog {
            Entry::Queued
        } else {
            Entry::BacklogFull
        }
    }

    /// Gives a thread to a request that was admitted.
    #[inline]
    pub fn admit(&mut self) {
        self.held += 1;
    }

    /// Puts a request that has a thread in line.
    #[inline(always)]
    pub fn line_up(&mut self, job: Job, priority: u8) {
        let line = self.discipline.lane(priority).min(self.lines.len() - 1);
        self.lines[line].push_back(job);
        self.waiting += 1;
    }

    /// Puts a connection in the accept backlog.
    pub fn queue_connection(&mut self, job: Job) {
        self.backlog.push_back(job);
    }

    /// A request leaves: its thread is free, and goes to the first connection of the accept backlog, which is given back.
    #[inline]
    pub fn leave(&mut self) -> Option<Job> {
        self.held -= 1;
        let next = self.backlog.pop_front()?;
        self.held += 1;
        Some(next)
    }

    /// Takes the next request out of the line.
    #[inline(always)]
    pub fn take_next(&mut self, now: SimTime) -> Option<Job> {
        if self.waiting == 0 {
            return None;
        }
        self.waiting -= 1;
        match (&self.discipline, &mut self.lines[..]) {
            (Discipline::Fifo, [line]) => line.pop_front(),
            _ => self.choose_next(now),
        }
    }

    #[inline(never)]
    fn choose_next(&mut self, now: SimTime) -> Option<Job> {
        let next = self.discipline.next(self.lines.iter().map(VecDeque::len))?;
        match next.end {
            End::Oldest => self.lines[next.lane].pop_front(),
            End::Newest => self.lines[next.lane].pop_back(),
            End::Any => {
                let line = &mut self.lines[next.lane];
                let mut lot = self.lots.at(now.as_nanos(), line.len() as u32);
                line.remove(lot.below(line.len() as u64) as usize)
            }
        }
    }

    /// Takes a request out of its line before its turn, if it is there: it, and what it had got at the door.
    pub fn take_out(&mut self, wanted: Wanted) -> Option<(Job, Entry)> {
        for line in &mut self.lines {
            if let Some(job) = wanted.take_from(line) {
                self.waiting -= 1;
                return Some((job, Entry::Admitted));
            }
        }
        Some((wanted.take_from(&mut self.backlog)?, Entry::Queued))
    }

    /// One more place for a piece of work, beside those of all workers: it shares them with the others.
    pub fn add_slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }

    /// Takes a worker that has nothing to do.
    #[inline]
    pub fn take_idle(&mut self) -> Option<u32> {
        self.idle.pop()
    }

    /// Takes this worker, if it has nothing to do.
    #[inline]
    pub fn take(&mut self, worker: u32) -> bool {
        let place = self.idle.iter().rposition(|idle| *idle == worker);
        place.map(|place| self.idle.remove(place)).is_some()
    }

    /// A worker has nothing to do any more.
    #[inline]
    pub fn make_idle(&mut self, worker: u32) {
        self.idle.push(worker);
    }

    /// Whether a worker has nothing to do.
    #[inline]
    #[must_use]
    pub fn has_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Whether somebody with a thread waits although a worker has nothing to do.
    #[must_use]
    pub fn idles_beside_work(&self) -> bool {
        self.waiting > 0 && self.has_idle()
    }

    /// In which order the line is served.
    #[must_use]
    pub fn discipline(&self) -> &Discipline {
        &self.discipline
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> u32 {
        self.workers
    }

    /// How many pieces of work are in hand: of as many workers, unless they are shared.
    #[must_use]
    pub fn busy(&self) -> u32 {
        self.slots - self.idle.len() as u32
    }

    /// How many requests have a thread.
    #[must_use]
    pub fn held(&self) -> u32 {
        self.held
    }

    /// How many requests and connections are in line.
    #[inline]
    #[must_use]
    pub fn in_line(&self) -> usize {
        self.waiting + self.backlog.len()
    }

    /// Since when the first in line waits.
    #[must_use]
    pub fn oldest(&self) -> Option<SimTime> {
        self.lines.iter().filter_map(|line| line.front()).map(|job| job.since).min()
    }

    /// A crash: everything in line, in order, and then everything in the accept backlog. All workers and threads are free.
    pub fn clear(&mut self) -> Vec<Job> {
        self.idle = (0..self.slots).rev().collect();
        self.held = 0;
        self.waiting = 0;
        let lines = self.lines.iter_mut().flat_map(std::mem::take);
        lines.chain(std::mem::take(&mut self.backlog)).collect()
    }
}

/// What a request in line is known by.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Its message.
    pub message: MessageId,
    /// The link over which it came.
    pub link: Id<Link>,
    /// Which attempt it is.
    pub attempt: u16,
    /// Since when it waits.
    pub since: SimTime,
}

impl Wanted {
    fn is(self, job: &Job) -> bool {
        (job.message, job.link, job.attempt) == (self.message, self.link, self.attempt)
    }

    /// Takes it out of a line, which is in the order of since when each waits.
    fn take_from(self, line: &mut VecDeque<Job>) -> Option<Job> {
        let first = line.partition_point(|other| other.since < self.since);
        let mut alike = line.iter().skip(first).take_while(|other| other.since == self.since);
        let place = alike.position(|other| self.is(other))?;
        line.remove(first + place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::NodeId;
    use crate::model::message::Messages;

    fn jobs(count: u32) -> Vec<Job> {
        let mut messages = Messages::default();
        (0..count)
            .map(|i| Job {
                message: messages.create(SimTime::ZERO, i, Id::new(0), NodeId::new(0)),
                link: Id::new(0),
                attempt: 1,
                since: SimTime::from_nanos(u64::from(i)),
                needs: SimDuration::ZERO,
            })
            .collect()
    }

    fn lots() -> KeyedStream {
        KeyedStream::new(1, 0, "lots")
    }

    fn order(discipline: Discipline, priorities: &[u8]) -> Vec<u64> {
        let mut station = Station::new(1, 9, 0, discipline, 3, lots());
        for (job, priority) in jobs(priorities.len() as u32).into_iter().zip(priorities) {
            station.line_up(job, *priority);
        }
        std::iter::from_fn(|| station.take_next(SimTime::ZERO))
            .map(|job| job.since.as_nanos())
            .collect()
    }

    #[test]
    fn the_line_goes_by_its_discipline() {
        assert_eq!(order(Discipline::Fifo, &[2, 1, 0, 1]), [0, 1, 2, 3]);
        assert_eq!(order(Discipline::Lifo, &[2, 1, 0, 1]), [3, 2, 1, 0]);
        assert_eq!(order(Discipline::Priority, &[2, 1, 0, 1]), [2, 1, 3, 0]);
    }

    #[test]
    fn by_lot_everybody_has_their_turn() {
        let mut drawn = order(Discipline::Random, &[0; 9]);
        assert_ne!(drawn, (0..9).collect::<Vec<u64>>());
        drawn.sort();
        assert_eq!(drawn, (0..9).collect::<Vec<u64>>());
    }

    #[test]
    fn who_hangs_up_leaves_the_others_in_their_order() {
        let mut station = Station::new(1, 9, 0, Discipline::Fifo, 1, lots());
        let jobs = jobs(3);
        jobs.iter().for_each(|job| station.line_up(*job, 0));
        let Job { message, link, attempt, since, .. } = jobs[1];
        let wanted = Wanted { message, link, attempt, since };
        assert_eq!(station.take_out(wanted), Some((jobs[1], Entry::Admitted)));
        assert_eq!(station.take_out(wanted), None, "only once");
        assert_eq!(station.in_line(), 2);
        assert_eq!(
            [station.take_next(SimTime::ZERO), station.take_next(SimTime::ZERO)],
            [Some(jobs[0]), Some(jobs[2])]
        );
    }

    #[test]
    fn threads_come_first_then_the_accept_backlog_then_nothing() {
        let mut station = Station::new(1, 2, 1, Discipline::Fifo, 1, lots());
        for _ in 0..2 {
            assert_eq!(station.entry(), Entry::Admitted);
            station.admit();
        }
        assert_eq!(station.entry(), Entry::Queued);
        let connection = jobs(1)[0];
        station.queue_connection(connection);
        assert_eq!(station.entry(), Entry::BacklogFull);
        assert_eq!(station.leave(), Some(connection), "the freed thread goes to the backlog");
        assert_eq!((station.held(), station.entry()), (2, Entry::Queued));
    }

    #[test]
    fn a_station_that_idles_beside_work_is_found_out() {
        let mut station = Station::new(1, 2, 1, Discipline::Fifo, 1, lots());
        let [first, second, third] = jobs(3)[..] else { unreachable!() };
        assert!(!station.idles_beside_work(), "nobody waits");
        station.line_up(first, 0);
        assert!(station.idles_beside_work());
        let worker = station.take_idle().unwrap();
        station.line_up(second, 0);
        assert!(!station.idles_beside_work(), "the worker has something to do");
        assert_eq!(station.take_next(SimTime::ZERO), Some(first));
        assert_eq!(station.take_next(SimTime::ZERO), Some(second));
        station.make_idle(worker);
        station.queue_connection(third);
        assert!(!station.idles_beside_work(), "a connection has no thread");
    }

    #[test]
    fn without_accept_backlog_the_threads_are_exhausted() {
        let mut station = Station::new(1, 1, 0, Discipline::Fifo, 1, lots());
        station.admit();
        assert_eq!(station.entry(), Entry::Exhausted);
    }
}
