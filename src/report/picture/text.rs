//! How wide a text will be.
//!
//! A viewer of an SVG brings a font of its own, so widths can only be bounded: these are the advances of DejaVu Sans, one of
//! the widest sans-serif fonts, in groups of similar letters. Whatever fits by them fits with Helvetica or Arial, too.

use super::scene::{Anchor, Frame, Text};

/// The width of `text` in pixels at a font size of `size`.
#[must_use]
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let em: f64 = text.chars().map(advance).sum();
    em * size * if bold { 1.12 } else { 1.0 }
}

/// The advance of a letter in ems.
fn advance(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '\'' => 0.28,
        ' ' | '.' | ',' | '·' => 0.32,
        'f' | 'r' | 't' | 'I' | '(' | ')' | '/' | ':' | ';' | '-' | '|' | '!' => 0.41,
        'c' | 's' | 'v' | 'k' | 'x' | 'y' | 'z' | 'J' | '?' => 0.57,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 0.98,
        'a'..='z' | '0'..='9' => 0.636,
        'A'..='Z' => 0.73,
        _ if letter.is_ascii() => 0.84,
        _ if u32::from(letter) < 0x2e80 => 0.84,
        _ => 1.1,
    }
}

/// `text`, cut with an ellipsis if it is wider than `room` pixels.
#[must_use]
pub fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept, size, bold) + width("…", size, bold) > room {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

/// `text` in lines of at most `room` pixels, broken between words.
#[must_use]
pub fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let longer = format!("{} {word}", lines[last]).trim_start().to_owned();
        if lines[last].is_empty() || width(&longer, size, false) <= room {
            lines[last] = longer;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The rectangle that a text covers.
#[must_use]
pub fn extent(text: &Text) -> Frame {
    let (along, across) = (width(&text.text, text.size, text.bold), text.size * 1.1);
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => along / 2.0,
        Anchor::End => along,
    };
    let (x, y) = text.at;
    if text.upward {
        let top = y - (along - before);
        Frame { left: x - across / 2.0, top, width: across, height: along }
    } else {
        Frame { left: x - before, top: y - across / 2.0, width: along, height: across }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_left_alone() {
        assert_eq!(fitted("queue", 16.0, true, 100.0), "queue");
    }

    #[test]
    fn a_text_that_does_not_fit_is_cut() {
        let cut = fitted("backpressure-with-a-very-long-name", 16.0, true, 120.0);
        assert!(cut.ends_with('…') && width(&cut, 16.0, true) <= 120.0, "{cut}");
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 10.0, 45.0), ["one two", "three"]);
    }
}
