//! Tests of checks.

use super::*;
use crate::memory_fs::{Disk, FAULTS, report_count};
use crate::{Backup, BackupOptions, FsError};

/// 25 November 2026, 22:45:00 UTC.
const TIME: u64 = 1_795_646_700;
const HOUR: u64 = 3600;
const FIRST: &str = "licenses-20261125T224500Z.zip";

fn license(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#
    )
}

fn run<O: Operation>(mut operation: O) -> Result<O::Summary, Failure> {
    loop {
        match operation.step(&mut Vec::new()) {
            Continue(next) => operation = next,
            Break(outcome) => return outcome,
        }
    }
}

fn back_up(disk: &Disk, options: BackupOptions) -> Result<crate::BackupSummary, Failure> {
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    Backup::start(store, directory, "/backup", options).and_then(run)
}

fn back_up_at(disk: &Disk, time: u64) -> Result<crate::BackupSummary, Failure> {
    let options = BackupOptions {
        generation: Some(time),
        ..BackupOptions::default()
    };
    back_up(disk, options)
}

/// Returns a disk with a store of two licenses, and a generation of it at [`TIME`].
fn backed_up() -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    disk.write("/licenses/a", license("a"));
    disk.write("/licenses/b", license("b"));
    back_up_at(&disk, TIME).expect("the store is backed up");
    disk
}

fn check_with(disk: &Disk, options: CheckOptions) -> Result<CheckSummary, Failure> {
    Check::start(&disk.directory("/backup"), "/backup", options).and_then(run)
}

/// Checks whether the backup is at most a day old, that many hours after [`TIME`].
fn check(disk: &Disk, hours: u64) -> Result<CheckSummary, Failure> {
    let options = CheckOptions {
        max_age: 24 * HOUR,
        now: TIME + hours * HOUR,
        verify: false,
    };
    check_with(disk, options)
}

fn code(checked: Result<CheckSummary, Failure>) -> ErrorCode {
    checked.expect_err("the check fails").code
}

#[test]
fn a_backup_is_recent_until_it_is_older_than_permitted() {
    let disk = backed_up();
    let summary = check(&disk, 24).expect("it is a day old");
    assert_eq!(
        (summary.file.as_str(), summary.time, summary.age),
        (FIRST, TIME, 24 * HOUR)
    );
    let failure = check(&disk, 25).expect_err("it is too old");
    assert_eq!(failure.code, ErrorCode::Stale);
    assert!(failure.message.contains("25 h ago"), "{failure}");
}

#[test]
fn an_unchanged_run_counts_as_a_backup() {
    let disk = backed_up();
    back_up_at(&disk, TIME + 100 * HOUR).expect("the store has not changed");
    let summary = check(&disk, 101).expect("the last run is an hour old");
    assert_eq!((summary.file.as_str(), summary.age), (FIRST, HOUR));
}

#[test]
fn a_failed_run_is_reported_and_does_not_count() {
    let disk = backed_up();
    disk.write("/licenses/new", license("new"));
    disk.fail(FsError::NoSpace, |call| call.operation == "hard_link");
    back_up_at(&disk, TIME + 20 * HOUR).expect_err("the disk is full");
    disk.clear_faults();
    let summary = check(&disk, 21).expect("the backup is recent");
    let message = summary.last_failure.expect("the last run failed");
    assert!(message.contains("no space left"), "{message}");
    assert_eq!(code(check(&disk, 25)), ErrorCode::Stale);
}

#[test]
fn a_shrunk_backup_fails_each_check_until_it_is_unpinned() {
    let disk = backed_up();
    for name in ["a", "b"] {
        disk.directory("/licenses").unlink(name).expect("it exists");
    }
    back_up_at(&disk, TIME + HOUR).expect("a generation may shrink");
    assert_eq!(code(check(&disk, 1)), ErrorCode::Shrunk);
    back_up_at(&disk, TIME + 2 * HOUR).expect("the store has not changed");
    let failure = check(&disk, 2).expect_err("it has still shrunk");
    assert_eq!(failure.code, ErrorCode::Shrunk);
    assert!(failure.message.contains("0 of the 2 licenses"), "{failure}");
    disk.directory("/backup")
        .unlink(&format!("{FIRST}.pin"))
        .expect("it is pinned");
    check(&disk, 2).expect("the backup was accepted");
}

#[test]
fn a_shrunk_backup_fails_each_check_until_the_licenses_are_back() {
    let disk = Disk::new();
    disk.directory("/backup");
    let write = |count: usize| {
        for id in 0..count {
            disk.write(&format!("/licenses/{id}"), license(&id.to_string()));
        }
    };
    write(10);
    back_up_at(&disk, TIME).expect("the store is backed up");
    for id in 0..10 {
        let directory = disk.directory("/licenses");
        directory.unlink(&id.to_string()).expect("it exists");
    }
    back_up_at(&disk, TIME + 1).expect("a generation may shrink");
    write(4);
    back_up_at(&disk, TIME + 2).expect("the store is backed up");
    assert_eq!(code(check(&disk, 1)), ErrorCode::Shrunk);
    write(5);
    back_up_at(&disk, TIME + 3).expect("the store is backed up");
    check(&disk, 1).expect("half of the licenses are back");
}

#[test]
fn a_backup_from_the_future_is_refused() {
    let disk = backed_up();
    back_up_at(&disk, TIME + 9000 * HOUR).expect("the clock was wrong");
    disk.write("/licenses/new", license("new"));
    back_up_at(&disk, TIME + 9000 * HOUR + 1).expect("the clock was wrong");
    assert_eq!(code(check(&disk, 1)), ErrorCode::Stale);
    let near = CheckOptions {
        max_age: HOUR,
        now: TIME + 9000 * HOUR - 60,
        verify: false,
    };
    check_with(&disk, near).expect("clocks differ by a minute");
}

#[test]
fn without_a_record_the_time_of_the_newest_backup_counts() {
    let disk = Disk::new();
    assert_eq!(code(check(&disk, 0)), ErrorCode::PathNotFound);
    disk.write("/licenses/a", license("a"));
    back_up(&disk, BackupOptions::default()).expect("the store is backed up");
    let mut options = CheckOptions {
        max_age: HOUR,
        now: 1_000_000 + HOUR,
        verify: true,
    };
    let summary = check_with(&disk, options).expect("it is an hour old");
    assert_eq!(
        (summary.file.as_str(), summary.time),
        ("licenses.zip", 1_000_000)
    );
    options.now += 1;
    assert_eq!(code(check_with(&disk, options)), ErrorCode::Stale);
}

#[test]
fn a_verification_finds_a_replaced_or_damaged_backup() {
    let verify = CheckOptions {
        max_age: 24 * HOUR,
        now: TIME,
        verify: true,
    };
    let disk = backed_up();
    let hash = blake3::hash(&disk.read(&format!("/backup/{FIRST}")).expect("it exists"));
    let summary = check_with(&disk, verify).expect("the backup is intact");
    assert_eq!(summary.blake3, Some(hash.to_hex().to_string()));

    // Another backup of the same size.
    let other = backed_up();
    other.write("/licenses/b", license("c"));
    other.directory("/backup").unlink(FIRST).expect("it exists");
    back_up_at(&other, TIME).expect("the store is backed up");
    let replaced = other.read(&format!("/backup/{FIRST}")).expect("it exists");
    disk.overwrite(&format!("/backup/{FIRST}"), replaced);
    check(&disk, 0).expect("only a verification reads the backup");
    let failure = check_with(&disk, verify).expect_err("it was replaced");
    assert!(failure.message.contains("is intact, but"), "{failure}");

    let mut damaged = disk.read(&format!("/backup/{FIRST}")).expect("it exists");
    damaged[50] ^= 1;
    disk.overwrite(&format!("/backup/{FIRST}"), damaged);
    assert_eq!(code(check_with(&disk, verify)), ErrorCode::BackupCorrupt);
}

#[test]
fn a_record_that_is_damaged_or_lies_fails_the_check() {
    let damaged = backed_up();
    damaged.write("/backup/last-run.json", "{");
    assert_eq!(code(check(&damaged, 1)), ErrorCode::Malformed);

    let linked = backed_up();
    linked
        .directory("/backup")
        .unlink("last-run.json")
        .expect("it exists");
    linked.write_other("/backup/last-run.json");
    assert_eq!(code(check(&linked, 1)), ErrorCode::Malformed);

    let lost = backed_up();
    lost.write("/licenses/new", license("new"));
    back_up_at(&lost, TIME + HOUR).expect("the store is backed up");
    let second = "licenses-20261125T234500Z.zip";
    lost.directory("/backup").unlink(second).expect("it exists");
    assert_eq!(code(check(&lost, 1)), ErrorCode::BackupCorrupt);

    let record = backed_up()
        .read("/backup/last-run.json")
        .expect("it exists");
    let record = String::from_utf8(record).expect("JSON is UTF-8");
    for (truth, lie, expected) in [
        (FIRST, "../../etc/passwd", ErrorCode::Malformed),
        (
            FIRST,
            "licenses-20261125T224501Z.zip",
            ErrorCode::BackupCorrupt,
        ),
        ("\"size\": ", "\"size\": 1", ErrorCode::BackupCorrupt),
        ("\"time\": 1", "\"time\": 9", ErrorCode::Stale),
    ] {
        let disk = backed_up();
        disk.write("/backup/last-run.json", record.replace(truth, lie));
        assert_eq!(code(check(&disk, 1)), expected, "{lie}");
    }
}

#[test]
fn a_run_that_was_killed_before_it_recorded_its_backup_passes_the_check() {
    let disk = backed_up();
    let earlier = disk.read("/backup/last-run.json").expect("it exists");
    disk.write("/licenses/new", license("new"));
    back_up_at(&disk, TIME + HOUR).expect("the store is backed up");
    disk.write("/backup/last-run.json", earlier);
    disk.directory("/backup").unlink(FIRST).expect("it exists");
    let checked = check(&disk, 1).expect("the newest backup is there");
    assert_eq!(checked.time, TIME + HOUR);
}

#[test]
fn a_check_with_any_call_failed_never_accepts_a_stale_backup() {
    let mut cases = 0;
    for fault in FAULTS {
        for number in 0.. {
            let disk = backed_up();
            disk.take_calls();
            disk.inject(number, fault);
            let checked = check(&disk, 25);
            let is_reached = disk.take_calls().len() > number;
            if !is_reached {
                break;
            }
            if let Some(injected) = disk.take_injected() {
                assert!(checked.is_err(), "{injected:?}");
                cases += 1;
            }
        }
    }
    report_count(cases, 50, "a check with each call failed in turn");
}
