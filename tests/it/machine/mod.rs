//! Bad days of the machine: a full disk, a folder that vanishes, a signal at the wrong moment, files that are none.
//!
//! Whatever happens, nothing is lost, nothing is left half-written, and the message says what to do. Where a system can't
//! be brought into such a state, a test says so and passes.

mod access;
mod disk;
mod escaping;
mod folders;
mod inputs;
mod pipes;
mod signals;
mod terminal;
mod traces;

use std::io::Read;
use std::process::{Command, Output};
use std::time::Duration;
use std::{fs, thread};

/// Says that a test has checked nothing, and why.
fn skipped(why: &str) {
    eprintln!("not checked on this machine: {why}");
}

/// Runs `command` to its end; also gives the most memory that it had, in bytes, or `None` where the system doesn't tell.
fn with_peak_memory(command: &mut Command) -> (Output, Option<u64>) {
    let mut child = command.spawn().unwrap();
    let stdout = drained(child.stdout.take().unwrap());
    let stderr = drained(child.stderr.take().unwrap());
    let mut peak = None;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak = peak.max(most_memory_of(child.id()));
        thread::sleep(Duration::from_millis(1));
    };
    let [stdout, stderr] = [stdout, stderr].map(|reading| reading.join().unwrap());
    (Output { status, stdout, stderr }, peak)
}

/// What comes out of a pipe, read while it comes.
fn drained(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

fn most_memory_of(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
