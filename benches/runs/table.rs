//! What was measured, as tables: the median of all rounds, and how far the rounds are apart.

use crate::rounds::{RATIOS, Row};

/// Prints what every row costs, and the ratios.
pub fn print(rows: &[Row]) {
    println!("\n{:<34} {:>12} {:>16} {:>14}", "", "ns each", "lowest, highest", "each per s");
    for row in rows {
        let nanos: Vec<f64> = row.took.iter().map(|took| took.nanos_each()).collect();
        let Spread { median, lowest, highest } = Spread::of(&nanos);
        println!(
            "{:<34} {median:>12.1} {:>16} {:>14} {}s",
            row.name,
            format!("{lowest:.1}, {highest:.1}"),
            si(1e9 / median),
            row.unit
        );
    }
    println!("\n{:<34} {:>12} {:>16} {:>14}", "ratio", "median", "lowest, highest", "wanted");
    for ratio in &RATIOS {
        let (of, to) = (find(rows, ratio.of), find(rows, ratio.to));
        let pairs = of.took.iter().zip(&to.took);
        let ratios: Vec<f64> = pairs.map(|(of, to)| of.nanos_each() / to.nanos_each()).collect();
        let Spread { median, lowest, highest } = Spread::of(&ratios);
        println!(
            "{:<34} {median:>12.2} {:>16} {:>14}  {}",
            ratio.name,
            format!("{lowest:.2}, {highest:.2}"),
            format!("≤ {:.2}", ratio.at_most),
            if median <= ratio.at_most { "met" } else { "missed" }
        );
    }
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
