//! One run of one workload in a process of its own, so that its memory can be told, and told to other programs.

use std::process::Command;

use serde_json::{Value, json};

use crate::clock::{bytes_now, cpu_seconds, peak_bytes};
use crate::workload::{load, results, value};

/// Runs a workload and prints what came of it as a line of JSON.
pub fn print(name: &str, sets: &[&str]) {
    let scenario = load(name, sets);
    let at_rest = peak_bytes("self");
    let (seconds, results) = cpu_seconds(|| results(&scenario, 1, 1));
    let grown = peak_bytes("self").zip(at_rest).map(|(peak, rest)| peak - rest);
    let kept = bytes_now().zip(at_rest).map(|(now, rest)| now.saturating_sub(rest));
    let value = |column| value(&results, column);
    println!(
        "{}",
        json!({
            "seconds": seconds,
            "messages": value("produced"),
            "attempts": value("attempts"),
            "succeeded": value("succeeded"),
            "refused": value("refused"),
            "timed_out": value("timed_out"),
            "crashes": value("crashes"),
            "pending": value("pending"),
            "peak_pending": value("peak_pending"),
            "waiting_mean_s": value("waiting_mean_ms") / 1e3,
            "latency_mean_s": value("latency_mean_ms") / 1e3,
            "grown_bytes": grown,
            "kept_bytes": kept,
        })
    );
}

/// The same in another process; what it printed.
pub fn in_a_process_of_its_own(name: &str, sets: &[&str]) -> Value {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program).arg("one").arg(name).args(sets).output();
    let output = output.expect("this program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it prints a line of JSON")
}
