//! Stores that have shrunk since the earlier backup.

use super::*;

/// Returns a disk with a backup of a store of this many licenses.
fn backed_up(licenses: usize) -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    disk.directory("/licenses");
    for number in 0..licenses {
        let path = path(number);
        disk.write(&path, allowed(&path));
    }
    back_up(&disk, false).expect("there is no earlier backup");
    disk
}

fn path(number: usize) -> String {
    format!("/licenses/{}/{number:03}.lcpl", number % 3)
}

/// Removes the first `count` licenses of the store.
fn remove(disk: &Disk, count: usize) {
    for path in (0..count).map(path) {
        let (directory, name) = path.rsplit_once('/').expect("the path is absolute");
        disk.directory(directory)
            .unlink(name)
            .expect("the license exists");
    }
}

fn back_up_smaller(disk: &Disk) -> Result<BackupSummary, Failure> {
    let options = BackupOptions {
        overwrite: true,
        allow_shrink: true,
        ..BackupOptions::default()
    };
    start_with(disk, options).and_then(|backup| run(backup).1)
}

#[test]
fn a_store_that_lost_most_licenses_keeps_the_earlier_backup() {
    for (licenses, removed) in [(1, 1), (9, 9), (19, 10), (300, 151), (300, 300)] {
        let disk = backed_up(licenses);
        remove(&disk, removed);
        let before = disk.snapshot("/backup");
        let failure = back_up(&disk, true).expect_err("the store has shrunk");
        assert_eq!(failure.code, ErrorCode::Shrunk, "{failure}");
        let numbers = format!("{} of {licenses} licenses are left", licenses - removed);
        assert!(failure.message.contains(&numbers), "{failure}");
        assert_eq!(disk.snapshot("/backup"), before);

        let summary = back_up_smaller(&disk).expect("the backup may shrink");
        assert_eq!(summary.licenses, (licenses - removed) as u64);
    }
}

#[test]
fn a_store_that_lost_few_licenses_is_backed_up() {
    for (licenses, removed) in [(0, 0), (2, 1), (10, 9), (20, 10), (300, 150)] {
        let disk = backed_up(licenses);
        remove(&disk, removed);
        let summary = back_up(&disk, true).expect("the store has hardly shrunk");
        assert_eq!(summary.licenses, (licenses - removed) as u64);
    }
}

#[test]
fn a_renamed_license_counts_as_missing() {
    let disk = backed_up(1);
    remove(&disk, 1);
    disk.write("/licenses/renamed", allowed("renamed"));
    let failure = back_up(&disk, true).expect_err("the earlier license is missing");
    assert_eq!(failure.code, ErrorCode::Shrunk, "{failure}");
}

#[test]
fn a_license_that_may_no_longer_be_backed_up_counts_as_missing() {
    let disk = backed_up(1);
    disk.write(&path(0), "not a license any more");
    let failure = back_up(&disk, true).expect_err("the license is gone");
    assert_eq!(failure.code, ErrorCode::Shrunk, "{failure}");
}

#[test]
fn a_damaged_backup_is_replaced_unless_the_store_is_empty() {
    let disk = backed_up(3);
    disk.write("/backup/licenses.zip", EARLIER);
    back_up(&disk, true).expect("the damaged backup is replaced");

    disk.write("/backup/licenses.zip", EARLIER);
    remove(&disk, 3);
    let failure = back_up(&disk, true).expect_err("the store is empty");
    assert_eq!(failure.code, ErrorCode::Shrunk, "{failure}");
    assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
}

#[test]
fn an_earlier_backup_that_cannot_be_read_is_not_replaced() {
    let disk = backed_up(3);
    let before = disk.snapshot("/backup");
    disk.fail(FsError::AccessDenied, |call| {
        call.operation == "open_file" && call.name == BACKUP_FILE
    });
    let failure = back_up(&disk, true).expect_err("the earlier backup is not readable");
    assert_eq!(failure.code, ErrorCode::AccessDenied, "{failure}");
    assert_eq!(disk.snapshot("/backup"), before);
}
