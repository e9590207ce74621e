//! Lists `scenarios/*.json` and `scenarios/validation/*.json` in tables that `scenario::builtin` includes, so that adding a scenario is
//! adding a file.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    println!("cargo::rerun-if-changed=scenarios");
    fs::write(out.join("lessons.rs"), table(&root.join("scenarios"))?)?;
    fs::write(out.join("validations.rs"), table(&root.join("scenarios").join("validation"))?)
}

/// The scenarios of a folder, as a slice.
fn table(folder: &Path) -> io::Result<String> {
    let rows: Vec<String> = scenarios(folder)?.iter().map(|path| row(path)).collect();
    Ok(format!("&[\n{}]\n", rows.concat()))
}

/// The scenario files in name order; none if the folder is missing.
fn scenarios(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

fn row(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let path = path.display().to_string();
    format!("    Builtin {{ name: {name:?}, text: include_str!({path:?}) }},\n")
}
