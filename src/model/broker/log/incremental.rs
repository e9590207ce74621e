//! A rebalance that the broker leads, member by member, without waiting for all of them (KIP-848, `group.protocol=consumer`).
//!
//! The broker works out who is to read what as soon as the members change. Each member comes to it with its own heartbeats: first the old
//! reader of a partition hears that it has to give it up, and does so with its next poll; then the new one hears that it has it. Whoever
//! keeps what it has notices nothing.

use super::group::{Group, Phase};
use super::member::Standing;
use super::timers::Timer;
use crate::model::context::Context;
use crate::model::observation::{Mark, Observer};

impl Group {
    /// Works out anew who is to read what.
    pub(super) fn aim<O: Observer>(&mut self, cx: &mut Context<O>) {
        let members: Vec<usize> = (0..self.members.len())
            .filter(|member| self.members[*member].standing != Standing::Out)
            .collect();
        if members.is_empty() {
            return;
        }
        self.targets = self.deal(&members, false);
        for partition in 0..self.targets.len() {
            let owner = self.owners[partition];
            self.revoked[partition] = owner.is_some() && owner != self.targets[partition];
        }
        if self.phase == Phase::Stable && self.targets != self.owners {
            self.phase = Phase::Converging;
            cx.mark(self.settings.node, Mark::RebalanceBegins);
        }
        for member in members {
            self.await_heartbeat(member, cx);
        }
        self.settle(cx);
    }

    /// The next heartbeat of a member matters if it has something to give up or to take, or if others are joining.
    pub(super) fn await_heartbeat<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let concerned = |partition: usize| {
            let (owner, target) = (self.owners[partition], self.targets[partition]);
            owner != target && (owner == Some(member) || target == Some(member))
        };
        let matters = match self.phase {
            Phase::Joining { .. } => true,
            Phase::Converging => (0..self.targets.len()).any(concerned),
            Phase::Stable | Phase::Assigning { .. } => false,
        };
        if self.members[member].is_alive && matters {
            let phase = self.members[member].heartbeat_phase;
            let at = self.settings.membership.next_heartbeat(phase, cx.now);
            self.timers.set(at, Timer::Heartbeat { group: self.index, member }, cx);
        }
    }

    /// A member hears what it has to give up, and what it has got.
    pub(super) fn converge<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        let hearing = &mut self.members[member];
        if self.phase != Phase::Converging || !hearing.is_alive || hearing.standing == Standing::Out
        {
            return;
        }
        let gives =
            |partition: usize| self.revoked[partition] && self.owners[partition] == Some(member);
        if (0..self.targets.len()).any(gives) {
            hearing.standing = Standing::Told;
            if hearing.is_waiting {
                self.hand_over(member, cx);
            }
        }
        for partition in 0..self.targets.len() {
            let free = self.owners[partition].is_none() && !self.is_haunted(partition);
            if free && self.targets[partition] == Some(member) {
                self.start_again(partition, cx);
                self.owners[partition] = Some(member);
            }
        }
        self.note_owners();
        self.wake(member, cx);
        self.settle(cx);
    }

    /// A member that was told so gives up what it has to; who takes it hears of that with the next heartbeat.
    pub(super) fn hand_over<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        self.give_up(member, cx);
        self.members[member].standing = Standing::Settled;
        for taker in 0..self.members.len() {
            self.await_heartbeat(taker, cx);
        }
    }

    /// Whether a partition belongs to somebody who was replaced by its own restart, and whose session has not ended.
    fn is_haunted(&self, partition: usize) -> bool {
        self.ghosts.iter().any(|ghost| ghost.partitions.contains(&partition))
    }

    fn settle<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.phase == Phase::Converging && self.owners == self.targets {
            self.phase = Phase::Stable;
            let members = self.members.iter().filter(|member| member.standing != Standing::Out);
            let members = members.count() as u32;
            cx.mark(self.settings.node, Mark::Rebalanced { members });
        }
    }
}
