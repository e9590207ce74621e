//! The documents say what is so: generated tables are up to date, examples run, links lead somewhere.
//!
//! After a change of a table's source: `UPDATE_EXPECT=1 cargo test --test it docs`.

mod examples;
mod generated;
mod tree;

use std::fs;
use std::path::Path;

/// Everything that is written for readers.
const DOCUMENTS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The targets of all links and pictures of a document: what stands in `](…)`.
fn links(text: &str) -> Vec<&str> {
    let after = text.split("](").skip(1);
    after.map(|rest| rest.split(')').next().unwrap_or(rest)).collect()
}

#[test]
fn every_link_leads_to_a_file_of_the_repository() {
    let mut dead = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let links = links(&text).into_iter().map(|link| link.split('#').next().unwrap_or(link));
        dead.extend(links.filter(|link| !Path::new(link).exists()).map(str::to_owned));
    }
    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn the_documents_name_no_machine_and_no_address() {
    for document in DOCUMENTS {
        let text = read(document);
        assert!(!text.contains("://"), "{document} names an address");
        for word in text.split_whitespace() {
            let path = word.trim_start_matches(['`', '(', '"']);
            let absolute = path.starts_with('/') && path.len() > 3 && path[1..].contains('/');
            assert!(!absolute, "{document} names a place on a machine: {word}");
        }
    }
}

#[test]
fn the_picture_of_the_readme_shows_every_variant_of_the_incident() {
    let readme = read("README.md");
    let picture = links(&readme).into_iter().find(|link| link.ends_with(".svg")).unwrap();
    let svg = read(picture);
    for variant in ["direct", "direct-rounds", "queue", "backpressure-block", "backpressure-reject"]
    {
        assert!(svg.contains(&format!(">{variant}<")) || svg.contains(variant), "{variant}");
    }
}

#[test]
fn every_target_of_make_in_the_documents_exists() {
    let makefile = read("Makefile");
    for document in DOCUMENTS {
        let text = read(document);
        for rest in text.split("make ").skip(1) {
            let target: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            let is_command = text.contains(&format!("`make {target}`"))
                || text.contains(&format!("\nmake {target}"));
            let exists = makefile.contains(&format!("\n{target}: "));
            assert!(exists || !is_command, "{document}: make {target}");
        }
    }
}
