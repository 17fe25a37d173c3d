//! Temporary files: which are used, which are removed, and which failures report them.

use super::*;

#[test]
fn a_run_that_lost_its_temporary_name_changes_nothing() {
    for overwrite in [false, true] {
        for cancelled in [false, true] {
            let disk = mixed();
            let backup = start(&disk, overwrite).expect("the backup starts");
            disk.write("/backup/.license-backup-0.tmp", "of another run");
            let (failure, expected) = if cancelled {
                (cancel(backup), ErrorCode::Cancelled)
            } else {
                let failure = run(backup).1.expect_err("the file is lost");
                (failure, ErrorCode::PathNotFound)
            };
            assert_eq!(failure.code, expected, "{failure}");
            let remaining: Vec<_> = disk
                .snapshot("/backup")
                .into_iter()
                .map(|(name, (content, _))| (name, content))
                .collect();
            assert_eq!(
                remaining,
                [(
                    ".license-backup-0.tmp".to_owned(),
                    b"of another run".to_vec()
                )]
            );
        }
    }
}

#[test]
fn a_temporary_name_left_after_the_commit_is_reported() {
    let disk = mixed();
    disk.fail(FsError::AccessDenied, |call| call.operation == "unlink");
    let failure = back_up(&disk, false).expect_err("a name remains");
    assert!(failure.message.contains("is in place"), "{failure}");
    assert_eq!(entries(&disk).len(), 12);
}

#[test]
fn a_temporary_name_missing_after_the_commit_is_no_error() {
    let disk = mixed();
    disk.fail(FsError::NoEntry, |call| call.operation == "unlink");
    back_up(&disk, false).expect("the backup is complete");
}

#[test]
fn a_temporary_file_that_cannot_be_removed_is_reported() {
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
fn only_stale_temporary_files_are_removed() {
    let disk = mixed();
    disk.write("/backup/.license-backup-0.tmp", "stale");
    disk.write_illegal_names("/backup", 1);
    disk.write("/backup/.license-backup-x.tmp", "of another program");
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
