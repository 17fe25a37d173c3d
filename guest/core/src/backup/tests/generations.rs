//! Backups as generations: each is a new file, and no other backup is touched.

use std::collections::BTreeMap;

use super::*;
use crate::memory_fs::{FAULTS, report_count, survivals};
use crate::temporary::is_temporary_name;
use crate::{Verify, VerifyOptions};

/// 25 November 2026, 22:45:00 UTC.
const TIME: u64 = 1_795_646_700;
const FIRST: &str = "licenses-20261125T224500Z.zip";
const SECOND: &str = "licenses-20261125T234500Z.zip";

/// Backs up the store as a generation that many hours after [`TIME`].
fn back_up_at(disk: &Disk, hours: u64) -> Result<BackupSummary, Failure> {
    let options = BackupOptions {
        generation: Some(TIME + 3600 * hours),
        ..BackupOptions::default()
    };
    start_with(disk, options).and_then(|backup| run(backup).1)
}

/// Returns the files of the backup directory with their content.
fn files(disk: &Disk) -> BTreeMap<String, Vec<u8>> {
    let files = disk.snapshot("/backup").into_iter();
    files.map(|(name, (content, _))| (name, content)).collect()
}

fn names(disk: &Disk) -> Vec<String> {
    files(disk).into_keys().collect()
}

fn verify(disk: &Disk, name: &str) {
    let directory = disk.directory("/backup");
    let mut verify = Verify::start(&directory, "/backup", Some(name), &VerifyOptions::default())
        .expect("the backup exists");
    loop {
        match verify.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => verify = next,
            ControlFlow::Break(outcome) => {
                let summary = outcome.expect("the backup is intact");
                return assert_eq!(summary.file, name);
            }
        }
    }
}

#[test]
fn each_generation_is_a_new_file() {
    let disk = mixed();
    let summary = back_up_at(&disk, 0).expect("the store is backed up");
    assert_eq!((summary.file.as_str(), summary.unchanged), (FIRST, false));
    let first = files(&disk);
    disk.write("/licenses/new", allowed("new"));
    let summary = back_up_at(&disk, 1).expect("the store is backed up");
    assert_eq!((summary.file.as_str(), summary.unchanged), (SECOND, false));
    assert_eq!(names(&disk), [FIRST, SECOND]);
    assert_eq!(files(&disk)[FIRST], first[FIRST]);
    verify(&disk, FIRST);
    verify(&disk, SECOND);
}

#[test]
fn an_unchanged_store_makes_no_generation() {
    let disk = mixed();
    back_up(&disk, false).expect("the store is backed up");
    let before = disk.snapshot("/backup");
    // The modification time of `licenses.zip` is before that of the generation.
    let summary = back_up_at(&disk, 0).expect("the store has not changed");
    assert_eq!(
        (summary.file.as_str(), summary.unchanged),
        (BACKUP_FILE, true)
    );
    assert_eq!(disk.snapshot("/backup"), before);
}

#[test]
fn a_generation_is_compared_with_the_newest_backup() {
    let disk = mixed();
    back_up_at(&disk, 0).expect("the store is backed up");
    disk.write("/licenses/new", allowed("new"));
    back_up_at(&disk, 1).expect("the store is backed up");
    disk.directory("/licenses")
        .unlink("new")
        .expect("the license exists");
    let summary = back_up_at(&disk, 2).expect("the store is backed up");
    assert!(!summary.unchanged, "the newest backup differs");
    assert_eq!(names(&disk).len(), 3);
}

#[test]
fn a_generation_of_the_same_second_is_never_replaced() {
    let disk = mixed();
    back_up_at(&disk, 0).expect("the store is backed up");
    let summary = back_up_at(&disk, 0).expect("the store has not changed");
    assert_eq!((summary.file.as_str(), summary.unchanged), (FIRST, true));

    disk.write("/licenses/new", allowed("new"));
    let before = disk.snapshot("/backup");
    let failure = back_up_at(&disk, 0).expect_err("the name is taken");
    assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
    assert_eq!(disk.snapshot("/backup"), before);
}

#[test]
fn a_generation_that_appears_during_the_backup_is_not_replaced() {
    for (content, code) in [
        (back_up_and_read(&mixed()), None),
        (EARLIER.to_vec(), Some(ErrorCode::BackupExists)),
    ] {
        let disk = mixed();
        let (inner, appearing) = (disk.clone(), content.clone());
        disk.on_call(move |call| {
            if call.operation == "hard_link" {
                inner.write(&format!("/backup/{FIRST}"), appearing.clone());
            }
            Ok(())
        });
        let outcome = back_up_at(&disk, 0);
        assert_eq!(outcome.as_ref().err().map(|failure| failure.code), code);
        assert!(outcome.is_err() || outcome.is_ok_and(|summary| summary.unchanged));
        assert_eq!(files(&disk), BTreeMap::from([(FIRST.to_owned(), content)]));
    }
}

fn back_up_and_read(disk: &Disk) -> Vec<u8> {
    back_up(disk, false).expect("the store is backed up");
    disk.read("/backup/licenses.zip")
        .expect("the backup exists")
}

#[test]
fn a_shrunk_store_makes_a_generation_and_pins_the_earlier_one() {
    let disk = Disk::new();
    disk.directory("/backup");
    disk.write("/licenses/a", allowed("a"));
    back_up_at(&disk, 0).expect("the store is backed up");
    disk.sync_all();
    let first = files(&disk);
    disk.directory("/licenses")
        .unlink("a")
        .expect("the license exists");
    let summary = back_up_at(&disk, 1).expect("a generation may shrink");
    assert_eq!(
        summary.shrunk,
        Some(Shrinkage {
            earlier: 1,
            left: 0
        })
    );
    let pin = format!("{FIRST}.pin");
    assert_eq!(names(&disk), [FIRST, &pin, SECOND]);
    assert_eq!(files(&disk)[FIRST], first[FIRST]);
    disk.lose_power(Surviving::Nothing);
    assert_eq!(names(&disk), [FIRST, &pin, SECOND], "the pin is durable");
}

#[test]
fn a_shrunk_generation_cancelled_at_any_step_leaves_no_pin() {
    for steps in 0.. {
        let disk = with_earlier(true);
        let before = disk.snapshot("/backup");
        let options = BackupOptions {
            generation: Some(TIME + 3600),
            ..BackupOptions::default()
        };
        let mut backup = start_with(&disk, options).expect("the backup starts");
        for _ in 0..steps {
            match backup.step(&mut Vec::new()) {
                ControlFlow::Continue(next) => backup = next,
                ControlFlow::Break(outcome) => {
                    let shrunk = outcome.expect("no call fails").shrunk;
                    return assert!(shrunk.is_some(), "the store has shrunk");
                }
            }
        }
        cancel(backup);
        assert_eq!(disk.snapshot("/backup"), before, "after {steps} steps");
    }
}

#[test]
fn a_time_after_the_year_9999_is_refused() {
    let options = BackupOptions {
        generation: Some(u64::MAX),
        ..BackupOptions::default()
    };
    let failure = start_with(&mixed(), options)
        .err()
        .expect("the time is refused");
    assert_eq!(failure.code, ErrorCode::InvalidArgument);
}

/// Returns a disk with a generation, and a store that has changed or shrunk since.
fn with_earlier(has_shrunk: bool) -> Disk {
    let disk = mixed();
    back_up_at(&disk, 0).expect("the store is backed up");
    if has_shrunk {
        for path in ["a-b", "a.b", "-dash", "book", "book-notes"] {
            disk.directory("/licenses").unlink(path).expect("it exists");
        }
        for path in [
            "one", "two", "three", "four", "five", "six", "seven", "eight",
        ] {
            disk.write(&format!("/licenses/{path}"), allowed(path));
        }
        for path in ["with\nline", "back\\slash"] {
            disk.directory("/licenses").unlink(path).expect("it exists");
        }
        disk.directory("/licenses/a")
            .unlink("b")
            .expect("it exists");
        disk.directory("/licenses/deep")
            .unlink("two")
            .expect("it exists");
        disk.directory("/licenses/deep/er")
            .unlink("one")
            .expect("it exists");
    } else {
        disk.write("/licenses/with\nline", allowed("changed"));
    }
    disk.limit_reads(1 << 10);
    disk.sync_all();
    disk.take_calls();
    disk
}

#[test]
fn a_generation_with_any_call_failed_keeps_every_other_one() {
    let mut cases = 0;
    for has_shrunk in [false, true] {
        for fault in FAULTS {
            for number in 0.. {
                let disk = with_earlier(has_shrunk);
                let earlier = files(&disk);
                disk.inject(number, fault);
                let outcome = back_up_at(&disk, 1);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                let Some(injected) = disk.take_injected() else {
                    continue;
                };
                if injected
                    .altered
                    .keys()
                    .any(|path| path.starts_with("/backup"))
                {
                    continue;
                }
                let when = format!("{injected:?}: {outcome:?}");
                let after = files(&disk);
                assert_eq!(after.get(FIRST), earlier.get(FIRST), "{when}");
                let is_in_place = |failure: &Failure| failure.message.contains("is in place");
                if outcome.as_ref().err().is_none_or(is_in_place) {
                    verify(&disk, SECOND);
                } else {
                    assert!(!after.contains_key(SECOND), "{when}");
                }
                if outcome.is_ok() {
                    disk.lose_power(Surviving::Nothing);
                    assert_eq!(files(&disk).get(SECOND), after.get(SECOND), "{when}");
                    assert_eq!(files(&disk).get(FIRST), after.get(FIRST), "{when}");
                }
                cases += 1;
            }
        }
    }
    report_count(cases, 2000, "a generation with each call failed in turn");
}

#[test]
fn a_generation_stopped_at_any_call_keeps_every_other_one() {
    let mut cases = 0;
    for has_shrunk in [false, true] {
        let mut is_reached = true;
        let mut number = 0;
        while is_reached {
            for surviving in survivals(number) {
                let when = format!("stopped at call {number}, {surviving:?} survives");
                let disk = with_earlier(has_shrunk);
                let earlier = files(&disk);
                disk.fail(FsError::Other("io"), move |call| call.number >= number);
                let outcome = back_up_at(&disk, 1);
                is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                disk.lose_power(surviving);
                let after = files(&disk);
                assert_eq!(after.get(FIRST), earlier.get(FIRST), "{when}");
                if outcome.is_ok() || after.contains_key(SECOND) {
                    verify(&disk, SECOND);
                }
                let is_known = |name: &&String| {
                    [FIRST, SECOND, &format!("{FIRST}.pin")].contains(&name.as_str())
                        || is_temporary_name(name)
                };
                assert!(after.keys().all(|name| is_known(&name)), "{when}");
                let summary = back_up_at(&disk, 2).expect("the next backup succeeds");
                verify(&disk, &summary.file);
                cases += 1;
            }
            number += 1;
        }
    }
    report_count(
        cases,
        500,
        "a generation with everything stopped at each call",
    );
}
