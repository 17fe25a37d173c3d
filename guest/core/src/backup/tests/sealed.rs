//! Backups after an earlier one that is encrypted, and that no identity opens.

use super::generations::{FIRST, SECOND, TIME, files, last_run};
use super::*;
use crate::{
    Check, CheckOptions, CheckSummary, ForgetOptions, GenerationsOptions, ListGenerations,
    Operation, RetentionPolicy, Verify, VerifyOptions, VerifySummary,
};

/// Returns a disk with a store of this many licenses, and an empty backup directory that encrypts.
fn store_of(licenses: usize) -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    disk.directory("/licenses");
    for number in 0..licenses {
        disk.write(&path(number), allowed(&path(number)));
    }
    disk.seal_archives(true);
    disk
}

fn path(number: usize) -> String {
    format!("/licenses/{number:03}")
}

fn remove(disk: &Disk, count: usize) {
    let store = disk.directory("/licenses");
    for number in 0..count {
        store.unlink(&format!("{number:03}")).expect("it exists");
    }
}

/// Backs up that many hours after [`TIME`].
fn back_up_at(disk: &Disk, hours: u64, is_generation: bool) -> Result<BackupSummary, Failure> {
    back_up_with(disk, hours, is_generation, BackupOptions::default())
}

fn back_up_with(
    disk: &Disk,
    hours: u64,
    is_generation: bool,
    options: BackupOptions,
) -> Result<BackupSummary, Failure> {
    let time = TIME + 3600 * hours;
    let options = BackupOptions {
        overwrite: true,
        generation: is_generation.then_some(time),
        encrypted: Some(time),
        ..options
    };
    start_with(disk, options).and_then(|backup| run(backup).1)
}

fn complete<O: Operation>(mut operation: O) -> (Vec<O::Event>, Result<O::Summary, Failure>) {
    let mut events = Vec::new();
    loop {
        match operation.step(&mut events) {
            ControlFlow::Continue(next) => operation = next,
            ControlFlow::Break(outcome) => return (events, outcome),
        }
    }
}

#[test]
fn the_same_licenses_leave_the_earlier_backup() {
    for is_generation in [false, true] {
        let disk = store_of(3);
        let first = back_up_at(&disk, 0, is_generation).expect("it is the first");
        let before = files(&disk);
        let second = back_up_at(&disk, 1, is_generation).expect("nothing has changed");
        assert!(second.unchanged);
        assert_eq!((&second.file, &second.blake3), (&first.file, &first.blake3));
        assert_eq!(files(&disk), before);
        disk.write("/licenses/new", allowed("new"));
        let third = back_up_at(&disk, 2, is_generation).expect("the store has changed");
        assert!(!third.unchanged);
        assert_eq!(
            last_run(&disk),
            Some(("success".to_owned(), Some(third.file)))
        );
    }
}

#[test]
fn a_record_of_another_file_does_not_make_a_backup_unchanged() {
    for is_generation in [false, true] {
        let disk = store_of(3);
        let first = back_up_at(&disk, 0, is_generation).expect("it is the first");
        let path = format!("/backup/{}", first.file);
        let longer = [disk.read(&path).expect("it exists"), b"x".to_vec()].concat();
        disk.write(&path, longer);
        let second = back_up_at(&disk, 1, is_generation).expect("the earlier one was replaced");
        assert!(!second.unchanged);
    }
}

#[test]
fn a_single_backup_is_replaced_unless_most_licenses_are_missing() {
    for (licenses, removed, is_shrunk) in [
        (1, 1, true),
        (9, 9, true),
        (19, 10, true),
        (300, 151, true),
        (2, 1, false),
        (20, 10, false),
        (0, 0, false),
    ] {
        let disk = store_of(licenses);
        back_up_at(&disk, 0, false).expect("it is the first");
        let before = files(&disk);
        remove(&disk, removed);
        match back_up_at(&disk, 1, false) {
            Ok(_) => assert!(!is_shrunk, "{licenses} {removed}"),
            Err(failure) => {
                assert_eq!(failure.code, ErrorCode::Shrunk, "{failure}");
                let numbers = format!("{} of {licenses} licenses are left", licenses - removed);
                assert!(failure.message.contains(&numbers), "{failure}");
                assert_eq!(files(&disk), before);
                let options = BackupOptions {
                    allow_shrink: true,
                    ..BackupOptions::default()
                };
                back_up_with(&disk, 2, false, options).expect("it may shrink");
            }
        }
    }
}

#[test]
fn a_generation_with_few_licenses_pins_the_earlier_one() {
    let disk = store_of(12);
    back_up_at(&disk, 0, true).expect("it is the first");
    remove(&disk, 10);
    let summary = back_up_at(&disk, 1, true).expect("a generation may shrink");
    let expected = Shrinkage {
        earlier: 12,
        left: 2,
    };
    assert_eq!(summary.shrunk, Some(expected));
    let pin = format!("{FIRST}.pin");
    let names: Vec<_> = files(&disk).into_keys().collect();
    assert_eq!(names, [FIRST, &pin, SECOND]);
}

#[test]
fn an_empty_store_is_refused_if_nothing_is_recorded() {
    for is_generation in [false, true] {
        for record in [None, Some("damaged")] {
            let disk = store_of(3);
            back_up_at(&disk, 0, is_generation).expect("it is the first");
            let backup = disk.directory("/backup");
            backup.unlink("last-run.json").expect("it exists");
            if let Some(record) = record {
                disk.write("/backup/last-run.json", record);
            }
            let before = files(&disk);
            remove(&disk, 3);
            let failure = back_up_at(&disk, 1, is_generation).expect_err("the store is empty");
            assert_eq!(failure.code, ErrorCode::Shrunk, "{failure}");
            assert_eq!(files(&disk), before);
        }
    }
}

#[test]
fn a_store_with_licenses_is_backed_up_if_nothing_is_recorded() {
    for is_generation in [false, true] {
        let disk = store_of(3);
        back_up_at(&disk, 0, is_generation).expect("it is the first");
        let backup = disk.directory("/backup");
        backup.unlink("last-run.json").expect("it exists");
        let summary = back_up_at(&disk, 1, is_generation).expect("it has licenses");
        assert!(!summary.unchanged);
    }
}

#[test]
fn an_earlier_backup_that_can_be_read_is_compared_by_its_bytes() {
    let disk = store_of(3);
    back_up_at(&disk, 0, false).expect("it is the first");
    disk.seal_archives(false);
    disk.directory("/backup")
        .unlink("last-run.json")
        .expect("it exists");
    assert!(
        back_up_at(&disk, 1, false)
            .expect("nothing has changed")
            .unchanged
    );
}

#[test]
fn a_generation_of_the_same_second_is_never_replaced() {
    let disk = store_of(3);
    back_up_at(&disk, 0, true).expect("it is the first");
    disk.write("/licenses/new", allowed("new"));
    let failure = back_up_at(&disk, 0, true).expect_err("the name is taken");
    assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
    let disk = store_of(3);
    let other = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "hard_link" {
            other.clear_faults();
            other.write(&format!("/backup/{FIRST}"), "PK of another run");
        }
        Ok(())
    });
    let failure = back_up_at(&disk, 0, true).expect_err("the name is taken");
    assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
    assert_eq!(files(&disk).into_keys().collect::<Vec<_>>(), [FIRST]);
}

#[test]
fn the_record_of_an_encrypted_backup_has_no_path_and_no_id() {
    for is_generation in [false, true] {
        let disk = store_of(3);
        disk.write("/licenses/notes.txt", "not a license");
        back_up_at(&disk, 0, is_generation).expect("it is the first");
        disk.fail(FsError::NoSpace, |call| call.operation == "write");
        back_up_at(&disk, 1, is_generation).expect_err("nothing can be written");
        disk.clear_faults();
        disk.write("/licenses/new", allowed("new"));
        disk.fail(FsError::NoSpace, |call| {
            call.name.starts_with("licenses") && ["rename", "hard_link"].contains(&call.operation)
        });
        back_up_at(&disk, 1, is_generation).expect_err("the disk is full");
        let record = disk.read("/backup/last-run.json").expect("it exists");
        let record = String::from_utf8(record).expect("it is text");
        assert!(record.contains(r#""message": "disk-full""#), "{record}");
        for text in ["/", "000", "notes", "not a license"] {
            assert!(!record.contains(text), "{text}: {record}");
        }
    }
}

#[test]
fn sealed_generations_are_listed_and_removed() {
    let disk = store_of(3);
    back_up_at(&disk, 0, true).expect("it is the first");
    disk.write("/licenses/new", allowed("new"));
    let options = GenerationsOptions::default();
    let policy = RetentionPolicy {
        keep_last: Some(1),
        ..RetentionPolicy::default()
    };
    let removing = BackupOptions {
        retention: Some(policy),
        ..BackupOptions::default()
    };
    back_up_at(&disk, 1, true).expect("the store has changed");
    let listing = ListGenerations::start(disk.directory("/backup"), "/backup", options);
    let (generations, outcome) = complete(listing.expect("it starts"));
    outcome.expect("the directory can be listed");
    let listed: Vec<_> = generations
        .iter()
        .map(|one| (one.file.as_str(), one.licenses, one.encrypted))
        .collect();
    assert_eq!(listed, [(FIRST, None, true), (SECOND, Some(4), true)]);

    let forget = crate::Forget::start(
        disk.directory("/backup"),
        "/backup",
        ForgetOptions {
            policy,
            now: TIME + 7200,
            ..ForgetOptions::default()
        },
    );
    let (_, outcome) = complete(forget.expect("it starts"));
    assert_eq!(outcome.expect("they can be removed").removed, 1);
    disk.write("/licenses/newer", allowed("newer"));
    let summary = back_up_with(&disk, 2, true, removing).expect("the store has changed");
    assert_eq!(summary.removed, 1);
}

/// Verifies the newest backup.
fn verify(disk: &Disk, expected: Option<&str>) -> Result<VerifySummary, Failure> {
    let directory = disk.directory("/backup");
    let options = VerifyOptions {
        expected_blake3: expected.map(str::to_owned),
    };
    complete(Verify::start(&directory, "/backup", None, &options)?).1
}

fn check(disk: &Disk) -> Result<CheckSummary, Failure> {
    let options = CheckOptions {
        max_age: 3600,
        now: TIME + 3600,
        verify: true,
    };
    complete(Check::start(
        &disk.directory("/backup"),
        "/backup",
        options,
    )?)
    .1
}

/// Changes `last-run.json` as text.
fn change_record(disk: &Disk, change: impl FnOnce(String) -> String) {
    let record = disk.read("/backup/last-run.json").expect("it exists");
    let record = String::from_utf8(record).expect("it is text");
    disk.write("/backup/last-run.json", change(record));
}

#[test]
fn a_sealed_backup_is_verified_as_the_one_that_was_written() {
    for is_generation in [false, true] {
        let disk = store_of(3);
        let backup = back_up_at(&disk, 0, is_generation).expect("it is the first");
        let expected = VerifySummary {
            licenses: 3,
            bytes: backup.bytes,
            skipped: 0,
            file: backup.file.clone(),
            size: backup.size,
            blake3: backup.blake3.clone().expect("it is known"),
            program: None,
            encrypted: true,
        };
        assert_eq!(verify(&disk, None).expect("it is intact"), expected);
        let checked = check(&disk).expect("it is recent and intact");
        assert_eq!((checked.encrypted, checked.blake3), (true, backup.blake3));
    }
}

#[test]
fn a_sealed_backup_is_still_verified_after_a_run_that_found_it_unchanged() {
    let disk = store_of(3);
    back_up_at(&disk, 0, true).expect("it is the first");
    back_up_at(&disk, 1, true).expect("nothing has changed");
    assert!(verify(&disk, None).expect("it is intact").encrypted);
    disk.fail(FsError::NoSpace, |call| call.operation == "write");
    disk.write("/licenses/new", allowed("new"));
    back_up_at(&disk, 2, true).expect_err("the disk is full");
    disk.clear_faults();
    assert!(verify(&disk, None).expect("it is intact").encrypted);
}

#[test]
fn a_sealed_backup_that_was_changed_is_corrupt() {
    let disk = store_of(3);
    let file = back_up_at(&disk, 0, true).expect("it is the first").file;
    let path = format!("/backup/{file}");
    let mut content = disk.read(&path).expect("it exists");
    *content.last_mut().expect("it is not empty") ^= 1;
    disk.write(&path, content);
    for failure in [
        verify(&disk, None).expect_err("it was changed"),
        check(&disk).expect_err("it was changed"),
    ] {
        assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
        assert!(failure.message.contains("last run wrote"), "{failure}");
    }
}

#[test]
fn a_sealed_backup_that_is_not_recorded_is_not_verified() {
    let disk = store_of(3);
    back_up_at(&disk, 0, true).expect("it is the first");
    change_record(&disk, |record| record.replace("stored_blake3", "other"));
    let failure = verify(&disk, None).expect_err("its hash is not recorded");
    assert_eq!(failure.code, ErrorCode::AccessDenied);
    assert!(failure.message.contains("give the identity"), "{failure}");
    change_record(&disk, |record| record.replace(FIRST, SECOND));
    let failure = verify(&disk, None).expect_err("another backup is recorded");
    assert_eq!(failure.code, ErrorCode::AccessDenied);
}

#[test]
fn a_sealed_backup_is_not_verified_if_another_identity_was_given() {
    let disk = store_of(3);
    back_up_at(&disk, 0, true).expect("it is the first");
    disk.fail(FsError::NoEntry, |call| call.name.ends_with("zip.age"));
    let failure = verify(&disk, None).expect_err("the stored file is not provided");
    assert_eq!(failure.code, ErrorCode::AccessDenied);
    assert!(failure.message.contains("give the identity"), "{failure}");
}

#[test]
fn a_sealed_backup_is_not_compared_with_an_expected_hash() {
    let disk = store_of(3);
    let hash = back_up_at(&disk, 0, true).expect("it is the first").blake3;
    let failure = verify(&disk, hash.as_deref()).expect_err("the record proves nothing");
    assert_eq!(failure.code, ErrorCode::AccessDenied);
    assert!(failure.message.contains("give the identity"), "{failure}");
}
