//! Tests of backups on the in-memory disk, with the store in `/licenses` and the backup directory
//! `/backup`.

mod commit;
mod contents;
mod faults;
mod generation_faults;
mod generations;
mod power_loss;
mod publications;
mod refusals;
mod scenario;
mod sealed;
mod shrink;
mod temporaries;
mod unchanged;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use super::*;
use crate::archive::{ArchiveReader, SkippedEntry};
use crate::entry_names::BACKUP_FILE;
use crate::memory_fs::{Call, Disk, MemoryDirectory, Surviving};
use crate::publication::samples::{Container, Entry, META_INF};
use crate::reason::Reason;
use crate::{ErrorCode, File as _, FsError, Restriction};

/// `backup.json` as any JSON reader sees it.
#[derive(serde::Deserialize)]
struct Manifest {
    skipped: Vec<SkippedEntry>,
}

const EARLIER: &[u8] = b"the earlier backup";

fn allowed(path: &str) -> Vec<u8> {
    let id: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#).into_bytes()
}

/// Returns a publication of 20,000 bytes with the license of this path.
fn publication(path: &str) -> Vec<u8> {
    Container::epub(Entry::deflated(META_INF, allowed(path)), 20_000).bytes()
}

/// The publication in [`mixed`], kept since that is called many times.
static BOOK: LazyLock<Vec<u8>> = LazyLock::new(|| publication("book"));

/// Returns a disk with a store that has files of every kind, and an empty backup directory.
fn mixed() -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    for path in [
        "a-b",
        "a/b",
        "a.b",
        "deep/er/one",
        "deep/two",
        "with\nline",
        "back\\slash",
        "-dash",
    ] {
        disk.write(&format!("/licenses/{path}"), allowed(path));
    }
    disk.write("/licenses/notes.txt", "not a license");
    disk.write("/licenses/deep/broken", &b"XMR\0\0"[..]);
    // Its license, `book.lcpl`, sorts after the next file.
    disk.write("/licenses/book", BOOK.clone());
    disk.write("/licenses/book-notes", allowed("book-notes"));
    disk.write_other("/licenses/a/fifo");
    disk.write_illegal_names("/licenses/deep", 1);
    disk.sync_all();
    disk
}

fn start(disk: &Disk, overwrite: bool) -> Result<Backup<MemoryDirectory>, Failure> {
    let options = BackupOptions {
        overwrite,
        ..BackupOptions::default()
    };
    start_with(disk, options)
}

fn start_with(disk: &Disk, options: BackupOptions) -> Result<Backup<MemoryDirectory>, Failure> {
    Backup::start(
        disk.directory("/licenses"),
        disk.directory("/backup"),
        "/backup",
        options,
    )
}

fn run(
    backup: Backup<MemoryDirectory>,
) -> (Vec<BackupRestoreStatus>, Result<BackupSummary, Failure>) {
    let mut events = Vec::new();
    let mut backup = backup;
    loop {
        match backup.step(&mut events) {
            ControlFlow::Continue(next) => backup = next,
            ControlFlow::Break(outcome) => return (events, outcome),
        }
    }
}

fn cancel(backup: Backup<MemoryDirectory>) -> Failure {
    match backup.cancel() {
        ControlFlow::Break(failure) => failure,
        // A generation records the run.
        ControlFlow::Continue(backup) => run(backup).1.expect_err("it was cancelled"),
    }
}

fn back_up(disk: &Disk, overwrite: bool) -> Result<BackupSummary, Failure> {
    start(disk, overwrite).and_then(|backup| run(backup).1)
}

/// Returns every entry of the backup with its content.
fn entries(disk: &Disk) -> Vec<(String, Vec<u8>)> {
    let file = disk
        .directory("/backup")
        .open_file(BACKUP_FILE)
        .expect("there is a backup");
    let mut archive = ArchiveReader::open(file).expect("it is an archive");
    let mut entries = Vec::new();
    while let Some(entry) = archive
        .next_entry()
        .expect("its central directory is valid")
    {
        let content = archive.content(&entry).expect("the entry is valid");
        entries.push((entry.name, content));
    }
    entries
}

/// Returns the skipped files of the manifest, in its order.
fn recorded(entries: &[(String, Vec<u8>)]) -> Vec<(String, Reason)> {
    let (_, json) = entries.last().expect("the manifest is the last entry");
    let manifest: Manifest = serde_json::from_slice(json).expect("it can be read");
    manifest
        .skipped
        .into_iter()
        .map(|skipped| (skipped.path, skipped.reason))
        .collect()
}

/// Returns the skipped files that events report, in byte order of path.
fn reported(events: &[BackupRestoreStatus]) -> Vec<(String, Reason)> {
    let skipped = |event: &BackupRestoreStatus| match event {
        BackupRestoreStatus::RestrictedLicense(restricted) => Some((
            restricted.path.clone(),
            Reason::Restricted(restricted.reason),
        )),
        BackupRestoreStatus::Error(failure) => Some((
            failure.path.clone().expect("it has a path"),
            Reason::Failed(failure.code),
        )),
        BackupRestoreStatus::Begin
        | BackupRestoreStatus::Progress(_)
        | BackupRestoreStatus::End => None,
    };
    let mut reported: Vec<_> = events.iter().filter_map(skipped).collect();
    reported.sort_by(|one, other| one.0.cmp(&other.0));
    reported
}

fn assert_only_the_backup_remains(disk: &Disk) {
    let names: Vec<_> = disk.snapshot("/backup").into_keys().collect();
    assert_eq!(names, [BACKUP_FILE]);
}
