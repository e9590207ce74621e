//! The metrics of a whole run: every column that makes sense over a run, and what is known only when it is over.
//!
//! To add one: a row in [`VERDICTS`], and its value in `summary`.

use std::sync::LazyLock;

use super::column::{COLUMNS, Column, Kind};
use super::detail::DETAILS;

/// A metric of a whole run.
#[derive(Debug, Clone)]
pub struct SummaryColumn {
    /// Its name: JSON key, CSV column, `expect`.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it means, in one sentence.
    pub meaning: String,
    /// Exactly how it is computed, where the sentence leaves that open.
    pub definition: Option<&'static str>,
    /// How several replications make one value.
    pub across: Across,
    pub(super) source: Source,
}

/// How the values of several replications become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Across {
    /// The mean of those that have a value.
    Mean,
    /// The mean, but no value if one replication has none: those that never got there would be left out of it.
    MeanOfAll,
    /// The share of replications in which it is so.
    Fraction,
}

/// Where the value of a summary column comes from: the place of a column in [`COLUMNS`] or [`DETAILS`], of a peak among the gauges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Whole(usize),
    Peak(usize),
    PeakAt(usize),
    Final(usize),
    Mean(usize),
    Detail(usize),
    DrainTime,
    RecoveryTime,
    Metastable,
}

/// Every metric of a summary, in the order of `summary.csv`.
pub static SUMMARY_COLUMNS: LazyLock<Vec<SummaryColumn>> = LazyLock::new(|| {
    let whole = COLUMNS.iter().enumerate().filter(|(_, column)| column.name != "drain_eta_s");
    let whole = whole.map(|(place, column)| of_run(column, Source::Whole(place)));
    let details = DETAILS.iter().enumerate();
    let details = details.map(|(place, column)| of_run(column, Source::Detail(place)));
    let gauges = COLUMNS.iter().enumerate().filter(|(_, column)| column.kind == Kind::Gauge);
    let gauges =
        gauges.enumerate().flat_map(|(place, (column, gauge))| of_gauge(place, column, gauge));
    whole.chain(details).chain(gauges).chain(VERDICTS.iter().map(Verdict::column)).collect()
});

fn of_run(column: &Column, source: Source) -> SummaryColumn {
    SummaryColumn {
        name: column.name,
        unit: column.unit,
        meaning: column.meaning.to_owned(),
        definition: None,
        across: Across::Mean,
        source,
    }
}

fn of_gauge(place: usize, column: usize, gauge: &Column) -> Vec<SummaryColumn> {
    // The names are made once and live as long as the table, which is static.
    let row = |name: String, unit, meaning: String, definition, source| SummaryColumn {
        name: name.leak(),
        unit,
        meaning,
        definition: Some(definition),
        across: Across::Mean,
        source,
    };
    let name = gauge.name;
    let mut rows = vec![
        row(
            format!("peak_{name}"),
            gauge.unit,
            format!("The highest value of {name} in the run."),
            "Exact: read at every event, not at samples.",
            Source::Peak(place),
        ),
        row(
            format!("peak_{name}_at_s"),
            "s",
            format!("When {name} was first at its highest."),
            "The exact time of the event that brought the highest value; 0 if it never rose.",
            Source::PeakAt(place),
        ),
        row(
            format!("final_{name}"),
            gauge.unit,
            format!("The value of {name} at the end of the run."),
            "Read before the events of the last moment, which are not part of the run.",
            Source::Final(column),
        ),
    ];
    if gauge.has_mean() {
        rows.push(row(
            format!("mean_{name}"),
            gauge.unit,
            format!("The average of {name} over the time of the run."),
            "Exact: the area under it divided by the time, both without the warm-up.",
            Source::Mean(column),
        ));
    }
    rows
}

struct Verdict {
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    definition: &'static str,
    across: Across,
    source: Source,
}

impl Verdict {
    fn column(&self) -> SummaryColumn {
        SummaryColumn {
            name: self.name,
            unit: self.unit,
            meaning: self.meaning.to_owned(),
            definition: Some(self.definition),
            across: self.across,
            source: self.source,
        }
    }
}

/// What only the whole run can tell, and only of the whole system.
const VERDICTS: [Verdict; 3] = [
    Verdict {
        name: "drain_time_s",
        unit: "s",
        meaning: "How long after the trigger's end the work pending is back at what the offered load alone would hold.",
        definition: "From the end of the trigger to the first event after it that leaves `pending` (in total) at or \
            below the number of messages that the offered load alone would hold, by Little's law, rounded up and at least 1. 0 if it is no \
            higher when the trigger ends. No value without a trigger, or if it never gets there.",
        across: Across::MeanOfAll,
        source: Source::DrainTime,
    },
    Verdict {
        name: "recovery_time_s",
        unit: "s",
        meaning: "How long after the trigger's end goodput is back at the offered rate for good.",
        definition: "From the end of the trigger to the first moment from which on every trailing window has a \
            goodput of at least 95 % of its offered load (first attempts). A window is as long as 3,600 completions \
            take at the offered rate after the trigger (at that count, chance alone rarely moves a rate by 5 %), \
            begins no earlier than the trigger's end, and is read at the ends of sample windows; messages offered at \
            or before the trigger's end don't count. 0 if no window falls short. No value without a trigger, with \
            less than one such window after it, or if the last one still falls short.",
        across: Across::MeanOfAll,
        source: Source::RecoveryTime,
    },
    Verdict {
        name: "metastable",
        unit: "0 or 1",
        meaning: "1 if the overload outlives its trigger: it feeds itself, although the fresh load alone would fit.",
        definition: "1 if there was time to recover and it did not (see recovery_time_s), the fresh offered load \
            without retries is below capacity, and `pending` is not falling: its mean over the last eighth of the \
            run is at least 95 % of its mean over the eighth before. Over replications, the share in which it is so. \
            Source of the notion: Bronson, Aghayev, Charapko and Zhu, Metastable Failures in Distributed Systems, \
            HotOS 2021.",
        across: Across::Fraction,
        source: Source::Metastable,
    },
];

/// The summary column of this name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static SummaryColumn> {
    SUMMARY_COLUMNS.iter().find(|column| column.name == name)
}

/// The place of the summary column of this name.
#[must_use]
pub fn index(name: &str) -> Option<usize> {
    SUMMARY_COLUMNS.iter().position(|column| column.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gauge_has_a_peak_its_time_and_a_final_value() {
        for name in ["peak_lag", "peak_lag_at_s", "final_lag", "peak_pending", "final_lag_s"] {
            assert!(lookup(name).is_some(), "{name}");
        }
        assert!(lookup("peak_attempts").is_none());
        assert!(lookup("mean_lag").is_some() && lookup("mean_lag_s").is_none());
    }

    #[test]
    fn names_are_unique() {
        for (place, column) in SUMMARY_COLUMNS.iter().enumerate() {
            assert_eq!(index(column.name), Some(place), "{}", column.name);
        }
    }

    #[test]
    fn a_share_of_replications_is_told_only_of_verdicts() {
        let fractions = SUMMARY_COLUMNS.iter().filter(|one| one.across == Across::Fraction);
        assert_eq!(fractions.map(|one| one.name).collect::<Vec<_>>(), ["metastable"]);
    }
}
