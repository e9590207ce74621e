//! How long something takes: in time of the processor, which other programs on the machine don't take part in.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// The processor's time that `work` takes, in seconds, and what it gives.
pub fn cpu_seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = ProcessTime::now();
    let result = work();
    (began.elapsed().as_secs_f64(), result)
}

/// The time that passes on the wall during `work`, in seconds, and what it gives.
pub fn wall_seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    #[expect(clippy::disallowed_methods, reason = "it is what a benchmark is for")]
    let began = Instant::now();
    let result = work();
    let passed: Duration = began.elapsed();
    (passed.as_secs_f64(), result)
}

/// The most memory that a process (`self`, or its number) ever had, in bytes, where the system tells it.
pub fn peak_bytes(process: &str) -> Option<u64> {
    bytes(process, "VmHWM:")
}

/// The memory that this process has now, in bytes, where the system tells it.
pub fn bytes_now() -> Option<u64> {
    bytes("self", "VmRSS:")
}

fn bytes(process: &str, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
