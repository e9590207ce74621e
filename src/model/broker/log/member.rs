//! A member of a consumer group, and how a group finds out that one is gone.
//!
//! A member that dies says nothing: its session has to end first. One that hangs goes on with its heartbeats and gives itself away by
//! not polling. One that is back before its session has ended is somebody new to the group, unless it has a name of its own.

use super::group::{Ghost, Group};
use super::timers::Timer;
use crate::model::broker::{Consumer, Presence};
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::observation::{Mark, Observer};
use crate::time::{SimDuration, SimTime};

/// A worker that consumes.
#[derive(Debug)]
pub(super) struct Member {
    consumer: Consumer,
    /// The node of its service.
    pub(super) node: NodeId,
    pub(super) worker: u32,
    /// When its first heartbeat is sent.
    pub(super) heartbeat_phase: SimDuration,
    pub(super) standing: Standing,
    /// Its process is there, and within reach.
    pub(super) is_alive: bool,
    /// It is in a poll that has found nothing yet.
    pub(super) is_waiting: bool,
    pub(super) polled_at: SimTime,
    /// A timer looks after its polls.
    is_watched: bool,
    /// It has stopped for good: only a restart brings it back.
    pub(super) has_stopped: bool,
    /// It has done something in a transaction that is open.
    pub(super) in_transaction: bool,
    /// It was put out of the group meanwhile, and can't commit it.
    pub(super) is_doomed: bool,
    /// When it is out, if nothing is heard of it.
    pub(super) session_end: Option<SimTime>,
    /// How often it commits by itself, if it does.
    pub(super) auto_commit: Option<SimDuration>,
    pub(super) committed_at: SimTime,
    /// The partitions that it reads.
    pub(super) partitions: Vec<usize>,
    /// The place among them from which it is given messages next.
    pub(super) turn: usize,
}

/// How a group sees one of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It knows what it reads.
    Settled,
    /// It has heard that it has to join again, and will with its next poll.
    Told,
    /// It has joined, and waits for what it gets.
    Joined,
    /// It is no member.
    Out,
}

impl Member {
    pub(super) fn new(
        consumer: Consumer,
        node: NodeId,
        worker: u32,
        heartbeat_phase: SimDuration,
    ) -> Member {
        Member {
            consumer,
            node,
            worker,
            heartbeat_phase,
            standing: Standing::Settled,
            is_alive: true,
            is_waiting: false,
            polled_at: SimTime::ZERO,
            is_watched: false,
            has_stopped: false,
            in_transaction: false,
            is_doomed: false,
            session_end: None,
            auto_commit: None,
            committed_at: SimTime::ZERO,
            partitions: Vec::new(),
            turn: 0,
        }
    }
}

impl Group {
    /// A poll of a member has found nothing: it waits, and if it commits by itself it goes on doing so.
    #[inline]
    pub(super) fn park<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        self.members[member].is_waiting = true;
        let Some(every) = self.members[member].auto_commit else { return };
        let uncommitted = |partition: &usize| {
            self.cursors[*partition].position > self.cursors[*partition].committed
        };
        if self.members[member].partitions.iter().any(uncommitted) {
            let due = cx.now.max(self.members[member].committed_at + every);
            self.timers.set(due, Timer::Commit { group: self.index, member }, cx);
        }
    }

    /// A member that waits may have something to commit.
    pub(super) fn on_commit_due<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let Member { is_waiting, is_alive, auto_commit, committed_at, .. } = self.members[member];
        let is_due = auto_commit.is_some_and(|every| cx.now.since(committed_at) >= every);
        if is_waiting && is_alive && is_due {
            self.commit_positions(member, cx);
        }
    }

    /// A poll that was waiting returns, because there may be something for its member.
    #[inline]
    pub(super) fn wake<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let woken = &mut self.members[member];
        if !std::mem::take(&mut woken.is_waiting) {
            return;
        }
        woken.polled_at = cx.now;
        cx.post(Some(woken.consumer.available(woken.worker)));
        self.watch(member, cx);
    }

    /// Wakes everybody who may go on.
    pub(super) fn wake_all<O: Observer>(&mut self, cx: &mut Context<O>) {
        for member in 0..self.members.len() {
            if self.may_read(member) {
                self.wake(member, cx);
            }
        }
    }

    /// Looks after a member that has something in hand: it has to poll again in time.
    #[inline]
    pub(super) fn watch<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let watched = &mut self.members[member];
        if !std::mem::replace(&mut watched.is_watched, true) {
            let due = watched.polled_at + self.settings.membership.max_poll_interval;
            self.timers.set(due, Timer::Poll { group: self.index, member }, cx);
        }
    }

    /// A member should have polled by now, unless it did.
    pub(super) fn on_poll_due<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let late = &mut self.members[member];
        late.is_watched = false;
        if !late.is_alive || late.is_waiting || late.standing == Standing::Out {
            return;
        }
        if late.polled_at + self.settings.membership.max_poll_interval > cx.now {
            return self.watch(member, cx);
        }
        let node = late.node;
        cx.mark(self.settings.node, Mark::Evicted { member: node });
        if self.settings.membership.static_members {
            return self.end_session_later(member, cx);
        }
        self.put_out(member, cx);
        self.rebalance(cx);
    }

    /// A member comes or goes.
    pub(super) fn on_presence<O: Observer>(
        &mut self,
        member: usize,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        self.is_news = true;
        self.members[member].is_waiting = false;
        self.members[member].is_alive = matches!(presence, Presence::Started | Presence::Reachable);
        let is_out = self.members[member].standing == Standing::Out;
        match presence {
            Presence::Reachable => {
                self.members[member].session_end = None;
                if !self.members[member].in_transaction {
                    self.commit_unheard(member, cx);
                }
            }
            Presence::Started => {
                self.members[member].has_stopped = false;
                if !is_out {
                    self.replace(member, cx);
                }
            }
            _ if is_out => {}
            Presence::Dead | Presence::Unreachable => self.end_session_later(member, cx),
            Presence::Left => self.close(member, cx),
        }
        match presence {
            Presence::Started => {
                self.await_heartbeat(member, cx);
                if !self.is_led_by_broker() {
                    self.on_heartbeat(member, cx);
                }
            }
            Presence::Reachable => self.await_heartbeat(member, cx),
            Presence::Dead | Presence::Unreachable | Presence::Left => {}
        }
    }

    /// A member is closed in good order. One with a name of its own says nothing of it, because it is to come back.
    fn close<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        if self.members[member].auto_commit.is_some() {
            self.commit_positions(member, cx);
        }
        if self.settings.membership.static_members {
            return self.end_session_later(member, cx);
        }
        self.leave(member, cx);
    }

    /// A member says goodbye, and the others need not wait for its session to end.
    pub(super) fn leave<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        cx.mark(self.settings.node, Mark::Left { member: self.members[member].node });
        self.put_out(member, cx);
        self.rebalance(cx);
    }

    fn end_session_later<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let lost = &mut self.members[member];
        let end = self.settings.membership.session_end(lost.heartbeat_phase, cx.now);
        lost.session_end = Some(end);
        self.timers.set(end, Timer::Session { group: self.index, member }, cx);
    }

    /// A member's process is back before the group has noticed that it was gone. With a name of its own it goes on; else it is
    /// somebody new, and the group goes on waiting for whom it was.
    fn replace<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let back = &mut self.members[member];
        let (end, standing) = (back.session_end.take(), back.standing);
        if self.settings.membership.static_members {
            for place in 0..self.members[member].partitions.len() {
                self.start_again(self.members[member].partitions[place], cx);
            }
            return;
        }
        if let (Some(end), true) = (end, standing != Standing::Joined) {
            let partitions = self.members[member].partitions.clone();
            self.ghosts.push(Ghost { session_end: end, partitions });
            self.timers.set(end, Timer::Ghost { group: self.index }, cx);
        }
        self.put_out(member, cx);
    }

    /// The session of a member has ended, unless it was heard of again.
    pub(super) fn on_session_end<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        if self.members[member].session_end == Some(cx.now) {
            let node = self.members[member].node;
            cx.mark(self.settings.node, Mark::SessionExpired { member: node });
            self.put_out(member, cx);
            self.rebalance(cx);
        }
    }

    /// The session has ended of a member that was replaced by its own restart.
    pub(super) fn on_ghost_end<O: Observer>(&mut self, cx: &mut Context<O>) {
        let before = self.ghosts.len();
        self.ghosts.retain(|ghost| ghost.session_end > cx.now);
        if self.ghosts.len() < before {
            self.rebalance(cx);
        }
    }
}
