//! Temporary files: which are used, which are removed, and what is told of those that stay.

use super::*;

#[test]
fn a_run_whose_temporary_name_is_anothers_by_now_commits_nothing_and_removes_nothing() {
    for overwrite in [false, true] {
        for cancelled in [false, true] {
            let disk = mixed();
            let backup = start(&disk, overwrite).expect("the backup starts");
            disk.write("/backup/.license-backup-0.tmp", "another run's");
            let failure = if cancelled {
                cancel(backup)
            } else {
                run(backup).1.expect_err("the file is lost")
            };
            assert_ne!(failure.code, ErrorCode::BackupExists, "{failure}");
            let left: Vec<_> = disk
                .snapshot("/backup")
                .into_iter()
                .map(|(name, (content, _))| (name, content))
                .collect();
            assert_eq!(
                left,
                [(
                    ".license-backup-0.tmp".to_owned(),
                    b"another run's".to_vec()
                )]
            );
        }
    }
}

#[test]
fn a_temporary_name_that_cannot_be_removed_after_the_commit_is_told() {
    let disk = mixed();
    disk.fail(FsError::AccessDenied, |call| call.operation == "unlink");
    let failure = back_up(&disk, false).expect_err("a name is left");
    assert!(failure.message.contains("is in place"), "{failure}");
    assert_eq!(entries(&disk).len(), 12);
}

#[test]
fn a_temporary_name_that_is_gone_after_the_commit_is_nothing() {
    let disk = mixed();
    disk.fail(FsError::NoEntry, |call| call.operation == "unlink");
    back_up(&disk, false).expect("the backup is complete");
}

#[test]
fn a_temporary_file_that_cannot_be_removed_is_told() {
    let disk = mixed();
    disk.fail(FsError::AccessDenied, |call| {
        call.operation == "write" || call.operation == "unlink"
    });
    let failure = back_up(&disk, false).expect_err("nothing can be written");
    assert!(
        failure.message.contains(".license-backup-0.tmp"),
        "{failure}"
    );
}

#[test]
fn a_stale_temporary_file_is_removed_and_a_fresh_one_is_neither_removed_nor_used() {
    let disk = mixed();
    disk.write("/backup/.license-backup-0.tmp", "stale");
    disk.write_illegal_names("/backup", 1);
    disk.write("/backup/.license-backup-x.tmp", "another's");
    disk.advance_clock(3600);
    disk.write("/backup/.license-backup-1.tmp", "an hour less a second old");
    disk.advance_clock(1);
    back_up(&disk, false).expect("the backup succeeds");
    let names: Vec<_> = disk.snapshot("/backup").into_keys().collect();
    assert_eq!(
        names,
        [
            ".license-backup-1.tmp",
            ".license-backup-x.tmp",
            BACKUP_FILE
        ]
    );
    assert_eq!(
        disk.read("/backup/.license-backup-1.tmp").as_deref(),
        Some(&b"an hour less a second old"[..])
    );
}
