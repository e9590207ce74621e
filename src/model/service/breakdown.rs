//! Crash, restart, hang, and what faults do.
//!
//! A crash loses what is held: callers see their connection break, and messages go back to the broker unless they were committed
//! before the work. A hung service stays up and accepts, and nothing in it moves.

use super::{NEVER, Service, Stage, Worker};
use crate::model::broker::Presence;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::health::Health;
use crate::model::observation::{CrashCause, Gauge, Mark, Observer};
use crate::model::packet::{Answer, Sent};
use crate::model::station::Job;
use crate::policy::commit::Commit;
use crate::policy::concurrency_limit::ConcurrencyLimitState;
use crate::time::{SimDuration, SimTime};

impl Service {
    /// The process dies with everything in it.
    #[cold]
    pub(super) fn crash<O: Observer>(&mut self, cause: CrashCause, cx: &mut Context<O>) {
        self.up = false;
        self.report_up(false, cx);
        let jobs = self.drop_jobs(cx);
        let messages = self.drop_batches(cx) + self.drop_collections(cx);
        cx.mark(self.node, Mark::Crash { cause, lost: (jobs.len() + messages) as u32 });
        for job in jobs {
            cx.post(job.answered(Answer::Reset));
        }
        self.forsake_sent_on(cx);
        self.keep_waiting(cx);
        self.frozen.clear();
        self.limit.iter_mut().for_each(ConcurrencyLimitState::reset);
        self.forget_sharing(cx);
        self.workers.fill(Worker::idle());
        self.attend(if self.health.stopped { Presence::Left } else { Presence::Dead }, cx);
        if cause == CrashCause::Exhausted {
            let after = self.restart.next(cx.now, self.up_since);
            self.restart_due = Some(cx.now + after);
            cx.calendar.schedule(cx.now + after, Event::Restart { service: self.id });
        }
    }

    /// Every request inside, those in work first.
    fn drop_jobs<O: Observer>(&mut self, cx: &mut Context<O>) -> Vec<Job> {
        let in_line = self.station.in_line();
        let mut jobs: Vec<Job> = self.workers.iter_mut().filter_map(|w| w.job.take()).collect();
        let in_work = jobs.len();
        jobs.extend(self.station.clear());
        cx.change(self.node, Gauge::Waiting, -(in_line as i64));
        cx.change(self.node, Gauge::InFlight, -(in_work as i64));
        jobs
    }

    /// Lets go of every message in a worker's hands; how many were not done.
    fn drop_batches<O: Observer>(&mut self, cx: &mut Context<O>) -> usize {
        let mut undone = 0;
        for worker in &mut self.workers {
            if worker.batch.is_empty() {
                continue;
            }
            cx.change(self.node, Gauge::InFlight, -1);
            undone += worker.batch.len() - worker.done;
            let commit = self.subscriptions[usize::from(worker.subscription)].commit;
            for (index, delivered) in worker.batch.iter().enumerate() {
                match commit {
                    Commit::After | Commit::Each | Commit::Transaction | Commit::Auto { .. } => {
                        if index >= worker.told {
                            cx.release(delivered.message);
                        }
                    }
                    Commit::Before if index >= worker.done => cx.lose(delivered.message),
                    Commit::Before => {}
                }
            }
        }
        undone
    }

    /// What was sent on goes its way, but nobody is there any more to hear of it or to send it again.
    fn forsake_sent_on<O: Observer>(&mut self, cx: &mut Context<O>) {
        for (message, worker) in std::mem::take(&mut self.sent_on) {
            match self.workers[worker as usize].stage {
                Stage::Told { .. } => cx.release(message),
                Stage::Idle
                | Stage::Working
                | Stage::Together
                | Stage::Matching
                | Stage::Recording
                | Stage::TryingAgain
                | Stage::Halted
                | Stage::Asleep
                | Stage::Sending
                | Stage::Committed => {
                    cx.messages()[message].forsake();
                }
            }
        }
    }

    /// The restart of a crash loop is due, unless a fault keeps the service down.
    pub fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>) -> Sent {
        if self.restart_due != Some(cx.now) {
            return None;
        }
        self.restart_due = None;
        if !self.health.crashed {
            self.come_up(cx);
        }
        None
    }

    fn come_up<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.up = true;
        self.up_since = cx.now;
        self.report_up(true, cx);
        cx.mark(self.node, Mark::Restart);
        self.attend(Presence::Started, cx);
        self.tell_watchers(cx);
        self.expire(cx);
        let fetch = self.send_idle_worker();
        cx.post(fetch);
        self.send_all(cx);
    }

    /// Says that the service is up or down, and so how many workers could work.
    pub fn report_up<O: Observer>(&self, up: bool, cx: &mut Context<O>) {
        let sign = if up { 1 } else { -1 };
        cx.change(self.node, Gauge::Up, sign);
        cx.change(self.node, Gauge::Workers, sign * i64::from(self.station.workers()));
    }

    /// The faults that are active now have changed.
    pub fn set_health<O: Observer>(&mut self, health: Health, cx: &mut Context<O>) {
        let before = self.take_health(health);
        if health.crashed && self.up {
            self.crash(CrashCause::Fault, cx);
        } else if before.crashed && !health.crashed && self.restart_due.is_none() {
            self.come_up(cx);
        }
        match (before.hung, health.hung) {
            (false, true) => self.freeze(cx.now),
            (true, false) => self.thaw(cx),
            (false, false) | (true, true) => {}
        }
    }

    /// Work stands still: what remains of each piece takes the place of its end.
    fn freeze(&mut self, now: SimTime) {
        self.frozen.clear();
        self.stand_still(true, now);
        for (worker, slot) in self.workers.iter_mut().enumerate() {
            if slot.finish != NEVER {
                let remains = SimTime::from_nanos(slot.finish).since(now);
                self.frozen.push((worker as u32, remains));
                slot.finish = NEVER;
            }
        }
    }

    /// Work goes on where it stood.
    fn thaw<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.stand_still(false, cx.now);
        for (worker, remains) in std::mem::take(&mut self.frozen) {
            self.go_on(worker, remains, cx);
        }
        self.reckon(cx);
        if !self.up {
            return;
        }
        self.expire(cx);
        let most = if self.sharing.is_some() {
            self.station.in_line() as u32
        } else {
            self.station.workers()
        };
        for _ in 0..most {
            let Some(worker) = self.take_place() else { break };
            let sent = self.find_work(worker, cx);
            cx.post(sent);
        }
    }

    fn go_on<O: Observer>(&mut self, worker: u32, remains: SimDuration, cx: &mut Context<O>) {
        let at = cx.now + remains;
        self.workers[worker as usize].finish = at.as_nanos();
        cx.calendar.schedule(at, Event::Finish { service: self.id, worker });
    }
}
