//! Who in the waiting line is served next.
//!
//! First come, first served is fair, and in overload the worst: every caller waits about as long as its timeout, so nearly
//! all the work done is for callers who have left. Last come, first served gives up the old ones and answers the new in
//! time. The adaptive form (Ben Maurer, "Fail at Scale", ACM Queue, 2015) is fair as long as the line is short.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Problem;
use super::codel::{Codel, CodelState};

/// In which order a service takes requests from its waiting line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Discipline {
    /// First come, first served (the default).
    #[default]
    Fifo,
    /// Last come, first served; work in progress is not interrupted.
    Lifo,
    /// Whoever's lot is drawn: everybody in line is as likely to be next.
    Random,
    /// The lowest priority number first (0 is the most important), first come, first served within it; work in progress is
    /// not interrupted.
    Priority,
    /// Everybody at once: all requests share the workers evenly, each at the rate min(1, workers ÷ requests), as threads share the
    /// processors of a machine. Only for calls.
    ProcessorSharing,
    /// First come, first served, but last come, first served while more than so many wait.
    AdaptiveLifo {
        /// The longest line that is still served in order.
        above: u32,
    },
    /// First come, first served; but while the line never gets short, whoever has waited too long is turned away instead. Only calls are.
    Codel(Codel),
}

/// From where in a waiting line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Who came first.
    Oldest,
    /// Who came last.
    Newest,
    /// Anybody, by lot.
    Any,
}

/// Who is next: from where in which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// Which lane.
    pub lane: usize,
    /// Which end of it.
    pub end: End,
}

impl Discipline {
    /// The lane in which a request of this priority waits: one for each priority, or the same for all.
    #[must_use]
    pub fn lane(&self, priority: u8) -> usize {
        match self {
            Discipline::Fifo
            | Discipline::Lifo
            | Discipline::Random
            | Discipline::ProcessorSharing
            | Discipline::AdaptiveLifo { .. }
            | Discipline::Codel(_) => 0,
            Discipline::Priority => usize::from(priority),
        }
    }

    /// From which end a lane is served in which so many wait.
    #[must_use]
    pub fn end(&self, waiting: usize) -> End {
        match *self {
            Discipline::Fifo
            | Discipline::Priority
            | Discipline::ProcessorSharing
            | Discipline::Codel(_) => End::Oldest,
            Discipline::Lifo => End::Newest,
            Discipline::Random => End::Any,
            Discipline::AdaptiveLifo { above } if waiting > above as usize => End::Newest,
            Discipline::AdaptiveLifo { .. } => End::Oldest,
        }
    }

    /// Who is next, given how many wait in each lane; nobody if all are empty.
    #[must_use]
    pub fn next(&self, waiting: impl IntoIterator<Item = usize>) -> Option<Next> {
        let (lane, waiting) = waiting.into_iter().enumerate().find(|(_, waiting)| *waiting > 0)?;
        Some(Next { lane, end: self.end(waiting) })
    }

    /// What it remembers of the line, if it turns requests away.
    #[must_use]
    pub fn codel(&self) -> Option<CodelState> {
        self.as_codel().map(CodelState::new)
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        self.as_codel().map_or_else(Vec::new, |rule| rule.check())
    }

    fn as_codel(&self) -> Option<Codel> {
        match self {
            Discipline::Codel(rule) => Some(*rule),
            Discipline::Fifo
            | Discipline::Lifo
            | Discipline::Random
            | Discipline::Priority
            | Discipline::ProcessorSharing
            | Discipline::AdaptiveLifo { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_discipline_serves_its_own_end_of_the_line() {
        for (discipline, short, long) in [
            (Discipline::Fifo, End::Oldest, End::Oldest),
            (Discipline::Lifo, End::Newest, End::Newest),
            (Discipline::Random, End::Any, End::Any),
            (Discipline::Priority, End::Oldest, End::Oldest),
            (Discipline::AdaptiveLifo { above: 10 }, End::Oldest, End::Newest),
        ] {
            assert_eq!(discipline.end(10), short, "{discipline:?}");
            assert_eq!(discipline.end(11), long, "{discipline:?}");
        }
    }

    #[test]
    fn the_most_important_lane_in_which_somebody_waits_is_next() {
        let next = Discipline::Priority.next([0, 3, 5]);
        assert_eq!(next, Some(Next { lane: 1, end: End::Oldest }));
        assert_eq!(Discipline::Priority.next([0, 0, 0]), None);
    }

    #[test]
    fn only_priority_keeps_its_requests_apart() {
        assert_eq!(Discipline::Priority.lane(3), 3);
        for discipline in
            [Discipline::Fifo, Discipline::Lifo, Discipline::AdaptiveLifo { above: 1 }]
        {
            assert_eq!(discipline.lane(3), 0, "{discipline:?}");
        }
    }
}
