//! The target for backups of unknown origin.

use std::collections::BTreeSet;

use super::backups::{
    BACKUP, Files, back_up, disk_with, files_in_store, head_of, list, restore, restore_filtered,
    verify, written,
};
use super::files::files;
use crate::archive::{ArchiveReader, ManifestLine, ManifestReader};
use crate::entry_names::{BACKUP_FILE, LICENSES, MANIFEST_ENTRY, MAX_NAME_LENGTH, validate_path};
use crate::license::MAX_DOCUMENT_SIZE;
use crate::memory_fs::Disk;
use crate::{
    Directory, ErrorCode, LicenseFilter, LicenseStanding, Verdict, VerifySummary, evaluate,
};

/// Treats the input as a backup, and as the files of a backup whose checksums are correct.
///
/// # Panics
///
/// If a damaged backup is accepted, an undamaged one is rejected, or a restore does not
/// restore its licenses.
pub fn archive(input: &[u8]) {
    is_undamaged(input);
    check_part(input);
    let files = files(input);
    let by_path = || files.iter().map(|(path, content)| (path, content));
    let archive = written(by_path(), head_of(by_path()), Vec::new());
    check_part(&archive);
    assert_eq!(
        is_undamaged(&archive),
        can_be_in_a_backup(&files),
        "a backup of {files:?}"
    );
}

/// Returns `true` if a backup is accepted as undamaged. Checks all consequences.
fn is_undamaged(backup: &[u8]) -> bool {
    let disk = disk_with(backup);
    match verify(&disk) {
        Ok(summary) => {
            check_undamaged(&disk, backup, &summary);
            true
        }
        Err(failure) => {
            assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
            if let Err(failure) = list(&disk) {
                assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
            }
            disk.on_call(|call| {
                let reads = [
                    "entries",
                    "next_entry",
                    "open_directory",
                    "open_file",
                    "metadata",
                    "file_metadata",
                    "read",
                ];
                assert!(
                    reads.contains(&call.operation),
                    "{call:?} for a damaged backup"
                );
                Ok(())
            });
            assert_eq!(restore(&disk), Err(failure));
            false
        }
    }
}

/// Checks that a filter restores only licenses that may be restored, or nothing.
fn check_part(backup: &[u8]) {
    let disk = disk_with(backup);
    let restored = restore_filtered(&disk, filter_of_all());
    let files = files_in_store(&disk);
    match restored {
        Ok(summary) => assert_eq!(summary.restored, files.len() as u64),
        Err(failure) => {
            let codes = [ErrorCode::BackupCorrupt, ErrorCode::PathNotFound];
            assert!(codes.contains(&failure.code), "{failure}");
            assert!(files.is_empty(), "{failure}");
        }
    }
    for (path, content) in &files {
        assert!(validate_path(path).is_ok() && is_allowed(content), "{path}");
    }
}

/// Returns a filter that includes all licenses by their paths.
fn filter_of_all() -> LicenseFilter {
    LicenseFilter {
        include: vec!["**".to_owned()],
        ..LicenseFilter::default()
    }
}

/// Checks the consequences of the acceptance of a backup.
fn check_undamaged(disk: &Disk, backup: &[u8], summary: &VerifySummary) {
    assert_eq!(summary.blake3, blake3::hash(backup).to_hex().as_str());
    assert_eq!(summary.size, backup.len() as u64);
    assert!(rewritten(disk) == backup, "the writer writes other bytes");

    let (listings, totals) = list(disk).expect("an undamaged backup can be listed");
    assert_eq!(
        (totals.licenses, totals.bytes),
        (summary.licenses, summary.bytes)
    );
    assert_eq!(
        (totals.skipped, totals.program.as_ref()),
        (summary.skipped, summary.program.as_ref())
    );

    let restored = restore(disk).expect("an undamaged backup can be restored");
    assert_eq!(
        (restored.restored, restored.bytes),
        (summary.licenses, summary.bytes)
    );
    assert_eq!((restored.present, restored.conflicts), (0, 0));
    let files = files_in_store(disk);
    let listed: Vec<_> = listings
        .iter()
        .filter(|listing| listing.standing == LicenseStanding::BackedUp)
        .map(|listing| (&listing.path, listing.size))
        .collect();
    assert_eq!(
        files
            .iter()
            .map(|(path, content)| (path, Some(content.len() as u64)))
            .collect::<Vec<_>>(),
        listed
    );
    assert!(
        files.values().all(|content| is_allowed(content)),
        "a license was restored that may not be backed up"
    );

    let other = disk_with(backup);
    match restore_filtered(&other, filter_of_all()) {
        Ok(part) => assert_eq!(part, restored),
        Err(failure) => assert!(files.is_empty(), "{failure}"),
    }
    assert_eq!(files_in_store(&other), files);

    back_up(disk, true).expect("the restored licenses can be backed up");
    let again = disk.read(BACKUP).expect("the backup exists");
    assert!(
        again == written(&files, head_of(&files), Vec::new()),
        "a backup of the restored licenses has the same content"
    );
}

/// Returns the backup that the writer writes from the content of an undamaged backup.
fn rewritten(disk: &Disk) -> Vec<u8> {
    let file = disk
        .directory("/backup")
        .open_file(BACKUP_FILE)
        .expect("the backup exists");
    let mut archive = ArchiveReader::open(file).expect("it has an end");
    let (mut files, mut record) = (Files::new(), None);
    while let Some(entry) = archive
        .next_entry()
        .expect("its central directory can be read")
    {
        if let Some(path) = entry.name.strip_prefix(LICENSES) {
            files.insert(
                path.to_owned(),
                archive.content(&entry).expect("its licenses can be read"),
            );
        } else if entry.name == MANIFEST_ENTRY {
            record = Some(entry);
        }
    }
    let record = record.expect("it has a record");
    let mut record =
        ManifestReader::open(archive.file(), &record, |_| {}).expect("its record can be read");
    let mut skipped = Vec::new();
    while let Some(line) = record
        .next_line(archive.file(), |_| {})
        .expect("its record can be read")
    {
        let ManifestLine::SkippedEntry(line) = line else {
            panic!("a line of its record cannot be read")
        };
        skipped.push(line);
    }
    written(&files, record.head().clone(), skipped)
}

/// Returns `true` if a backup can contain these files in this order.
fn can_be_in_a_backup(files: &[(String, Vec<u8>)]) -> bool {
    let paths: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let is_in_a_file = |path: &str| {
        path.match_indices('/')
            .any(|(at, _)| paths.contains(&path[..at]))
    };
    files.is_sorted_by(|(one, _), (other, _)| one < other)
        && files.iter().all(|(path, content)| {
            let has_name =
                LICENSES.len() + path.len() <= MAX_NAME_LENGTH && validate_path(path).is_ok();
            has_name
                && !is_in_a_file(path)
                && content.len() as u64 <= MAX_DOCUMENT_SIZE
                && is_allowed(content)
        })
}

fn is_allowed(document: &[u8]) -> bool {
    evaluate(document).verdict == Verdict::Allowed
}
