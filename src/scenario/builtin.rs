//! The scenarios that come with pileup, embedded in the binary so that an installed `pileup` works anywhere.
//!
//! The table is made by `build.rs` at the top of the package from `scenarios/*.json`, and those that repeat
//! a published result from `scenarios/validation/*.json`: to add one, add the file.

use super::suggest;

/// A scenario that comes with pileup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name: the stem of its file.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

const LESSONS: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));
const VALIDATIONS: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/validations.rs"));

/// Those that teach something, by name.
#[must_use]
pub fn list() -> &'static [Builtin] {
    LESSONS
}

/// Those that repeat a published result, by name.
#[must_use]
pub fn validations() -> &'static [Builtin] {
    VALIDATIONS
}

fn all() -> impl Iterator<Item = &'static Builtin> {
    LESSONS.iter().chain(VALIDATIONS)
}

/// The scenario of this name.
///
/// # Errors
/// If there is none: a suggestion.
pub fn find(name: &str) -> Result<&'static Builtin, String> {
    all().find(|builtin| builtin.name == name).ok_or_else(|| {
        let names: Vec<&str> = all().map(|builtin| builtin.name).collect();
        match suggest::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`pileup list` shows those that there are".into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_is_found_by_its_name() {
        for builtin in all() {
            assert_eq!(find(builtin.name), Ok(builtin));
        }
        assert!(find("no-such-scenario").is_err());
    }
}
