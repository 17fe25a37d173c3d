//! Restores of some licenses of a backup that is damaged or malicious.

use super::*;
use crate::archive::{ArchiveReader, CentralDirectory, Entry, write_checksum};
use crate::crc32::crc32;

const FILE: &str = "/backup/licenses.zip";
/// The manifest of a forged backup. Only the format of the head is looked at.
const MANIFEST: &str = "{\"format\":1,\"skipped\":[\n]}\n";
const PATHS: [&str; 4] = ["a", "b/c", "b/d", "e"];

fn filtered(patterns: &[&str]) -> RestoreOptions {
    RestoreOptions {
        filter: including(patterns),
        ..KEEP
    }
}

/// A backup that the writer would not write.
struct Forgery {
    /// The names and contents of the licenses.
    licenses: Vec<(String, Vec<u8>)>,
    checksums: Option<Vec<u8>>,
    manifest: String,
    /// Changes the entries of the central directory.
    alter: fn(&mut Vec<Entry<String>>),
}

impl Forgery {
    fn new(licenses: &[(&str, Vec<u8>)]) -> Self {
        Self {
            licenses: licenses
                .iter()
                .map(|(path, content)| (format!("licenses/{path}"), content.clone()))
                .collect(),
            checksums: None,
            manifest: MANIFEST.to_owned(),
            alter: |_| {},
        }
    }

    /// Returns `B3SUMS` with the right hashes.
    fn right_checksums(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for (name, content) in &self.licenses {
            write_checksum(blake3::hash(content).as_bytes(), name, &mut lines);
        }
        lines
    }

    fn bytes(&self) -> Vec<u8> {
        let checksums = self
            .checksums
            .clone()
            .unwrap_or_else(|| self.right_checksums());
        let others = [
            ("B3SUMS".to_owned(), checksums),
            ("backup.json".to_owned(), self.manifest.clone().into_bytes()),
        ];
        let (mut bytes, mut entries) = (Vec::new(), Vec::new());
        for (name, content) in self.licenses.iter().cloned().chain(others) {
            let entry = Entry {
                name,
                crc32: crc32(&content),
                size: content.len() as u64,
                offset: bytes.len() as u64,
            };
            entry.write_local_header(&mut bytes);
            bytes.extend_from_slice(&content);
            entries.push(entry);
        }
        (self.alter)(&mut entries);
        let offset = bytes.len() as u64;
        for entry in &entries {
            entry.write_central_header(&mut bytes);
        }
        let directory = CentralDirectory {
            entries: entries.len() as u64,
            size: bytes.len() as u64 - offset,
            offset,
        };
        directory.write_end(&mut bytes);
        bytes
    }

    /// Asserts that a restore of the licenses that `patterns` include fails for this reason.
    fn assert_refused(&self, patterns: &[&str], expected: &str) {
        let disk = Disk::new();
        disk.write(FILE, self.bytes());
        disk.write("/licenses/mine", "mine");
        let before = store(&disk);
        let failure = restore(&disk, filtered(patterns))
            .1
            .expect_err("the backup is malicious");
        assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
        assert!(failure.message.contains(expected), "{failure}");
        assert_eq!(store(&disk), before, "{failure}");
    }
}

fn two() -> Forgery {
    Forgery::new(&[("a", allowed("a")), ("b", allowed("b"))])
}

#[test]
fn a_forgery_without_a_fault_is_restored() {
    let disk = Disk::new();
    disk.write(FILE, two().bytes());
    restored(&disk, filtered(&["*"]));
    assert_eq!(store(&disk), store_with(&["a", "b"]));
}

#[test]
fn an_invalid_path_is_refused() {
    for path in [
        "../x", "/etc/x", "", "a//x", "./x", "x/..", "a\\..\\x", "x\0",
    ] {
        Forgery::new(&[(path, allowed("x"))])
            .assert_refused(&["**"], "a license cannot have this name");
    }
    Forgery::new(&[(".license-backup-0.tmp", allowed("x"))])
        .assert_refused(&["*"], "a license cannot have this name");
}

#[test]
fn an_entry_outside_of_the_licenses_is_refused() {
    let mut forgery = two();
    forgery.licenses[1].0 = "other/b".to_owned();
    forgery.assert_refused(&["*"], "entry other/b: a backup has no such entry");
}

#[test]
fn a_license_that_does_not_permit_backups_is_refused() {
    for content in [&b"no license"[..], b"XMR\0\0"] {
        Forgery::new(&[("a", content.to_vec())])
            .assert_refused(&["a"], "entry licenses/a: the content");
    }
}

#[test]
fn two_entries_of_a_name_are_refused() {
    Forgery::new(&[("a", allowed("a")), ("a", allowed("b"))])
        .assert_refused(&["a"], "entry licenses/a: a duplicate");
}

#[test]
fn names_out_of_order_are_refused() {
    Forgery::new(&[("b", allowed("b")), ("a", allowed("a"))])
        .assert_refused(&["b"], "entry licenses/a: it is out of order by name");
}

#[test]
fn a_license_in_a_license_is_refused() {
    Forgery::new(&[("a", allowed("a")), ("a/b", allowed("b"))])
        .assert_refused(&["a/b"], "which is a license and not a directory");
}

#[test]
fn overlapping_entries_are_refused() {
    let mut forgery = two();
    forgery.alter = |entries| entries[1].offset = 1;
    forgery.assert_refused(
        &["*"],
        "entry licenses/b: it starts before the end of another license",
    );
    forgery.alter = |entries| {
        let (one, other) = (entries[0].offset, entries[1].offset);
        (entries[0].offset, entries[1].offset) = (other, one);
    };
    forgery.assert_refused(&["*"], "entry licenses/a: the local header does not match");
    forgery.alter = |entries| entries[2].offset = 1;
    forgery.assert_refused(&["*"], "entry B3SUMS: it starts within a license");
}

#[test]
fn an_entry_beyond_the_central_directory_is_refused() {
    for offset in [1 << 16, u64::MAX - 1] {
        let mut forgery = two();
        forgery.alter = if offset == 1 << 16 {
            |entries| entries[1].offset = 1 << 16
        } else {
            |entries| entries[1].offset = u64::MAX - 1
        };
        forgery.assert_refused(
            &["b"],
            "entry licenses/b: it does not end before the central directory",
        );
    }
}

#[test]
fn a_wrong_hash_is_refused() {
    let mut forgery = two();
    let mut lines = forgery.right_checksums();
    lines[0] = if lines[0] == b'0' { b'1' } else { b'0' };
    forgery.checksums = Some(lines);
    forgery.assert_refused(
        &["a"],
        "entry licenses/a: the content does not match the BLAKE3 in B3SUMS",
    );
}

#[test]
fn a_license_without_a_line_is_refused() {
    let mut forgery = two();
    forgery.checksums = Some(Forgery::new(&[("b", allowed("b"))]).right_checksums());
    forgery.assert_refused(
        &["a"],
        "entry licenses/a: there is no line for it in B3SUMS",
    );
}

#[test]
fn a_wrong_crc32_of_the_checksums_is_refused() {
    let mut forgery = two();
    forgery.licenses.truncate(1);
    forgery.alter = |entries| entries[1].crc32 ^= 1;
    forgery.assert_refused(&["a"], "entry B3SUMS: the local header does not match");
}

#[test]
fn a_wrong_crc32_or_size_is_refused() {
    let mut forgery = two();
    forgery.alter = |entries| entries[0].crc32 ^= 1;
    forgery.assert_refused(&["a"], "entry licenses/a: the local header does not match");
    forgery.alter = |entries| entries[0].size -= 1;
    forgery.assert_refused(&["a"], "entry licenses/a: the local header does not match");
}

#[test]
fn a_content_larger_than_a_license_is_refused() {
    let large = license(&"x".repeat(1 << 20));
    Forgery::new(&[("a", large)]).assert_refused(
        &["a"],
        "entry licenses/a: the content is larger than a license can be",
    );
}

#[test]
fn a_backup_without_checksums_or_manifest_is_refused() {
    let mut forgery = two();
    forgery.alter = |entries| drop(entries.pop());
    forgery.assert_refused(&["a"], "backup.json is missing");
    forgery.alter = |entries| drop(entries.remove(2));
    forgery.assert_refused(&["a"], "backup.json: it is out of order, before B3SUMS");
}

#[test]
fn a_backup_of_another_format_is_refused() {
    let mut forgery = two();
    forgery.manifest = MANIFEST.replace('1', "2");
    forgery.assert_refused(&["a"], "entry backup.json: format 2 is not supported");
}

/// Returns the bytes of the local header and the content of each entry, and those of the central
/// directory.
fn extents(disk: &Disk) -> Vec<(String, std::ops::Range<usize>)> {
    let file = disk
        .directory("/backup")
        .open_file("licenses.zip")
        .expect("there is a backup");
    let mut reader = ArchiveReader::open(file).expect("the backup is intact");
    let to_usize = |offset| usize::try_from(offset).expect("the backup is small");
    let mut extents = Vec::new();
    while let Some(entry) = reader.next_entry().expect("the backup is intact") {
        let end = entry.end().expect("the backup is small");
        extents.push((entry.name, to_usize(entry.offset)..to_usize(end)));
    }
    let directory = reader.directory();
    let end = directory.offset + directory.size;
    extents.push((
        "directory".to_owned(),
        to_usize(directory.offset)..to_usize(end),
    ));
    extents
}

#[test]
fn damage_of_other_licenses_and_of_the_manifest_does_not_matter() {
    let disk = backed_up(&PATHS);
    let whole = disk.read(FILE).expect("there is a backup");
    let extents = extents(&disk);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        let disk = Disk::new();
        disk.write(FILE, damaged);
        disk.directory("/licenses");
        let (events, result) = match start(&disk, filtered(&["b/c"])) {
            Ok(restore) => run(restore),
            Err(failure) => (Vec::new(), Err(failure)),
        };
        let damaged = extents.iter().find(|(_, extent)| extent.contains(&at));
        match damaged.map_or("end", |(name, _)| name.as_str()) {
            "licenses/b/c" | "B3SUMS" | "end" => {
                let failure = result.expect_err("the damage concerns the license");
                assert_eq!(
                    failure.code,
                    ErrorCode::BackupCorrupt,
                    "byte {at}: {failure}"
                );
                assert_eq!(store(&disk), store_with(&[]), "byte {at}: {failure}");
            }
            // Sizes and offsets of other licenses are not looked at.
            "directory" if result.is_err() => {
                assert_eq!(store(&disk), store_with(&[]), "byte {at}");
            }
            _ => {
                assert_eq!(result.map(|summary| summary.restored), Ok(1), "byte {at}");
                assert_eq!(reported(&events, ErrorCode::BackupCorrupt), [] as [&str; 0]);
                assert_eq!(store(&disk), store_with(&["b/c"]), "byte {at}");
            }
        }
    }
}

#[test]
fn a_truncated_backup_restores_nothing() {
    let disk = backed_up(&PATHS);
    let whole = disk.read(FILE).expect("there is a backup");
    for length in 0..whole.len() {
        disk.write(FILE, &whole[..length]);
        let result = match start(&disk, filtered(&["a"])) {
            Ok(restore) => run(restore).1,
            Err(failure) => Err(failure),
        };
        let failure = result.expect_err("the end is missing");
        assert_eq!(
            failure.code,
            ErrorCode::BackupCorrupt,
            "{length}: {failure}"
        );
    }
    assert_eq!(store(&disk), store_with(&[]));
}

#[test]
fn each_damaged_license_that_matches_is_reported() {
    let disk = backed_up(&PATHS);
    let mut damaged = disk.read(FILE).expect("there is a backup");
    for (name, extent) in extents(&disk) {
        if ["licenses/a", "licenses/b/d", "licenses/e"].contains(&name.as_str()) {
            damaged[extent.end - 1] ^= 1;
        }
    }
    disk.write(FILE, damaged);
    let (events, result) = restore(&disk, filtered(&["a", "b/*"]));
    assert_eq!(
        reported(&events, ErrorCode::BackupCorrupt),
        ["licenses/a", "licenses/b/d"]
    );
    let failure = result.expect_err("two licenses are damaged");
    let expected = "2 errors, the first: entry licenses/a: ";
    assert!(failure.message.contains(expected), "{failure}");
    assert_eq!(store(&disk), store_with(&[]));
}

#[test]
fn a_damaged_license_whose_ids_are_unknown_is_reported() {
    let disk = backed_up(&PATHS);
    let mut damaged = disk.read(FILE).expect("there is a backup");
    for (name, extent) in extents(&disk) {
        if name == "licenses/a" {
            // Within the license ID.
            damaged[extent.start + 60] ^= 1;
        }
    }
    disk.write(FILE, damaged);
    let ids = ["a", "b/c"].map(|path| blake3::hash(path.as_bytes()).to_hex().to_string());
    let options = RestoreOptions {
        filter: LicenseFilter {
            license_ids: ids.to_vec(),
            ..ALL
        },
        ..KEEP
    };
    let (events, result) = restore(&disk, options);
    assert_eq!(result.map(|summary| summary.restored), Ok(1));
    assert_eq!(reported(&events, ErrorCode::BackupCorrupt), ["licenses/a"]);
    assert_eq!(store(&disk), store_with(&["b/c"]));
}

#[test]
fn a_backup_that_changes_after_the_verification_restores_nothing() {
    let disk = backed_up(&PATHS);
    let mut restore = start(&disk, filtered(&["b/*"])).expect("the restore starts");
    while matches!(restore.phase, Phase::Verify(_)) {
        restore = restore
            .step(&mut Vec::new())
            .continue_value()
            .expect("the licenses are intact");
    }
    let mut changed = disk.read(FILE).expect("there is a backup");
    let extents = extents(&disk);
    let (_, extent) = extents
        .iter()
        .find(|(name, _)| name == "licenses/b/d")
        .expect("it is in the backup");
    changed[extent.end - 1] ^= 1;
    disk.overwrite(FILE, changed);
    let failure = run(restore).1.expect_err("a license has changed");
    assert_eq!(failure.code, ErrorCode::BackupCorrupt);
    assert!(failure.message.contains("licenses/b/d"), "{failure}");
    assert_eq!(store(&disk), store_with(&[]));
}
