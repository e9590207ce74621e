//! What happened when, in plain words: the rows of `marks.csv`, and the flags on a time axis.
//!
//! Of each kind the first 4,000 are kept, so that a service that crashes every second for a year neither fills memory
//! nor hides the alert that tells of it; one last row says how many more there were.

use super::summary::MarkRow;
use crate::model::observation::{CrashCause, Death, Mark};
use crate::time::SimTime;

/// Marks of one kind that are kept.
pub const MOST_OF_A_KIND: usize = 4_000;

/// The marks of a run so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    rows: Vec<MarkRow>,
    kinds: Vec<(&'static str, usize)>,
}

impl Marks {
    /// Adds a row, unless there are very many of its kind; `detail` is only asked for if it is kept.
    pub(super) fn add(
        &mut self,
        now: SimTime,
        node: &str,
        kind: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        if self.count(kind) <= MOST_OF_A_KIND {
            let (time_s, node) = (now.as_secs_f64(), node.to_owned());
            self.rows.push(MarkRow { time_s, node, kind, detail: detail() });
        }
    }

    /// All rows in order, and a row for each kind of which some are left out.
    pub(super) fn finish(mut self, end: SimTime) -> Vec<MarkRow> {
        for &(kind, count) in &self.kinds {
            if count > MOST_OF_A_KIND {
                let detail = format!("{} more of kind {kind} are left out", count - MOST_OF_A_KIND);
                let time_s = end.as_secs_f64();
                self.rows.push(MarkRow { time_s, node: String::new(), kind: "truncated", detail });
            }
        }
        self.rows
    }

    fn count(&mut self, kind: &'static str) -> usize {
        let place = self.kinds.iter().position(|(known, _)| *known == kind);
        let place = place.unwrap_or_else(|| {
            self.kinds.push((kind, 0));
            self.kinds.len() - 1
        });
        self.kinds[place].1 += 1;
        self.kinds[place].1
    }
}

/// The kind of a mark, as it stands in `marks.csv`.
pub(super) fn kind(mark: Mark) -> &'static str {
    match mark {
        Mark::Crash { .. } => "crash",
        Mark::Restart => "restart",
        Mark::FaultBegins { .. } => "fault_begins",
        Mark::FaultEnds { .. } => "fault_ends",
        Mark::BreakerOpens { .. } => "breaker_opens",
        Mark::BreakerProbes { .. } => "breaker_probes",
        Mark::BreakerCloses { .. } => "breaker_closes",
        Mark::Resend { .. } => "resend",
        Mark::RebalanceBegins => "rebalance_begins",
        Mark::Rebalanced { .. } => "rebalance",
        Mark::SessionExpired { .. } => "session_expired",
        Mark::Evicted { .. } => "evicted",
        Mark::Throttled => "throttled",
        Mark::DeadLettered { .. } => "dead_lettered",
        Mark::RedriveBegins => "redrive_begins",
        Mark::ConsumerTimedOut { .. } => "consumer_timed_out",
        Mark::DeadLetters { .. } => "dead_letters",
        Mark::QueueDeleted { .. } => "queue_deleted",
        Mark::MemoryAlarm { .. } => "memory_alarm",
        Mark::MemoryAlarmClears => "memory_alarm_clears",
        Mark::DiskAlarm { .. } => "disk_alarm",
        Mark::DiskAlarmClears => "disk_alarm_clears",
        Mark::Left { .. } => "left",
        Mark::LeadersMoved { .. } => "leaders_moved",
        Mark::Assigned { .. } => "assigned",
        Mark::Revoked { .. } => "revoked",
        Mark::Replayed { .. } => "replayed",
    }
}

/// Every kind of mark.
pub const KINDS: [&str; 28] = [
    "crash",
    "restart",
    "fault_begins",
    "fault_ends",
    "breaker_opens",
    "breaker_probes",
    "breaker_closes",
    "resend",
    "rebalance_begins",
    "rebalance",
    "session_expired",
    "evicted",
    "throttled",
    "dead_lettered",
    "redrive_begins",
    "consumer_timed_out",
    "dead_letters",
    "queue_deleted",
    "memory_alarm",
    "memory_alarm_clears",
    "left",
    "leaders_moved",
    "assigned",
    "revoked",
    "replayed",
    "alert_raised",
    "alert_cleared",
    "truncated",
];

/// Who reads a partition, of the detail of a mark that says so, and for which group.
#[must_use]
pub fn reader(detail: &str) -> Option<(&str, &str)> {
    detail.split_once(" for ")
}

/// A mark in words.
pub(super) fn detail<'a>(
    mark: Mark,
    fault: impl Fn(u16) -> &'a str,
    node: impl Fn(crate::model::id::NodeId) -> &'a str,
) -> String {
    match mark {
        Mark::Crash { cause, lost } => {
            let cause = match cause {
                CrashCause::Exhausted => "ran out of threads",
                CrashCause::Fault => "brought down by a fault",
            };
            format!("{cause}, with {lost} inside")
        }
        Mark::Restart => "up again".to_owned(),
        Mark::FaultBegins { fault: number } | Mark::FaultEnds { fault: number } => {
            fault(number).to_owned()
        }
        Mark::BreakerOpens { at } | Mark::BreakerProbes { at } | Mark::BreakerCloses { at } => {
            format!("towards {}", node(at))
        }
        Mark::Resend { count } => format!("{count} messages of the retry queue at once"),
        Mark::RebalanceBegins => "members are to join again".to_owned(),
        Mark::Rebalanced { members } => format!("partitions dealt out to {members} members"),
        Mark::SessionExpired { member } => {
            format!("a worker of {} was not heard of in time", node(member))
        }
        Mark::LeadersMoved { lost } => {
            format!("other nodes lead what a lost one led; {lost} messages are lost with it")
        }
        Mark::Left { member } => format!("a worker of {} has left its group", node(member)),
        Mark::Evicted { member } => format!("a worker of {} did not poll in time", node(member)),
        Mark::Assigned { group, member, worker } | Mark::Revoked { group, member, worker } => {
            let worker = worker.map(|worker| format!(" #{}", worker + 1)).unwrap_or_default();
            format!("{}{worker} for {}", node(member), node(group))
        }
        Mark::Replayed { member, count } => {
            let member = node(member);
            format!("{count} messages on which {member} had worked since its last commit")
        }
        Mark::Throttled => "more is sent than the quota allows".to_owned(),
        Mark::DeadLettered { to, count } => {
            format!("{count} received too often, moved to {}", node(to))
        }
        Mark::RedriveBegins => "messages go back to where they came from".to_owned(),
        Mark::ConsumerTimedOut { member } => {
            format!("a worker of {} kept a message for too long", node(member))
        }
        Mark::DeadLetters { reason } => {
            let reason = match reason {
                Death::Rejected => "refused by a consumer",
                Death::Expired => "too old",
                Death::MaxLength => "one too many",
                Death::DeliveryLimit => "delivered too often",
            };
            format!("the first message is dead-lettered: {reason}")
        }
        Mark::QueueDeleted { lost } => format!("unused for too long, with {lost} inside"),
        Mark::MemoryAlarm { stored } | Mark::DiskAlarm { stored } => {
            format!("nobody may publish; {stored} are stored")
        }
        Mark::MemoryAlarmClears | Mark::DiskAlarmClears => "everybody may publish".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_in_words() {
        let told = |mark| detail(mark, |_| "slowdown of notification", |_| "notification");
        let crash = Mark::Crash { cause: CrashCause::Exhausted, lost: 200 };
        assert_eq!(told(crash), "ran out of threads, with 200 inside");
        assert_eq!(told(Mark::FaultBegins { fault: 0 }), "slowdown of notification");
        assert_eq!(
            told(Mark::Resend { count: 20_000 }),
            "20000 messages of the retry queue at once"
        );
    }

    #[test]
    fn every_kind_is_known() {
        let member = crate::model::id::NodeId::new(0);
        for mark in [Mark::Restart, Mark::Left { member }, Mark::Replayed { member, count: 1 }] {
            assert!(KINDS.contains(&kind(mark)), "{mark:?}");
        }
        let text = detail(
            Mark::Assigned { group: member, member, worker: Some(1) },
            |_| "",
            |_| "billing",
        );
        assert_eq!(reader(&text), Some(("billing #2", "billing")));
    }

    #[test]
    fn very_many_of_a_kind_are_cut_short_without_hiding_the_others() {
        let mut marks = Marks::default();
        for _ in 0..5_000 {
            marks.add(SimTime::ZERO, "notification", "crash", String::new);
        }
        marks.add(SimTime::ZERO, "", "alert_raised", String::new);
        let rows = marks.finish(SimTime::from_nanos(7_000_000_000));
        assert_eq!(rows.len(), 4_002);
        assert_eq!(rows[4_000].kind, "alert_raised");
        assert_eq!(rows[4_001].detail, "1000 more of kind crash are left out");
    }
}
