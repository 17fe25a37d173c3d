//! Ctrl-C: the first one cancels, and the second one ends the process. Wine 8 sends no Ctrl-Break.

use license_backup_tests::harness::{Invocation, Sandbox, Snapshot};

use super::{back_up, built, windows_path, wine};

/// Returns a command that runs the program for Windows and sends it Ctrl-C, as `how` says.
fn interrupted(sandbox: &Sandbox, how: &[&str], arguments: &[&str]) -> Invocation {
    let program = windows_path(&built("license-backup.exe"));
    wine(
        sandbox,
        "helper.exe",
        &[how, &[program.as_str()], arguments].concat(),
    )
}

#[test]
#[ignore = "run by `make test-windows`"]
fn ctrl_c_leaves_the_backup_directory_unchanged_on_windows() {
    let sandbox = Sandbox::with_many_files(20_000);
    let how = ["interrupt", "backup\\.license-backup-0.tmp"];
    let command = ["backup", "--store", "store", "--to", "backup", "--json"];
    let outcome = interrupted(&sandbox, &how, &command).run().exits(130);
    let outcome = outcome.says(&["requested cancellation"]);
    assert_eq!(outcome.end_event()["outcome"], "cancelled");
    assert!(Snapshot::of(&sandbox.backup()).names().is_empty());
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_second_ctrl_c_ends_a_blocked_listing_on_windows() {
    let sandbox = Sandbox::with_many_files(5000);
    back_up(&sandbox, &["--quiet"]).run().exits(0);
    let command = ["list", "--from", "backup", "--json"];
    interrupted(&sandbox, &["block"], &command).run().exits(130);
}
