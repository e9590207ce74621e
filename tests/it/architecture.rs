//! The house keeps its shape: who may import whom, and what every file looks like.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and the modules that it may use. What is not named here may not be used.
pub const MAY_USE: [(&str, &[&str]); 12] = [
    ("time", &[]),
    ("engine", &["time"]),
    ("random", &["time"]),
    ("policy", &["time", "random"]),
    ("model", &["time", "engine", "random", "policy"]),
    ("metrics", &["time", "model"]),
    ("theory", &["time", "random"]),
    ("scenario", &["time", "random", "policy", "model", "metrics", "theory"]),
    ("experiment", &["time", "engine", "model", "metrics", "scenario"]),
    ("report", &["time", "metrics", "scenario", "experiment", "theory"]),
    ("cli", &["time", "scenario", "experiment", "report", "metrics", "theory"]),
    ("main", &["scenario", "experiment", "report", "metrics", "theory", "cli"]),
];

/// Lines of a file at most, its tests not counted.
const LONGEST_FILE: usize = 400;

#[test]
fn modules_use_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(module) = module_of(&file) else { continue };
        let allowed = MAY_USE.iter().find(|(name, _)| *name == module);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("`{module}` is not in the table"));
        for used in modules_named_in(&code_of(&file)) {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_module_stands_in_lib_rs_and_in_the_table() {
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    let declared: BTreeSet<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let table: BTreeSet<&str> =
        MAY_USE.iter().map(|(name, _)| *name).filter(|name| *name != "main").collect();
    assert_eq!(declared, table);
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//! "))
        .collect();
    assert_eq!(silent, Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_too_long_to_be_read_at_a_sitting() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|file| (code_of(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .map(|(lines, file)| format!("{} has {lines} lines", file.display()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let allowing: Vec<_> = sources()
        .into_iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("#[allow("))
        .collect();
    assert_eq!(allowing, Vec::<PathBuf>::new());
}

/// All source files of the library and the program.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The top-level module that a file belongs to; `None` for the library's root.
fn module_of(file: &Path) -> Option<String> {
    let first = file.components().nth(1)?;
    let name = Path::new(first.as_os_str()).file_stem()?.to_str()?.to_owned();
    (name != "lib").then_some(name)
}

/// A file without its tests, which stand at its end.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let end = text.find("\n#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The modules that code names, as `crate::…` in the library or `pileup::…` in the program; comments don't count.
fn modules_named_in(code: &str) -> BTreeSet<String> {
    let lines = code.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    let mut named = BTreeSet::new();
    for line in lines {
        for root in ["crate::", "pileup::"] {
            for (at, _) in line.match_indices(root) {
                let rest = &line[at + root.len()..];
                let listed = rest
                    .strip_prefix('{')
                    .map_or(rest, |list| list.split('}').next().unwrap_or(""));
                let parts =
                    if rest.starts_with('{') { listed.split(',').collect() } else { vec![listed] };
                named.extend(parts.into_iter().map(|part| identifier(part.trim())));
            }
        }
    }
    named.retain(|name| MAY_USE.iter().any(|(module, _)| module == name));
    named
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}
