//! The comparison as a table of light lines; split into several where the terminal is too narrow for all variants.

use super::Style;
use super::paint::{Ink, cut, painted, plain, wrapped};
use crate::experiment::results::Results;
use crate::report::comparison::{Cell, Rank, Row};

type Rows = [(&'static Row, Vec<Cell>)];

/// The comparison: variants as columns, metrics as rows.
pub fn comparison(results: &Results, rows: &Rows, style: Style) -> String {
    let legend = if results.variants.len() > 1 { "▲ best  ▼ worst" } else { "" };
    table(results, rows, legend, style)
}

/// What each variant has more of than the first.
pub fn differences(results: &Results, rows: &Rows, style: Style) -> String {
    let Some(first) = results.variants.first() else { return String::new() };
    let name = plain(&first.name);
    let legend = format!(
        "more than {name}, run by run with the same chance, 95 %: ▲ better  ▼ worse  ≈ can't be told"
    );
    table(results, rows, &legend, style)
}

fn table(results: &Results, rows: &Rows, legend: &str, style: Style) -> String {
    if rows.is_empty() || results.variants.is_empty() {
        return String::new();
    }
    let labels = rows.iter().map(|(row, _)| row.label.chars().count()).max().unwrap_or(0);
    let names: Vec<String> = results.variants.iter().map(|variant| plain(&variant.name)).collect();
    let widest = style.width.saturating_sub(labels + 7).max(8);
    let widths: Vec<usize> =
        (0..names.len()).map(|variant| width(&names[variant], rows, variant).min(widest)).collect();
    let mut text = String::new();
    for columns in groups(&widths, style.width.saturating_sub(labels + 4)) {
        text += &Part { names: &names, rows, widths: &widths, labels, columns, style }.drawn();
    }
    for line in wrapped(legend, style.width) {
        text += &(painted(&line, Ink::Dim, style.color) + "\n");
    }
    text
}

/// The width of a column, with the signs of its cells.
fn width(name: &str, rows: &Rows, variant: usize) -> usize {
    let cells = rows.iter().map(|(_, cells)| marked(&cells[variant]).chars().count());
    cells.chain([name.chars().count()]).max().unwrap_or(0)
}

fn marked(cell: &Cell) -> String {
    match cell.rank {
        Rank::Best => format!("▲ {}", cell.text),
        Rank::Worst => format!("▼ {}", cell.text),
        Rank::Other => cell.text.clone(),
    }
}

/// Neighbouring columns that fit side by side into `room`; at least one at a time.
fn groups(widths: &[usize], room: usize) -> Vec<std::ops::Range<usize>> {
    let mut groups = Vec::new();
    let (mut begin, mut taken) = (0, 0);
    for (column, width) in widths.iter().enumerate() {
        if column > begin && taken + width + 3 > room {
            groups.push(begin..column);
            (begin, taken) = (column, 0);
        }
        taken += width + 3;
    }
    groups.push(begin..widths.len());
    groups
}

/// As many variants as fit.
struct Part<'a> {
    names: &'a [String],
    rows: &'a Rows,
    widths: &'a [usize],
    labels: usize,
    columns: std::ops::Range<usize>,
    style: Style,
}

impl Part<'_> {
    fn drawn(&self) -> String {
        let mut text = self.rule('┌', '┬', '┐');
        let names = self.columns.clone().map(|column| {
            let name = cut(&self.names[column], self.widths[column]);
            (name, Some(Ink::Bold))
        });
        text += &self.line("", names);
        text += &self.rule('├', '┼', '┤');
        for (row, cells) in self.rows {
            let cells = self.columns.clone().map(|column| self.cell(&cells[column], column));
            text += &self.line(row.label, cells);
        }
        text + &self.rule('└', '┴', '┘')
    }

    fn cell(&self, cell: &Cell, column: usize) -> (String, Option<Ink>) {
        let ink = match cell.rank {
            Rank::Best => Some(Ink::Good),
            Rank::Worst => Some(Ink::Bad),
            Rank::Other => None,
        };
        (cut(&marked(cell), self.widths[column]), ink)
    }

    fn rule(&self, left: char, between: char, right: char) -> String {
        let mut text = format!("{left}{}", "─".repeat(self.labels + 2));
        for column in self.columns.clone() {
            text.push(between);
            text += &"─".repeat(self.widths[column] + 2);
        }
        format!("{text}{right}\n")
    }

    fn line(&self, label: &str, cells: impl Iterator<Item = (String, Option<Ink>)>) -> String {
        let mut text = format!("│ {label:<0$} ", self.labels);
        for ((cell, ink), column) in cells.zip(self.columns.clone()) {
            let room = " ".repeat(self.widths[column].saturating_sub(cell.chars().count()));
            let cell = ink.map_or(cell.clone(), |ink| painted(&cell, ink, self.style.color));
            text += &format!("│ {room}{cell} ");
        }
        text + "│\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{comparison as compared, sample};

    fn drawn(width: usize) -> String {
        let results = sample::incident();
        comparison(&results, &compared::table(&results), Style { width, color: false })
    }

    #[test]
    fn all_lines_of_a_table_are_equally_wide() {
        let text = drawn(200);
        let width = |line: &str| line.chars().count();
        let mut lines = text.lines().filter(|line| !line.starts_with('▲'));
        let first = width(lines.next().unwrap());
        assert!(lines.all(|line| width(line) == first), "{text}");
    }

    #[test]
    fn a_narrow_terminal_has_several_tables() {
        assert_eq!(drawn(200).matches('┌').count(), 1);
        assert!(drawn(70).matches('┌').count() > 1);
    }
}
