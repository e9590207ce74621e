//! Controlled delay: a line that has stood for too long turns away whoever has waited too long.
//!
//! How long a line is says little; a burst makes a long one that is soon gone. What tells an overload is a line that never gets short: in a
//! whole interval nobody waited less than the target. Then, and until somebody does again, requests are turned away that have waited for
//! more than twice the target, so that the work goes to those whose callers are still there. The idea is that of Nichols and Jacobson
//! ("Controlling Queue Delay", ACM Queue, 2012), this form the one for servers (Ben Maurer, "Fail at Scale", ACM Queue, 2015; Facebook's
//! folly, `Codel`): it doesn't drop one after the other ever faster, it drops all that are too late.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::{SimDuration, SimTime};

/// When a standing line turns requests away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Codel {
    /// How long somebody at least may wait (default 5ms, as in folly).
    pub target: SimDuration,
    /// For how long nobody has to have waited less (default 100ms, as in folly).
    pub interval: SimDuration,
}

impl Default for Codel {
    fn default() -> Codel {
        Codel { target: SimDuration::from_millis(5), interval: SimDuration::from_millis(100) }
    }
}

/// What has been seen of a line.
#[derive(Debug, Clone)]
pub struct CodelState {
    rule: Codel,
    /// When the interval at hand ends.
    until: SimTime,
    /// The least that anybody waited in it.
    least: SimDuration,
    is_overloaded: bool,
}

impl CodelState {
    /// Of a line that nobody has stood in.
    #[must_use]
    pub fn new(rule: Codel) -> CodelState {
        CodelState { rule, until: SimTime::ZERO, least: SimDuration::ZERO, is_overloaded: false }
    }

    /// Somebody is first in line who has waited so long; whether they are turned away. The first one of an interval never is, so that more
    /// than one has to come in it.
    pub fn refuses(&mut self, now: SimTime, waited: SimDuration) -> bool {
        if now >= self.until {
            self.is_overloaded = self.least > self.rule.target;
            self.until = now + self.rule.interval;
            self.least = waited;
            return false;
        }
        self.least = self.least.min(waited);
        let twice = SimDuration::from_nanos(2 * self.rule.target.as_nanos());
        self.is_overloaded && waited > twice
    }
}

impl Codel {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::longer_than_zero("codel.target", self.target),
            check::longer_than_zero("codel.interval", self.interval),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At so many milliseconds somebody is first who has waited so many: who is turned away.
    fn refused(line: &[(u64, u64)]) -> Vec<u64> {
        let mut state = CodelState::new(Codel::default());
        let refuses = |(at, waited): &&(u64, u64)| {
            let at = SimTime::ZERO + SimDuration::from_millis(*at);
            state.refuses(at, SimDuration::from_millis(*waited))
        };
        line.iter().filter(refuses).map(|(at, _)| *at).collect()
    }

    #[test]
    fn a_burst_is_served_and_a_standing_line_is_not() {
        assert_eq!(refused(&[(0, 40), (30, 60), (60, 80), (90, 3), (120, 50), (150, 50)]), [0; 0]);
        // From 0 ms to 100 ms nobody waits less than 20 ms. The first one after that is served all the same.
        assert_eq!(refused(&[(0, 20), (50, 30), (100, 40), (120, 11), (130, 10)]), [120]);
    }

    #[test]
    fn one_short_wait_ends_it_with_the_interval() {
        let line = [(0, 20), (100, 40), (120, 40), (150, 4), (160, 40), (200, 40), (250, 40)];
        assert_eq!(refused(&line), [120, 160]);
    }
}
