//! A scenario file → what is to be simulated.
//!
//! Two stages of input: as written ([`document`]), then resolved and checked ([`Scenario`]), one document per variant.
//! Whatever is wrong is found here, all of it at once, with file, line, column and path ([`problem`]).
//!
//! To add a field: in `document/`, with its doc comment (which the schema and `explain` show); what may be wrong with it,
//! in `validate/`.

pub mod build;
pub mod builtin;
pub mod dependency;
pub mod document;
pub mod exchanges;
pub mod explain;
pub mod flow;
mod load;
pub mod logs;
mod overrides;
mod parse;
pub mod partitions;
pub mod parts;
pub mod path;
pub mod problem;
pub mod queues;
mod read;
mod refusal;
pub mod schema;
mod shape;
pub mod source;
pub mod starter;
pub mod stations;
pub mod suggest;
mod tree;
mod validate;
mod variant;

pub use load::load;

use document::{Document, Expectation};
use problem::Problem;

use crate::time::SimDuration;

/// A scenario that can be simulated: read, resolved and checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name: the file's stem, or the built-in's name.
    pub name: String,
    /// The file, with the overrides in it, as plain JSON: what has to be known to run it again.
    pub document: serde_json::Value,
    /// What it is about.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// What it assumes.
    pub description: Vec<String>,
    /// The simulated length of a run, unless a variant restates it.
    pub duration: SimDuration,
    /// The length of a window, unless a variant restates it.
    pub sample_every: SimDuration,
    /// The seed of the first replication.
    pub seed: u64,
    /// The variants that were asked for, in the order of the file; `base` if there are none.
    pub variants: Vec<ResolvedVariant>,
    /// What has to come out of these variants.
    pub expectations: Vec<Expectation>,
    /// What is probably not meant, but can be simulated.
    pub warnings: Vec<Problem>,
}

/// A variant, with everything that the base says and it does not restate.
#[derive(Debug, Clone)]
pub struct ResolvedVariant {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// What is simulated. It has no variants of its own, only alerts that concern it, and no distribution that still
    /// names a file.
    pub document: Document,
}

/// What is asked for beyond what the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Another seed.
    pub seed: Option<u64>,
    /// Only these variants; empty for all.
    pub variants: Vec<String>,
    /// Restated values, each `PATH=VALUE`.
    pub sets: Vec<String>,
}
