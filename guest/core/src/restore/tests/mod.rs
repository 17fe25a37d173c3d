//! Tests of restores on the in-memory disk, with a backup in `/backup` and a store in `/licenses`.

mod conflicts;
mod errors;
mod faults;
mod file_names;
mod filtered;
mod generated;
mod newer_versions;
mod power_cuts;
mod rescue;
mod scenario;
mod success;

use std::ops::ControlFlow;

use super::*;
use crate::memory_fs::{Call, Disk, MemoryDirectory, Surviving, Tree};
use crate::{Backup, LicenseFilter};

const ALL: LicenseFilter = LicenseFilter {
    include: Vec::new(),
    license_ids: Vec::new(),
    key_ids: Vec::new(),
};
const KEEP: RestoreOptions = options(false, false);
const OVERWRITE: RestoreOptions = options(true, false);
const DRY_RUN: RestoreOptions = options(false, true);
const DRY_OVERWRITE: RestoreOptions = options(true, true);

const fn options(overwrite: bool, dry_run: bool) -> RestoreOptions {
    RestoreOptions {
        overwrite,
        dry_run,
        filter: ALL,
    }
}

/// The calls that change the file system.
const CHANGES: [&str; 7] = [
    "create_directory",
    "remove_directory",
    "create_file",
    "write",
    "rename",
    "hard_link",
    "unlink",
];

/// Returns a license that permits backups, a different one for each path.
fn allowed(path: &str) -> Vec<u8> {
    license(&blake3::hash(path.as_bytes()).to_hex())
}

fn license(id: &str) -> Vec<u8> {
    format!(r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#).into_bytes()
}

/// Returns the filter of licenses whose paths match any of these patterns.
fn including(patterns: &[&str]) -> LicenseFilter {
    LicenseFilter {
        include: patterns.iter().map(|text| (*text).to_owned()).collect(),
        ..ALL
    }
}

/// Returns the backup of a store with these files.
fn backup_of<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let disk = Disk::new();
    for (path, content) in files {
        disk.write(&format!("/licenses/{path}"), content);
    }
    let backup = Backup::start(
        disk.directory("/licenses"),
        disk.directory("/backup"),
        "/backup",
        crate::BackupOptions::default(),
    );
    let mut backup = backup.expect("the backup starts");
    loop {
        match backup.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => backup = next,
            ControlFlow::Break(result) => {
                result.expect("the backup succeeds");
                return disk
                    .read("/backup/licenses.zip")
                    .expect("there is a backup");
            }
        }
    }
}

/// Creates a disk with a backup of licenses of these paths, and an empty store.
fn backed_up(paths: &[&str]) -> Disk {
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of(paths.iter().map(|path| (*path, allowed(path)))),
    );
    disk.directory("/licenses");
    disk.sync_all();
    disk
}

fn start(disk: &Disk, options: RestoreOptions) -> Result<Restore<MemoryDirectory>, Failure> {
    Restore::start(
        disk.directory("/licenses"),
        &disk.directory("/backup"),
        "/backup",
        None,
        options,
    )
}

/// Returns the summary of a restore of `licenses.zip` that restores nothing.
fn nothing_restored() -> RestoreSummary {
    RestoreSummary {
        file: crate::BACKUP_FILE.to_owned(),
        ..RestoreSummary::default()
    }
}

fn run(
    mut restore: Restore<MemoryDirectory>,
) -> (Vec<BackupRestoreStatus>, Result<RestoreSummary, Failure>) {
    let mut events = Vec::new();
    loop {
        match restore.step(&mut events) {
            ControlFlow::Continue(next) => restore = next,
            ControlFlow::Break(result) => return (events, result),
        }
    }
}

fn restore(
    disk: &Disk,
    options: RestoreOptions,
) -> (Vec<BackupRestoreStatus>, Result<RestoreSummary, Failure>) {
    run(start(disk, options).expect("the restore starts"))
}

/// Runs a restore that succeeds. Returns its summary and the paths of its conflicts in order.
fn restored(disk: &Disk, options: RestoreOptions) -> (RestoreSummary, Vec<String>) {
    let (events, result) = restore(disk, options);
    let summary = result.unwrap_or_else(|failure| panic!("{failure}\n{:#?}", store(disk)));
    let mut conflicts = reported(&events, ErrorCode::FileExists);
    conflicts.sort();
    assert_eq!(
        summary.conflicts,
        conflicts.len() as u64,
        "the conflicts are not those that are counted: {events:?}"
    );
    (summary, conflicts)
}

/// Returns the paths of the reported errors with this code.
fn reported(events: &[BackupRestoreStatus], code: ErrorCode) -> Vec<String> {
    let path = |event: &BackupRestoreStatus| match event {
        BackupRestoreStatus::Error(failure) if failure.code == code => failure.path.clone(),
        _ => None,
    };
    events.iter().filter_map(path).collect()
}

/// Returns everything in the store.
fn store(disk: &Disk) -> Tree {
    disk.tree("/licenses")
}

/// Returns a store with the licenses of these paths, and the directories that they are in.
fn store_with(paths: &[&str]) -> Tree {
    let mut expected = Tree::from([("/".to_owned(), None)]);
    for path in paths {
        for (at, _) in path.match_indices('/') {
            expected.insert(format!("/{}", &path[..=at]), None);
        }
        expected.insert(format!("/{path}"), Some(allowed(path)));
    }
    expected
}

fn bytes(paths: &[&str]) -> u64 {
    paths.iter().map(|path| allowed(path).len() as u64).sum()
}

fn changes(calls: &[Call]) -> Vec<&Call> {
    calls
        .iter()
        .filter(|call| CHANGES.contains(&call.operation))
        .collect()
}
