//! A scenario file → what is to be simulated.

pub mod builtin;
pub mod document;
mod parse;
mod patch;
pub mod path;
pub mod problem;
mod read;
mod refusal;
mod shape;
pub mod source;
pub mod suggest;
mod tree;
