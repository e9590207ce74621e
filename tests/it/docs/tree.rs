//! The tree in ARCHITECTURE.md is the tree that there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::read;

/// The paths of the tree: a name per line, indented by four spaces below its folder. Folders end with `/`.
fn told() -> Vec<String> {
    let text = read("ARCHITECTURE.md");
    let (_, section) = text.split_once("## The tree").unwrap();
    let block = section.split("```").nth(1).unwrap();
    let mut folders: Vec<String> = Vec::new();
    let mut paths = Vec::new();
    for line in block.lines().skip(1).filter(|line| !line.is_empty()) {
        let name = line.trim_start().split(' ').next().unwrap();
        let depth = (line.len() - line.trim_start().len()) / 4;
        folders.truncate(depth);
        paths.push(format!("{}{name}", folders.concat()));
        if name.ends_with('/') {
            folders.push(name.to_owned());
        }
    }
    paths
}

fn folders_below(folder: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.insert(format!("{}/", path.display()));
            folders_below(&path, found);
        }
    }
}

#[test]
fn everything_in_the_tree_exists() {
    let missing: Vec<PathBuf> =
        told().into_iter().map(PathBuf::from).filter(|path| !path.exists()).collect();
    assert_eq!(missing, Vec::<PathBuf>::new());
}

#[test]
fn every_folder_of_the_source_stands_in_the_tree() {
    let told: BTreeSet<String> = told().into_iter().collect();
    let mut there = BTreeSet::new();
    folders_below(Path::new("src"), &mut there);
    let untold: Vec<&String> = there.difference(&told).collect();
    assert_eq!(untold, Vec::<&String>::new());
}
