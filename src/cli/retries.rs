//! What callers do who are not served, in words: that some give up, and what retries would make of the load if all of it failed.

use crate::report::number;
use crate::scenario::flow::Prediction;
use crate::scenario::stations::RetryPlan;
use crate::theory::retries;

/// A line for each service of which not everybody is served, or not at the first attempt.
pub(super) fn of_those_who_give_up(predictions: &[Prediction]) -> String {
    let line = |prediction: &Prediction| {
        let Prediction { service, lost, attempts, .. } = prediction;
        let lost = (*lost > 0.0).then(|| {
            format!("{} of the messages are turned away or give up", number::percent(*lost))
        });
        let again = (*attempts > 1.0)
            .then(|| format!("{} attempts for each message", number::quantity(*attempts)));
        let words: Vec<String> = lost.into_iter().chain(again).collect();
        (!words.is_empty()).then(|| format!("  callers of {service}: {}\n", words.join(", ")))
    };
    predictions.iter().filter_map(line).collect()
}

/// A line for each caller with retries: how many attempts there would be, and whether that is too much for the callee.
pub(super) fn in_words(plans: &[RetryPlan]) -> String {
    plans.iter().map(sentence).collect()
}

fn sentence(plan: &RetryPlan) -> String {
    let RetryPlan { by, at, attempts, budget, rate_per_s, capacity_per_s } = plan;
    let most = attempts.map_or(u32::MAX, |most| u32::try_from(most).unwrap_or(u32::MAX));
    let each = match (attempts, budget) {
        (_, Some(budget)) => Some(budget.min(f64::from(most))),
        (Some(most), None) => Some(*most as f64),
        (None, None) => None,
    };
    let Some(each) = each else {
        return format!(
            "  retries of {by} at {at}: without end. If every attempt failed, ever more of them would come, whatever the capacity\n"
        );
    };
    let (load, capacity) = (number::quantity(rate_per_s * each), number::quantity(*capacity_per_s));
    let sustains = match budget {
        Some(_) => rate_per_s * each > *capacity_per_s,
        None => retries::storm_sustains_itself(*rate_per_s, most, *capacity_per_s),
    };
    let verdict = if sustains {
        "more than it can do: an overload would feed itself"
    } else {
        "which it can do: an overload would pass"
    };
    format!(
        "  retries of {by} at {at}: {} attempts each if every one failed, {load}/s of {capacity}/s, {verdict}\n",
        number::quantity(each)
    )
}
