//! The simulator held to what others know: theory, published results, and bad days of the machine.
//!
//! The ordinary tests run the references that take a second or so. `make validate` sets `VALIDATION` to a file, runs everything in
//! release mode, and writes there what came out, a row for each thing that is known. `VALIDATION_ONLY` runs the references whose name
//! contains it, and writes nothing.

mod document;
mod faults;
mod measure;
mod outcome;
mod published;
mod reference;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

use document::Document;
use outcome::Outcome;
use reference::{Reference, chapters};

/// Measures a reference: its rows, in order.
fn outcomes(reference: &Reference) -> Vec<Outcome> {
    let measured = measure::measure(reference);
    reference.rows.iter().zip(measured).map(|(row, found)| Outcome::of(row, found)).collect()
}

/// What is missed of a reference, in words.
fn missed(reference: &Reference) -> Vec<String> {
    let outcomes = outcomes(reference);
    let missed = outcomes.iter().filter(|outcome| !outcome.is_met());
    missed.map(|outcome| format!("{}: {outcome}", reference.id)).collect()
}

#[test]
fn what_is_known_comes_out() {
    let references = chapters().into_iter().flat_map(|chapter| chapter.references);
    let missed: Vec<String> =
        references.filter(|one| one.quick).flat_map(|one| missed(&one)).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tells how long each reference takes")]
fn the_document_tells_of_every_reference() {
    let Some(file) = env::var_os("VALIDATION").map(PathBuf::from) else {
        let told = fs::read_to_string("VALIDATION.md").unwrap();
        let chapters = chapters();
        let known = chapters.iter().flat_map(|chapter| &chapter.references);
        let untold: Vec<&String> = known
            .map(|reference| &reference.id)
            .filter(|id| !told.contains(&format!("| `{id}` |")))
            .collect();
        assert!(untold.is_empty(), "not in VALIDATION.md, run `make validate`: {untold:?}");
        return;
    };
    let only = env::var("VALIDATION_ONLY").ok();
    let is_wanted =
        |id: &str| only.as_ref().is_none_or(|only| only.split(',').any(|one| id.contains(one)));
    let mut document = Document::default();
    for chapter in chapters() {
        document.begin(&chapter.title);
        for reference in chapter.references.iter().filter(|reference| is_wanted(&reference.id)) {
            let begun = Instant::now();
            let outcomes = outcomes(reference);
            eprintln!("{:6.1} s  {}", begun.elapsed().as_secs_f64(), reference.id);
            for outcome in outcomes.iter().filter(|outcome| !outcome.is_met()) {
                eprintln!("          {outcome}");
            }
            document.add(reference, &outcomes);
        }
        document.left_out(&chapter.left_out);
    }
    if only.is_none() {
        document.published(&published::all());
        document.faults(&faults::all());
    }
    fs::write(file, document.finish()).unwrap();
    assert!(document.missed() == 0, "{} rows are not met", document.missed());
}

#[test]
fn every_reference_has_a_name_of_its_own_and_a_source() {
    let mut names = BTreeSet::new();
    for reference in chapters().into_iter().flat_map(|chapter| chapter.references) {
        assert!(!reference.source.is_empty() && !reference.rows.is_empty(), "{}", reference.id);
        assert!(names.insert(reference.id.clone()), "{} stands twice", reference.id);
    }
}
