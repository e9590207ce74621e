//! What the terminal shows: the answer, the comparison, the work pending over time, and the expectations.
//!
//! Pure functions that return text: whether there is a terminal, how wide it is and whether it likes colors is the caller's
//! to know.

mod advice;
mod paint;
mod plot;
mod table;

pub use advice::advice;

use super::comparison;
use super::html::expected;
use super::json::is_complete;
use super::number;
use super::verdict::{self, Tone};
use crate::experiment::results::{ExpectationResult, Results};
use paint::{Ink, painted, plain, wrapped};

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Its width in characters.
    pub width: usize,
    /// Whether to use colors.
    pub color: bool,
}

/// Everything, one part below the other.
#[must_use]
pub fn overview(results: &Results, style: Style) -> String {
    let parts = [
        heading(results, style),
        verdicts(results, style),
        table::comparison(results, &comparison::table(results), style),
        warm_up(results, style),
        table::differences(results, &comparison::differences(results), style),
        plot::pending(results, style),
        expectations(results, style),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn warm_up(results: &Results, style: Style) -> String {
    let words = comparison::warm_up(results).unwrap_or_default();
    let lines = wrapped(&plain(&words), style.width).into_iter();
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(|line| painted(&line, Ink::Dim, style.color) + "\n").collect()
}

/// Title, question and answer.
#[must_use]
pub fn heading(results: &Results, style: Style) -> String {
    let mut text = painted(&plain(&results.title), Ink::Bold, style.color) + "\n";
    for line in wrapped(&plain(&results.question), style.width) {
        text += &(painted(&line, Ink::Dim, style.color) + "\n");
    }
    if !is_complete(results) {
        let warning = "Incomplete: the run was stopped before its end.";
        text += &(painted(warning, Ink::Bad, style.color) + "\n");
    }
    text
}

/// What became of each variant.
#[must_use]
pub fn verdicts(results: &Results, style: Style) -> String {
    let mut text = String::new();
    for verdict in verdict::verdicts(results) {
        let (sign, ink) = match verdict.outcome.tone() {
            Tone::Good => ("✓", Ink::Good),
            Tone::Mixed => ("!", Ink::Mixed),
            Tone::Bad => ("✗", Ink::Bad),
        };
        let words = plain(&format!("{}: {}", verdict.variant, verdict.words));
        text += &bulleted(&painted(sign, ink, style.color), &words, style.width);
    }
    text
}

fn bulleted(sign: &str, words: &str, width: usize) -> String {
    let lines = wrapped(words, width.saturating_sub(2)).into_iter().enumerate();
    let lines = lines.map(|(n, line)| format!("{} {line}\n", if n == 0 { sign } else { " " }));
    lines.collect()
}

/// How many expectations were met, and each that was not.
#[must_use]
pub fn expectations(results: &Results, style: Style) -> String {
    let all = &results.expectations;
    if all.is_empty() {
        return String::new();
    }
    let met = all.iter().filter(|expectation| expectation.met).count();
    let mut text = format!("expectations: {met} of {} met\n", all.len());
    for expectation in all.iter().filter(|expectation| !expectation.met) {
        let words = plain(&expectation_line(expectation));
        text += &bulleted(&painted("✗", Ink::Bad, style.color), &words, style.width);
    }
    text
}

fn expectation_line(expectation: &ExpectationResult) -> String {
    let got = expectation
        .got
        .map_or_else(|| "no value".to_owned(), |got| number::metric(&expectation.metric, got));
    let what = expected(expectation);
    format!("{}: {what} {}, but it was {got}", expectation.variant, expectation.wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const PLAIN: Style = Style { width: 100, color: false };

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [60, 80, 100, 200] {
            let text = overview(&sample::incident(), Style { width, color: false });
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn without_color_there_is_no_escape_sequence() {
        let mut results = sample::incident();
        results.title = "\u{1b}[31mred\u{7}".into();
        assert!(!overview(&results, PLAIN).contains('\u{1b}'));
        assert!(overview(&results, Style { color: true, ..PLAIN }).contains('\u{1b}'));
    }

    #[test]
    fn only_an_expectation_that_was_not_met_is_shown_with_what_came() {
        let text = expectations(&sample::incident(), PLAIN);
        assert_eq!(text, "expectations: 2 of 3 met\n✗ queue: lost equals 0, but it was 3\n");
    }

    #[test]
    fn results_of_any_shape_can_be_shown() {
        let mut none = sample::results(0, 1);
        none.variants.clear();
        for results in [none, sample::results(0, 1), sample::results(1, 3)] {
            let _ = overview(&results, PLAIN);
            let _ = overview(&results, Style { width: 0, color: true });
        }
    }
}
