//! The variants side by side: the metrics in which they differ, the best and the worst of each marked.
//!
//! The page and the terminal show the same table. To add a row: a line of [`ROWS`].

use super::number;
use super::spread;
use crate::experiment::results::Results;
use crate::metrics::aggregate::{Aggregate, Difference};
use crate::metrics::summary_column;

/// A metric on which variants are compared.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name.
    pub metric: &'static str,
    /// What it is called in the table.
    pub label: &'static str,
    /// What is better.
    pub better: Better,
}

/// Which values of a metric are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The higher.
    High,
    /// The lower.
    Low,
    /// The lower; no value means that it never happened, which is worst.
    Soon,
    /// Neither: it tells how a variant works, not how well.
    Neither,
}

/// How a value stands among the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// No variant is better, and some are worse.
    Best,
    /// No variant is worse, and some are better.
    Worst,
    /// Between, or there is nothing to compare.
    Other,
}

/// A value in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// As people read it.
    pub text: String,
    /// How it stands among the variants.
    pub rank: Rank,
}

const fn row(metric: &'static str, label: &'static str, better: Better) -> Row {
    Row { metric, label, better }
}

/// Every row, in the order in which they are read.
pub const ROWS: &[Row] = &[
    row("succeeded", "succeeded", Better::High),
    row("effects", "work done (effects)", Better::Neither),
    row("final_pending", "still waiting at the end", Better::Low),
    row("peak_pending", "most work waiting", Better::Low),
    row("lost", "lost", Better::Low),
    row("expired", "expired", Better::Low),
    row("dead_lettered", "dead-lettered", Better::Low),
    row("rejected", "rejected", Better::Low),
    row("abandoned", "abandoned", Better::Low),
    row("uncertain", "done, but nobody knows", Better::Low),
    row("duplicates", "done more than once", Better::Low),
    row("out_of_order", "done out of order", Better::Low),
    row("unmatched", "without a partner", Better::Low),
    row("crashes", "crashes", Better::Low),
    row("metastable", "metastable", Better::Low),
    row("recovery_time_s", "back to normal", Better::Soon),
    row("drain_time_s", "backlog worked off in", Better::Soon),
    row("availability_ratio", "availability", Better::High),
    row("goodput_per_s", "goodput", Better::High),
    row("retry_amplification_ratio", "attempts for each message", Better::Low),
    row("latency_p50_ms", "latency, median", Better::Low),
    row("latency_p99_ms", "latency, 99 %", Better::Low),
    row("sojourn_p50_ms", "until done, median", Better::Low),
    row("sojourn_p99_ms", "until done, 99 %", Better::Low),
    row("peak_retry_backlog", "largest retry backlog", Better::Low),
    row("peak_lag", "largest lag at a broker", Better::Neither),
    row("peak_held_at_producer", "most held at a producer", Better::Neither),
    row("utilization_ratio", "utilization", Better::Neither),
];

/// The rows in which variants differ, with their cells in the order of the variants. One variant alone has all rows that
/// are not nought.
#[must_use]
pub fn table(results: &Results) -> Vec<(&'static Row, Vec<Cell>)> {
    let spreads = |row: &Row| -> Vec<Aggregate> {
        results.variants.iter().map(|variant| spread::total(variant, row.metric)).collect()
    };
    let rows = ROWS.iter().map(|row| (row, spreads(row)));
    let telling = rows.filter(|(_, spreads)| is_telling(spreads));
    telling.map(|(row, spreads)| (row, cells(row, &spreads, results))).collect()
}

/// How much of the beginning of each run the averages leave out, in a sentence, if the scenario says anything of that.
#[must_use]
pub fn warm_up(results: &Results) -> Option<String> {
    let stated = results.variants.iter().filter_map(|variant| {
        let length = number::duration(variant.warm_up_s?);
        Some(format!("{} ({length})", variant.name))
    });
    let stated: Vec<String> = stated.collect();
    let begin = "Rates, means and percentiles leave out the beginning of each run";
    (!stated.is_empty()).then(|| format!("{begin}: {}.", stated.join(", ")))
}

/// What each variant has more of than the first, with its interval, where it has several replications and there is a difference that can
/// be told. A cell is marked where the interval leaves no doubt which is better; the column of the first variant says nothing.
#[must_use]
pub fn differences(results: &Results) -> Vec<(&'static Row, Vec<Cell>)> {
    let Some((first, others)) = results.variants.split_first() else { return Vec::new() };
    let mut rows = Vec::new();
    for row in ROWS {
        let more = others.iter().map(|variant| spread::more(first, variant, place(row)));
        let more: Vec<Option<Difference>> = more.collect();
        if more.iter().flatten().any(|more| !more.is_open()) {
            let nothing = Cell { text: String::new(), rank: Rank::Other };
            let cells = more.into_iter().map(|more| differing(row, more));
            rows.push((row, std::iter::once(nothing).chain(cells).collect()));
        }
    }
    rows
}

fn place(row: &Row) -> usize {
    summary_column::index(row.metric).expect("every row is a metric of the summary")
}

/// `+3 ± 1`, or `≈ ± 2` where the interval holds zero.
fn differing(row: &Row, more: Option<Difference>) -> Cell {
    let Some(more) = more else { return Cell { text: "–".to_owned(), rank: Rank::Other } };
    let (low, high) = more.ci95;
    let half = number::metric(row.metric, (high - low) / 2.0);
    if more.is_open() {
        return Cell { text: format!("≈ ± {half}"), rank: Rank::Other };
    }
    let (sign, is_more) = if more.mean > 0.0 { ('+', true) } else { ('−', false) };
    let rank = match row.better {
        Better::Neither => Rank::Other,
        Better::High if is_more => Rank::Best,
        Better::High => Rank::Worst,
        Better::Low | Better::Soon if is_more => Rank::Worst,
        Better::Low | Better::Soon => Rank::Best,
    };
    Cell { text: format!("{sign}{} ± {half}", number::metric(row.metric, more.mean.abs())), rank }
}

fn is_telling(spreads: &[Aggregate]) -> bool {
    match spreads {
        [one] => one.mean.is_some_and(|mean| mean != 0.0),
        _ => spreads.windows(2).any(|pair| !is_same(pair[0].mean, pair[1].mean)),
    }
}

/// Whether a reader would take two values for the same: to within a tenth of a percent.
fn is_same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-3 * a.abs().max(b.abs()),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether two values differ enough to call one of them better: by a tenth.
fn is_far(a: f64, b: f64) -> bool {
    (a - b).abs() > 0.1 * a.abs().max(b.abs())
}

fn cells(row: &Row, spreads: &[Aggregate], results: &Results) -> Vec<Cell> {
    let scores: Vec<Option<f64>> = spreads.iter().map(|spread| score(row, spread.mean)).collect();
    let known = || scores.iter().copied().flatten();
    let best = known().fold(f64::NEG_INFINITY, f64::max);
    let worst = known().fold(f64::INFINITY, f64::min);
    let rank = |score: &Option<f64>| match score {
        Some(score) if !is_far(best, worst) || score.is_nan() => Rank::Other,
        Some(score) if is_same(Some(*score), Some(best)) => Rank::Best,
        Some(score) if is_same(Some(*score), Some(worst)) => Rank::Worst,
        Some(_) | None => Rank::Other,
    };
    let text = |spread: &Aggregate| value(row, *spread, results);
    let pairs = spreads.iter().zip(&scores);
    pairs.map(|(spread, score)| Cell { text: text(spread), rank: rank(score) }).collect()
}

/// The higher, the better; nothing where values can't be ranked.
fn score(row: &Row, mean: Option<f64>) -> Option<f64> {
    match row.better {
        Better::High => mean,
        Better::Low => mean.map(|mean| -mean),
        Better::Soon => Some(mean.map_or(f64::MIN, |mean| -mean)),
        Better::Neither => None,
    }
}

/// A mean, with half the width of its interval where it has one.
fn value(row: &Row, spread: Aggregate, results: &Results) -> String {
    let Some(mean) = spread.mean else { return absent(row, spread, results) };
    let text = match row.metric {
        "recovery_time_s" if mean == 0.0 => return "at once".to_owned(),
        "recovery_time_s" => format!("after {}", number::metric(row.metric, mean)),
        metric => number::metric(metric, mean),
    };
    match spread.ci95 {
        Some((low, high)) if high > low => {
            format!("{text} ± {}", number::metric(row.metric, (high - low) / 2.0))
        }
        Some(_) | None => text,
    }
}

fn absent(row: &Row, spread: Aggregate, results: &Results) -> String {
    let timed = row.better == Better::Soon && results.trigger_s.is_some();
    match (timed, spread.with_value) {
        (false, _) => "–".to_owned(),
        (true, 0) => "never".to_owned(),
        (true, present) => format!("{present} of {} runs", spread.replications),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn cells_of(metric: &str) -> Vec<Cell> {
        let table = table(&sample::incident());
        table.into_iter().find(|(row, _)| row.metric == metric).unwrap().1
    }

    #[test]
    fn every_row_is_a_metric_of_the_summary() {
        for row in ROWS {
            assert!(summary_column::index(row.metric).is_some(), "{}", row.metric);
        }
    }

    #[test]
    fn the_best_and_the_worst_are_marked() {
        let crashes = cells_of("crashes");
        assert_eq!((crashes[0].text.as_str(), crashes[0].rank), ("240", Rank::Worst));
        assert_eq!((crashes[2].text.as_str(), crashes[2].rank), ("0", Rank::Best));
    }

    #[test]
    fn never_is_worse_than_late() {
        let drain = cells_of("drain_time_s");
        assert_eq!((drain[0].text.as_str(), drain[0].rank), ("never", Rank::Worst));
        assert_eq!((drain[2].text.as_str(), drain[2].rank), ("14 min 49 s", Rank::Best));
    }

    #[test]
    fn a_system_that_was_never_out_of_order_is_back_to_normal_at_once() {
        let mut results = sample::incident();
        let total = &mut results.variants[2].replications[0].metrics.total;
        total.summary[summary_column::index("recovery_time_s").unwrap()] = Some(0.0);
        let table = table(&results);
        let (_, cells) = table.iter().find(|(row, _)| row.metric == "recovery_time_s").unwrap();
        let texts = [0, 2, 3].map(|place| cells[place].text.as_str());
        assert_eq!(texts, ["never", "at once", "after 15 min"]);
    }

    #[test]
    fn what_all_variants_have_in_common_is_left_out() {
        assert!(table(&sample::incident()).iter().all(|(row, _)| row.metric != "lost"));
    }

    #[test]
    fn what_tells_how_a_variant_works_is_not_ranked() {
        assert!(cells_of("peak_lag").iter().all(|cell| cell.rank == Rank::Other));
    }

    fn more(mean: f64, half: f64) -> Option<Difference> {
        Some(Difference { mean, ci95: (mean - half, mean + half) })
    }

    #[test]
    fn a_difference_is_better_or_worse_only_where_its_interval_leaves_no_doubt() {
        let crashes = ROWS.iter().find(|row| row.metric == "crashes").unwrap();
        for (mean, half, text, rank) in [
            (-12.0, 4.0, "−12 ± 4", Rank::Best),
            (12.0, 4.0, "+12 ± 4", Rank::Worst),
            (3.0, 4.0, "≈ ± 4", Rank::Other),
        ] {
            assert_eq!(differing(crashes, more(mean, half)), Cell { text: text.into(), rank });
        }
        assert_eq!(differing(crashes, None).text, "–");
    }

    #[test]
    fn one_replication_tells_no_difference() {
        assert!(differences(&sample::incident()).is_empty());
    }
}
