//! Produce requests: how many of a client are on their way at once, how long the broker takes for each, and how a quota slows it down.
//!
//! Messages that can't leave wait for one another, so the slower requests are answered, the more of them go together: that is what batches
//! are for. A request takes along what there is for every partition (`RecordAccumulator.drain`). A broker takes the requests of one connection one after the other, and answers them in order.

use std::collections::VecDeque;

use super::Log;
use super::timers::Timer;
use crate::model::broker::Publish;
use crate::model::context::Context;
use crate::model::observation::Observer;
use crate::policy::client_quota::ClientQuotaState;
use crate::policy::log_client::{Acks, LogClient};
use crate::time::{SimDuration, SimTime};

/// The requests of one client.
#[derive(Debug)]
pub(super) struct Requests {
    request_time: SimDuration,
    most: usize,
    /// From an answer to the arrival of what it makes room for.
    round_trip: SimDuration,
    quota: Option<ClientQuotaState>,
    /// What has left, the earliest first.
    under_way: VecDeque<Request>,
    /// From when on the answer to each makes room for another one, the earliest first.
    room_at: VecDeque<SimTime>,
    /// Until when the broker is at work on what has left.
    busy_until: SimTime,
    /// Until when the client has been told to wait.
    muted_until: SimTime,
    /// The earliest timer that is set.
    timed: Option<SimTime>,
}

/// Messages that go together.
#[derive(Debug)]
pub(super) struct Request {
    done_at: SimTime,
    /// Those for each partition, in order.
    pub(super) parts: Vec<(usize, Vec<Publish>)>,
}

impl Requests {
    /// Those of a client whose messages take `one_way` to arrive; `None` if they take no time and have no limit.
    pub(super) fn new(settings: &LogClient, one_way: SimDuration) -> Option<Requests> {
        let most = settings.max_in_flight.map_or(usize::MAX, |most| most as usize);
        // Who wants no answer waits for none.
        let is_answered = settings.acks != Acks::Nobody;
        settings.has_requests().then(|| Requests {
            request_time: settings.request_time,
            most,
            round_trip: if is_answered { one_way + one_way } else { SimDuration::ZERO },
            quota: settings.quota.map(ClientQuotaState::new),
            under_way: VecDeque::new(),
            room_at: VecDeque::new(),
            busy_until: SimTime::ZERO,
            muted_until: SimTime::ZERO,
            timed: None,
        })
    }

    /// From when on one more may leave.
    pub(super) fn next_room(&mut self, now: SimTime) -> SimTime {
        while self.room_at.front().is_some_and(|at| *at <= now) {
            self.room_at.pop_front();
        }
        let waits_for = self.room_at.len().checked_sub(self.most).map(|place| self.room_at[place]);
        waits_for.unwrap_or(now).max(self.muted_until).max(now)
    }

    /// One leaves. Its answer comes when the broker has done it, and `replication` later.
    pub(super) fn leave(
        &mut self,
        parts: Vec<(usize, Vec<Publish>)>,
        replication: SimDuration,
        now: SimTime,
    ) {
        let count: usize = parts.iter().map(|(_, publishes)| publishes.len()).sum();
        let done_at = self.busy_until.max(now) + self.request_time;
        let quota = self.quota.as_mut();
        let throttle = quota.map(|quota| quota.record(count as u64, done_at));
        self.busy_until = done_at + throttle.unwrap_or_default();
        self.muted_until = self.muted_until.max(throttle.map_or(now, |_| self.busy_until));
        self.room_at.push_back(done_at + replication + self.round_trip);
        self.under_way.push_back(Request { done_at, parts });
    }

    /// The next one that the broker has done.
    pub(super) fn next_done(&mut self, now: SimTime) -> Option<Request> {
        let is_done = self.next_done_at().is_some_and(|at| at <= now);
        is_done.then(|| self.under_way.pop_front()).flatten()
    }

    /// When the broker will have done the next one.
    pub(super) fn next_done_at(&self) -> Option<SimTime> {
        self.under_way.front().map(|request| request.done_at)
    }

    /// Whether a timer has to be set for `at`, as none is set that is due before it.
    pub(super) fn is_earlier(&mut self, at: SimTime) -> bool {
        let earlier = self.timed.is_none_or(|timed| at < timed);
        if earlier {
            self.timed = Some(at);
        }
        earlier
    }

    /// A timer is due.
    pub(super) fn on_timer(&mut self, now: SimTime) {
        self.timed = self.timed.filter(|at| *at > now);
    }

    /// The connection is gone. Gives back all that was under way.
    pub(super) fn empty(&mut self) -> Vec<Publish> {
        self.room_at.clear();
        self.under_way
            .drain(..)
            .flat_map(|request| request.parts)
            .flat_map(|(_, all)| all)
            .collect()
    }
}

impl Log {
    /// A timer is due of the requests of a client.
    pub(super) fn on_requests<O: Observer>(&mut self, sender: usize, cx: &mut Context<O>) {
        let requests = self.senders[sender].as_mut().and_then(|sender| sender.requests.as_mut());
        if let Some(requests) = requests {
            requests.on_timer(cx.now);
            self.go_on_sending(sender, cx);
        }
    }

    /// What is done of the requests of a client is written, and what may leave leaves.
    pub(super) fn go_on_sending<O: Observer>(&mut self, sender: usize, cx: &mut Context<O>) {
        while self.write_next(sender, cx) || self.leave_next(sender, cx) {}
        let next = self.senders[sender].as_mut().and_then(|sender| sender.next_timer(cx.now));
        if let Some(at) = next {
            self.timers.set(at, Timer::Requests { sender }, cx);
        }
    }

    /// Writes the next request that is done; whether there was one. What is stored already, as another try of it was faster, is not
    /// written again.
    fn write_next<O: Observer>(&mut self, sender: usize, cx: &mut Context<O>) -> bool {
        let Some(sending) = &mut self.senders[sender] else { return false };
        let is_known = sending.is_known;
        let Some(done) = sending.requests.as_mut().and_then(|all| all.next_done(cx.now)) else {
            return false;
        };
        for (number, publishes) in done.parts {
            for publish in publishes {
                let is_stored = cx.messages()[publish.message].is_stored();
                let answer = match publish.attempt > 1 && is_known && is_stored {
                    true => self.on_repeated(publish, cx),
                    false => self.write(publish, number, cx),
                };
                cx.post(answer);
            }
        }
        true
    }

    /// The next request leaves; whether there was one.
    fn leave_next<O: Observer>(&mut self, sender: usize, cx: &mut Context<O>) -> bool {
        let Some(sending) = &mut self.senders[sender] else { return false };
        if !sending.may_leave(cx.now) {
            return false;
        }
        let parts = sending.take_request(cx.now);
        let topic = &self.topics[parts[0].1[0].to.index()];
        let is_replicated = topic.partitions[0].replicas.is_some();
        let waits = is_replicated && sending.settings.acks == Acks::All;
        let replication = if waits { topic.replication.delay } else { SimDuration::ZERO };
        if let Some(requests) = &mut sending.requests {
            requests.leave(parts, replication, cx.now);
        }
        true
    }
}
