//! A result folder is complete or absent: it is built beside its place and renamed into it.
//!
//! What stands in its place already is replaced whole, but only if it is an earlier result of the same scenario: a folder
//! of somebody's own work, or of another scenario, is refused unless the caller insists.
//!
//! Folders under construction are known to the whole program, so that [`abandon_all`] can clear them away when it has to end
//! at once; and two programs may write to the same place, of which the later result stays.

use super::error::{At, Error};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file that tells a result folder from any other.
pub const MANIFEST: &str = "manifest.json";

/// Every folder under construction. Whoever holds the lock is the only one who begins or commits a folder.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// How often something is tried while another program replaces the same folder.
const ATTEMPTS: usize = 10;

/// A result folder under construction. Dropped without [`Folder::commit`], it vanishes.
#[derive(Debug)]
pub struct Folder {
    place: PathBuf,
    partial: PathBuf,
    scenario: String,
    force: bool,
    committed: bool,
}

impl Folder {
    /// Prepares to write the results of `scenario` to `place`, and refuses at once what would fail in the end.
    ///
    /// # Errors
    /// If `place` is a file, holds something else than an earlier result of `scenario` (unless `force`), or can't be
    /// written to.
    pub fn begin(place: &Path, scenario: &str, force: bool) -> Result<Folder, Error> {
        patiently(|| refuse_foreign(place, scenario, force))?;
        let partial = sibling(place, "partial");
        let mut unfinished = unfinished();
        unfinished.insert(partial.clone());
        discard(&partial);
        fs::create_dir_all(&partial).map_err(|error| {
            let io = Error::io(place, &error);
            Error::unusable(place, io.problem, io.remedy)
        })?;
        let (place, scenario) = (place.to_owned(), scenario.to_owned());
        Ok(Folder { place, partial, scenario, force, committed: false })
    }

    /// Where files are to be written until the folder is committed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Where the folder will stand.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// If something foreign has appeared there meanwhile, or the file system refuses; what stood there is then unharmed.
    pub fn commit(mut self) -> Result<PathBuf, Error> {
        let mut unfinished = unfinished();
        patiently(|| self.swap())?;
        unfinished.remove(&self.partial);
        self.committed = true;
        Ok(self.place.clone())
    }

    /// Takes away what stands in the place and puts this there; or back what stood there.
    fn swap(&self) -> Result<(), Error> {
        refuse_foreign(&self.place, &self.scenario, self.force)?;
        let previous = sibling(&self.place, "previous");
        discard(&previous);
        let replaced = self.place.exists();
        if replaced {
            fs::rename(&self.place, &previous).at(&self.place)?;
        }
        let swapped = fs::rename(&self.partial, &self.place).at(&self.place);
        // It can't be put back where another program has put its own meanwhile.
        if replaced && (swapped.is_ok() || fs::rename(&previous, &self.place).is_err()) {
            discard(&previous);
        }
        swapped
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.committed {
            discard(&self.partial);
            unfinished().remove(&self.partial);
        }
    }
}

/// Clears away every folder under construction. As long as the caller keeps what is returned no other is begun, and none is
/// committed: it is for ending the program.
#[must_use]
pub fn abandon_all() -> impl Sized {
    let unfinished = unfinished();
    for partial in unfinished.iter() {
        // Runs may still be writing into it.
        let gone = |_: &usize| {
            discard(partial);
            !partial.exists()
        };
        let _ = (0..ATTEMPTS).find(gone);
    }
    unfinished
}

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tries again what failed, since another program may just be replacing the folder.
fn patiently<T>(attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let mut tried = attempt();
    for _ in 1..ATTEMPTS {
        if tried.is_ok() {
            break;
        }
        std::thread::yield_now();
        tried = attempt();
    }
    tried
}

/// `results/.incident-2013.partial-4711`: beside its place, so that renaming never crosses file systems.
fn sibling(place: &Path, role: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(format!(".{role}-{}", std::process::id()));
    place.with_file_name(name)
}

/// Removes a folder of ours. What can't be removed is left: it is in nobody's way.
fn discard(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}

fn refuse_foreign(place: &Path, scenario: &str, force: bool) -> Result<(), Error> {
    if place.file_name().is_none() {
        return Err(Error::unusable(place, "has no name", "name a folder with --out"));
    }
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(()) };
    if !found.is_dir() {
        let remedy = "results need a folder of their own: choose another name with --out";
        return Err(Error::unusable(place, "is not a folder", remedy));
    }
    if force { Ok(()) } else { refuse_other_result(place, scenario) }
}

fn refuse_other_result(place: &Path, scenario: &str) -> Result<(), Error> {
    if fs::read_dir(place).at(place)?.next().is_none() {
        return Ok(());
    }
    let remedy = "choose another folder with --out, or replace it with --force";
    match scenario_of(place) {
        Some(found) if found == scenario => Ok(()),
        Some(found) => {
            let problem = format!("holds the result of another scenario, `{found}`");
            Err(Error::unusable(place, problem, remedy))
        }
        None => Err(Error::unusable(place, "holds something else than a result of pileup", remedy)),
    }
}

/// The scenario whose result a folder holds, if it holds one.
fn scenario_of(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join(MANIFEST)).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    manifest.get("pileup")?;
    Some(manifest.get("scenario")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(place: &Path, scenario: &str) {
        let folder = Folder::begin(place, scenario, false).unwrap();
        let manifest = format!(r#"{{ "pileup": "0.1.0", "scenario": "{scenario}" }}"#);
        fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        folder.commit().unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_earlier_result_of_the_same_scenario_is_replaced_whole() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("storm");
        finished(&place, "storm");
        fs::write(place.join("stale.csv"), "").unwrap();
        finished(&place, "storm");
        assert_eq!(names(&place), ["manifest.json"]);
        assert_eq!(names(temporary.path()), ["storm"]);
    }

    #[test]
    fn the_result_of_another_scenario_is_refused_unless_forced() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("out");
        finished(&place, "storm");
        let error = Folder::begin(&place, "calm", false).unwrap_err();
        assert_eq!(error.problem, "holds the result of another scenario, `storm`");
        assert!(Folder::begin(&place, "calm", true).is_ok());
    }

    #[test]
    fn a_folder_of_somebody_elses_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        fs::write(temporary.path().join("thesis.tex"), "").unwrap();
        let error = Folder::begin(temporary.path(), "storm", false).unwrap_err();
        assert_eq!(error.problem, "holds something else than a result of pileup");
        assert_eq!(names(temporary.path()), ["thesis.tex"]);
    }

    #[test]
    fn an_empty_folder_may_be_taken() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("new");
        fs::create_dir(&place).unwrap();
        finished(&place, "storm");
        assert_eq!(names(&place), ["manifest.json"]);
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("out");
        fs::write(&place, "").unwrap();
        let error = Folder::begin(&place, "storm", true).unwrap_err();
        assert_eq!(error.problem, "is not a folder");
    }

    #[test]
    fn a_folder_below_a_file_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        fs::write(temporary.path().join("file"), "").unwrap();
        let place = temporary.path().join("file").join("out");
        let error = Folder::begin(&place, "storm", false).unwrap_err();
        assert_eq!(error.problem, "not a directory");
    }

    #[test]
    fn what_is_not_committed_leaves_no_trace() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("storm");
        drop(Folder::begin(&place, "storm", false).unwrap());
        assert_eq!(names(temporary.path()), Vec::<String>::new());
    }
}
