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

    fn unknown(&self, fields: &str) -> Exit {
        let metrics = column::suggest(&self.term).map(|name| format!(" or the metric `{name}`"));
        let help = format!("{fields}{}", metrics.unwrap_or_default());
        exit::with_error(Exit::Usage, format!("nothing is called `{}`; {help}", self.term))
    }
}

/// What a metric means, over a window and over a run.
fn metric(name: &str) -> Option<String> {
    let summary = summary_column::lookup(name);
    let window = column::lookup(name);
    let (unit, meaning) = match (window, summary) {
        (Some(column), _) => (column.unit, column.meaning.to_owned()),
        (None, Some(column)) => (column.unit, column.meaning.clone()),
        (None, None) => return None,
    };
    let mut text = format!("{name}  (metric, in {unit})\n  {meaning}\n");
    if let Some(definition) = summary.and_then(|column| column.definition) {
        text += &format!("  Exactly: {definition}\n");
    }
    if let Some(column) = window {
        text += &format!("  At: {}.\n", column.rows.in_words());
    }
    let places = match (window.is_some(), summary.is_some()) {
        (true, true) => "timeseries.csv, summary, expect, alerts",
        (true, false) => "timeseries.csv, alerts",
        (false, _) => "summary, expect",
    };
    text += &format!("  In: {places}.\n");
    Some(text)
}
