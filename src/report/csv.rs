//! `summary.csv` and `marks.csv`: the same numbers as everywhere else, for spreadsheets and data frames.

use super::spread::{self, Scope};
use super::timeseries::number;
use super::vocabulary;
use crate::experiment::results::{Results, VariantResult};
use crate::metrics::aggregate::Aggregate;
use std::io;

/// One row for each variant and node; the node is empty for the whole system. With several replications every metric is a
/// mean, followed by the bounds of its 95 % confidence interval.
///
/// # Errors
/// If `to` can't be written.
pub fn write_summary(results: &Results, to: impl io::Write) -> io::Result<()> {
    let intervals = results.replications > 1;
    let mut rows = csv::Writer::from_writer(to);
    rows.write_record(summary_header(intervals))?;
    for variant in &results.variants {
        for (scope, node) in scopes(variant) {
            rows.write_record(summary_row(variant, scope, node, intervals))?;
        }
    }
    rows.flush()
}

fn summary_header(intervals: bool) -> Vec<String> {
    let mut names = ["variant", "node", "replications"].map(str::to_owned).to_vec();
    for name in vocabulary::summary_columns() {
        names.push(name.to_owned());
        if intervals {
            names.extend([format!("{name}_ci95_low"), format!("{name}_ci95_high")]);
        }
    }
    names
}

/// The whole system, then every node of a variant, with their names.
pub fn scopes(variant: &VariantResult) -> impl Iterator<Item = (Scope, &str)> {
    let nodes = variant.replications.first().map(|run| run.metrics.nodes.as_slice());
    let nodes = nodes.unwrap_or_default().iter().enumerate();
    std::iter::once((Scope::Total, ""))
        .chain(nodes.map(|(index, node)| (Scope::Node(index), node.name.as_str())))
}

fn summary_row(variant: &VariantResult, scope: Scope, node: &str, intervals: bool) -> Vec<String> {
    let replications = variant.replications.len().to_string();
    let mut fields = vec![variant.name.clone(), node.to_owned(), replications];
    for column in 0..vocabulary::summary_columns().count() {
        let Aggregate { mean, ci95, .. } = spread::summary(variant, scope, column);
        fields.push(number(mean));
        if intervals {
            fields.extend([number(ci95.map(|bounds| bounds.0)), number(ci95.map(|b| b.1))]);
        }
    }
    fields
}

/// What happened when: one row for each mark of each run.
///
/// # Errors
/// If `to` can't be written.
pub fn write_marks(results: &Results, to: impl io::Write) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(to);
    rows.write_record(["time_s", "variant", "replication", "node", "kind", "detail"])?;
    for variant in &results.variants {
        for (replication, run) in variant.replications.iter().enumerate() {
            let replication = replication.to_string();
            for mark in &run.metrics.marks {
                let time = number(Some(mark.time_s));
                let words = [&mark.node, mark.kind, &mark.detail];
                rows.write_record(
                    [&time, &variant.name, &replication]
                        .into_iter()
                        .map(String::as_str)
                        .chain(words),
                )?;
            }
        }
    }
    rows.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn lines(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<String> {
        let mut text = Vec::new();
        write(&mut text).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_summary_has_a_row_for_each_variant_and_node() {
        let lines = lines(|to| write_summary(&sample::incident(), to));
        assert_eq!(lines.len(), 1 + 6 * (1 + 6));
        assert!(lines[0].starts_with("variant,node,replications,produced,"));
        assert!(lines[1].starts_with("direct,,1,"));
        assert!(lines[2].starts_with("direct,payment-processor,1,"));
    }

    #[test]
    fn every_row_has_as_many_fields_as_the_header() {
        for replications in [1, 3] {
            let lines = lines(|to| write_summary(&sample::results(3, replications), to));
            let commas = |line: &String| line.matches(',').count();
            assert!(lines.iter().all(|line| commas(line) == commas(&lines[0])));
        }
    }

    #[test]
    fn marks_are_quoted_where_they_must_be() {
        let lines = lines(|to| write_marks(&sample::results(3, 1), to));
        assert_eq!(lines[0], "time_s,variant,replication,node,kind,detail");
        let crash = "10,direct,0,notification,crash,\"threads exhausted, 200 requests lost\"";
        assert!(lines.iter().any(|line| line == crash), "{lines:?}");
    }
}
