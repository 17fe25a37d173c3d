//! Restores that are cancelled, or that meet trouble of some kind.

use super::trial::{OTHER, PATHS, complete, mixed};
use super::*;
use crate::directory::FsError;
use crate::temporary::temporary_name;

fn is_placing(disk: &Disk) -> bool {
    disk.take_calls()
        .iter()
        .any(|call| ["rename", "hard_link"].contains(&call.operation))
}

#[test]
fn cancelled_at_any_step_a_restore_is_undone_or_runs_to_its_end() {
    let paths: Vec<String> = (0..300)
        .map(|number| format!("{}/{}/{number:03}", number / 100, number / 25))
        .collect();
    let backup = backup_of(paths.iter().map(|path| (path.as_str(), allowed(path))));
    let (mut undone, mut finished) = (0, 0);
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
                ControlFlow::Break(outcome) => {
                    assert_eq!(outcome.expect("the restore succeeds").restored, 300);
                    assert!(undone > 20 && finished > 4, "{undone} {finished}");
                    return;
                }
            };
        }
        let is_committed = is_placing(&disk);
        let outcome = match restore.cancel() {
            ControlFlow::Continue(restore) => run(restore).1,
            ControlFlow::Break(failure) => Err(failure),
        };
        match outcome {
            Ok(summary) => {
                assert!(
                    is_committed,
                    "the first name was given after the cancellation, after {steps} steps"
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
                undone += 1;
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
            .expect("the backup is whole");
    }
    let restore = restore
        .cancel()
        .continue_value()
        .expect("there may be something to undo");
    assert_eq!(
        run(restore).1.expect_err("it was cancelled").code,
        ErrorCode::Cancelled
    );
}

#[test]
fn cancelled_twice_a_restore_is_undone_once() {
    let paths: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
    let disk = backed_up(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    let mut restore = start(&disk, KEEP).expect("the restore starts");
    while !matches!(restore.phase, Phase::Sync(_)) {
        restore = restore
            .step(&mut Vec::new())
            .continue_value()
            .expect("the restore goes on");
    }
    restore = restore
        .cancel()
        .continue_value()
        .expect("there is something to undo");
    restore = restore
        .step(&mut Vec::new())
        .continue_value()
        .expect("there is more to undo");
    restore = restore
        .cancel()
        .continue_value()
        .expect("it is still being undone");
    assert_eq!(
        run(restore).1.expect_err("it was cancelled").code,
        ErrorCode::Cancelled
    );
    assert_eq!(store(&disk), holding(&[]));
}

#[test]
fn what_cannot_be_removed_when_a_restore_is_undone_is_told() {
    let disk = mixed();
    disk.on_call(|call| match call.operation {
        "sync_file" => Err(FsError::NoSpace),
        "unlink" => Err(FsError::AccessDenied),
        _ => Ok(()),
    });
    let failure = restore(&disk, OVERWRITE).1.expect_err("the disk is full");
    assert_eq!(failure.code, ErrorCode::DiskFull);
    // Six temporary files, and three directories that are not empty for them.
    let expected =
        "old/.license-backup-0.tmp and 8 more in the store could not be removed (access is denied)";
    assert!(failure.message.contains(expected), "{failure}");
}

#[test]
fn a_temporary_file_that_cannot_be_written_and_not_be_removed_is_told() {
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
fn a_disk_that_takes_nothing_is_told_and_not_waited_for() {
    let disk = mixed();
    disk.limit_writes(0);
    assert_eq!(
        restore(&disk, KEEP).1.expect_err("nothing is written").code,
        ErrorCode::Io
    );
    assert_eq!(store(&disk), store(&mixed()));
}

#[test]
fn a_license_that_is_put_in_place_and_answered_with_an_error_is_told_as_restored() {
    for operation in ["hard_link", "rename"] {
        let disk = mixed();
        let inner = disk.clone();
        disk.on_call(move |call| {
            // Those two are the first license of the store, which is new, and one that replaces another file.
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
fn licenses_that_cannot_be_put_in_place_are_told_one_by_one_and_counted() {
    let disk = mixed();
    disk.fail(FsError::NoSpace, |call| {
        call.operation == "hard_link" && ["x", "y"].contains(&call.name.as_str())
    });
    let (events, outcome) = restore(&disk, OVERWRITE);
    let failure = outcome.expect_err("two licenses are missing");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::DiskFull, Some("new/y"))
    );
    assert!(
        failure
            .message
            .starts_with("2 of 7 licenses could not be put in place, the first failure: "),
        "{failure}"
    );
    assert_eq!(told(&events, ErrorCode::DiskFull), ["new/y", "new/er/x"]);
    let mut expected = complete();
    // And no directory is left for nothing.
    expected.retain(|path, _| !path.starts_with("/new/"));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_directory_that_fails_to_sync_is_told_with_the_licenses_in_place() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "sync_directory"
    });
    let failure = restore(&disk, OVERWRITE)
        .1
        .expect_err("the names are not durable");
    assert_eq!(failure.code, ErrorCode::Io);
    assert!(
        failure.message.contains("in place but perhaps not durable"),
        "{failure}"
    );
    assert_eq!(store(&disk), complete());
}

#[test]
fn whatever_was_told_to_be_restored_survives_a_power_cut() {
    let disk = mixed();
    restored(&disk, OVERWRITE);
    disk.lose_power(Surviving::Nothing);
    assert_eq!(store(&disk), complete());
}

#[test]
fn what_a_killed_restore_has_put_in_place_is_durable_when_the_next_one_says_that_it_is_there() {
    for paths in [&PATHS[..], &["new/er/x"]] {
        let disk = backed_up(paths);
        disk.fail(FsError::Other("killed"), |call| {
            call.operation == "sync_directory"
        });
        let _ = restore(&disk, KEEP);
        disk.clear_faults();
        assert_eq!(restored(&disk, KEEP).0.present, paths.len() as u64);
        disk.lose_power(Surviving::Nothing);
        assert_eq!(store(&disk), holding(paths));
    }
}

#[test]
fn a_temporary_name_that_is_anothers_by_now_is_given_to_no_license_and_not_removed() {
    let disk = backed_up(&["a", "b", "c"]);
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" && call.name == "a" {
            inner.write("/licenses/.license-backup-1.tmp", allowed("c"));
        }
        Ok(())
    });
    let (events, outcome) = restore(&disk, KEEP);
    let failure = outcome.expect_err("a license is missing");
    assert!(
        failure.message.contains(".license-backup-1.tmp"),
        "{failure}"
    );
    assert_eq!(told(&events, ErrorCode::Io), ["b"]);
    let mut expected = holding(&["a", "c"]);
    expected.insert("/.license-backup-1.tmp".to_owned(), Some(allowed("c")));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_temporary_file_that_is_gone_is_told_of_its_license() {
    let disk = backed_up(&["a", "b", "c"]);
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" && call.name == "a" {
            inner
                .directory("/licenses")
                .unlink(".license-backup-1.tmp")
                .expect("it is there");
        }
        Ok(())
    });
    let (events, outcome) = restore(&disk, KEEP);
    assert!(
        outcome
            .expect_err("a license is missing")
            .message
            .contains("its temporary file is gone")
    );
    assert_eq!(told(&events, ErrorCode::Io), ["b"]);
    assert_eq!(store(&disk), holding(&["a", "c"]));
}

#[test]
fn stale_temporary_files_are_removed_where_this_run_makes_some_and_fresh_ones_are_neither_removed_nor_used()
 {
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
fn a_restore_that_takes_hours_removes_nothing_of_its_own() {
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
    assert_eq!(store(&disk), holding(&paths));
}

#[test]
fn more_than_ten_thousand_licenses_of_one_directory_have_temporary_names_at_once() {
    let paths: Vec<String> = (0..10_050)
        .map(|number| format!("all/{number:05}"))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let disk = backed_up(&paths);
    // A restore that was killed half-way, a minute ago.
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
