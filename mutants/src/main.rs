//! Mutation testing of pileup with one build for all mutants.
//!
//! Building each mutant by itself takes a minute or more, and there are thousands. So each function that has mutants gets one body for each
//! of them, and an environment variable says which body runs: `if crate::mutant(17) { … } else { … }`. What can't be built that
//! way (constants, closures as results) is built alone, in the end. What isn't Rust at all once it is mutated is impossible.
//!
//! `pileup-mutants LIST COUNT SEED TREE OUTCOMES`: LIST is what `cargo mutants --list --json` says, TREE a copy of the sources, which is
//! rewritten. Outcomes are added to the file OUTCOMES; those that stand there already aren't tested again. The figures come out in the end, in
//! a file beside it that ends in `.md`.

mod build;
mod mutant;
mod trial;
mod weave;

use std::fs;
use std::path::PathBuf;

use trial::Outcomes;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, count, seed, tree, outcomes] = arguments.as_slice() else {
        panic!("usage: pileup-mutants LIST COUNT SEED TREE OUTCOMES");
    };
    let (tree, path) = (PathBuf::from(tree), PathBuf::from(outcomes));
    let sample = mutant::sample(list, count.parse().expect("a number of mutants"), seed);
    let built = build::build(&tree, &sample);
    let mut outcomes = Outcomes::read(&path);
    trial::try_all(&tree, &sample, &built, &mut outcomes);
    fs::write(path.with_extension("md"), outcomes.figures(&sample)).expect("a folder to write to");
}

/// What becomes of a mutant before any test has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is one of the bodies of its function.
    Woven,
    /// It isn't Rust.
    Impossible,
    /// It can only be built by itself.
    Alone,
}
