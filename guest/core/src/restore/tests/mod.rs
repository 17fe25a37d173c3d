//! Restores over the disk in memory. Each test has a backup in `/backup` and a store in `/licenses`.

mod conflicts;
mod faults;
mod generated;
mod names;
mod power;
mod renewed;
mod trial;
mod trouble;
mod whole;

use std::ops::ControlFlow;

use super::*;
use crate::Backup;
use crate::memory_fs::{Call, Disk, MemoryDirectory, Surviving, Tree};

const KEEP: RestoreOptions = RestoreOptions {
    overwrite: false,
    dry_run: false,
};
const OVERWRITE: RestoreOptions = RestoreOptions {
    overwrite: true,
    dry_run: false,
};
const DRY_RUN: RestoreOptions = RestoreOptions {
    overwrite: false,
    dry_run: true,
};
const DRY_OVERWRITE: RestoreOptions = RestoreOptions {
    overwrite: true,
    dry_run: true,
};

/// The calls that change something.
const CHANGES: [&str; 7] = [
    "create_directory",
    "remove_directory",
    "create_file",
    "write",
    "rename",
    "hard_link",
    "unlink",
];

/// A license that allows to be backed up, another one for each path.
fn allowed(path: &str) -> Vec<u8> {
    license(&blake3::hash(path.as_bytes()).to_hex())
}

fn license(id: &str) -> Vec<u8> {
    format!(r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#).into_bytes()
}

/// The backup of a store that has these files.
fn backup_of<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let disk = Disk::new();
    for (path, content) in files {
        disk.write(&format!("/licenses/{path}"), content);
    }
    let backup = Backup::start(
        disk.directory("/licenses"),
        disk.directory("/backup"),
        "/backup",
        crate::BackupOptions { overwrite: false },
    );
    let mut backup = backup.expect("the backup starts");
    loop {
        match backup.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => backup = next,
            ControlFlow::Break(outcome) => {
                outcome.expect("the backup succeeds");
                return disk
                    .read("/backup/licenses.zip")
                    .expect("there is a backup");
            }
        }
    }
}

/// A disk with a backup of licenses of these paths, and an empty store.
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

fn start(disk: &Disk, flags: RestoreOptions) -> Result<Restore<MemoryDirectory>, Failure> {
    Restore::start(
        disk.directory("/licenses"),
        &disk.directory("/backup"),
        "/backup",
        flags,
    )
}

fn run(
    mut restore: Restore<MemoryDirectory>,
) -> (Vec<BackupRestoreStatus>, Result<RestoreSummary, Failure>) {
    let mut events = Vec::new();
    loop {
        match restore.step(&mut events) {
            ControlFlow::Continue(next) => restore = next,
            ControlFlow::Break(outcome) => return (events, outcome),
        }
    }
}

fn restore(
    disk: &Disk,
    flags: RestoreOptions,
) -> (Vec<BackupRestoreStatus>, Result<RestoreSummary, Failure>) {
    run(start(disk, flags).expect("the restore starts"))
}

/// A restore that succeeds: its summary, and the paths of its conflicts in order.
fn restored(disk: &Disk, flags: RestoreOptions) -> (RestoreSummary, Vec<String>) {
    let (events, outcome) = restore(disk, flags);
    let summary = outcome.unwrap_or_else(|failure| panic!("{failure}\n{:#?}", store(disk)));
    let mut conflicts = told(&events, ErrorCode::FileExists);
    conflicts.sort();
    assert_eq!(
        summary.conflicts,
        conflicts.len() as u64,
        "every conflict is told, and nothing else: {events:?}"
    );
    (summary, conflicts)
}

/// The paths of the errors with this code.
fn told(events: &[BackupRestoreStatus], code: ErrorCode) -> Vec<String> {
    let path = |event: &BackupRestoreStatus| match event {
        BackupRestoreStatus::Error(failure) if failure.code == code => failure.path.clone(),
        _ => None,
    };
    events.iter().filter_map(path).collect()
}

/// All that is in the store.
fn store(disk: &Disk) -> Tree {
    disk.tree("/licenses")
}

/// A store that has the licenses of these paths, and the directories that they are in.
fn holding(paths: &[&str]) -> Tree {
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
