use super::*;
use crate::Backup;
use crate::memory_fs::Disk;

const FILE: &str = "/backup/licenses.zip";

fn license(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#
    )
}

/// Returns a disk with a backup of three licenses, in which three files are skipped.
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
    let mut backup = Backup::start(store, directory, "/backup", crate::BackupOptions::default())
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
        None,
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

/// Returns the reported findings: the entry and the message of each.
fn findings(events: &[BackupRestoreStatus]) -> Vec<(&str, &str)> {
    let mut findings = Vec::new();
    for event in events {
        if let BackupRestoreStatus::Error(failure) = event {
            assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
            findings.push((
                failure.path.as_deref().unwrap_or_default(),
                failure.message.as_str(),
            ));
        }
    }
    findings
}

#[test]
fn an_intact_backup_is_reported_with_its_hash() {
    let disk = backed_up();
    let (events, outcome) = verify(&disk);
    let file = disk.read(FILE).expect("there is a backup");
    let summary = outcome.expect("the backup is intact");
    assert_eq!(findings(&events), []);
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
    let program = summary.program.expect("a backup names its program");
    assert!(program.starts_with("license-backup "), "{program}");
    assert!(!summary.encrypted);
}

#[test]
fn an_empty_backup_is_intact() {
    let disk = Disk::new();
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    let mut backup = Backup::start(store, directory, "/backup", crate::BackupOptions::default())
        .expect("the backup starts");
    while let Continue(next) = backup.step(&mut Vec::new()) {
        backup = next;
    }
    assert_eq!(verify(&disk).1.expect("the backup is intact").licenses, 0);
}

#[test]
fn the_expected_hash_is_accepted_in_either_case() {
    let disk = backed_up();
    let hash = verify(&disk).1.expect("the backup is intact").blake3;
    for expected in [hash.clone(), hash.to_uppercase()] {
        assert!(
            verify_expecting(&disk, Some(&expected)).1.is_ok(),
            "{expected}"
        );
    }
}

#[test]
fn an_intact_backup_with_another_hash_is_rejected() {
    let disk = backed_up();
    let hash = verify(&disk).1.expect("the backup is intact").blake3;
    let (events, outcome) = verify_expecting(&disk, Some(&"0".repeat(64)));
    let failure = outcome.expect_err("the hash is that of another backup");
    assert_eq!(failure.code, ErrorCode::BackupCorrupt);
    assert!(failure.message.contains(&hash), "{failure}");
    assert_eq!(findings(&events), []);
}

#[test]
fn a_malformed_expected_hash_is_an_invalid_argument() {
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
            .expect_err("the hash is invalid");
        assert_eq!(
            failure.code,
            ErrorCode::InvalidArgument,
            "{hash:?}: {failure}"
        );
    }
}

#[test]
fn every_flipped_bit_is_found_and_located() {
    let disk = backed_up();
    let whole = disk.read(FILE).expect("there is a backup");
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            disk.write(FILE, changed);
            let (events, outcome) = verify(&disk);
            let failure = outcome.expect_err("a bit was flipped");
            assert_eq!(
                failure.code,
                ErrorCode::BackupCorrupt,
                "bit {bit} of byte {at}: {failure}"
            );
            let named = findings(&events)
                .iter()
                .all(|(entry, message)| !entry.is_empty() && !message.is_empty());
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
fn every_finding_names_its_entry() {
    let disk = backed_up();
    let mut bytes = disk.read(FILE).expect("there is a backup");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for id in ["\"id\":\"a/o\"", "\"id\":\"b\""] {
        let at = text.find(id).expect("the license is there");
        bytes[at + 2] = b'X';
    }
    disk.write(FILE, bytes);
    let (events, outcome) = verify(&disk);
    let found = findings(&events);
    for entry in ["licenses/a/one", "licenses/b"] {
        assert!(
            found.contains(&(
                entry,
                &format!("entry {entry}: the content does not match the CRC-32 of its header")
            )),
            "{found:?}"
        );
        let checksum = format!("entry {entry}: the content does not match the BLAKE3 in B3SUMS");
        assert!(found.contains(&(entry, &checksum)), "{found:?}");
    }
    assert!(
        found
            .iter()
            .all(|(entry, _)| *entry != "licenses/a/two\nlines"),
        "{found:?}"
    );
    let failure = outcome.expect_err("two licenses were changed");
    assert!(
        failure
            .message
            .contains("4 errors, the first: entry licenses/a/one:"),
        "{failure}"
    );
    assert_eq!(failure.path.as_deref(), Some("/backup"));
}

#[test]
fn a_read_error_is_not_reported_as_a_corrupt_backup() {
    let disk = backed_up();
    disk.take_calls();
    verify(&disk).1.expect("the backup is intact");
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
        let failure = verify(&disk).1.expect_err("a read failed");
        assert_eq!(failure.code, ErrorCode::Io, "read {failing}: {failure}");
        disk.clear_faults();
    }
}

#[test]
fn a_cancelled_verification_ends_with_cancelled() {
    let disk = backed_up();
    let verify = Verify::start(
        &disk.directory("/backup"),
        "/backup",
        None,
        &crate::VerifyOptions::default(),
    )
    .expect("the verification starts");
    let failure = verify
        .cancel()
        .break_value()
        .expect("a verification can be cancelled");
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
