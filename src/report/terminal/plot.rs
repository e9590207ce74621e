//! Work pending over time, a small picture for each variant, side by side as far as they fit.

use super::Style;
use super::paint::{Ink, cut, painted, plain};
use crate::experiment::results::{Results, VariantResult};
use crate::report::number;
use crate::report::picture::curve::{Curve, Reading};
use crate::report::spread::Scope;

const ROWS: usize = 4;
const MOST_COLUMNS: usize = 46;
const GAP: usize = 3;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The pictures; nothing if nothing was ever pending.
pub fn pending(results: &Results, style: Style) -> String {
    let curve =
        |variant: &VariantResult| Curve::of(variant, Scope::Total, Reading::Level("pending"));
    let curves: Vec<Curve> = results.variants.iter().map(curve).collect();
    let highest = curves.iter().map(Curve::highest).fold(f64::NAN, f64::max);
    if !curves.iter().any(Curve::is_visible) {
        return String::new();
    }
    let (across, columns) = arrangement(curves.len(), style.width);
    let mut text = format!(
        "unfinished work over {} (full height: {} messages)\n",
        number::duration(results.duration_s),
        number::count(highest.round())
    );
    let plots = results.variants.iter().zip(&curves);
    let plots =
        plots.map(|(variant, curve)| plot(variant, curve, highest, columns, results, style));
    for row in plots.collect::<Vec<_>>().chunks(across) {
        text += &side_by_side(row);
    }
    text
}

/// How many pictures stand side by side, and how wide each is.
fn arrangement(pictures: usize, width: usize) -> (usize, usize) {
    const LEAST_COLUMNS: usize = 24;
    let most = ((width + GAP) / (LEAST_COLUMNS + GAP)).max(1);
    let rows = pictures.div_ceil(most).max(1);
    let across = pictures.div_ceil(rows).max(1);
    let columns = (width + GAP) / across;
    (across, columns.saturating_sub(GAP).clamp(10, MOST_COLUMNS))
}

/// The lines of one picture, each `columns` characters wide.
fn plot(
    variant: &VariantResult,
    curve: &Curve,
    highest: f64,
    columns: usize,
    results: &Results,
    style: Style,
) -> Vec<String> {
    let levels = levels(curve, results.duration_s, columns);
    let mut lines: Vec<String> = (0..ROWS).rev().map(|row| line(&levels, highest, row)).collect();
    let name = cut(&plain(&variant.name), columns);
    let room = " ".repeat(columns.saturating_sub(name.chars().count()));
    lines.insert(0, painted(&name, Ink::Bold, style.color) + &room);
    lines.push(painted(&"▔".repeat(columns), Ink::Dim, style.color));
    lines
}

/// The highest value in each column of characters.
fn levels(curve: &Curve, duration_s: f64, columns: usize) -> Vec<f64> {
    let mut levels = vec![f64::NAN; columns];
    for (time_s, value) in curve.times_s.iter().zip(&curve.mean) {
        let column = (time_s / duration_s * columns as f64).ceil() as usize;
        let level = &mut levels[column.clamp(1, columns) - 1];
        *level = level.max(*value);
    }
    held(levels)
}

/// Where a column has no window of its own, that of the column before goes on; after a run was stopped there is none.
fn held(mut levels: Vec<f64>) -> Vec<f64> {
    let last = levels.iter().rposition(|level| level.is_finite()).unwrap_or(0);
    for column in 1..=last.min(levels.len().saturating_sub(1)) {
        if levels[column].is_nan() {
            levels[column] = levels[column - 1];
        }
    }
    levels
}

/// One row of characters: each is as full as the level reaches into the row. A trace of work is never invisible.
fn line(levels: &[f64], highest: f64, row: usize) -> String {
    let block = |level: &f64| {
        let eighths = level / highest * (ROWS * 8) as f64;
        let within = (eighths - (row * 8) as f64).clamp(0.0, 8.0).round() as usize;
        let trace = row == 0 && *level > highest * 1e-3;
        BLOCKS[within.max(usize::from(trace))]
    };
    levels.iter().map(block).collect()
}

fn side_by_side(plots: &[Vec<String>]) -> String {
    let rows = plots.first().map_or(0, Vec::len);
    let line = |row: usize| {
        let pieces: Vec<&str> = plots.iter().map(|plot| plot[row].as_str()).collect();
        pieces.join(&" ".repeat(GAP)).trim_end().to_owned() + "\n"
    };
    (0..rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_full_level_fills_every_row() {
        assert!((0..ROWS).all(|row| line(&[7.0], 7.0, row) == "█"));
        assert_eq!(line(&[3.5], 7.0, ROWS - 1), " ");
    }

    #[test]
    fn a_trace_of_work_is_seen() {
        assert_eq!(line(&[0.01], 7.0, 0), "▁");
        assert_eq!(line(&[0.0], 7.0, 0), " ");
    }

    #[test]
    fn every_variant_has_its_picture() {
        let text = pending(&sample::incident(), Style { width: 100, color: false });
        for variant in &sample::incident().variants {
            assert!(text.contains(&variant.name), "{text}");
        }
    }
}
