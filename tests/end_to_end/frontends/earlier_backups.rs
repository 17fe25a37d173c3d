//! Stores that were emptied, or that have not changed, since the last backup: every front end keeps
//! the earlier backup.

use std::fs;

use license_backup::{BackupOptions, ErrorCode};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

use crate::fixture::Program;
use crate::library::RUNTIME;

/// Returns a sandbox with a backup of 30 licenses, whose store is empty now.
fn emptied() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(30));
    sandbox.back_up(&["--quiet"]).run().exits(0);
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
    sandbox
}

#[test]
fn a_backup_of_an_emptied_store_fails_and_changes_nothing() {
    for program in Program::BOTH {
        let sandbox = emptied();
        let before = Snapshot::of(&sandbox.backup());
        let back_up = |options| program.back_up(&sandbox, "store", "backup", options).run();
        back_up(&["--overwrite"]).exits(6).says(&[
            "0 of 30 licenses are left; is the store mounted?",
            "--allow-shrink",
        ]);
        let end = back_up(&["--overwrite", "--json"]).exits(6).end_event();
        assert_eq!(
            (&end["outcome"], &end["code"]),
            (&"shrunk".into(), &"shrunk".into())
        );
        assert_eq!(
            Snapshot::of(&sandbox.backup()),
            before,
            "{}",
            program.name()
        );
    }
}

#[test]
fn allow_shrink_replaces_the_backup_of_an_emptied_store() {
    for program in Program::BOTH {
        let sandbox = emptied();
        let options = ["--overwrite", "--allow-shrink", "--json"];
        let backup = program.back_up(&sandbox, "store", "backup", &options);
        assert_eq!(backup.run().exits(0).end_event()["licenses"], 0);
    }
}

#[test]
fn the_library_reports_an_emptied_store_and_changes_nothing() {
    let sandbox = emptied();
    let before = Snapshot::of(&sandbox.backup());
    let options = BackupOptions::new(sandbox.store(), sandbox.backup()).overwrite(true);
    let error = RUNTIME.backup_blocking(&options).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Shrunk, "{error}");
    assert_eq!(Snapshot::of(&sandbox.backup()), before);

    let summary = RUNTIME
        .backup_blocking(&options.allow_shrink(true))
        .unwrap();
    assert_eq!(summary.licenses, 0);
}

#[test]
fn a_backup_of_an_unchanged_store_keeps_the_file() {
    for program in Program::BOTH {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(300));
        sandbox.back_up(&["--quiet"]).run().exits(0);
        let before = Snapshot::of(&sandbox.backup());
        let back_up = |options| program.back_up(&sandbox, "store", "backup", options).run();
        let end = back_up(&["--overwrite", "--json"]).exits(0).end_event();
        assert_eq!(end["unchanged"], true);
        let outcome = back_up(&["--overwrite"]).exits(0);
        assert!(
            outcome.stdout().starts_with("Unchanged: 300 licenses"),
            "{}",
            outcome.report()
        );
        assert_eq!(
            Snapshot::of(&sandbox.backup()),
            before,
            "{}",
            program.name()
        );
    }
}
