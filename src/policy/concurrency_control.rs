//! What becomes of two pieces of work on the same record at the same time.
//!
//! Optimistic concurrency control lets both go ahead and looks only at the end: whoever writes first wins, and the other has worked for
//! nothing and has to begin anew (H. T. Kung and J. T. Robinson, "On optimistic methods for concurrency control", 1981). With many at
//! once nearly all the work is for nothing, and it is the spreading of retries that helps (M. Brooker, "Exponential backoff and jitter",
//! AWS Architecture Blog, 2015).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether pieces of work on the same record conflict. The key of a message says which record it is about; without keys, all are about
/// the same one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConcurrencyControl {
    /// They don't (the default).
    #[default]
    None,
    /// Work fails at its end if another piece of work on the record has ended with success since it began.
    Optimistic,
}

impl ConcurrencyControl {
    /// Whether versions of records are looked at.
    #[must_use]
    pub fn is_optimistic(self) -> bool {
        match self {
            ConcurrencyControl::None => false,
            ConcurrencyControl::Optimistic => true,
        }
    }
}
