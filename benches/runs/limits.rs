//! What may take so much time or memory and no more, whatever else is measured: long runs, and the program as it is used.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::clock::{peak_bytes, wall_seconds};
use crate::one::in_a_process_of_its_own;

/// A figure, and what it may be.
pub struct Limit {
    /// What is measured.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What came of it.
    pub measured: f64,
    /// What is wanted.
    pub at_most: f64,
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_pileup");
const MEGABYTE: f64 = 1e6;
/// A smaller storm, of the same length: what it takes less is the memory of the retries that wait, and not that of time series.
const FEWER_RETRIES: &str = r#"producers.payments.arrivals=[
    {"burst": {"at": "0s", "count": 20000}}, {"poisson": {"rate": "2/s"}}]"#;
/// How often something short is done; the least counts, because what disturbs it makes it longer.
const TIMES: usize = 9;

/// Measures everything that has a limit.
pub fn measure() -> Vec<Limit> {
    let mut limits = storms();
    limits.extend(backlogs());
    limits.extend(brokers());
    limits.extend(program());
    limits
}

fn limit(name: &'static str, unit: &'static str, measured: f64, at_most: f64) -> Limit {
    Limit { name, unit, measured, at_most }
}

fn number(told: &Value, key: &str) -> f64 {
    told[key].as_f64().unwrap_or(f64::NAN)
}

fn storms() -> Vec<Limit> {
    eprintln!("retry storms of 4 h");
    let storm = in_a_process_of_its_own("w3", &[]);
    let smaller = in_a_process_of_its_own("w3", &[FEWER_RETRIES]);
    let jittered = in_a_process_of_its_own("w3-jittered", &[]);
    let told = |key| number(&storm, key);
    let more = |key| told(key) - number(&smaller, key);
    let each = number(&jittered, "seconds") * 1e9 / number(&jittered, "attempts");
    vec![
        limit("W3, 4 h: 26.5 M attempts", "s", told("seconds"), 0.6),
        limit(
            "W3, 4 h: each further retry that waits",
            "bytes",
            more("grown_bytes") / more("pending"),
            48.0,
        ),
        limit("W3, jittered, 4 h: an attempt", "ns", each, 1e9 / 13e6),
    ]
}

fn backlogs() -> Vec<Limit> {
    eprintln!("a burst of 100 M messages, and a log with 64 partitions and 3 groups");
    let burst = in_a_process_of_its_own("burst", &[]);
    let log = in_a_process_of_its_own("log", &[]);
    let queued = number(&burst, "grown_bytes") / number(&burst, "peak_pending");
    let logged = number(&log, "grown_bytes") / number(&log, "messages");
    let kept = number(&burst, "kept_bytes") / number(&burst, "grown_bytes");
    vec![
        limit("burst of 100 M", "s", number(&burst, "seconds"), 8.0),
        limit("burst of 100 M: each message in the queue", "bytes", queued, 9.0),
        limit(
            "burst of 100 M: memory at its peak",
            "MB",
            number(&burst, "grown_bytes") / MEGABYTE,
            1e3,
        ),
        limit("burst of 100 M: share of it kept at the end", "", kept, 0.1),
        limit("a log, 64 partitions, 3 groups: each of 10 M messages", "bytes", logged, 16.0),
    ]
}

fn brokers() -> Vec<Limit> {
    eprintln!("10 M messages through each broker");
    let each = |name, workload, sets: &[&str], at_most| {
        let told = in_a_process_of_its_own(workload, sets);
        let bytes = number(&told, "grown_bytes") / number(&told, "peak_pending");
        limit(name, "bytes", bytes, at_most)
    };
    let unlimited = ["services.server.consumes[0].prefetch=0"];
    vec![
        each("10 M through SQS: each message in the queue", "burst-sqs", &[], 9.0),
        each("10 M through SQS FIFO: each message in the queue", "burst-fifo", &[], 16.0),
        each("10 M through RabbitMQ: each message in the queue", "burst-amqp", &[], 9.0),
        each("the same, all of it in the hands of consumers", "burst-amqp", &unlimited, 16.0),
    ]
}

fn program() -> Vec<Limit> {
    eprintln!("the program as it is used");
    let least = |arguments: &[&str]| {
        let times = (0..TIMES).map(|_| run(arguments).0);
        times.fold(f64::INFINITY, f64::min) * 1e3
    };
    let checks = scenarios().iter().map(|file| least(&["check", file])).fold(0.0, f64::max);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let out = folder.path().to_string_lossy().into_owned();
    let (incident, memory) = run(&["run", "incident-2013", "--quiet", "--force", "--out", &out]);
    let (bytes, seconds, held) = a_week_of_seconds();
    vec![
        limit("pileup --help", "ms", least(&["--help"]), 20.0),
        limit("pileup check, the slowest scenario", "ms", checks, 20.0),
        limit("the incident of 2013, with charts and report", "s", incident, 2.0),
        limit("the same: memory at its peak", "MB", memory / MEGABYTE, 200.0),
        limit(
            "604,800 windows × 4 variants: a megabyte of series",
            "ms",
            seconds * 1e3 / (bytes / MEGABYTE),
            10.0,
        ),
        limit("the same: memory at its peak", "MB", held / MEGABYTE, 200.0),
    ]
}

fn scenarios() -> Vec<String> {
    let files = fs::read_dir("scenarios").expect("the package has scenarios").flatten();
    let paths = files.map(|file| file.path());
    let scenarios = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    scenarios.map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Runs a week with a window for every second: bytes of the series, seconds, and memory at the peak.
fn a_week_of_seconds() -> (f64, f64, f64) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let out = folder.path().join("week");
    let path = out.to_string_lossy().into_owned();
    let file = "benches/workloads/week.json";
    let (seconds, memory) =
        run(&["run", file, "--quiet", "--force", "--no-charts", "--out", &path]);
    let series = out.join("timeseries.csv");
    let bytes = fs::metadata(series).expect("the run has written it").len();
    (bytes as f64, seconds, memory)
}

/// Runs the program: how long it took on the wall, and its memory at the peak in bytes.
fn run(arguments: &[&str]) -> (f64, f64) {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let mut peak = 0;
    let (seconds, status) = wall_seconds(|| {
        let mut child = command.spawn().expect("the program is there");
        loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                return status;
            }
            peak = peak_bytes(&child.id().to_string()).unwrap_or(peak);
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    assert!(status.success(), "pileup {arguments:?}: {status}");
    (seconds, peak as f64)
}
