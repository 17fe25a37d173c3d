use super::*;
use crate::Backup;
use crate::memory_fs::Disk;

const FILE: &str = "/backup/licenses.zip";

fn license(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#
    )
}

/// A backup of three licenses, with three files left out.
fn backed_up() -> Disk {
    let disk = Disk::new();
    for path in ["a/one", "a/two\nlines", "b"] {
        disk.write(
            &format!("/licenses/{path}"),
            license(path.get(..3).unwrap_or("b")),
        );
    }
    disk.write("/licenses/c/notes", "no license");
    disk.write("/licenses/c/broken", &b"XMR\0\0"[..]);
    disk.write_other("/licenses/fifo");
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    let mut backup = Backup::start(
        store,
        directory,
        "/backup",
        crate::BackupOptions { overwrite: false },
    )
    .expect("the backup starts");
    loop {
        match backup.step(&mut Vec::new()) {
            Continue(next) => backup = next,
            Break(outcome) => {
                outcome.expect("the backup succeeds");
                return disk;
            }
        }
    }
}

fn verify_expecting(
    disk: &Disk,
    expected: Option<&str>,
) -> (Vec<BackupRestoreStatus>, Result<VerifySummary, Failure>) {
    let mut events = Vec::new();
    let mut verify = match Verify::start(
        &disk.directory("/backup"),
        "/backup",
        &crate::VerifyOptions {
            expected_blake3: expected.map(str::to_owned),
        },
    ) {
        Ok(verify) => verify,
        Err(failure) => return (events, Err(failure)),
    };
    loop {
        match verify.step(&mut events) {
            Continue(next) => verify = next,
            Break(outcome) => return (events, outcome),
        }
    }
}

fn verify(disk: &Disk) -> (Vec<BackupRestoreStatus>, Result<VerifySummary, Failure>) {
    verify_expecting(disk, None)
}

/// The faults that were told: the entry of each, and what is wrong.
fn faults(events: &[BackupRestoreStatus]) -> Vec<(&str, &str)> {
    let mut faults = Vec::new();
    for event in events {
        if let BackupRestoreStatus::Error(failure) = event {
            assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
            faults.push((
                failure.path.as_deref().unwrap_or_default(),
                failure.message.as_str(),
            ));
        }
    }
    faults
}

#[test]
fn a_backup_is_whole_and_known_by_its_hash() {
    let disk = backed_up();
    let (events, outcome) = verify(&disk);
    let file = disk.read(FILE).expect("there is a backup");
    let summary = outcome.expect("the backup is whole");
    assert_eq!(faults(&events), []);
    assert_eq!(
        (summary.licenses, summary.skipped, summary.size),
        (3, 3, file.len() as u64)
    );
    assert_eq!(
        summary.bytes,
        ["a/o", "a/t", "b"]
            .iter()
            .map(|id| license(id).len() as u64)
            .sum::<u64>()
    );
    assert_eq!(summary.blake3, blake3::hash(&file).to_hex().to_string());
    assert!(
        summary.program.starts_with("license-backup "),
        "{}",
        summary.program
    );
}

#[test]
fn an_empty_backup_is_whole() {
    let disk = Disk::new();
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    let mut backup = Backup::start(
        store,
        directory,
        "/backup",
        crate::BackupOptions { overwrite: false },
    )
    .expect("the backup starts");
    while let Continue(next) = backup.step(&mut Vec::new()) {
        backup = next;
    }
    assert_eq!(verify(&disk).1.expect("the backup is whole").licenses, 0);
}

#[test]
fn the_expected_backup_is_the_one_with_this_hash_in_either_case_of_letters() {
    let disk = backed_up();
    let hash = verify(&disk).1.expect("the backup is whole").blake3;
    for expected in [hash.clone(), hash.to_uppercase()] {
        assert!(
            verify_expecting(&disk, Some(&expected)).1.is_ok(),
            "{expected}"
        );
    }
}

#[test]
fn a_whole_backup_that_is_not_the_expected_one_is_corrupt_and_told_by_its_hash() {
    let disk = backed_up();
    let hash = verify(&disk).1.expect("the backup is whole").blake3;
    let (events, outcome) = verify_expecting(&disk, Some(&"0".repeat(64)));
    let failure = outcome.expect_err("it is another one");
    assert_eq!(failure.code, ErrorCode::BackupCorrupt);
    assert!(failure.message.contains(&hash), "{failure}");
    assert_eq!(faults(&events), []);
}

#[test]
fn what_is_no_hash_is_an_invalid_argument() {
    let disk = backed_up();
    for hash in [
        "",
        "0",
        &"g".repeat(64),
        &"0".repeat(63),
        &"0".repeat(65),
        &"é".repeat(32),
    ] {
        let failure = verify_expecting(&disk, Some(hash))
            .1
            .expect_err("it is no hash");
        assert_eq!(
            failure.code,
            ErrorCode::InvalidArgument,
            "{hash:?}: {failure}"
        );
    }
}

#[test]
fn every_flipped_bit_is_found_and_its_place_is_named() {
    let disk = backed_up();
    let whole = disk.read(FILE).expect("there is a backup");
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            disk.write(FILE, changed);
            let (events, outcome) = verify(&disk);
            let failure = outcome.expect_err("it is not what the writer wrote");
            assert_eq!(
                failure.code,
                ErrorCode::BackupCorrupt,
                "bit {bit} of byte {at}: {failure}"
            );
            let named = faults(&events)
                .iter()
                .all(|(entry, fault)| !entry.is_empty() && !fault.is_empty());
            assert!(named, "bit {bit} of byte {at}: {events:?}");
        }
    }
}

#[test]
fn every_truncation_and_every_addition_is_found() {
    let disk = backed_up();
    let whole = disk.read(FILE).expect("there is a backup");
    let refused = |bytes: &[u8], what: &str| {
        disk.write(FILE, bytes);
        let failure = verify(&disk).1.expect_err(what);
        assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{what}: {failure}");
    };
    for length in 0..whole.len() {
        refused(&whole[..length], &format!("cut at {length}"));
        let (before, after) = whole.split_at(length);
        refused(
            &[before, b"\0", after].concat(),
            &format!("a byte more at {length}"),
        );
        refused(
            &[before, &after[1..]].concat(),
            &format!("a byte less at {length}"),
        );
    }
    refused(&[&whole[..], b"\0"].concat(), "a byte more at the end");
}

#[test]
fn every_fault_is_named_with_its_entry() {
    let disk = backed_up();
    let mut bytes = disk.read(FILE).expect("there is a backup");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for id in ["\"id\":\"a/o\"", "\"id\":\"b\""] {
        let at = text.find(id).expect("the license is there");
        bytes[at + 2] = b'X';
    }
    disk.write(FILE, bytes);
    let (events, outcome) = verify(&disk);
    let told = faults(&events);
    for entry in ["licenses/a/one", "licenses/b"] {
        assert!(
            told.contains(&(
                entry,
                &format!("entry {entry} has another CRC-32 than its header says")
            )),
            "{told:?}"
        );
        let sums = format!("entry {entry} has another BLAKE3 than B3SUMS says");
        assert!(told.contains(&(entry, &sums)), "{told:?}");
    }
    assert!(
        told.iter()
            .all(|(entry, _)| *entry != "licenses/a/two\nlines"),
        "{told:?}"
    );
    let failure = outcome.expect_err("it has faults");
    assert!(
        failure
            .message
            .contains("4 faults, the first: entry licenses/a/one"),
        "{failure}"
    );
    assert_eq!(failure.path.as_deref(), Some("/backup"));
}

#[test]
fn what_the_file_system_refuses_is_no_fault_of_the_backup() {
    let disk = backed_up();
    disk.take_calls();
    verify(&disk).1.expect("the backup is whole");
    let reads = disk
        .take_calls()
        .iter()
        .filter(|call| call.operation == "read")
        .count();
    assert!(reads > 2, "{reads}");
    for failing in 0..reads {
        let mut read = 0;
        disk.on_call(move |call| {
            read += usize::from(call.operation == "read");
            if call.operation == "read" && read == failing + 1 {
                Err(crate::FsError::Other("io"))
            } else {
                Ok(())
            }
        });
        let failure = verify(&disk).1.expect_err("it was not read");
        assert_eq!(failure.code, ErrorCode::Io, "read {failing}: {failure}");
        disk.clear_faults();
    }
}

#[test]
fn a_verification_that_is_cancelled_says_nothing_of_the_backup() {
    let disk = backed_up();
    let verify = Verify::start(
        &disk.directory("/backup"),
        "/backup",
        &crate::VerifyOptions::default(),
    )
    .expect("it starts");
    let failure = verify.cancel().break_value().expect("it can be cancelled");
    assert_eq!(failure.code, ErrorCode::Cancelled);
}

#[test]
fn progress_counts_the_licenses_up_to_their_number() {
    let (events, _) = verify(&backed_up());
    let counts = events.iter().filter_map(|event| match event {
        BackupRestoreStatus::Progress(progress) => Some((progress.done, progress.total)),
        _ => None,
    });
    assert_eq!(counts.collect::<Vec<_>>(), [(0, Some(3)), (3, Some(3))]);
}
