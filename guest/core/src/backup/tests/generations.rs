//! Backups as generations: each is a new file, and no other backup is touched.

use std::collections::BTreeMap;

use super::generation_faults::Case;
use super::*;
use crate::generations::LastRun;
use crate::{RetentionPolicy, Verify, VerifyOptions};

/// 25 November 2026, 22:45:00 UTC.
pub(super) const TIME: u64 = 1_795_646_700;
pub(super) const FIRST: &str = "licenses-20261125T224500Z.zip";
pub(super) const SECOND: &str = "licenses-20261125T234500Z.zip";

/// Backs up the store as a generation that many hours after [`TIME`].
pub(super) fn back_up_at(disk: &Disk, hours: u64) -> Result<BackupSummary, Failure> {
    let options = BackupOptions {
        generation: Some(TIME + 3600 * hours),
        ..BackupOptions::default()
    };
    start_with(disk, options).and_then(|backup| run(backup).1)
}

/// Returns the files of the backup directory with their content and time, except `last-run.json`.
fn snapshot(disk: &Disk) -> BTreeMap<String, (Vec<u8>, u64)> {
    let mut files = disk.snapshot("/backup");
    files.remove("last-run.json");
    files
}

/// Returns the files of the backup directory with their content, except `last-run.json`.
pub(super) fn files(disk: &Disk) -> BTreeMap<String, Vec<u8>> {
    let files = snapshot(disk).into_iter();
    files.map(|(name, (content, _))| (name, content)).collect()
}

/// Returns the outcome and the backup that `last-run.json` records.
pub(super) fn last_run(disk: &Disk) -> Option<(String, Option<String>)> {
    let run = LastRun::read(&disk.directory("/backup")).expect("it is a record");
    run.map(|run| (run.outcome, run.backup.map(|backup| backup.file)))
}

fn names(disk: &Disk) -> Vec<String> {
    files(disk).into_keys().collect()
}

pub(super) fn verify(disk: &Disk, name: &str) {
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
    let before = snapshot(&disk);
    // The modification time of `licenses.zip` is before that of the generation.
    let summary = back_up_at(&disk, 0).expect("the store has not changed");
    assert_eq!(
        (summary.file.as_str(), summary.unchanged),
        (BACKUP_FILE, true)
    );
    assert_eq!(snapshot(&disk), before);
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
    let before = snapshot(&disk);
    let failure = back_up_at(&disk, 0).expect_err("the name is taken");
    assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
    assert_eq!(snapshot(&disk), before);
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

#[test]
fn a_generation_that_cannot_be_compared_with_the_new_file_is_reported() {
    let content = back_up_and_read(&mixed());
    let disk = mixed();
    let (inner, appearing) = (disk.clone(), content.clone());
    let mut is_linked = false;
    disk.on_call(move |call| {
        if call.operation == "hard_link" {
            inner.write(&format!("/backup/{FIRST}"), appearing.clone());
            is_linked = true;
        } else if is_linked && call.operation == "read" {
            return Err(FsError::Unsupported);
        }
        Ok(())
    });
    let failure = back_up_at(&disk, 0).expect_err("the name is taken");
    assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
    assert_eq!(files(&disk), BTreeMap::from([(FIRST.to_owned(), content)]));
}

#[test]
fn a_temporary_file_that_cannot_be_opened_again_is_removed() {
    let disk = mixed();
    let inner = disk.clone();
    let mut is_linked = false;
    disk.on_call(move |call| {
        if call.operation == "hard_link" {
            inner.write(&format!("/backup/{FIRST}"), EARLIER);
            is_linked = true;
        } else if is_linked && call.operation == "open_file" && call.name != FIRST {
            is_linked = false;
            return Err(FsError::Other("io"));
        }
        Ok(())
    });
    let failure = back_up_at(&disk, 0).expect_err("the file cannot be compared");
    assert_eq!(failure.code, ErrorCode::Io, "{failure}");
    assert_eq!(
        files(&disk),
        BTreeMap::from([(FIRST.to_owned(), EARLIER.to_vec())])
    );
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
        let disk = Case::Shrunk.disk();
        let before = snapshot(&disk);
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
        match backup.cancel() {
            // The run is recorded.
            ControlFlow::Continue(next) => drop(run(next)),
            ControlFlow::Break(failure) => panic!("the run is not recorded: {failure}"),
        }
        if snapshot(&disk).contains_key(SECOND) {
            assert_eq!(last_run(&disk).expect("it is recorded").0, "shrunk");
        } else {
            assert_eq!(snapshot(&disk), before, "after {steps} steps");
            let recorded = ("cancelled".to_owned(), Some(FIRST.to_owned()));
            assert_eq!(last_run(&disk), Some(recorded));
        }
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

/// Backs up the store as a generation that many hours after [`TIME`], and keeps the newest two.
pub(super) fn back_up_and_keep_two(disk: &Disk, hours: u64) -> Result<BackupSummary, Failure> {
    let options = BackupOptions {
        generation: Some(TIME + 3600 * hours),
        retention: Some(RetentionPolicy {
            keep_last: Some(2),
            ..RetentionPolicy::default()
        }),
        ..BackupOptions::default()
    };
    start_with(disk, options).and_then(|backup| run(backup).1)
}

#[test]
fn a_backup_with_a_policy_removes_generations_after_it_has_succeeded() {
    let disk = mixed();
    for hours in 0..3 {
        disk.write("/licenses/new", allowed(&format!("new{hours}")));
        let summary = back_up_and_keep_two(&disk, hours).expect("the store is backed up");
        assert_eq!(summary.removed, u64::from(hours == 2), "at hour {hours}");
    }
    assert_eq!(names(&disk).len(), 2);
    assert!(!files(&disk).contains_key(FIRST), "the oldest is removed");
    let summary = back_up_and_keep_two(&disk, 3).expect("the store has not changed");
    assert_eq!((summary.unchanged, summary.removed), (true, 0));
}

#[test]
fn a_backup_that_has_shrunk_or_failed_removes_nothing() {
    let disk = Case::Shrunk.disk();
    disk.write(
        "/backup/licenses-20200101T000000Z.zip",
        files(&disk)[FIRST].clone(),
    );
    disk.write(
        "/backup/licenses-20200102T000000Z.zip",
        files(&disk)[FIRST].clone(),
    );
    let summary = back_up_and_keep_two(&disk, 1).expect("a generation may shrink");
    assert!(
        summary.shrunk.is_some() && summary.removed == 0,
        "{summary:?}"
    );
    disk.fail(FsError::NoSpace, |call| call.operation == "hard_link");
    disk.write("/licenses/new", allowed("new"));
    back_up_and_keep_two(&disk, 2).expect_err("the disk is full");
    let expected = [
        "20200101T000000",
        "20200102T000000",
        "20261125T224500",
        "20261125T234500",
    ];
    let kept = names(&disk)
        .into_iter()
        .filter(|name| !name.contains(".pin"));
    let expected = expected.map(|time| format!("licenses-{time}Z.zip"));
    assert_eq!(kept.collect::<Vec<_>>(), expected);
}

#[test]
fn a_policy_without_a_rule_or_without_a_generation_is_refused() {
    let policy = RetentionPolicy {
        keep_last: Some(1),
        ..RetentionPolicy::default()
    };
    for (generation, retention) in [(None, policy), (Some(TIME), RetentionPolicy::default())] {
        let disk = mixed();
        let options = BackupOptions {
            generation,
            retention: Some(retention),
            ..BackupOptions::default()
        };
        let failure = start_with(&disk, options).err().expect("it is refused");
        assert_eq!(failure.code, ErrorCode::InvalidArgument, "{failure}");
        assert!(disk.snapshot("/backup").is_empty());
    }
}

#[test]
fn each_run_records_its_outcome_and_the_last_good_backup() {
    let disk = mixed();
    let recorded = |outcome: &str| Some((outcome.to_owned(), Some(FIRST.to_owned())));
    // Two files of the store cannot be read.
    let summary = back_up_at(&disk, 0).expect("the store is backed up");
    assert_eq!(last_run(&disk), recorded("incomplete"));
    let run = LastRun::read(&disk.directory("/backup")).expect("it is a record");
    let backup = run.and_then(|run| run.backup).expect("it has a backup");
    let hash = blake3::hash(&files(&disk)[FIRST]).to_hex().to_string();
    assert_eq!(
        (Some(&hash), &hash),
        (summary.blake3.as_ref(), &backup.blake3)
    );
    assert_eq!((summary.size, backup.time), (backup.size, TIME));

    back_up_at(&disk, 1).expect("the store has not changed");
    let run = LastRun::read(&disk.directory("/backup")).expect("it is a record");
    let backup = run.and_then(|run| run.backup).expect("it has a backup");
    assert_eq!((backup.time, &backup.blake3), (TIME + 3600, &hash));

    disk.fail(FsError::NoSpace, |call| call.operation == "hard_link");
    disk.write("/licenses/new", allowed("new"));
    back_up_at(&disk, 2).expect_err("the disk is full");
    assert_eq!(last_run(&disk), recorded("failed"));
}

#[test]
fn a_record_that_cannot_be_read_is_replaced() {
    for damage in [
        &b"{"[..],
        b"[]",
        b"{\"format\":2,\"time\":1}",
        &vec![0xFF; 2 << 20],
    ] {
        let disk = mixed();
        disk.write("/backup/last-run.json", damage);
        back_up_at(&disk, 0).expect("the store is backed up");
        let outcome = last_run(&disk).expect("it is recorded").0;
        assert_eq!(outcome, "incomplete");
    }
}
