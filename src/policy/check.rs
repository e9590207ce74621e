//! What is wrong with settings that could be read but make no sense, each with its place and its remedy.
//!
//! The types rule out what they can; `check` finds the rest (a factor below 1, a cap below its base), all of it at once,
//! so that a reader of errors mends a file in one go.

use crate::time::SimDuration;

/// Where the value stands below the settings that were asked (empty: the settings themselves), and what is wrong with it
/// and would be right.
pub type Problem = (String, String);

/// A problem at `path`, unless all is `fine`.
pub(super) fn unless(fine: bool, path: &str, wrong: impl Into<String>) -> Option<Problem> {
    (!fine).then(|| (path.to_string(), wrong.into()))
}

/// A duration that must not be zero.
pub(super) fn longer_than_zero(path: &str, length: SimDuration) -> Option<Problem> {
    unless(length > SimDuration::ZERO, path, "is no time at all; it must be longer than 0s")
}

/// A whole number that must be at least 1.
pub(super) fn at_least_one(path: &str, count: u32) -> Option<Problem> {
    unless(count >= 1, path, "is 0; it must be at least 1")
}

/// A number that must be at least `least`, and finite.
pub(super) fn at_least(path: &str, value: f64, least: f64) -> Option<Problem> {
    let fine = value.is_finite() && value >= least;
    unless(fine, path, format!("is {value}; it must be at least {least}"))
}

/// A number that must be finite and above zero.
pub(super) fn above_zero(path: &str, value: f64) -> Option<Problem> {
    let fine = value.is_finite() && value > 0.0;
    unless(fine, path, format!("is {value}; it must be above 0"))
}

/// A share that must be above 0 and at most 1.
pub(super) fn share(path: &str, value: f64) -> Option<Problem> {
    let fine = value > 0.0 && value <= 1.0;
    unless(fine, path, format!("is {value}; it is a share, above 0 and at most 1"))
}

/// A cap that must not lie below what it caps.
pub(super) fn not_below(
    path: &str,
    cap: SimDuration,
    base_name: &str,
    base: SimDuration,
) -> Option<Problem> {
    unless(
        cap >= base,
        path,
        format!("is {cap}, below `{base_name}` ({base}); it must be at least as long"),
    )
}

/// The problems of a part, told from the whole that holds it at `prefix`.
pub(super) fn under(prefix: &str, problems: Vec<Problem>) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(move |(path, wrong)| match path.as_str() {
        "" => (prefix.to_string(), wrong),
        _ => (format!("{prefix}.{path}"), wrong),
    })
}

/// The problems that were found, in order.
pub(super) fn found<const N: usize>(checks: [Option<Problem>; N]) -> Vec<Problem> {
    checks.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_s_problem_is_told_from_the_whole() {
        let problems = vec![(String::new(), "a".to_string()), ("max".to_string(), "b".to_string())];
        let told: Vec<_> = under("backoff", problems).map(|(path, _)| path).collect();
        assert_eq!(told, ["backoff", "backoff.max"]);
    }

    #[test]
    fn numbers_that_are_no_numbers_are_never_fine() {
        for value in [f64::NAN, f64::INFINITY] {
            assert!(at_least("x", value, 0.0).is_some());
            assert!(above_zero("x", value).is_some());
            assert!(share("x", value).is_some());
        }
    }
}
