//! Which keys messages have that a service sends on.
//!
//! A log orders by key and spreads by key, and a FIFO queue does so by message group. A service between two of them decides anew what its
//! messages are about: it may keep the key (an order enriched is still that user's), choose another one (orders by user become totals by
//! product), or name none, and then nothing downstream is in order, however carefully it was before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Problem;
use crate::random::Keys;

/// Which keys messages have that a service sends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OnwardKeys {
    /// None (the default, as of a client that names no key).
    #[default]
    None,
    /// That of the message that each comes of; of a batch, that of its first message.
    Same,
    /// Others, which have nothing to do with those that came in.
    Drawn(Keys),
}

impl OnwardKeys {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match self {
            OnwardKeys::None | OnwardKeys::Same => Vec::new(),
            OnwardKeys::Drawn(Keys::None) => {
                vec![("drawn".to_owned(), "is none; write \"none\" for no keys".to_owned())]
            }
            OnwardKeys::Drawn(keys) => {
                let below = |(path, wrong): (String, String)| (format!("drawn.{path}"), wrong);
                keys.check().into_iter().map(below).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_make_no_sense_are_told_with_their_place() {
        let told = |text: &str| serde_json::from_str::<OnwardKeys>(text).unwrap().check();
        assert!(told(r#""same""#).is_empty() && told(r#""none""#).is_empty());
        assert!(told(r#"{"drawn": {"uniform": {"count": 3}}}"#).is_empty());
        assert_eq!(told(r#"{"drawn": {"uniform": {"count": 0}}}"#)[0].0, "drawn.uniform.count");
        assert_eq!(told(r#"{"drawn": "none"}"#)[0].0, "drawn");
    }
}
