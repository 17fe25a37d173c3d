//! The number of repetitions of a test, and the report of how many there were.

use std::env;
use std::fmt;
use std::io::{self, Write as _};

/// The environment variable that `make soak` sets to run all tests at full size.
const SOAK: &str = "LICENSE_BACKUP_SOAK";

/// Returns `full` under `make soak`, and `usual` otherwise.
#[must_use]
pub fn scaled<T>(usual: T, full: T) -> T {
    if env::var_os(SOAK).is_some_and(|value| !value.is_empty()) {
        full
    } else {
        usual
    }
}

/// Prints how many things a test has counted.
///
/// # Panics
///
/// If standard error cannot be written.
pub fn counted(count: u64, what: impl fmt::Display) {
    print(format_args!("counted: {count} {what}"));
}

/// Prints that a test was skipped on this machine, and why.
///
/// # Panics
///
/// If standard error cannot be written.
pub fn skipped(what: impl fmt::Display, why: impl fmt::Display) {
    print(format_args!("skipped: {what}: {why}"));
}

/// Writes a line directly to standard error, since Rust's test harness shows what a test prints
/// only if the test fails.
fn print(line: fmt::Arguments<'_>) {
    let line = format!("{line}\n");
    io::stderr()
        .lock()
        .write_all(line.as_bytes())
        .expect("standard error is writable");
}
