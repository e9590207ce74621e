//! What was measured, as tables: the median of all rounds, and how far the rounds are apart.

use crate::document::{self, Table};
use crate::limits::Limit;
use crate::rounds::{RATIOS, Row};

/// Tells what every row costs, the ratios, and what is held against a limit.
pub fn tell(rows: &[Row], limits: &[Limit]) {
    let tables = [costs(rows), ratios(rows), bounds(limits)];
    document::tell("runs", &tables.map(|table| table.markdown()).join("\n"));
}

fn costs(rows: &[Row]) -> Table {
    let mut table = Table::new(&["what", "ns each", "lowest to highest", "a second"]);
    for row in rows {
        let nanos: Vec<f64> = row.took.iter().map(|took| took.nanos_each()).collect();
        let Spread { median, lowest, highest } = Spread::of(&nanos);
        table.rows.push(vec![
            row.name.to_owned(),
            format!("{median:.1}"),
            format!("{lowest:.1} to {highest:.1}"),
            format!("{} {}s", si(1e9 / median), row.unit),
        ]);
    }
    table
}

fn ratios(rows: &[Row]) -> Table {
    let mut table = Table::new(&["ratio", "median", "lowest to highest", "wanted", ""]);
    for ratio in &RATIOS {
        let (of, to) = (find(rows, ratio.of), find(rows, ratio.to));
        let pairs = of.took.iter().zip(&to.took);
        let ratios: Vec<f64> = pairs.map(|(of, to)| of.nanos_each() / to.nanos_each()).collect();
        let Spread { median, lowest, highest } = Spread::of(&ratios);
        table.rows.push(vec![
            ratio.name.to_owned(),
            format!("{median:.2}"),
            format!("{lowest:.2} to {highest:.2}"),
            format!("≤ {:.2}", ratio.at_most),
            verdict(median <= ratio.at_most),
        ]);
    }
    table
}

fn bounds(limits: &[Limit]) -> Table {
    let mut table = Table::new(&["limit", "measured", "wanted", ""]);
    for limit in limits {
        table.rows.push(vec![
            limit.name.to_owned(),
            format!("{:.3} {}", limit.measured, limit.unit),
            format!("≤ {} {}", (limit.at_most * 10.0).round() / 10.0, limit.unit),
            verdict(limit.measured <= limit.at_most),
        ]);
    }
    table
}

fn verdict(met: bool) -> String {
    if met { "met" } else { "missed" }.to_owned()
}

fn find<'a>(rows: &'a [Row], name: &str) -> &'a Row {
    rows.iter().find(|row| row.name == name).expect("ratios name rows")
}

struct Spread {
    median: f64,
    lowest: f64,
    highest: f64,
}

impl Spread {
    fn of(numbers: &[f64]) -> Spread {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2];
        Spread { median, lowest: sorted[0], highest: sorted[sorted.len() - 1] }
    }
}

/// A number with a prefix of the SI: `24.6 M`.
fn si(number: f64) -> String {
    match number {
        1e6.. => format!("{:.1} M", number / 1e6),
        1e3.. => format!("{:.1} k", number / 1e3),
        _ => format!("{number:.1}"),
    }
}
