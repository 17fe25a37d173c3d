//! Restores that are cancelled, that meet trouble, or that the power is cut of.

use super::*;
use crate::directory::FsError;
use crate::temporary::{is_temporary_name, temporary_name};

const ERRORS: [FsError; 6] = [
    FsError::NoSpace,
    FsError::Other("io"),
    FsError::AccessDenied,
    FsError::NoEntry,
    FsError::NotPermitted,
    FsError::Exist,
];

const PATHS: [&str; 7] = ["a", "deep/er/one", "deep/two", "new/er/x", "new/y", "old/z", "same"];

/// What is in the store where a license is to go.
const OTHER: &[u8] = b"another one";

/// A store with something of every kind in it, and a backup of licenses that are new, there already, or to be replaced.
fn mixed() -> Disk {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/deep/two", OTHER);
    disk.write("/licenses/old/mine", "mine");
    disk.write("/licenses/same", allowed("same"));
    disk.settle();
    disk
}

/// What [`mixed`] becomes.
fn complete() -> BTreeMap<String, Option<Vec<u8>>> {
    let mut complete = holding(&PATHS);
    complete.insert("/old/mine".to_owned(), Some(b"mine".to_vec()));
    complete
}

/// That each license is either what it was before or what it is to be, and nothing else has changed but for temporary
/// files. Gives the paths of those that are what they are to be.
fn old_or_new(disk: &Disk, when: &str) -> Vec<&'static str> {
    let (now, before, complete) = (store(disk), store(&mixed()), complete());
    for (path, content) in &now {
        let is_temporary = path.rsplit('/').next().is_some_and(is_temporary_name);
        assert!(
            is_temporary || before.get(path) == Some(content) || complete.get(path) == Some(content),
            "{path} {when}"
        );
    }
    for path in before.keys() {
        assert!(now.contains_key(path), "{path} is gone {when}");
    }
    let is_new = |path: &&str| now.get(&format!("/{path}")) == complete.get(&format!("/{path}"));
    PATHS.into_iter().filter(is_new).collect()
}

fn is_placing(disk: &Disk) -> bool {
    disk.take_calls().iter().any(|call| ["rename", "hard_link"].contains(&call.operation))
}

#[test]
fn cancelled_at_any_step_a_restore_is_undone_or_runs_to_its_end() {
    let paths: Vec<String> = (0..300).map(|number| format!("{}/{}/{number:03}", number / 100, number / 25)).collect();
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
                assert!(is_committed, "the first name was given after the cancellation, after {steps} steps");
                assert_eq!(summary.restored, 300);
                finished += 1;
            }
            Err(failure) => {
                assert_eq!(failure.code, ErrorCode::Cancelled, "after {steps} steps: {failure}");
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
        restore = restore.step(&mut Vec::new()).continue_value().expect("the backup is whole");
    }
    let restore = restore.cancel().continue_value().expect("there may be something to undo");
    assert_eq!(run(restore).1.expect_err("it was cancelled").code, ErrorCode::Cancelled);
}

#[test]
fn cancelled_twice_a_restore_is_undone_once() {
    let paths: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
    let disk = backed_up(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    let mut restore = start(&disk, KEEP).expect("the restore starts");
    while !matches!(restore.phase, Phase::Sync(_)) {
        restore = restore.step(&mut Vec::new()).continue_value().expect("the restore goes on");
    }
    restore = restore.cancel().continue_value().expect("there is something to undo");
    restore = restore.step(&mut Vec::new()).continue_value().expect("there is more to undo");
    restore = restore.cancel().continue_value().expect("it is still being undone");
    assert_eq!(run(restore).1.expect_err("it was cancelled").code, ErrorCode::Cancelled);
    assert_eq!(store(&disk), holding(&[]));
}

#[test]
fn whatever_call_fails_all_is_undone_or_each_license_is_in_place_or_told() {
    let (mut undone, mut told_of) = (0, 0);
    for error in ERRORS {
        for number in 0.. {
            let disk = mixed();
            disk.take_calls();
            disk.fail(error, move |call| call.number == number);
            let (events, outcome) = match start(&disk, OVERWRITE) {
                Ok(restore) => run(restore),
                Err(failure) => (Vec::new(), Err(failure)),
            };
            let calls = disk.take_calls();
            disk.heal();
            let when = format!("when {:?} is answered {error:?}: {outcome:?}", calls.get(number));
            let is_committed = calls
                .iter()
                .enumerate()
                .any(|(at, call)| at != number && ["rename", "hard_link"].contains(&call.operation));
            let new = old_or_new(&disk, &when);
            if outcome.is_err() && !is_committed {
                assert_eq!(store(&disk), store(&mixed()), "{when}");
                undone += 1;
            } else {
                let paths: Vec<String> = events
                    .iter()
                    .filter_map(|event| if let Status::Error(failure) = event { failure.path.clone() } else { None })
                    .collect();
                for path in PATHS {
                    assert!(new.contains(&path) || paths.iter().any(|told| told == path), "{path} is not told {when}");
                }
                told_of += usize::from(outcome.is_err());
                assert_eq!(outcome.is_err(), events.iter().any(is_trouble), "{when}: {events:?}");
            }
            if outcome.is_ok() {
                let before = store(&disk);
                disk.cut_power(Left::Nothing);
                assert_eq!(store(&disk), before, "something is not durable {when}");
            }
            restored(&disk, OVERWRITE);
            assert_eq!(old_or_new(&disk, "after another restore"), PATHS, "{when}");
            if calls.len() <= number {
                break;
            }
        }
    }
    assert!(undone > 300 && told_of > 50, "{undone} {told_of}");
}

/// Whether an event tells of something that went wrong, and is no conflict.
fn is_trouble(event: &Status) -> bool {
    matches!(event, Status::Error(failure) if failure.code != ErrorCode::FileExists)
}

#[test]
fn from_whatever_call_on_all_calls_fail_no_license_has_wrong_content_and_the_outcome_says_so() {
    for number in 0.. {
        let disk = mixed();
        disk.take_calls();
        disk.fail(FsError::Other("io"), move |call| call.number >= number);
        let outcome = start(&disk, OVERWRITE).and_then(|restore| run(restore).1);
        let reached = disk.take_calls().len() > number;
        disk.heal();
        if !reached {
            outcome.expect("no call has failed");
            return;
        }
        let when = format!("with every call from {number} on failing");
        old_or_new(&disk, &when);
        let failure = outcome.expect_err("the disk is broken");
        let left = store(&disk).keys().any(|path| path.rsplit('/').next().is_some_and(is_temporary_name));
        assert!(!left || failure.message.contains(".license-backup-") || is_committed(&failure), "{when}: {failure}");
    }
}

fn is_committed(failure: &Failure) -> bool {
    failure.message.contains("in place")
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
    let expected = "old/.license-backup-0.tmp and 8 more in the store could not be removed (access is denied)";
    assert!(failure.message.contains(expected), "{failure}");
}

#[test]
fn a_temporary_file_that_cannot_be_written_and_not_be_removed_is_told() {
    let disk = backed_up(&["a"]);
    disk.fail(FsError::NoSpace, |call| ["write", "unlink"].contains(&call.operation));
    let failure = restore(&disk, KEEP).1.expect_err("the disk is full");
    assert!(failure.message.contains(".license-backup-0.tmp"), "{failure}");
}

#[test]
fn a_disk_that_takes_nothing_is_told_and_not_waited_for() {
    let disk = mixed();
    disk.take_at_most(0);
    assert_eq!(restore(&disk, KEEP).1.expect_err("nothing is written").code, ErrorCode::Io);
    assert_eq!(store(&disk), store(&mixed()));
}

#[test]
fn licenses_that_cannot_be_put_in_place_are_told_one_by_one_and_counted() {
    let disk = mixed();
    disk.fail(FsError::NoSpace, |call| call.operation == "hard_link" && ["x", "y"].contains(&call.name.as_str()));
    let (events, outcome) = restore(&disk, OVERWRITE);
    let failure = outcome.expect_err("two licenses are missing");
    assert_eq!((failure.code, failure.path.as_deref()), (ErrorCode::DiskFull, Some("new/er/x")));
    assert!(failure.message.starts_with("2 of 7 licenses could not be put in place, the first failure: "), "{failure}");
    assert_eq!(told(&events, ErrorCode::DiskFull), ["new/er/x", "new/y"]);
    let mut expected = complete();
    // And no directory is left for nothing.
    expected.retain(|path, _| !path.starts_with("/new/"));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_directory_that_fails_to_sync_is_told_with_the_licenses_in_place() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| call.operation == "sync_directory");
    let failure = restore(&disk, OVERWRITE).1.expect_err("the names are not durable");
    assert_eq!(failure.code, ErrorCode::Io);
    assert!(failure.message.contains("in place but perhaps not durable"), "{failure}");
    assert_eq!(store(&disk), complete());
}

#[test]
fn whatever_was_told_to_be_restored_survives_a_power_cut() {
    let disk = mixed();
    restored(&disk, OVERWRITE);
    disk.cut_power(Left::Nothing);
    assert_eq!(store(&disk), complete());
}

#[test]
fn wherever_the_power_is_cut_each_license_is_what_it_was_or_what_it_is_to_be() {
    for number in 0.. {
        for left in [Left::Nothing, Left::Names] {
            let disk = mixed();
            disk.take_calls();
            // With nothing done from this call on, the disk is as it is at this moment.
            disk.fail(FsError::Other("io"), move |call| call.number >= number);
            let outcome = start(&disk, OVERWRITE).and_then(|restore| run(restore).1);
            disk.heal();
            disk.cut_power(left);
            old_or_new(&disk, &format!("after a power cut at call {number}"));
            restored(&disk, OVERWRITE);
            disk.cut_power(Left::Nothing);
            assert_eq!(old_or_new(&disk, "after another restore"), PATHS);
            if outcome.is_ok() {
                return;
            }
        }
    }
}

#[test]
fn what_a_killed_restore_has_put_in_place_is_durable_when_the_next_one_says_that_it_is_there() {
    for paths in [&PATHS[..], &["new/er/x"]] {
        let disk = backed_up(paths);
        disk.fail(FsError::Other("killed"), |call| call.operation == "sync_directory");
        let _ = restore(&disk, KEEP);
        disk.heal();
        assert_eq!(restored(&disk, KEEP).0.present, paths.len() as u64);
        disk.cut_power(Left::Nothing);
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
    assert!(failure.message.contains(".license-backup-1.tmp"), "{failure}");
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
            inner.directory("/licenses").unlink(".license-backup-1.tmp").expect("it is there");
        }
        Ok(())
    });
    let (events, outcome) = restore(&disk, KEEP);
    assert!(outcome.expect_err("a license is missing").message.contains("its temporary file is gone"));
    assert_eq!(told(&events, ErrorCode::Io), ["b"]);
    assert_eq!(store(&disk), holding(&["a", "c"]));
}

#[test]
fn stale_temporary_files_are_removed_where_this_run_makes_some_and_fresh_ones_are_neither_removed_nor_used() {
    let disk = backed_up(&["deep/a", "other/b"]);
    disk.write("/licenses/other/b", allowed("other/b"));
    for directory in ["deep", "other"] {
        disk.write(&format!("/licenses/{directory}/.license-backup-0.tmp"), "stale");
        disk.write(&format!("/licenses/{directory}/.license-backup-x.tmp"), "another's");
    }
    disk.directory("/licenses/deep/.license-backup-2.tmp");
    disk.wait(3600);
    disk.write("/licenses/deep/.license-backup-1.tmp", "an hour less a second old");
    disk.wait(1);
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
    let paths: Vec<String> = (0..200).map(|number| format!("{:02}/{number:03}", number / 10)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let disk = backed_up(&paths);
    let inner = disk.clone();
    disk.on_call(move |_| {
        inner.wait(600);
        Ok(())
    });
    restored(&disk, KEEP);
    assert_eq!(store(&disk), holding(&paths));
}

#[test]
fn more_than_ten_thousand_licenses_of_one_directory_have_temporary_names_at_once() {
    let paths: Vec<String> = (0..10_050).map(|number| format!("all/{number:05}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let disk = backed_up(&paths);
    // A restore that was killed half-way, a minute ago.
    disk.fail(FsError::Other("killed"), |call| ["sync_file", "unlink"].contains(&call.operation));
    let _ = restore(&disk, KEEP);
    disk.heal();
    disk.wait(60);
    assert_eq!(restored(&disk, KEEP).0.restored, 10_050);
    let is_temporary = |path: &&str| disk.read(&format!("/licenses/{path}")).is_some();
    assert_eq!(paths.iter().filter(|path| is_temporary(path)).count(), 10_050);
    assert!(disk.read(&format!("/licenses/all/{}", temporary_name(10_049))).is_some(), "a fresh one is removed");
}
