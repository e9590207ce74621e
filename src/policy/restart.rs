//! How long a crashed service stays down.
//!
//! A supervisor that restarts at once lets a service that crashes on start spin; one that waits longer after every crash
//! does not, but then stays away for minutes when the cause is gone. Kubernetes does the second.

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::check::{self, Problem};
use super::shorthand::{self, Shorthand, in_either_form};
use crate::time::{SimDuration, SimTime};

/// How long a service stays down after a crash. A bare duration is `fixed`; "crash_loop_backoff" has every default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorter_forms)]
pub enum Restart {
    /// Always the same time.
    Fixed {
        /// From the crash until requests are accepted again.
        after: SimDuration,
    },
    /// Longer with every crash, as the kubelet does (Kubernetes documentation, "Pod Lifecycle": restart policy): the first
    /// restart at once, then `initial`, `initial` · `factor`, … up to `max`; anew after being up for `reset_after`.
    CrashLoopBackoff {
        /// The delay before the second restart (default 10s: Kubernetes).
        #[serde(default = "default_initial")]
        initial: SimDuration,
        /// What each further crash multiplies it by, 1 or more (default 2: Kubernetes).
        #[serde(default = "default_factor")]
        factor: f64,
        /// The longest delay (default 300s: Kubernetes).
        #[serde(default = "default_max")]
        max: SimDuration,
        /// A service that was up for so long starts again from the first restart (default 10min: Kubernetes).
        #[serde(default = "default_reset_after")]
        reset_after: SimDuration,
    },
}

in_either_form!(Restart);

impl Shorthand for Restart {
    const EXPECTING: &'static str =
        "a duration such as \"60s\", \"crash_loop_backoff\", or either with its settings";
    const WORDS: &'static [&'static str] = &["fixed", "crash_loop_backoff"];

    fn from_text(text: &str) -> Option<Result<Restart, String>> {
        match text {
            "crash_loop_backoff" => Some(Ok(Restart::default())),
            _ if shorthand::is_duration(text) => {
                Some(text.parse().map(|after| Restart::Fixed { after }))
            }
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Restart, D::Error> {
        Restart::deserialize(map)
    }
}

fn shorter_forms(schema: &mut Schema) {
    shorthand::also_words(&["crash_loop_backoff"])(schema);
    let bare = json!({ "type": "string", "pattern": "^\\s*[0-9]", "description": "`fixed`, after so long." });
    shorthand::add_form(schema, bare);
}

impl Default for Restart {
    fn default() -> Restart {
        Restart::CrashLoopBackoff {
            initial: default_initial(),
            factor: default_factor(),
            max: default_max(),
            reset_after: default_reset_after(),
        }
    }
}

fn default_initial() -> SimDuration {
    SimDuration::from_secs(10)
}

fn default_factor() -> f64 {
    2.0
}

fn default_max() -> SimDuration {
    SimDuration::from_secs(300)
}

fn default_reset_after() -> SimDuration {
    SimDuration::from_secs(600)
}

impl Restart {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match *self {
            Restart::Fixed { .. } => Vec::new(),
            Restart::CrashLoopBackoff { initial, factor, max, reset_after } => check::found([
                check::longer_than_zero("crash_loop_backoff.initial", initial),
                check::at_least("crash_loop_backoff.factor", factor, 1.0),
                check::not_below("crash_loop_backoff.max", max, "initial", initial),
                check::longer_than_zero("crash_loop_backoff.reset_after", reset_after),
            ]),
        }
    }
}

/// How often one service has crashed in a row.
#[derive(Debug, Clone)]
pub struct RestartState {
    settings: Restart,
    crashes: u32,
}

impl RestartState {
    /// A service that has not crashed yet.
    #[must_use]
    pub fn new(settings: &Restart) -> RestartState {
        RestartState { settings: settings.clone(), crashes: 0 }
    }

    /// The service crashes now, having been up since `up_since`: how long it stays down.
    pub fn next(&mut self, now: SimTime, up_since: SimTime) -> SimDuration {
        match self.settings {
            Restart::Fixed { after } => after,
            Restart::CrashLoopBackoff { initial, factor, max, reset_after } => {
                if now.since(up_since) >= reset_after {
                    self.crashes = 0;
                }
                self.crashes = self.crashes.saturating_add(1);
                match i32::try_from(self.crashes).unwrap_or(i32::MAX) {
                    1 => SimDuration::ZERO,
                    crashes => initial.scaled(factor.powi(crashes - 2)).min(max),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long each crash keeps a service down that crashes again so long after each start.
    fn downtimes<const N: usize>(settings: &Restart, up_for: [u64; N]) -> [u64; N] {
        let mut state = RestartState::new(settings);
        let mut started = SimTime::ZERO;
        up_for.map(|secs| {
            let crashed = started + SimDuration::from_secs(secs);
            let down = state.next(crashed, started);
            started = crashed + down;
            down.as_nanos() / 1_000_000_000
        })
    }

    #[test]
    fn a_crash_loop_is_restarted_at_once_and_then_after_ten_seconds_doubling_up_to_five_minutes() {
        let downtimes = downtimes(&Restart::default(), [1; 9]);
        assert_eq!(downtimes, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn ten_minutes_up_and_the_crash_loop_is_forgotten() {
        assert_eq!(downtimes(&Restart::default(), [1, 1, 1, 599, 600, 1]), [0, 10, 20, 40, 0, 10]);
    }

    #[test]
    fn a_fixed_restart_is_always_the_same() {
        let fixed = Restart::Fixed { after: SimDuration::from_secs(60) };
        assert_eq!(downtimes(&fixed, [1, 1, 600]), [60, 60, 60]);
    }

    #[test]
    fn a_back_off_that_shrinks_is_told() {
        let settings: Restart =
            serde_json::from_str(r#"{"crash_loop_backoff": {"factor": 0.5, "max": "5s"}}"#)
                .unwrap();
        let paths: Vec<_> = settings.check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["crash_loop_backoff.factor", "crash_loop_backoff.max"]);
        assert_eq!(Restart::default().check(), []);
    }
}
