//! `pileup explain METRIC|FIELD`

use clap::Args;

use super::exit::{self, Exit};
use super::output;
use crate::metrics::{column, summary_column};
use crate::scenario::explain;

/// Say what a metric or a field means: unit, default, source
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A metric (retry_backlog, latency_p99_ms), a field or its path (threads, retry.backoff), or a value (drop_oldest)
    term: String,
}

impl Explain {
    pub(super) fn go(self) -> Exit {
        let metric = metric(&self.term);
        let fields = explain::explain(&self.term);
        let mut parts: Vec<String> = metric.into_iter().collect();
        match &fields {
            Ok(meanings) => parts.extend(meanings.iter().map(ToString::to_string)),
            Err(help) if parts.is_empty() => return self.unknown(help),
            Err(_) => {}
        }
        output::result(&parts.join("\n"))
    }

    /// Nothing is called so: which metric or field may be meant.
    fn unknown(&self, fields: &str) -> Exit {
        let metric = column::suggest(&self.term);
        let metric =
            metric.map(|name| format!("\n  = did you mean the metric `{name}`? Among fields:"));
        let help = format!("{}\n  = {fields}", metric.unwrap_or_default());
        exit::with_error(Exit::Usage, format_args!("nothing is called `{}`{help}", self.term))
    }
}

/// What a metric means, over a window and over a run.
fn metric(name: &str) -> Option<String> {
    let (window, summary) = (column::lookup(name), summary_column::lookup(name));
    let (unit, meaning) = match (window, summary) {
        (Some(column), _) => (column.unit, column.meaning),
        (None, Some(column)) => (column.unit, column.meaning.as_str()),
        (None, None) => return None,
    };
    let definition = summary.and_then(|column| column.definition.as_ref());
    let definition = definition.map(|text| format!("  Exactly: {text}\n")).unwrap_or_default();
    let rows = window.map(|column| format!("  At: {}.\n", column.rows.in_words()));
    let rows = rows.unwrap_or_default();
    let files = match (window.is_some(), summary.is_some()) {
        (true, true) => "timeseries.csv, summary, expect, alerts",
        (true, false) => "timeseries.csv, alerts",
        (false, _) => "summary, expect",
    };
    Some(format!("{name}  (metric, in {unit})\n  {meaning}\n{definition}{rows}  In: {files}.\n"))
}
