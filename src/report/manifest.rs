//! `manifest.json`: what a result folder is the result of, and that its files are as they were written.
//!
//! It is written last, so that a folder with a manifest is whole. Apart from the wall time it is the same for the same
//! scenario, seed and version.

use super::error::{At, Error};
use super::folder::MANIFEST;
use super::json;
use crate::experiment::results::{FaultWindow, ReferenceLine, Replication, Results};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Describes `results` and every file of `folder`.
///
/// # Errors
/// If a file can't be read.
pub fn manifest(results: &Results, folder: &Path, wall_time_s: f64) -> Result<Value, Error> {
    let runs = || results.variants.iter().flat_map(|variant| &variant.replications);
    let references = results.references.iter().map(reference);
    Ok(json!({
        "pileup": env!("CARGO_PKG_VERSION"),
        "scenario": results.name,
        "title": results.title,
        "question": results.question,
        "description": results.description,
        "seed": results.seed,
        "replications": results.replications,
        "duration_s": results.duration_s,
        "sample_every_s": results.sample_every_s,
        "trigger_s": results.trigger_s,
        "fault_windows": results.fault_windows.iter().map(fault).collect::<Vec<_>>(),
        "references": references.collect::<Vec<_>>(),
        "complete": json::is_complete(results),
        "stopped": results.stopped.map(json::stop),
        "events": runs().map(|run| run.events).sum::<u64>(),
        "runs": runs().map(run).collect::<Vec<_>>(),
        "wall_time_s": wall_time_s,
        "document_sha256": hex(&Sha256::digest(results.document.to_string())),
        "document": results.document,
        "files": files(folder)?,
    }))
}

fn run(run: &Replication) -> Value {
    json!({ "events": run.events, "reached_s": run.reached_s, "complete": run.complete })
}

fn fault(fault: &FaultWindow) -> Value {
    let FaultWindow { kind, node, from_s, until_s } = fault;
    json!({ "kind": kind, "node": node, "from_s": from_s, "until_s": until_s })
}

fn reference(line: &ReferenceLine) -> Value {
    let ReferenceLine { variant, metric, node, label, points } = line;
    json!({ "variant": variant, "metric": metric, "node": node, "label": label, "points": points })
}

/// The hash of every file of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Value, Error> {
    let mut names = Vec::new();
    list(folder, "", &mut names)?;
    names.sort();
    let mut hashes = Map::new();
    for name in names.into_iter().filter(|name| name != MANIFEST) {
        let path = folder.join(&name);
        hashes.insert(name, Value::from(hash(&path).at(&path)?));
    }
    Ok(Value::Object(hashes))
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).at(folder)? {
        let entry = entry.at(folder)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&sha256.finalize())),
            read => sha256.update(&buffer[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_other_file_has_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("charts")).unwrap();
        fs::write(folder.path().join("charts/lag.svg"), "abc").unwrap();
        let manifest = manifest(&sample::results(3, 1), folder.path(), 1.5).unwrap();
        // FIPS 180-4, the example of one block.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(manifest["files"], json!({ "charts/lag.svg": hash }));
        assert_eq!(manifest["complete"], true);
        assert_eq!(manifest["events"], 6 * 3_400_000);
    }
}
