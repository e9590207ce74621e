//! What `pileup new NAME` writes: a scenario to start from, which explains itself.

/// The text, for a scenario of this name.
#[must_use]
pub fn starter(name: &str) -> String {
    TEXT.replace("NAME", name)
}

const TEXT: &str = include_str!("starter.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::source::Source;
    use crate::scenario::{Overrides, load};

    #[test]
    fn the_starter_is_a_scenario_without_any_problem() {
        let source = Source::Text {
            name: "first-steps".into(),
            shown: "first-steps.json".into(),
            content: starter("first-steps"),
        };
        let scenario =
            load(&source, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.variants.len(), 3);
        assert_eq!(scenario.warnings, []);
        assert!(!scenario.expectations.is_empty());
    }
}
