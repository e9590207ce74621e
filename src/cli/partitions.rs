//! How many partitions what is due within a time needs, in words, step by step.

use crate::report::number;
use crate::scenario::partitions::{PartitionPlan, SHARE};
use crate::theory::partitions::Work;

/// A paragraph for each plan.
pub(super) fn in_words(plans: &[PartitionPlan]) -> String {
    plans.iter().map(paragraph).collect()
}

fn paragraph(plan: &PartitionPlan) -> String {
    let PartitionPlan { group, due_within_s, rate_per_s, work_s, .. } = plan;
    let (rate, due) = (number::quantity(*rate_per_s), number::duration(*due_within_s));
    let at_work = number::quantity(rate_per_s * work_s);
    let lines = [
        format!("partitions for {group}, where everything is due within {due}:"),
        format!(
            "  to keep up: at least {}, because {rate}/s of {} each keep {at_work} members at work",
            plan.to_keep_up,
            number::duration(*work_s),
        ),
        format!("  {}", to_be_in_time(plan)),
        format!(
            "  there are {}: {} in time. A member for each and keys spread evenly; popular keys need more",
            plan.there_are,
            share(plan, plan.there_are),
        ),
    ];
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

fn to_be_in_time(plan: &PartitionPlan) -> String {
    let wanted = number::percent(SHARE);
    let due = number::duration(plan.due_within_s);
    let Some(fewest) = plan.to_be_in_time else {
        return format!(
            "for {wanted} within {due}: no number is enough, as the work alone takes too long"
        );
    };
    let each = plan.rate_per_s / f64::from(fewest);
    let queue = match plan.work {
        Work::Constant => "M/D/1",
        Work::Exponential => "M/M/1",
    };
    format!(
        "for {wanted} within {due}: at least {fewest}, because each then gets {}/s and does {}/s, and {} are in time ({queue}); with {} it were {}",
        number::quantity(each),
        number::quantity(1.0 / plan.work_s),
        share(plan, fewest),
        fewest - 1,
        share(plan, fewest - 1),
    )
}

/// The share that is done in time with so many partitions.
fn share(plan: &PartitionPlan, partitions: u32) -> String {
    if partitions < plan.to_keep_up {
        return "ever fewer".to_owned();
    }
    format!("{:.1} %", 100.0 * plan.share_with(partitions))
}
