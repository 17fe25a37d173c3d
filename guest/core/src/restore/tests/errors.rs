//! Restores that are cancelled, or that fail.

use super::scenario::{OTHER, PATHS, complete, mixed};
use super::*;
use crate::directory::FsError;
use crate::temporary::temporary_name;

fn is_committing(disk: &Disk) -> bool {
    disk.take_calls()
        .iter()
        .any(|call| ["rename", "hard_link"].contains(&call.operation))
}

#[test]
fn a_cancelled_restore_is_rolled_back_or_finishes() {
    let paths: Vec<String> = (0..300)
        .map(|number| format!("{}/{}/{number:03}", number / 100, number / 25))
        .collect();
    let backup = backup_of(paths.iter().map(|path| (path.as_str(), allowed(path))));
    let (mut rolled_back, mut finished) = (0, 0);
    for steps in 0.. {
        let disk = Disk::new();
        disk.write("/backup/licenses.zip", backup.clone());
        disk.write("/licenses/1/5/130", OTHER);
        disk.write("/licenses/2/mine", "mine");
        let before = store(&disk);
        let mut restore = start(&disk, OVERWRITE).expect("the restore starts");
        disk.take_calls();
        for _ in 0..steps {
            restore = match restore.step(&mut Vec::new()) {
                ControlFlow::Continue(next) => next,
                ControlFlow::Break(result) => {
                    assert_eq!(result.expect("the restore succeeds").restored, 300);
                    assert!(rolled_back > 20 && finished > 4, "{rolled_back} {finished}");
                    return;
                }
            };
        }
        let is_committed = is_committing(&disk);
        let result = match restore.cancel() {
            ControlFlow::Continue(restore) => run(restore).1,
            ControlFlow::Break(failure) => Err(failure),
        };
        match result {
            Ok(summary) => {
                assert!(
                    is_committed,
                    "the first license was committed after the cancellation, after {steps} steps"
                );
                assert_eq!(summary.restored, 300);
                finished += 1;
            }
            Err(failure) => {
                assert_eq!(
                    failure.code,
                    ErrorCode::Cancelled,
                    "after {steps} steps: {failure}"
                );
                assert!(!is_committed, "after {steps} steps");
                assert_eq!(store(&disk), before, "after {steps} steps");
                rolled_back += 1;
            }
        }
    }
}

#[test]
fn a_dry_run_can_be_cancelled() {
    let disk = mixed();
    let mut restore = start(&disk, DRY_RUN).expect("the restore starts");
    while matches!(restore.phase, Phase::Verify { .. }) {
        restore = restore
            .step(&mut Vec::new())
            .continue_value()
            .expect("the backup is complete");
    }
    let restore = restore
        .cancel()
        .continue_value()
        .expect("there may be something to roll back");
    assert_eq!(
        run(restore).1.expect_err("it was cancelled").code,
        ErrorCode::Cancelled
    );
}

#[test]
fn a_restore_cancelled_twice_is_rolled_back_once() {
    let paths: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
    let disk = backed_up(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    let mut restore = start(&disk, KEEP).expect("the restore starts");
    while !matches!(restore.phase, Phase::Sync(_)) {
        restore = restore
            .step(&mut Vec::new())
            .continue_value()
            .expect("the restore continues");
    }
    restore = restore
        .cancel()
        .continue_value()
        .expect("there is something to roll back");
    restore = restore
        .step(&mut Vec::new())
        .continue_value()
        .expect("there is more to roll back");
    restore = restore
        .cancel()
        .continue_value()
        .expect("it is still being rolled back");
    assert_eq!(
        run(restore).1.expect_err("it was cancelled").code,
        ErrorCode::Cancelled
    );
    assert_eq!(store(&disk), store_with(&[]));
}

#[test]
fn a_rollback_reports_files_that_it_cannot_remove() {
    let disk = mixed();
    disk.on_call(|call| match call.operation {
        "sync_file" => Err(FsError::NoSpace),
        "unlink" => Err(FsError::AccessDenied),
        _ => Ok(()),
    });
    let failure = restore(&disk, OVERWRITE).1.expect_err("the disk is full");
    assert_eq!(failure.code, ErrorCode::DiskFull);
    // Six temporary files, and three directories that have one of them.
    let expected = "remove old/.license-backup-0.tmp and 8 more in the store by hand";
    assert!(failure.message.contains(expected), "{failure}");
    assert!(
        failure
            .message
            .ends_with(&FsError::AccessDenied.to_string()),
        "{failure}"
    );
}

#[test]
fn a_temporary_file_that_cannot_be_removed_is_reported() {
    let disk = backed_up(&["a"]);
    disk.fail(FsError::NoSpace, |call| {
        ["write", "unlink"].contains(&call.operation)
    });
    let failure = restore(&disk, KEEP).1.expect_err("the disk is full");
    assert!(
        failure.message.contains(".license-backup-0.tmp"),
        "{failure}"
    );
}

#[test]
fn a_write_that_writes_nothing_fails() {
    let disk = mixed();
    disk.limit_writes(0);
    assert_eq!(
        restore(&disk, KEEP).1.expect_err("nothing is written").code,
        ErrorCode::Io
    );
    assert_eq!(store(&disk), store(&mixed()));
}

#[test]
fn a_commit_whose_answer_is_lost_counts_as_restored() {
    for operation in ["hard_link", "rename"] {
        let disk = mixed();
        let inner = disk.clone();
        disk.on_call(move |call| {
            // The first license, which is new, and one that replaces another file.
            let (directory, temporary) = match call.name.as_str() {
                "a" => ("/licenses", ".license-backup-0.tmp"),
                "two" => ("/licenses/deep", ".license-backup-0.tmp"),
                _ => return Ok(()),
            };
            if call.operation != operation {
                return Ok(());
            }
            let done = if operation == "rename" {
                Directory::rename
            } else {
                Directory::hard_link
            };
            done(&inner.directory(directory), temporary, &call.name).expect("the disk does it");
            Err(FsError::Other("io"))
        });
        let (summary, conflicts) = restored(&disk, OVERWRITE);
        assert_eq!(
            (summary.restored, summary.present, conflicts.len()),
            (6, 1, 0),
            "{operation}"
        );
        disk.clear_faults();
        assert_eq!(store(&disk), complete(), "{operation}");
    }
}

#[test]
fn licenses_that_cannot_be_committed_are_reported_and_counted() {
    let disk = mixed();
    disk.fail(FsError::NoSpace, |call| {
        call.operation == "hard_link" && ["x", "y"].contains(&call.name.as_str())
    });
    let (events, result) = restore(&disk, OVERWRITE);
    let failure = result.expect_err("two licenses are missing");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::DiskFull, Some("new/y"))
    );
    assert!(
        failure
            .message
            .starts_with("2 of 7 licenses could not be put in place; first error: "),
        "{failure}"
    );
    assert_eq!(
        reported(&events, ErrorCode::DiskFull),
        ["new/y", "new/er/x"]
    );
    let mut expected = complete();
    // The directories that were created for these licenses are removed.
    expected.retain(|path, _| !path.starts_with("/new/"));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_failed_directory_sync_is_reported_after_the_commit() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "sync_directory"
    });
    let failure = restore(&disk, OVERWRITE)
        .1
        .expect_err("the names are not durable");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::Io, Some("deep/er"))
    );
    assert!(
        failure.message.contains("in place but may not be durable"),
        "{failure}"
    );
    assert_eq!(store(&disk), complete());
}

#[test]
fn a_failure_of_the_store_itself_has_the_path_dot() {
    let disk = mixed();
    let restore = start(&disk, KEEP).expect("the restore starts");
    disk.fail(FsError::AccessDenied, |call| call.operation == "entries");
    let failure = run(restore).1.expect_err("the store cannot be listed");
    assert_eq!(failure.path.as_deref(), Some("."));
    assert!(
        failure
            .message
            .starts_with("cannot list the license store: "),
        "{failure}"
    );
}

#[test]
fn restored_licenses_survive_a_power_cut() {
    let disk = mixed();
    restored(&disk, OVERWRITE);
    disk.lose_power(Surviving::Nothing);
    assert_eq!(store(&disk), complete());
}

#[test]
fn present_licenses_of_a_killed_restore_become_durable() {
    for paths in [&PATHS[..], &["new/er/x"]] {
        let disk = backed_up(paths);
        disk.fail(FsError::Other("killed"), |call| {
            call.operation == "sync_directory"
        });
        let _ = restore(&disk, KEEP);
        disk.clear_faults();
        assert_eq!(restored(&disk, KEEP).0.present, paths.len() as u64);
        disk.lose_power(Surviving::Nothing);
        assert_eq!(store(&disk), store_with(paths));
    }
}

#[test]
fn a_temporary_file_of_another_run_is_neither_used_nor_removed() {
    let disk = backed_up(&["a", "b", "c"]);
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" && call.name == "a" {
            // The file of this run was removed as a stale one.
            inner.advance_clock(60 * 60 + 1);
            inner.write("/licenses/.license-backup-1.tmp", allowed("c"));
        }
        Ok(())
    });
    check_file_of_another_run(&disk);
}

#[test]
fn without_modification_times_the_content_identifies_a_temporary_file() {
    let disk = backed_up(&["a", "b", "c"]);
    disk.hide_times();
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" && call.name == "a" {
            inner.write("/licenses/.license-backup-1.tmp", allowed("c"));
        }
        Ok(())
    });
    check_file_of_another_run(&disk);
}

#[test]
fn a_temporary_file_whose_time_a_server_changes_is_used() {
    let disk = backed_up(&["a", "b", "c"]);
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" && call.name == "a" {
            inner.advance_clock(1);
            inner.overwrite("/licenses/.license-backup-1.tmp", allowed("b"));
        }
        Ok(())
    });
    assert_eq!(restored(&disk, KEEP).0.restored, 3);
    assert_eq!(store(&disk), store_with(&["a", "b", "c"]));
}

/// Checks that a restore keeps and does not use the temporary file of another run, which has taken
/// the name of that for the license `b`.
fn check_file_of_another_run(disk: &Disk) {
    let (events, result) = restore(disk, KEEP);
    let failure = result.expect_err("a license is missing");
    assert!(
        failure.message.contains(".license-backup-1.tmp"),
        "{failure}"
    );
    assert_eq!(reported(&events, ErrorCode::Io), ["b"]);
    let mut expected = store_with(&["a", "c"]);
    expected.insert("/.license-backup-1.tmp".to_owned(), Some(allowed("c")));
    assert_eq!(store(disk), expected);
}

#[test]
fn a_missing_temporary_file_is_reported_for_its_license() {
    let disk = backed_up(&["a", "b", "c"]);
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" && call.name == "a" {
            inner
                .directory("/licenses")
                .unlink(".license-backup-1.tmp")
                .expect("it exists");
        }
        Ok(())
    });
    let (events, result) = restore(&disk, KEEP);
    assert!(
        result
            .expect_err("a license is missing")
            .message
            .contains("its temporary file does not exist any more")
    );
    assert_eq!(reported(&events, ErrorCode::Io), ["b"]);
    assert_eq!(store(&disk), store_with(&["a", "c"]));
}

#[test]
fn only_stale_temporary_files_are_removed() {
    let disk = backed_up(&["deep/a", "other/b"]);
    disk.write("/licenses/other/b", allowed("other/b"));
    for directory in ["deep", "other"] {
        disk.write(
            &format!("/licenses/{directory}/.license-backup-0.tmp"),
            "stale",
        );
        disk.write(
            &format!("/licenses/{directory}/.license-backup-x.tmp"),
            "another's",
        );
    }
    disk.directory("/licenses/deep/.license-backup-2.tmp");
    disk.advance_clock(3600);
    disk.write(
        "/licenses/deep/.license-backup-1.tmp",
        "an hour less a second old",
    );
    disk.advance_clock(1);
    restored(&disk, KEEP);
    let expected = [
        "/",
        "/deep/",
        "/deep/.license-backup-1.tmp",
        "/deep/.license-backup-2.tmp/",
        "/deep/.license-backup-x.tmp",
        "/deep/a",
        "/other/",
        "/other/.license-backup-0.tmp",
        "/other/.license-backup-x.tmp",
        "/other/b",
    ];
    assert_eq!(store(&disk).into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn a_restore_that_takes_hours_keeps_its_own_files() {
    let paths: Vec<String> = (0..200)
        .map(|number| format!("{:02}/{number:03}", number / 10))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let disk = backed_up(&paths);
    let inner = disk.clone();
    disk.on_call(move |_| {
        inner.advance_clock(600);
        Ok(())
    });
    restored(&disk, KEEP);
    assert_eq!(store(&disk), store_with(&paths));
}

#[test]
fn a_directory_can_have_over_ten_thousand_staged_licenses() {
    let paths: Vec<String> = (0..10_050)
        .map(|number| format!("all/{number:05}"))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let disk = backed_up(&paths);
    // A restore that was killed half-way a minute ago.
    disk.fail(FsError::Other("killed"), |call| {
        ["sync_file", "unlink"].contains(&call.operation)
    });
    let _ = restore(&disk, KEEP);
    disk.clear_faults();
    disk.advance_clock(60);
    assert_eq!(restored(&disk, KEEP).0.restored, 10_050);
    let is_temporary = |path: &&str| disk.read(&format!("/licenses/{path}")).is_some();
    assert_eq!(
        paths.iter().filter(|path| is_temporary(path)).count(),
        10_050
    );
    assert!(
        disk.read(&format!("/licenses/all/{}", temporary_name(10_049)))
            .is_some(),
        "a fresh one is removed"
    );
}
