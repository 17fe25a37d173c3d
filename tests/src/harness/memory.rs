//! The memory of a process.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::run::{Outcome, Process};

/// The longest duration of a run that is measured, which can be one of many licenses.
const LIMIT: Duration = Duration::from_mins(10);
/// The time between two samples. The kernel keeps the peak, so it is short only for the last one.
const INTERVAL: Duration = Duration::from_millis(2);

/// Returns the peak memory of a process in KiB, or `None` if the process has ended.
#[must_use]
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// Waits for the end of a process. Returns its outcome, and its peak memory in KiB up to some
/// moment of its last milliseconds.
///
/// # Panics
///
/// If the process does not end in time.
#[must_use]
pub fn wait_and_measure(mut process: Process) -> (Outcome, u64) {
    let start = Instant::now();
    let mut peak = 0;
    while process.is_running() && start.elapsed() < LIMIT {
        peak = peak_memory(process.id()).unwrap_or(peak);
        thread::sleep(INTERVAL);
    }
    (process.wait(), peak)
}
