//! Alert rules: a threshold that a metric has to hold for a while before anybody is woken.
//!
//! The semantics are those of a Prometheus alerting rule with `for`: the rule is looked at at the end of each window;
//! it is raised once its condition has held at every look for that long, and cleared at the first look at which it
//! does not hold. A window without a value does not meet any condition.
//!
//! Source: <https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/>.

use super::column::Column;
use crate::model::id::NodeId;
use crate::time::{SimDuration, SimTime};

/// When to raise an alert.
#[derive(Debug, Clone)]
pub struct AlertRule {
    /// Its name, for the reader.
    pub name: String,
    /// Which metric, as it is in a window.
    pub column: &'static Column,
    /// At which node; `None` for the whole system.
    pub node: Option<NodeId>,
    /// Which values are bad.
    pub bad: Bad,
    /// For how long they have to be bad without a break; zero raises at the first bad window.
    pub for_: SimDuration,
}

/// Values that are bad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bad {
    /// Above this one.
    Above(f64),
    /// Below this one.
    Below(f64),
}

impl Bad {
    fn holds(self, value: f64) -> bool {
        match self {
            Bad::Above(limit) => value > limit,
            Bad::Below(limit) => value < limit,
        }
    }
}

impl std::fmt::Display for Bad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bad::Above(limit) => write!(f, "above {limit}"),
            Bad::Below(limit) => write!(f, "below {limit}"),
        }
    }
}

impl AlertRule {
    /// The rule, and the value that was seen.
    pub(super) fn in_words(&self, value: Option<f64>) -> String {
        let AlertRule { name, column, bad, for_, .. } = self;
        let seen = value.map_or("no value".to_owned(), |value| value.to_string());
        format!("{name}: {} is {seen} ({bad} for {for_})", column.name)
    }
}

/// What a look at a rule brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Raised,
    Cleared,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AlertState {
    bad_since: Option<SimTime>,
    raised: bool,
}

impl AlertState {
    /// A window ended with this value.
    pub(super) fn look(
        &mut self,
        rule: &AlertRule,
        now: SimTime,
        value: Option<f64>,
    ) -> Option<Change> {
        if !value.is_some_and(|value| rule.bad.holds(value)) {
            self.bad_since = None;
            return std::mem::take(&mut self.raised).then_some(Change::Cleared);
        }
        let since = *self.bad_since.get_or_insert(now);
        if self.raised || now.since(since) < rule.for_ {
            return None;
        }
        self.raised = true;
        Some(Change::Raised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::column::lookup;

    /// What happens to a rule that sees these values at 10 s, 20 s, …
    fn watch(bad: Bad, for_secs: u64, values: &[Option<f64>]) -> Vec<(u64, Change)> {
        let rule = AlertRule {
            name: "work piles up".into(),
            column: lookup("pending").unwrap(),
            node: None,
            bad,
            for_: SimDuration::from_secs(for_secs),
        };
        let mut state = AlertState::default();
        (1..)
            .zip(values)
            .filter_map(|(window, value)| {
                let now = SimTime::from_nanos(window * 10_000_000_000);
                Some((window * 10, state.look(&rule, now, *value)?))
            })
            .collect()
    }

    #[test]
    fn a_rule_is_raised_when_its_value_was_bad_for_long_enough_and_cleared_at_the_first_good_one() {
        let values = [5.0, 11.0, 12.0, 13.0, 14.0, 9.0, 9.0].map(Some);
        let seen = watch(Bad::Above(10.0), 20, &values);
        assert_eq!(seen, [(40, Change::Raised), (60, Change::Cleared)]);
    }

    #[test]
    fn a_break_begins_the_wait_anew() {
        let values = [11.0, 10.0, 11.0, 11.0].map(Some);
        assert_eq!(watch(Bad::Above(10.0), 20, &values), []);
    }

    #[test]
    fn a_rule_without_a_wait_is_raised_at_the_first_bad_window() {
        let values = [Some(0.5), None];
        let seen = watch(Bad::Below(0.9), 0, &values);
        assert_eq!(seen, [(10, Change::Raised), (20, Change::Cleared)]);
    }

    #[test]
    fn the_limit_itself_is_good() {
        assert!(!Bad::Below(10.0).holds(10.0) && !Bad::Above(10.0).holds(10.0));
        assert!(Bad::Below(10.0).holds(9.9) && Bad::Above(10.0).holds(10.1));
    }
}
