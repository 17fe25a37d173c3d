//! Operations on a disk in memory with a store in `/licenses` and a backup in `/backup`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::archive::{ArchiveWriter, FORMAT_VERSION, ManifestHead, Output, PROGRAM, SkippedEntry};
use crate::catalogue::Catalogue;
use crate::memory_fs::Disk;
use crate::{
    Backup, BackupSummary, Directory, Failure, LicenseFilter, LicenseListing, List, ListSummary,
    Operation, Restore, RestoreOptions, RestoreSummary, Verify, VerifySummary,
};

pub(super) const BACKUP: &str = "/backup/licenses.zip";
/// The largest number of steps of an operation. No input is long enough for more.
const MAX_STEPS: usize = 1000;

/// Files by their paths.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Returns the backup of a store that has these files.
///
/// # Panics
///
/// If the backup fails.
#[must_use]
pub fn backup_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let disk = Disk::new();
    for (path, content) in files {
        disk.write(&format!("/licenses/{path}"), content.as_slice());
    }
    back_up(&disk, false).expect("the disk fails no call");
    disk.read(BACKUP).expect("there is a backup")
}

/// Returns a disk with this backup and an empty store.
pub(super) fn disk_with(backup: &[u8]) -> Disk {
    let disk = Disk::new();
    disk.write(BACKUP, backup);
    disk.directory("/licenses");
    disk
}

pub(super) fn back_up(disk: &Disk, overwrite: bool) -> Result<BackupSummary, Failure> {
    run(Backup::start(
        disk.directory("/licenses"),
        disk.directory("/backup"),
        "/backup",
        crate::BackupOptions {
            overwrite,
            allow_shrink: true,
            ..crate::BackupOptions::default()
        },
    )?)
    .1
}

pub(super) fn verify(disk: &Disk) -> Result<VerifySummary, Failure> {
    run(Verify::start(
        &disk.directory("/backup"),
        "/backup",
        None,
        &crate::VerifyOptions::default(),
    )?)
    .1
}

pub(super) fn list(disk: &Disk) -> Result<(Vec<LicenseListing>, ListSummary), Failure> {
    let (listings, outcome) = run(List::of_backup(
        &disk.directory("/backup"),
        "/backup",
        None,
        &LicenseFilter::default(),
    )?);
    outcome.map(|summary| (listings, summary))
}

pub(super) fn restore(disk: &Disk) -> Result<RestoreSummary, Failure> {
    restore_filtered(disk, LicenseFilter::default())
}

/// Restores the licenses that a filter includes.
pub(super) fn restore_filtered(
    disk: &Disk,
    filter: LicenseFilter,
) -> Result<RestoreSummary, Failure> {
    let options = RestoreOptions {
        filter,
        ..RestoreOptions::default()
    };
    run(Restore::start(
        disk.directory("/licenses"),
        &disk.directory("/backup"),
        "/backup",
        None,
        options,
    )?)
    .1
}

fn run<O: Operation>(mut operation: O) -> (Vec<O::Event>, Result<O::Summary, Failure>) {
    let mut events = Vec::new();
    for _ in 0..MAX_STEPS {
        match operation.step(&mut events) {
            ControlFlow::Continue(next) => operation = next,
            ControlFlow::Break(outcome) => return (events, outcome),
        }
    }
    panic!("the operation does not end");
}

/// Returns the files in the store. The store must contain nothing else but their directories.
pub(super) fn files_in_store(disk: &Disk) -> Files {
    let tree = disk.tree("/licenses");
    for path in tree
        .keys()
        .filter(|path| path.len() > 1 && path.ends_with('/'))
    {
        let has_file = tree
            .iter()
            .any(|(other, content)| content.is_some() && other.starts_with(path));
        assert!(has_file, "{path} is empty");
    }
    tree.into_iter()
        .filter_map(|(path, content)| Some((path.strip_prefix('/')?.to_owned(), content?)))
        .collect()
}

/// Returns the head of a record without skipped files.
pub(super) fn head_of<'f>(
    files: impl IntoIterator<Item = (&'f String, &'f Vec<u8>)>,
) -> ManifestHead {
    let (mut licenses, mut bytes) = (0, 0);
    for (_, content) in files {
        licenses += 1;
        bytes += content.len() as u64;
    }
    ManifestHead {
        format: FORMAT_VERSION,
        program: PROGRAM.into(),
        licenses,
        bytes,
        restricted: 0,
        errors: 0,
    }
}

/// Returns the backup that the writer writes from these files in this order.
pub(super) fn written<'f>(
    files: impl IntoIterator<Item = (&'f String, &'f Vec<u8>)>,
    head: ManifestHead,
    skipped: Vec<SkippedEntry>,
) -> Vec<u8> {
    let disk = Disk::new();
    let file = disk
        .directory("/")
        .create_file("archive")
        .expect("the name is free");
    let mut catalogue = Catalogue::new();
    let contents: Vec<_> = files
        .into_iter()
        .map(|(path, content)| (catalogue.add_path(path), content))
        .collect();
    let mut archive = ArchiveWriter::new(Output::new(Rc::new(file)), catalogue);
    for (file, content) in contents {
        archive.add(file, content).expect("the disk fails no call");
    }
    let mut archive = archive.finish(head, skipped);
    while !archive.step().expect("the disk fails no call") {}
    archive
        .into_parts()
        .0
        .sync()
        .expect("the disk fails no call");
    disk.read("/archive").expect("it was written")
}
