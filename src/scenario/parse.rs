//! Text → tree: strict JSON, with `//` and `/* */` comments.
//!
//! A scenario explains its assumptions where they stand, hence the comments. Everything else that a lenient parser lets
//! pass (trailing commas, single quotes, bare words) stays an error, so that every other JSON tool reads the file too.
//! A key that stands twice is refused: which of the two is meant is anybody's guess.

use std::collections::BTreeSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, parse_to_ast};
use serde_json::Number;

use super::problem::Flaw;
use super::tree::{Entry, Kind, Located, Origin};

/// Whole numbers up to here are exact as floating point (2^53).
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads `text`. The first syntax error comes alone; numbers too large and keys that stand twice come together.
pub fn parse(text: &str) -> Result<Located, Vec<Flaw>> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict());
    let value = parsed.map_err(|error| vec![syntax_error(text, &error)])?.value;
    let Some(value) = value else { return Err(vec![nothing_there(text)]) };
    let mut faults = Vec::new();
    let tree = convert(&value, &mut faults);
    if faults.is_empty() { Ok(tree) } else { Err(faults) }
}

fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn nothing_there(text: &str) -> Flaw {
    Flaw {
        origin: Origin::Text { start: text.len(), end: text.len() },
        message: "there is nothing in this scenario".into(),
        help: "`pileup new NAME` writes one to start from".into(),
    }
}

fn convert(value: &Value, faults: &mut Vec<Flaw>) -> Located {
    let kind = match value {
        Value::NullKeyword(_) => Kind::Null,
        Value::BooleanLit(literal) => Kind::Bool(literal.value),
        Value::NumberLit(literal) => number(literal.value).unwrap_or_else(|| {
            faults.push(too_large(literal.range, literal.value));
            Kind::Null
        }),
        Value::StringLit(literal) => Kind::Text(literal.value.to_string()),
        Value::Array(array) => {
            Kind::List(array.elements.iter().map(|element| convert(element, faults)).collect())
        }
        Value::Object(object) => Kind::Object(entries(object, faults)),
    };
    Located { origin: origin(value.range()), kind }
}

fn entries(object: &Object, faults: &mut Vec<Flaw>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
    let mut keys = BTreeSet::new();
    for property in &object.properties {
        let entry = entry(property, faults);
        if keys.insert(property.name.as_str()) {
            entries.push(entry);
        } else {
            faults.push(duplicate(&entry));
        }
    }
    entries
}

fn entry(property: &ObjectProp, faults: &mut Vec<Flaw>) -> Entry {
    Entry {
        key: property.name.as_str().to_owned(),
        key_origin: origin(property.name.range()),
        value: convert(&property.value, faults),
    }
}

/// A number that a computer can hold; a whole one if it is one, so that `2e4` is a count.
fn number(text: &str) -> Option<Kind> {
    if let Ok(number) = text.parse::<u64>() {
        return Some(Kind::Number(number.into()));
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(Kind::Number(number.into()));
    }
    let number: f64 = text.parse().ok()?;
    if number.fract() == 0.0 && number.abs() <= LARGEST_EXACT {
        return Some(Kind::Number((number as i64).into()));
    }
    Number::from_f64(number).map(Kind::Number)
}

fn origin(range: Range) -> Origin {
    Origin::Text { start: range.start, end: range.end }
}

fn too_large(range: Range, text: &str) -> Flaw {
    Flaw {
        origin: origin(range),
        message: format!("the number `{text}` is too large"),
        help: "numbers go up to 1.7e308".into(),
    }
}

fn duplicate(entry: &Entry) -> Flaw {
    Flaw {
        origin: entry.key_origin,
        message: format!("the key `{}` stands twice in this object", entry.key),
        help: "remove one of the two".into(),
    }
}

fn syntax_error(text: &str, error: &ParseError) -> Flaw {
    let (message, help) = wording(error.kind());
    Flaw { origin: pointed_at(text, error), message: message.into(), help: help.into() }
}

/// The range of a syntax error, cut to one character where the parser marks everything up to the end of the file.
fn pointed_at(text: &str, error: &ParseError) -> Origin {
    let Range { start, end } = error.range();
    let start = start.min(text.len());
    let first = text[start..].chars().next().map_or(0, char::len_utf8);
    match error.kind() {
        ParseErrorKind::UnterminatedArray
        | ParseErrorKind::UnterminatedObject
        | ParseErrorKind::UnterminatedCommentBlock => Origin::Text { start, end: start + first },
        _ => Origin::Text { start, end: end.clamp(start, text.len()) },
    }
}

/// What is wrong, and what would be right. The parser's list of errors may grow, hence the last arm.
fn wording(kind: &ParseErrorKind) -> (&'static str, &'static str) {
    match kind {
        ParseErrorKind::TrailingCommasNotAllowed => {
            ("a comma stands after the last item", "remove this comma")
        }
        ParseErrorKind::ExpectedComma => ("a comma is missing", "put `,` here"),
        ParseErrorKind::UnterminatedObject => {
            ("this object is never closed", "the `}` that belongs to this `{` is missing")
        }
        ParseErrorKind::UnterminatedArray => {
            ("this list is never closed", "the `]` that belongs to this `[` is missing")
        }
        ParseErrorKind::UnterminatedCommentBlock => {
            ("this comment is never closed", "the `*/` that belongs to this `/*` is missing")
        }
        ParseErrorKind::SingleQuotedStringsNotAllowed => {
            ("text stands in single quotes", "use double quotes: \"…\"")
        }
        ParseErrorKind::ExpectedStringObjectProperty | ParseErrorKind::UnexpectedWord => {
            ("this word is not JSON", "put text in double quotes: \"…\"")
        }
        ParseErrorKind::ExpectedColonAfterObjectKey => {
            ("a colon is missing after the key", "write \"key\": value")
        }
        ParseErrorKind::ExpectedObjectValue => {
            ("a value is missing after the colon", "write \"key\": value")
        }
        ParseErrorKind::MultipleRootJsonValues => {
            ("there is something after the end of the scenario", "a file holds one object `{…}`")
        }
        ParseErrorKind::NestingDepthExceeded => {
            ("this is nested too deeply", "512 levels are read at most")
        }
        ParseErrorKind::HexadecimalNumbersNotAllowed
        | ParseErrorKind::UnaryPlusNumbersNotAllowed
        | ParseErrorKind::BareDecimalPointNumbersNotAllowed
        | ParseErrorKind::ExpectedDigit
        | ParseErrorKind::ExpectedDigitFollowingNegativeSign
        | ParseErrorKind::ExpectedPlusMinusOrDigitInNumberLiteral => {
            ("this is not a number", "write numbers as 20000, 0.5 or 1e6")
        }
        ParseErrorKind::NonFiniteNumbersNotAllowed => {
            ("this number is not finite", "write a finite number")
        }
        ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            ("this text is never closed", "the closing `\"` is missing")
        }
        ParseErrorKind::String(_) => {
            ("this text holds an escape that JSON does not know", "write `\\\\` for a backslash")
        }
        _ => ("this is not JSON here", "a value, a `,` or a closing bracket was expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, String)> {
        let faults = parse(text).unwrap_err();
        let place = |fault: &Flaw| match fault.origin {
            Origin::Text { start, .. } => start,
            Origin::Override(_) => unreachable!("parsed from text"),
        };
        faults.iter().map(|fault| (place(fault), fault.message.clone())).collect()
    }

    #[test]
    fn comments_are_read_over() {
        let tree = parse("{ // one\n \"a\": /* two */ 1 }").unwrap();
        assert_eq!(tree.to_json(), serde_json::json!({"a": 1}));
    }

    #[test]
    fn a_whole_number_is_whole_however_it_is_written() {
        for text in ["20000", "2e4", "20000.0"] {
            assert_eq!(parse(text).unwrap().to_json(), serde_json::json!(20000), "{text}");
        }
    }

    #[test]
    fn all_duplicate_keys_are_found() {
        let found = faults(r#"{"a": 1, "a": 2, "b": {"c": 1, "c": 2}}"#);
        assert_eq!(found.iter().map(|(start, _)| *start).collect::<Vec<_>>(), [9, 31]);
    }

    #[test]
    fn what_is_not_strict_json_is_refused() {
        for text in ["", "{", "[1,]", "{'a': 1}", "{a: 1}", "0x10", "+1", ".5", "NaN", "1e999"] {
            assert_eq!(parse(text).unwrap_err().len(), 1, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_a_stack_overflow() {
        let found = faults(&"[".repeat(100_000));
        assert_eq!(found[0].1, "this is nested too deeply");
    }
}
