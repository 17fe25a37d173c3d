//! Restores through the library: events, summary, conflicts, errors and cancellation.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use license_backup::{
    BackupRestoreStatus, ErrorCode, OperationError, RestoreOperation, RestoreOptions,
    RestoreSummary, Stage, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot, files_below};
use license_backup_tests::sample::{SampleLicense, SampleStore};

use crate::expected::{self, backed_up, sample};
use crate::library::verify::damage;
use crate::library::{RUNTIME, all, large, outcome, reported_errors, start};

/// Returns a sandbox with a backup of 10 licenses and an empty directory `new`, and the licenses.
fn backed_up_licenses() -> (Sandbox, Vec<SampleLicense>) {
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(10));
    start(&sandbox).wait().unwrap();
    fs::create_dir(sandbox.path("new")).unwrap();
    (sandbox, files)
}

fn options(sandbox: &Sandbox) -> RestoreOptions {
    RestoreOptions::new(sandbox.backup(), sandbox.path("new"))
}

/// Returns the outcome of a restore, or the error of a refused one.
fn restore(options: &RestoreOptions) -> Result<RestoreSummary, OperationError> {
    block_on(RUNTIME.restore(options)).and_then(RestoreOperation::wait)
}

/// Returns all events of an accepted restore, and its outcome.
fn restored(
    options: &RestoreOptions,
) -> (
    Vec<BackupRestoreStatus>,
    Result<RestoreSummary, OperationError>,
) {
    let RestoreOperation {
        events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.restore(options)).expect("the restore is accepted");
    (all(events), outcome(completed))
}

/// Writes a file with other content to the path of each license.
fn write_conflicting_files(sandbox: &Sandbox, files: &[&SampleLicense]) {
    for file in files {
        let path = sandbox.path("new").join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "something else").unwrap();
    }
}

#[test]
fn an_empty_store_receives_exactly_the_licenses_of_the_backup() {
    let (sandbox, files) = Sandbox::with_store(sample());
    start(&sandbox).wait().unwrap();
    fs::create_dir(sandbox.path("new")).unwrap();
    let (events, ended) = restored(&options(&sandbox));
    let licenses = backed_up(&files).len() as u64;
    let summary = RestoreSummary {
        file: "licenses.zip".to_owned(),
        restored: licenses,
        bytes: expected::bytes(&files),
        present: 0,
        conflicts: 0,
    };
    assert_eq!(ended.unwrap(), summary);
    assert_eq!(summary.hresult(), 0);
    assert!(files_below(&sandbox.path("new")) == expected::restored(&files));
    assert_eq!(
        (events.first(), events.last()),
        (
            Some(&BackupRestoreStatus::Begin),
            Some(&BackupRestoreStatus::End)
        )
    );
    assert_eq!(reported_errors(&events).len(), 0);
}

#[test]
fn a_second_restore_finds_all_licenses_present() {
    let (sandbox, files) = backed_up_licenses();
    restore(&options(&sandbox)).unwrap();
    let before = Snapshot::of(&sandbox.path("new"));
    for options in [options(&sandbox), options(&sandbox).overwrite(true)] {
        let present = files.len() as u64;
        let summary = RestoreSummary {
            file: "licenses.zip".to_owned(),
            restored: 0,
            bytes: 0,
            present,
            conflicts: 0,
        };
        assert_eq!(restore(&options).unwrap(), summary);
        assert_eq!(Snapshot::of(&sandbox.path("new")), before);
    }
}

#[test]
fn a_conflicting_file_is_kept_and_the_rest_is_restored() {
    let (sandbox, files) = backed_up_licenses();
    let conflicting = [&files[1], &files[4]];
    write_conflicting_files(&sandbox, &conflicting);
    let (events, ended) = restored(&options(&sandbox));
    let summary = ended.unwrap();
    assert_eq!(
        (summary.restored, summary.present, summary.conflicts),
        (8, 0, 2)
    );
    assert_eq!(summary.hresult(), 1);

    let mut reported: Vec<_> = reported_errors(&events)
        .iter()
        .map(|failure| (failure.code, failure.path.clone()))
        .collect();
    reported.sort_by(|(_, one), (_, other)| one.cmp(other));
    let conflicts = conflicting.map(|file| (ErrorCode::FileExists, Some(file.reported_path())));
    assert_eq!(reported, conflicts);
    assert_eq!(ErrorCode::FileExists.hresult(), 0x8007_0050);

    let mut expected = expected::restored(&files);
    expected.extend(conflicting.map(|file| (file.path.clone(), b"something else".to_vec())));
    assert!(files_below(&sandbox.path("new")) == expected);
}

#[test]
fn overwrite_replaces_a_conflicting_file() {
    let (sandbox, files) = backed_up_licenses();
    write_conflicting_files(&sandbox, &[&files[1], &files[4]]);
    let summary = restore(&options(&sandbox).overwrite(true)).unwrap();
    assert_eq!(
        (summary.restored, summary.present, summary.conflicts),
        (10, 0, 0)
    );
    assert!(files_below(&sandbox.path("new")) == expected::restored(&files));
}

#[test]
fn a_dry_run_predicts_the_restore_and_changes_nothing() {
    let (sandbox, files) = backed_up_licenses();
    write_conflicting_files(&sandbox, &[&files[1]]);
    let present = sandbox.path("new").join(&files[2].path);
    fs::write(&present, &files[2].bytes).unwrap();
    fs::set_permissions(sandbox.path("new"), fs::Permissions::from_mode(0o555)).unwrap();
    let before = Snapshot::of(&sandbox.path(""));
    for overwrite in [false, true] {
        let (events, ended) = restored(&options(&sandbox).overwrite(overwrite).dry_run(true));
        let summary = ended.unwrap();
        let counts = (summary.restored, summary.present, summary.conflicts);
        assert_eq!(counts, if overwrite { (9, 1, 0) } else { (8, 1, 1) });
        assert_eq!(reported_errors(&events).len() as u64, summary.conflicts);
        assert_eq!(Snapshot::of(&sandbox.path("")), before);
    }
}

#[test]
fn a_corrupt_backup_is_reported_and_restores_nothing() {
    let (sandbox, files) = backed_up_licenses();
    damage(&sandbox, &files[9]);
    let (events, ended) = restored(&options(&sandbox));
    let error = ended.unwrap_err();
    assert_eq!(
        (error.code(), error.hresult()),
        (ErrorCode::BackupCorrupt, 0xC00D_2743)
    );
    assert_eq!(error.path(), Some(sandbox.backup().as_path()));
    let name = format!("licenses/{}", files[9].reported_path());
    assert!(
        reported_errors(&events)
            .iter()
            .any(|fault| fault.path.as_ref() == Some(&name)),
        "{events:#?}"
    );
    assert_eq!(Snapshot::of(&sandbox.path("new")).names(), [""; 0]);
}

#[test]
fn cancelling_before_the_first_commit_changes_nothing() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    fs::create_dir(sandbox.path("new")).unwrap();
    fs::write(sandbox.path("new/mine.txt"), "mine").unwrap();
    let before = Snapshot::of(&sandbox.path("new"));
    for (stage, done) in [
        (Stage::Verifying, 0),
        (Stage::Verifying, 1000),
        (Stage::Writing, 0),
        (Stage::Writing, 1000),
        (Stage::Syncing, 0),
    ] {
        let RestoreOperation {
            mut events,
            completed,
            cookie,
        } = block_on(RUNTIME.restore(&options(&sandbox))).unwrap();
        wait_for(&mut events, stage, done);
        cookie.cancel();
        cookie.cancel();
        assert_eq!(
            all(events).last(),
            Some(&BackupRestoreStatus::End),
            "cancelled at {done} in the stage {}",
            stage.name()
        );
        let error = outcome(completed).unwrap_err();
        assert_eq!(
            (error.code(), error.hresult()),
            (ErrorCode::Cancelled, 0x8000_4004),
            "{error}"
        );
        assert_eq!(
            Snapshot::of(&sandbox.path("new")),
            before,
            "cancelled at {done} in the stage {}",
            stage.name()
        );
    }
}

#[test]
fn cancelling_after_the_first_commit_has_no_effect() {
    // Each license is synced separately, so that committing takes longer than the cancellation.
    let sandbox = Sandbox::with_many_files(2000);
    start(&sandbox).wait().unwrap();
    fs::create_dir(sandbox.path("new")).unwrap();
    let RestoreOperation {
        mut events,
        completed,
        cookie,
    } = block_on(RUNTIME.restore(&options(&sandbox))).unwrap();
    wait_for(&mut events, Stage::Committing, 1);
    cookie.cancel();
    assert_eq!(outcome(completed).unwrap().restored, 2000);
    assert_eq!(files_below(&sandbox.path("new")).len(), 2000);
}

/// Reads events until a stage reports this number of licenses.
fn wait_for(events: &mut license_backup::Events<BackupRestoreStatus>, stage: Stage, done: u64) {
    while let Some(status) = events.wait_next() {
        if matches!(
            status,
            BackupRestoreStatus::Progress(event) if event.stage == stage && event.done >= done
        ) {
            return;
        }
    }
    panic!(
        "the restore should report {done} licenses in the stage {}",
        stage.name()
    );
}

#[test]
fn restored_licenses_are_private_under_any_umask() {
    use nix::sys::stat::{Mode, umask};

    let (sandbox, _) = backed_up_licenses();
    let before = umask(Mode::empty());
    let ended = restore(&options(&sandbox));
    umask(before);
    ended.unwrap();
    let mode = |path: PathBuf| {
        format!(
            "{:04o}",
            fs::metadata(path).unwrap().permissions().mode() & 0o7777
        )
    };
    for name in Snapshot::of(&sandbox.path("new")).names() {
        let path = sandbox.path("new").join(&name);
        let expected = if path.is_dir() { "0700" } else { "0600" };
        assert_eq!(mode(path), expected, "{name}");
    }
}

#[test]
fn a_refusal_has_the_path_as_the_caller_spelled_it() {
    let (sandbox, _) = backed_up_licenses();
    let (backup, new) = (sandbox.backup(), sandbox.path("new"));
    for (options, code, named) in [
        (
            RestoreOptions::new(&new, sandbox.store()),
            ErrorCode::PathNotFound,
            &new,
        ),
        (
            RestoreOptions::new(&backup, &backup),
            ErrorCode::InvalidArgument,
            &backup,
        ),
    ] {
        let error = restore(&options).unwrap_err();
        let named = named.display().to_string();
        assert_eq!(
            (error.code(), error.path()),
            (code, Some(Path::new(&named))),
            "{error}"
        );
        assert!(error.to_string().contains(&named), "{error}");
    }
}
