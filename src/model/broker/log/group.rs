//! A consumer group: who is in it, who reads which partition, and how that changes.
//!
//! A change of members begins a rebalance. Everybody hears of it with a heartbeat and joins again with the next poll; when all have
//! joined, or the time for it is over, the partitions are dealt out. With an eager assignor a member that has joined reads nothing until
//! then; with a cooperative one it goes on, and only what changes hands is given up, in a second round.

use super::cursor::{At, Cursor};
use super::member::{Member, Standing};
use super::ownership::MOST_TOLD;
use super::settings::{GroupConsumer, GroupSettings};
use super::timers::{Timer, Timers};
use crate::model::broker::Consumer;
use crate::model::context::Context;
use crate::model::observation::{Mark, Observer};
use crate::policy::membership::{Membership, Protocol};
use crate::random::Chance;
use crate::time::{SimDuration, SimTime};

/// A consumer group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) index: usize,
    /// Its place among the groups that read its topic.
    pub(super) place: u8,
    pub(super) settings: GroupSettings,
    pub(super) members: Vec<Member>,
    /// For each partition how far it is read.
    pub(super) cursors: Vec<Cursor>,
    /// For each partition where its lag is reported.
    pub(super) sites: Vec<At>,
    /// For each partition who reads it.
    pub(super) owners: Vec<Option<usize>>,
    /// For each partition who is to read it, if the broker leads the rebalance.
    pub(super) targets: Vec<Option<usize>>,
    /// For each partition whether its owner has to give it up with the next poll.
    pub(super) revoked: Vec<bool>,
    pub(super) phase: Phase,
    /// The members changed while partitions were being dealt out.
    again: bool,
    /// Those that were replaced by their own restart, and whose sessions have not ended.
    pub(super) ghosts: Vec<Ghost>,
    /// Partitions in which something was committed since this was looked at last.
    pub(super) committed: Vec<usize>,
    /// Members whose transactions end because they give partitions up.
    pub(super) ended: Vec<usize>,
    /// What was given to members that lost their partitions, and not committed.
    pub(super) rewound: Vec<Rewound>,
    /// For each partition who was reading it when that was told last, if it is told.
    pub(super) told: Vec<Option<usize>>,
    /// Who reads what may be different from what was told.
    pub(super) is_news: bool,
    pub(super) timers: Timers,
}

/// A member that was replaced by its own restart.
#[derive(Debug)]
pub(super) struct Ghost {
    pub(super) session_end: SimTime,
    /// What it read.
    pub(super) partitions: Vec<usize>,
}

/// Offsets of a partition, given to a member and not committed, that are read again.
#[derive(Debug)]
pub(super) struct Rewound {
    pub(super) member: usize,
    pub(super) partition: usize,
    pub(super) offsets: std::ops::Range<u64>,
}

/// Whether the members are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Stable,
    /// Members are joining: not before the first moment, and not after the second, are partitions dealt out.
    Joining {
        from: SimTime,
        until: SimTime,
    },
    /// Partitions are being dealt out.
    Assigning {
        until: SimTime,
    },
    /// Members come, one by one, to what the broker has worked out.
    Converging,
}

impl Group {
    /// A group that has read nothing, all of whose members are there and know what they read.
    pub(super) fn new(
        index: usize,
        place: u8,
        settings: GroupSettings,
        sites: Vec<At>,
        timers: Timers,
        draws: &mut impl Chance,
    ) -> Group {
        let partitions = sites.len();
        let interval = settings.membership.heartbeat_interval.as_nanos();
        let mut members = Vec::new();
        for GroupConsumer { consumer, node, workers } in &settings.consumers {
            for worker in 0..*workers {
                let phase = SimDuration::from_nanos(draws.below(interval));
                members.push(Member::new(*consumer, *node, worker, phase));
            }
        }
        let mut group = Group {
            index,
            place,
            settings,
            members,
            cursors: (0..partitions).map(|_| Cursor::default()).collect(),
            sites,
            owners: vec![None; partitions],
            targets: vec![None; partitions],
            revoked: vec![false; partitions],
            phase: Phase::Stable,
            again: false,
            ghosts: Vec::new(),
            committed: Vec::new(),
            ended: Vec::new(),
            rewound: Vec::new(),
            told: if partitions <= MOST_TOLD { vec![None; partitions] } else { Vec::new() },
            is_news: true,
            timers,
        };
        if !group.members.is_empty() {
            let everybody = (0..group.members.len()).collect::<Vec<_>>();
            group.owners = group.deal(&everybody, false);
            group.targets.clone_from(&group.owners);
            group.note_owners();
        }
        group
    }

    /// The first member that a consumer's workers are, and how many there are.
    #[inline]
    pub(super) fn workers(&self, consumer: Consumer) -> (usize, usize) {
        let mut first = 0;
        for other in &self.settings.consumers {
            if other.consumer == consumer {
                return (first, other.workers as usize);
            }
            first += other.workers as usize;
        }
        unreachable!("{consumer:?} does not consume for this group")
    }

    /// Who reads a partition.
    #[inline]
    pub(super) fn owner(&self, partition: usize) -> Option<usize> {
        self.owners[partition]
    }

    /// Who is to be told that a partition has something new.
    #[inline]
    pub(super) fn reader(&self, partition: usize) -> Option<usize> {
        self.owners[partition].filter(|member| self.may_read(*member))
    }

    /// Whether a member is given what it asks for.
    #[inline]
    pub(super) fn may_read(&self, member: usize) -> bool {
        match self.members[member].standing {
            Standing::Settled | Standing::Told => true,
            Standing::Joined => self.settings.membership.assignor.is_cooperative(),
            Standing::Out => false,
        }
    }

    /// A member polls: it is there, and joins if it has to.
    #[inline]
    pub(super) fn on_poll<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let led_by_broker = self.is_led_by_broker();
        let polling = &mut self.members[member];
        polling.polled_at = cx.now;
        if polling.is_alive {
            polling.session_end = None;
        }
        match polling.standing {
            _ if polling.has_stopped => {}
            Standing::Settled | Standing::Joined => {}
            Standing::Told if led_by_broker => self.hand_over(member, cx),
            Standing::Told => {
                self.give_up(member, cx);
                self.join(member, cx);
            }
            Standing::Out if led_by_broker => {
                self.members[member].standing = Standing::Settled;
                self.rebalance(cx);
            }
            Standing::Out => {
                let before = self.phase;
                self.join(member, cx);
                if self.phase == before {
                    self.rebalance(cx);
                }
            }
        }
    }

    pub(super) fn is_led_by_broker(&self) -> bool {
        self.settings.membership.protocol == Protocol::Consumer
    }

    fn join<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let alone = self.members.iter().all(|other| other.standing == Standing::Out);
        self.members[member].standing = Standing::Joined;
        self.is_news = true;
        if alone && self.phase == Phase::Stable {
            self.begin_joining(self.settings.membership.initial_rebalance_delay, cx);
        }
        self.deal_if_all_joined(cx);
    }

    /// What a member stops reading because it joins: with an eager assignor all of it.
    pub(super) fn give_up<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let Membership { assignor, protocol, .. } = self.settings.membership;
        let eager = protocol == Protocol::Classic && !assignor.is_cooperative();
        if self.members[member].auto_commit.is_some() {
            self.commit_positions(member, cx);
        }
        if self.members[member].in_transaction && !self.members[member].is_doomed {
            self.commit_unheard(member, cx);
            self.ended.push(member);
        }
        for partition in 0..self.owners.len() {
            if self.owners[partition] != Some(member) || !(eager || self.revoked[partition]) {
                continue;
            }
            self.start_again(partition, cx);
            if std::mem::take(&mut self.revoked[partition]) {
                self.owners[partition] = None;
            }
        }
        self.note_owners();
    }

    /// Commits all that a member was given so far.
    pub(super) fn commit_positions<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        self.members[member].committed_at = cx.now;
        for place in 0..self.members[member].partitions.len() {
            let partition = self.members[member].partitions[place];
            self.commit(partition, self.cursors[partition].position, cx);
        }
    }

    /// Commits everything before `offset` of a partition.
    #[inline]
    pub(super) fn commit<O: Observer>(
        &mut self,
        partition: usize,
        offset: u64,
        cx: &mut Context<O>,
    ) {
        self.cursors[partition].commit(offset, self.sites[partition], cx);
        self.committed.push(partition);
    }

    /// The members have changed.
    pub(super) fn rebalance<O: Observer>(&mut self, cx: &mut Context<O>) {
        match self.phase {
            _ if self.is_led_by_broker() => self.aim(cx),
            Phase::Stable => self.begin_joining(SimDuration::ZERO, cx),
            Phase::Joining { .. } => self.deal_if_all_joined(cx),
            Phase::Assigning { .. } => self.again = true,
            Phase::Converging => {}
        }
    }

    fn begin_joining<O: Observer>(&mut self, delay: SimDuration, cx: &mut Context<O>) {
        let membership = &self.settings.membership;
        let (from, until) = (cx.now + delay, cx.now + membership.max_poll_interval.max(delay));
        self.phase = Phase::Joining { from, until };
        cx.mark(self.settings.node, Mark::RebalanceBegins);
        let group = self.index;
        self.timers.set(from, Timer::Barrier { group }, cx);
        self.timers.set(until, Timer::Barrier { group }, cx);
        for member in 0..self.members.len() {
            let other = &self.members[member];
            if other.is_alive && other.standing == Standing::Settled {
                let hears = self.settings.membership.next_heartbeat(other.heartbeat_phase, cx.now);
                self.timers.set(hears, Timer::Heartbeat { group, member }, cx);
            }
        }
    }

    /// A member hears that it has to join again; if it is waiting in a poll, it does so at once.
    pub(super) fn on_heartbeat<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        if self.is_led_by_broker() {
            return self.converge(member, cx);
        }
        let joining = matches!(self.phase, Phase::Joining { .. });
        let hearing = &mut self.members[member];
        if !joining || !hearing.is_alive || hearing.standing != Standing::Settled {
            return;
        }
        hearing.standing = Standing::Told;
        self.join_if_polling(member, cx);
    }

    fn join_if_polling<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        if self.members[member].is_waiting && self.members[member].standing == Standing::Told {
            self.give_up(member, cx);
            self.join(member, cx);
        }
    }

    /// Waiting for members may be over: who has not joined by then is out.
    pub(super) fn on_barrier<O: Observer>(&mut self, cx: &mut Context<O>) {
        if let Phase::Joining { until, .. } = self.phase
            && until == cx.now
        {
            self.ghosts.clear();
            for member in 0..self.members.len() {
                match self.members[member].standing {
                    Standing::Settled | Standing::Told => self.put_out(member, cx),
                    Standing::Joined | Standing::Out => {}
                }
            }
        }
        self.deal_if_all_joined(cx);
    }

    fn deal_if_all_joined<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Phase::Joining { from, .. } = self.phase else { return };
        let settled =
            |member: &Member| matches!(member.standing, Standing::Settled | Standing::Told);
        if cx.now < from || !self.ghosts.is_empty() || self.members.iter().any(settled) {
            return;
        }
        if self.members.iter().all(|member| member.standing == Standing::Out) {
            self.phase = Phase::Stable;
            return;
        }
        let until = cx.now + self.settings.membership.assignment_time;
        self.phase = Phase::Assigning { until };
        self.timers.set(until, Timer::Assigned { group: self.index }, cx);
    }

    /// Everybody knows what they got. Who may go on is to be woken.
    pub(super) fn on_assigned<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.phase != (Phase::Assigning { until: cx.now }) {
            return;
        }
        self.phase = Phase::Stable;
        let joined: Vec<usize> = (0..self.members.len())
            .filter(|member| self.members[*member].standing == Standing::Joined)
            .collect();
        if joined.is_empty() {
            return;
        }
        let cooperative = self.settings.membership.assignor.is_cooperative();
        let next = self.deal(&joined, cooperative);
        for (partition, next) in next.into_iter().enumerate() {
            let owner = self.owners[partition];
            if owner == next && cooperative {
                continue;
            }
            if next.is_none() {
                self.revoked[partition] = true;
                continue;
            }
            self.start_again(partition, cx);
            self.owners[partition] = next;
        }
        self.note_owners();
        cx.mark(self.settings.node, Mark::Rebalanced { members: joined.len() as u32 });
        joined.iter().for_each(|member| self.members[*member].standing = Standing::Settled);
        self.is_news = true;
        self.begin_second_round(cx);
    }

    /// Members that have to give something up join again at once, and with them the others.
    fn begin_second_round<O: Observer>(&mut self, cx: &mut Context<O>) {
        let again = std::mem::take(&mut self.again);
        if !again && !self.revoked.contains(&true) {
            return;
        }
        self.begin_joining(SimDuration::ZERO, cx);
        for partition in 0..self.owners.len() {
            if let (true, Some(owner)) = (self.revoked[partition], self.owners[partition]) {
                self.members[owner].standing = Standing::Told;
                self.join_if_polling(owner, cx);
            }
        }
    }
}
