//! Tests of temporary files in the backup directory: those of concurrent runs, and stale ones.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

/// Creates a file of this age in the backup directory.
fn create_old(sandbox: &Sandbox, name: &str, age: Duration) {
    let path = sandbox.backup().join(name);
    fs::write(&path, name).unwrap();
    make_older(&path, age);
}

/// Sets the modification time of a file to this long ago.
pub(crate) fn make_older(path: &Path, age: Duration) {
    fs::File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(SystemTime::now() - age)
        .unwrap();
}

#[test]
fn a_stale_temporary_file_is_removed() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    create_old(&sandbox, ".license-backup-7.tmp", Duration::from_hours(2));
    sandbox.back_up(&[]).run().exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn a_fresh_temporary_file_is_neither_removed_nor_used() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let names = [
        ".license-backup-0.tmp",
        ".license-backup-1.tmp",
        ".license-backup-2.tmp",
    ];
    for name in names {
        create_old(&sandbox, name, Duration::from_mins(50));
    }
    let before = Snapshot::of(&sandbox.backup());
    sandbox.back_up(&[]).run().exits(0);
    fs::remove_file(sandbox.backup_file()).unwrap();
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn old_files_with_other_names_are_kept() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let names = [
        ".license-backup-.tmp",
        ".license-backup-a.tmp",
        ".license-backup-7.tmp~",
        "license-backup-7.tmp",
    ];
    for name in names {
        create_old(&sandbox, name, Duration::from_hours(2));
    }
    let before = Snapshot::of(&sandbox.backup());
    sandbox.back_up(&[]).run().exits(0);
    fs::remove_file(sandbox.backup_file()).unwrap();
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn a_refused_backup_removes_no_stale_temporary_file() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    sandbox.back_up(&[]).run().exits(0);
    create_old(&sandbox, ".license-backup-7.tmp", Duration::from_hours(2));
    let before = Snapshot::of(&sandbox.backup());
    sandbox.back_up(&[]).run().exits(4);
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}
