//! What goes wrong from outside, and when.
//!
//! A fault is scheduled (`from`, `until`) or comes at random (`mtbf`, `mttr`: the mean time between the end of one and the
//! beginning of the next, and the time that each lasts). Faults overlap freely.
//!
//! To add one: a settings type, a variant of [`Fault`], and how it changes a node's health.

mod content;
mod random_time;

pub use content::{Poison, SchemaChange};
pub use random_time::RandomTime;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::random::Distribution;
use crate::time::SimTime;

/// One fault.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// A node goes down: what it holds in memory is lost, connections are refused.
    Crash(Crash),
    /// A node stops working and says nothing: requests are accepted and not answered.
    Hang(Hang),
    /// A node's work takes longer.
    Slowdown(Slowdown),
    /// A node answers with errors.
    ErrorRate(ErrorRate),
    /// Two nodes can't reach one another; what they send waits for its timeout.
    Partition(Partition),
    /// Messages take longer on their way.
    Latency(Latency),
    /// Messages get lost on their way.
    MessageLoss(MessageLoss),
    /// A log loses one of its nodes.
    BrokerLoss(BrokerLoss),
    /// Messages are made with which no work succeeds.
    Poison(Poison),
    /// Messages are written with another schema.
    SchemaChange(SchemaChange),
}

/// Writes a fault's own settings and, below them, when it happens: the same fields for each.
macro_rules! faults {
    ($($(#[$meaning:meta])* $name:ident {
        $($(#[$field_meaning:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$meaning])*
        #[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meaning])* pub $field: $type,)*
            /// When it begins (default: the start of the run). With `mtbf`: when it may come first.
            #[serde(default)]
            pub from: Option<SimTime>,
            /// When it ends (default: with the run; a crash ends by the service's `restart`). With `mtbf`: when none comes any
            /// more.
            #[serde(default)]
            pub until: Option<SimTime>,
            /// For a fault that comes at random: the time from the end of one to the beginning of the next. A bare duration is
            /// the mean of an exponential distribution.
            #[serde(default)]
            pub mtbf: Option<RandomTime>,
            /// For a fault that comes at random: the time that each lasts. A bare duration is the mean of an exponential
            /// distribution.
            #[serde(default)]
            pub mttr: Option<RandomTime>,
        }

        impl $name {
            fn timing(&self) -> Timing<'_> {
                Timing {
                    from: self.from,
                    until: self.until,
                    mtbf: self.mtbf.as_ref().map(RandomTime::distribution),
                    mttr: self.mttr.as_ref().map(RandomTime::distribution),
                }
            }
        }
    )*};
}

faults! {
    /// A node goes down.
    Crash {
        /// The node: a service or a broker.
        on: String,
        /// Whether a service goes down in good order, as with SIGTERM: its consumers acknowledge what they have done, give back what
        /// they have not, and leave their groups at once. Calls are broken off all the same (default: no, as with SIGKILL or a power cut).
        #[serde(default)]
        graceful: bool,
    }
    /// A log loses one of its nodes, with what only that has: its host is gone, and doesn't say so.
    BrokerLoss {
        /// The log.
        on: String,
        /// Which of its `nodes`, from 0: partition 0 of each topic is led by node 0, partition 1 by node 1, and so on.
        node: u32,
    }
    /// A node stops working and says nothing.
    Hang {
        /// The node: a service.
        on: String,
    }
    /// A node's work takes longer.
    Slowdown {
        /// The node: a service.
        on: String,
        /// What service times are multiplied by, above 0: 10 is ten times as slow.
        factor: f64,
    }
    /// A node answers with errors.
    ErrorRate {
        /// The node: a service.
        on: String,
        /// The share of requests that fail: a probability from 0 to 1.
        probability: f64,
    }
    /// Two nodes can't reach one another.
    Partition {
        /// The two nodes.
        between: [String; 2],
    }
    /// Messages take longer on their way.
    Latency {
        /// The node on whose links this happens. Either this or `between`.
        #[serde(default)]
        on: Option<String>,
        /// The two nodes between which this happens. Either this or `on`.
        #[serde(default)]
        between: Option<[String; 2]>,
        /// What is added to the latency of each way.
        add: Distribution,
    }
    /// Messages get lost on their way.
    MessageLoss {
        /// The node on whose links this happens. Either this or `between`.
        #[serde(default)]
        on: Option<String>,
        /// The two nodes between which this happens. Either this or `on`.
        #[serde(default)]
        between: Option<[String; 2]>,
        /// The share of what is sent that gets lost, each way: a probability from 0 to 1.
        probability: f64,
    }
}

/// When a fault happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing<'a> {
    /// The beginning, or the beginning of the time in which it may happen.
    pub from: Option<SimTime>,
    /// The end, or the end of the time in which it may happen.
    pub until: Option<SimTime>,
    /// From the end of one to the beginning of the next.
    pub mtbf: Option<&'a Distribution>,
    /// How long each lasts.
    pub mttr: Option<&'a Distribution>,
}

/// Which links or nodes a fault happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// One node.
    On(&'a str),
    /// The way between two nodes.
    Between(&'a str, &'a str),
}

impl Fault {
    /// Its name in scenarios: `crash`, `slowdown`, …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::Crash(_) => "crash",
            Fault::Hang(_) => "hang",
            Fault::Slowdown(_) => "slowdown",
            Fault::ErrorRate(_) => "error_rate",
            Fault::Partition(_) => "partition",
            Fault::Latency(_) => "latency",
            Fault::MessageLoss(_) => "message_loss",
            Fault::BrokerLoss(_) => "broker_loss",
            Fault::Poison(_) => "poison",
            Fault::SchemaChange(_) => "schema_change",
        }
    }

    /// When it happens.
    #[must_use]
    pub fn timing(&self) -> Timing<'_> {
        match self {
            Fault::Crash(crash) => crash.timing(),
            Fault::Hang(hang) => hang.timing(),
            Fault::Slowdown(slowdown) => slowdown.timing(),
            Fault::ErrorRate(error_rate) => error_rate.timing(),
            Fault::Partition(partition) => partition.timing(),
            Fault::Latency(latency) => latency.timing(),
            Fault::MessageLoss(loss) => loss.timing(),
            Fault::BrokerLoss(loss) => loss.timing(),
            Fault::Poison(poison) => poison.timing(),
            Fault::SchemaChange(change) => change.timing(),
        }
    }

    /// Where it happens; `None` if the settings name no node or both a node and a pair, which [`Fault::check`] tells.
    #[must_use]
    pub fn reach(&self) -> Option<Reach<'_>> {
        match self {
            Fault::Crash(Crash { on, .. })
            | Fault::BrokerLoss(BrokerLoss { on, .. })
            | Fault::Hang(Hang { on, .. })
            | Fault::Slowdown(Slowdown { on, .. })
            | Fault::ErrorRate(ErrorRate { on, .. })
            | Fault::Poison(Poison { on, .. })
            | Fault::SchemaChange(SchemaChange { on, .. }) => Some(Reach::On(on)),
            Fault::Partition(Partition { between: [a, b], .. }) => Some(Reach::Between(a, b)),
            Fault::Latency(Latency { on, between, .. })
            | Fault::MessageLoss(MessageLoss { on, between, .. }) => match (on, between) {
                (Some(node), None) => Some(Reach::On(node)),
                (None, Some([a, b])) => Some(Reach::Between(a, b)),
                (None, None) | (Some(_), Some(_)) => None,
            },
        }
    }

    /// Its distributions by field, to put the values of a file in the place of its name.
    pub fn distributions_mut(&mut self) -> Vec<(&'static str, &mut Distribution)> {
        match self {
            Fault::Crash(Crash { mtbf, mttr, .. })
            | Fault::BrokerLoss(BrokerLoss { mtbf, mttr, .. })
            | Fault::Hang(Hang { mtbf, mttr, .. })
            | Fault::Slowdown(Slowdown { mtbf, mttr, .. })
            | Fault::ErrorRate(ErrorRate { mtbf, mttr, .. })
            | Fault::Partition(Partition { mtbf, mttr, .. })
            | Fault::MessageLoss(MessageLoss { mtbf, mttr, .. }) => stated(mtbf, mttr).collect(),
            Fault::Latency(Latency { mtbf, mttr, add, .. }) => {
                stated(mtbf, mttr).chain([("add", add)]).collect()
            }
            Fault::Poison(_) | Fault::SchemaChange(_) => Vec::new(),
        }
    }

    /// What is wrong with the settings, each with its path below the fault, what is wrong and what would be right.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        let mut found = self.timing().check();
        match self {
            Fault::Slowdown(Slowdown { factor, .. }) if *factor <= 0.0 => {
                found.push(("factor".into(), format!("is {factor}; it must be above 0")));
            }
            Fault::ErrorRate(ErrorRate { probability, .. })
            | Fault::MessageLoss(MessageLoss { probability, .. })
            | Fault::Poison(Poison { probability, .. })
                if !(0.0..=1.0).contains(probability) =>
            {
                let wrong = format!("is {probability}; it is a probability, from 0 to 1");
                found.push(("probability".into(), wrong));
            }
            Fault::Crash(_)
            | Fault::BrokerLoss(_)
            | Fault::Hang(_)
            | Fault::Slowdown(_)
            | Fault::ErrorRate(_)
            | Fault::Partition(_)
            | Fault::Latency(_)
            | Fault::MessageLoss(_)
            | Fault::Poison(_)
            | Fault::SchemaChange(_) => {}
        }
        if let Fault::Latency(Latency { add, .. }) = self {
            found.extend(under("add", add.check()));
        }
        if self.reach().is_none() {
            found.push((String::new(), "needs either `on` or `between`".into()));
        }
        let kind = self.kind();
        under(kind, found).collect()
    }
}

impl Timing<'_> {
    fn check(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        match (self.mtbf, self.mttr) {
            (Some(_), None) => found.push(("mtbf".into(), "needs `mttr` beside it".into())),
            (None, Some(_)) => found.push(("mttr".into(), "needs `mtbf` beside it".into())),
            (Some(mtbf), Some(mttr)) => {
                found.extend(random_time("mtbf", mtbf));
                found.extend(random_time("mttr", mttr));
            }
            (None, None) => {}
        }
        if let Some(until) = self.until.filter(|until| *until <= self.from.unwrap_or_default()) {
            let from = self.from.unwrap_or_default();
            found.push(("until".into(), format!("is {until}; it must be later than {from}")));
        }
        found
    }
}

fn random_time(name: &str, time: &Distribution) -> Vec<(String, String)> {
    let found = time.check();
    if found.is_empty() && time.csv().is_none() && time.mean_s() <= 0.0 {
        return vec![(name.into(), "is no time at all; it must be longer than 0s".into())];
    }
    under(name, found).collect()
}

fn under(prefix: &str, found: Vec<(String, String)>) -> impl Iterator<Item = (String, String)> {
    found.into_iter().map(move |(path, wrong)| match path.as_str() {
        "" => (prefix.to_owned(), wrong),
        _ => (format!("{prefix}.{path}"), wrong),
    })
}

/// The distributions of those random times that are stated.
fn stated<'a>(
    mtbf: &'a mut Option<RandomTime>,
    mttr: &'a mut Option<RandomTime>,
) -> impl Iterator<Item = (&'static str, &'a mut Distribution)> {
    [("mtbf", mtbf), ("mttr", mttr)]
        .into_iter()
        .filter_map(|(name, time)| Some((name, time.as_mut()?.distribution_mut())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).unwrap()
    }

    fn problems(text: &str) -> Vec<String> {
        fault(text).check().into_iter().map(|(path, wrong)| format!("{path} {wrong}")).collect()
    }

    #[test]
    fn a_bare_mtbf_is_the_mean_of_an_exponential_time() {
        let crash = fault(
            r#"{"crash": {"on": "db", "mtbf": "30d", "mttr": {"uniform": {"min": "1h", "max": "3h"}}}}"#,
        );
        let timing = crash.timing();
        assert_eq!(timing.mtbf.map(Distribution::mean_s), Some(30.0 * 86_400.0));
        assert_eq!(timing.mttr.map(Distribution::mean_s), Some(7_200.0));
        assert_eq!(crash.check(), []);
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        for (text, wanted) in [
            (
                r#"{"slowdown": {"on": "db", "factor": 0}}"#,
                "slowdown.factor is 0; it must be above 0",
            ),
            (
                r#"{"error_rate": {"on": "db", "probability": 1.5}}"#,
                "error_rate.probability is 1.5; it is a probability, from 0 to 1",
            ),
            (
                r#"{"crash": {"on": "db", "from": "2h", "until": "1h"}}"#,
                "crash.until is 1h; it must be later than 2h",
            ),
            (r#"{"hang": {"on": "db", "mtbf": "1h"}}"#, "hang.mtbf needs `mttr` beside it"),
            (
                r#"{"message_loss": {"probability": 0.1}}"#,
                "message_loss needs either `on` or `between`",
            ),
        ] {
            assert_eq!(problems(text), [wanted]);
        }
    }
}
