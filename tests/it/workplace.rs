//! A folder with scenarios in it, and the program as a shell runs it there.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to work in, with scenarios to run.
pub struct Workplace(TempDir);

/// What came out of a command.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Small, sound, and done in no time: a burst for one worker. What it expects is to be filled in.
pub const SMALL: &str = r#"{
  "title": "A burst for one worker", "question": "How long is the line?",
  "duration": "10s", "sample_every": "1s",
  "producers": { "shop": {
    "arrivals": [ { "burst": { "at": "1s", "count": 20 } } ],
    "sends": [ { "publish": { "to": "letters" } } ] } },
  "brokers": { "letters": { "queue": {} } },
  "services": { "mail": { "workers": 1, "service_time": "100ms", "consumes": [ { "from": "letters" } ] } },
  "expect": [ { "metric": "effects", "equals": 20 } ]
}"#;

impl Workplace {
    pub fn new() -> Workplace {
        let place = Workplace(tempfile::tempdir().unwrap());
        place.write("small.json", SMALL);
        place.write("unmet.json", &SMALL.replace(r#""equals": 20"#, r#""equals": 7"#));
        place.write("wrong.json", &SMALL.replace("workers", "worker"));
        // Years of traffic: it ends only when it is told to.
        place.write("endless.json", &endless());
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// What stands in a folder, hidden files too.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pileup"));
        command.args(arguments.split_whitespace()).current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What a shell makes of `script`, in which `$PILEUP` is the program.
    #[cfg(unix)]
    pub fn shell(&self, script: &str) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(self.path());
        command.env("PILEUP", env!("CARGO_BIN_EXE_pileup")).stdin(Stdio::null());
        Ended::from(command.output().unwrap())
    }

    /// Asserts that `folder` holds a whole result, or one that is marked incomplete, with every file that its manifest names.
    #[track_caller]
    pub fn holds_a_result(&self, folder: &str) {
        let manifest = self.json(&format!("{folder}/manifest.json"));
        let files = manifest["files"].as_object().unwrap();
        assert!(files.len() > 2, "{files:?}");
        for file in files.keys() {
            assert!(self.exists(&format!("{folder}/{file}")), "{folder}/{file}");
        }
    }

    pub fn pileup(&self, arguments: &str) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    pub fn pileup_reading(&self, arguments: &str, text: &str) -> Ended {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // Arguments may be refused before anything is read.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        Ended::from(child.wait_with_output().unwrap())
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        Ended {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Ended with this code, and said so on standard error unless all is well.
    #[track_caller]
    pub fn with(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// Wrong in the words that are given, on standard error, with nothing on standard output.
    #[track_caller]
    pub fn refused(self, words: &str) {
        let ended = self.with(2);
        assert!(ended.err.contains(words), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
}

/// Years of traffic.
pub fn endless() -> String {
    SMALL
        .replace(r#""10s", "sample_every": "1s""#, r#""3000d", "sample_every": "1h""#)
        .replace(r#""burst": { "at": "1s", "count": 20 }"#, r#""poisson": { "rate": "9/s" }"#)
        .replace(r#""expect": [ { "metric": "effects", "equals": 20 } ]"#, r#""expect": []"#)
}
