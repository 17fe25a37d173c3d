//! What a person sees on a terminal.

use std::process::{Command, Stdio};

use license_backup_tests::harness::{Sandbox, binary};

/// Runs its arguments on a terminal of their own, and passes on what they write and how they end.
const ON_A_TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// What is seen on the terminal of a backup that succeeds.
fn back_up_on_a_terminal(sandbox: &Sandbox, further: &[&str]) -> String {
    let output = Command::new("python3")
        .args(["-c", ON_A_TERMINAL])
        .arg(binary())
        .args(["backup", "--store", "store", "--to", "backup"])
        .args(further)
        .current_dir(sandbox.path("."))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("`make setup-tests` installs python3");
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    let trouble = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "on the terminal: {seen:?}\nbeside it: {trouble}");
    seen
}

#[test]
fn a_terminal_gets_a_bar_with_the_count_and_then_the_summary() {
    let sandbox = Sandbox::with_many_files(20_000);
    let seen = back_up_on_a_terminal(&sandbox, &[]);
    assert!(seen.contains("/20000 files, "), "there should be a bar with the count: {seen:?}");
    assert!(seen.contains(".lic"), "the bar should name the file in hand: {seen:?}");
    let last = seen.rsplit("\x1b[2K").next().unwrap_or_default();
    assert!(last.contains("Backed up 20000 licenses"), "the summary should stand behind the bar: {seen:?}");
}

#[test]
fn quiet_shows_no_bar() {
    let sandbox = Sandbox::with_many_files(2000);
    assert_eq!(back_up_on_a_terminal(&sandbox, &["--quiet"]), "");
}
