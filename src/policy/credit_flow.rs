//! How a broker that is slower than its publishers slows them down (RabbitMQ's "Flow Control", `credit_flow`).
//!
//! Whoever publishes spends credit, and gets it back in portions as its messages are taken in. So a connection has only so many messages
//! inside that are not taken in yet; what it sends beyond stays in its socket. Nobody is refused and nothing is lost: publishing gets as
//! slow as the queue.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::{Rate, SimDuration, SimTime};

/// How fast messages are taken in, and how far publishers may run ahead of that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ingress {
    /// How many messages a second (a quorum queue takes 10000 to 30000, as its users say).
    pub rate: Rate,
    /// How many messages of one publisher may be inside and not taken in, 1 or more (default 400: `credit_flow_default_credit` of
    /// {400, 200}).
    #[serde(default = "initial")]
    #[schemars(default = "initial", range(min = 1))]
    pub credit: u32,
    /// After how many of them that were taken in it may send as many more, 1 or more and at most `credit` (default 200).
    #[serde(default = "portion")]
    #[schemars(default = "portion", range(min = 1))]
    pub more_after: u32,
}

fn initial() -> u32 {
    400
}

fn portion() -> u32 {
    200
}

/// When the next message is taken in.
#[derive(Debug, Clone)]
pub struct IngressState {
    rule: Ingress,
    free_at: SimTime,
}

/// What one publisher may still send.
#[derive(Debug, Clone)]
pub struct Credit {
    left: u32,
    taken_in: u32,
}

impl IngressState {
    /// Of a broker that takes nothing in.
    #[must_use]
    pub fn new(rule: Ingress) -> IngressState {
        IngressState { rule, free_at: SimTime::ZERO }
    }

    /// When a message that comes now is taken in, after all that came before.
    pub fn take(&mut self, now: SimTime) -> SimTime {
        let each = SimDuration::from_secs_f64(1.0 / self.rule.rate.as_per_second());
        self.free_at = self.free_at.max(now) + each;
        self.free_at
    }

    /// Everything that had come is gone.
    pub fn reset(&mut self) {
        self.free_at = SimTime::ZERO;
    }

    /// The credit of a publisher that has sent nothing.
    #[must_use]
    pub fn credit(&self) -> Credit {
        Credit { left: self.rule.credit, taken_in: 0 }
    }

    /// A message of this publisher was taken in.
    pub fn took(&self, credit: &mut Credit) {
        credit.taken_in += 1;
        if credit.taken_in == self.rule.more_after {
            credit.taken_in = 0;
            credit.left += self.rule.more_after;
        }
    }
}

impl Credit {
    /// Spends one, if there is one.
    pub fn spend(&mut self) -> bool {
        let has_any = self.left > 0;
        self.left -= u32::from(has_any);
        has_any
    }
}

impl Ingress {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let Ingress { rate, credit, more_after } = *self;
        let wrong = format!("is {more_after}; it must be from 1 to `credit` ({credit})");
        check::found([
            check::above_zero("rate", rate.as_per_second()),
            check::unless(credit > 0, "credit", "is 0; it must be at least 1"),
            check::unless(credit == 0 || (1..=credit).contains(&more_after), "more_after", wrong),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Ingress = Ingress { rate: Rate::per_second(10.0), credit: 4, more_after: 2 };

    #[test]
    fn messages_are_taken_in_one_after_the_other() {
        let mut state = IngressState::new(RULE);
        let millis = |at: u64| SimTime::ZERO + SimDuration::from_millis(at);
        let taken = [0, 0, 50, 900].map(|at| state.take(millis(at)));
        assert_eq!(taken, [100, 200, 300, 1_000].map(millis));
    }

    #[test]
    fn credit_comes_back_in_portions() {
        let state = IngressState::new(RULE);
        let mut credit = state.credit();
        assert_eq!([(); 5].map(|()| credit.spend()), [true, true, true, true, false]);
        state.took(&mut credit);
        assert!(!credit.spend());
        state.took(&mut credit);
        assert_eq!([(); 3].map(|()| credit.spend()), [true, true, false]);
    }
}
