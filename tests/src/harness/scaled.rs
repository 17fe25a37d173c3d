//! How much a test does, and what it says of that.

use std::env;
use std::fmt;
use std::io::{self, Write as _};

/// What `make soak` sets, to have every test done at its full size.
const SOAK: &str = "LICENSE_BACKUP_SOAK";

/// The first as a rule, the second under `make soak`.
#[must_use]
pub fn sized<T>(usual: T, full: T) -> T {
    if env::var_os(SOAK).is_some_and(|value| !value.is_empty()) {
        full
    } else {
        usual
    }
}

/// Says how many of something a test has done.
///
/// # Panics
///
/// When standard error cannot be written.
pub fn counted(count: u64, what: impl fmt::Display) {
    say(format_args!("counted: {count} {what}"));
}

/// Says that a test could not be done on this machine, and why.
///
/// # Panics
///
/// When standard error cannot be written.
pub fn skipped(what: impl fmt::Display, why: impl fmt::Display) {
    say(format_args!("skipped: {what}: {why}"));
}

/// Writes a line past the test harness, which shows what a test prints only if the test fails.
fn say(line: fmt::Arguments<'_>) {
    let line = format!("{line}\n");
    io::stderr()
        .lock()
        .write_all(line.as_bytes())
        .expect("standard error can be written");
}
