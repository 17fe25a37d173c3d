//! Backups that are damaged, or that no backup has written.

use super::*;
use crate::archive::{ArchiveWriter, FORMAT_VERSION, ManifestHead, Output};
use crate::catalogue::Catalogue;

/// Compares both backups, and the older one with the store, after each damage of one of them.
/// Each comparison must return what it returns without damage, or that the backup is corrupt.
/// Returns how often damage was found.
fn compare_damaged(disk: &Disk, name: &str, damaged: &[Vec<u8>]) -> usize {
    let (path, mut found) = (format!("/backup/{name}"), 0);
    let compare = || {
        [
            diff_backups(disk, Some(SECOND), Some(FIRST)),
            diff_store(disk, Some(FIRST)),
        ]
    };
    let expected = compare();
    for (number, bytes) in damaged.iter().enumerate() {
        disk.write(&path, bytes.as_slice());
        for (outcome, expected) in compare().into_iter().zip(&expected) {
            match outcome {
                Err(failure) => {
                    let what = format!("{name} {number}: {failure}");
                    assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{what}");
                    assert!(failure.message.contains(name), "{what}");
                    found += 1;
                }
                Ok(_) => assert_eq!(&outcome, expected, "{name} {number}"),
            }
        }
    }
    found
}

fn backups() -> Disk {
    let disk = changed();
    back_up(&disk, Some(1));
    disk
}

#[test]
fn a_backup_truncated_at_any_length_is_corrupt() {
    for (name, comparisons) in [(FIRST, 2), (SECOND, 1)] {
        let disk = backups();
        let whole = disk.read(&format!("/backup/{name}")).expect("it exists");
        let truncated: Vec<_> = (0..whole.len())
            .map(|length| whole[..length].to_vec())
            .collect();
        let found = compare_damaged(&disk, name, &truncated);
        assert_eq!(found, comparisons * whole.len(), "{name}");
    }
}

#[test]
fn a_backup_with_any_byte_changed_is_compared_equally_or_corrupt() {
    for name in [FIRST, SECOND] {
        let disk = backups();
        let whole = disk.read(&format!("/backup/{name}")).expect("it exists");
        let flipped: Vec<_> = (0..whole.len())
            .map(|at| {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x20;
                bytes
            })
            .collect();
        let found = compare_damaged(&disk, name, &flipped);
        assert!(found > whole.len() / 2, "{found} of {}", whole.len());
    }
}

/// Writes a backup with these licenses in this order, whose manifest has this format version.
fn forge(disk: &Disk, name: &str, format: u32, licenses: &[(&str, Vec<u8>)]) {
    let directory = disk.directory("/backup");
    let file = directory.create_file(name).expect("the name is free");
    let mut catalogue = Catalogue::new();
    for (path, _) in licenses {
        catalogue.add_path(path);
    }
    let mut archive = ArchiveWriter::new(Output::new(file.into()), catalogue);
    for (file, (_, document)) in licenses.iter().enumerate() {
        archive.add(file, document).expect("the disk has space");
    }
    let head = ManifestHead {
        format,
        program: "another".into(),
        licenses: licenses.len() as u64,
        bytes: archive.bytes(),
        restricted: 0,
        errors: 0,
    };
    let mut archive = archive.finish(head, Vec::new());
    while !archive.step().expect("the disk has space") {}
    archive.into_parts().0.sync().expect("the disk has space");
}

/// Asserts that a comparison fails with this cause if either side has these licenses.
fn assert_corrupt(format: u32, licenses: &[(&str, Vec<u8>)], cause: &str) {
    let disk = changed();
    forge(&disk, SECOND, format, licenses);
    for outcome in [
        diff_backups(&disk, Some(SECOND), Some(FIRST)),
        diff_backups(&disk, Some(FIRST), Some(SECOND)),
        diff_store(&disk, Some(SECOND)),
    ] {
        let failure = outcome.expect_err("the backup is corrupt");
        assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
        assert!(failure.message.contains(cause), "{failure}");
    }
}

#[test]
fn a_backup_whose_names_are_out_of_order_is_corrupt() {
    for paths in [["b", "a"], ["a", "a"], ["a/b", "a-b"]] {
        let licenses = paths.map(|path| (path, license("1")));
        assert_corrupt(FORMAT_VERSION, &licenses, "out of order");
    }
}

#[test]
fn a_backup_of_another_format_version_is_refused() {
    assert_corrupt(FORMAT_VERSION + 1, &[], "format 2");
}

#[test]
fn an_entry_that_is_larger_than_a_license_is_not_read() {
    let large = vec![b'x'; (1 << 20) + 1];
    assert_corrupt(FORMAT_VERSION, &[("a", large)], "larger than a license");
}

#[test]
fn a_document_that_is_not_the_one_of_its_checksum_is_corrupt() {
    let disk = backups();
    let path = format!("/backup/{SECOND}");
    let mut bytes = disk.read(&path).expect("it exists");
    // The license was added, so that its document is read.
    let line = format!("{}  licenses/a/added\n", blake3::hash(&license("4")));
    let other = format!("{}  licenses/a/added\n", blake3::hash(&license("9")));
    let at = bytes
        .windows(line.len())
        .position(|window| window == line.as_bytes())
        .expect("it has a line");
    let old_lines = lines_from(&bytes, at);
    bytes[at..at + line.len()].copy_from_slice(other.as_bytes());
    let new_lines = lines_from(&bytes, at);
    // The CRC-32 of the lines is in both headers.
    let [old, new] = [old_lines, new_lines].map(|lines| crate::crc32::crc32(&lines).to_le_bytes());
    let places: Vec<_> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..at + 4] == old)
        .collect();
    assert_eq!(places.len(), 2);
    for at in places {
        bytes[at..at + 4].copy_from_slice(&new);
    }
    disk.write(&path, bytes);
    let failure = diff_backups(&disk, None, None).expect_err("the backup is corrupt");
    assert!(failure.message.contains("BLAKE3"), "{failure}");
}

/// Returns the content of `B3SUMS`, which starts at `start`.
fn lines_from(archive: &[u8], start: usize) -> Vec<u8> {
    let end = archive[start..]
        .windows(4)
        .position(|window| window == b"PK\x03\x04")
        .expect("the manifest follows");
    archive[start..start + end].to_vec()
}
