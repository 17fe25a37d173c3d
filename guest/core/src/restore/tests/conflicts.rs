//! Restores into stores that have something else where a license is to go.

use super::*;
use crate::archive::BACKUP_FILE;
use crate::directory::FsError;

#[test]
fn a_file_with_other_content_is_kept_and_named_and_the_rest_is_restored() {
    let disk = backed_up(&["a", "b/c", "b/d"]);
    disk.write("/licenses/b/c", "another one");
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!((summary.restored, conflicts), (2, vec!["b/c".to_owned()]));
    let mut expected = holding(&["a", "b/c", "b/d"]);
    expected.insert("/b/c".to_owned(), Some(b"another one".to_vec()));
    assert_eq!(store(&disk), expected);
}

#[test]
fn with_overwrite_a_file_with_other_content_is_replaced() {
    let disk = backed_up(&["a", "b/c", "b/d"]);
    disk.write("/licenses/b/c", "another one");
    disk.write("/licenses/b/d", allowed("b/e"));
    let (summary, conflicts) = restored(&disk, OVERWRITE);
    assert_eq!((summary.restored, conflicts), (3, vec![]));
    assert_eq!(store(&disk), holding(&["a", "b/c", "b/d"]));
}

#[test]
fn what_is_no_regular_file_is_kept_with_and_without_overwrite() {
    for flags in [KEEP, OVERWRITE] {
        let disk = backed_up(&["directory", "fifo", "rest"]);
        disk.write_other("/licenses/fifo");
        disk.directory("/licenses/directory");
        let (summary, conflicts) = restored(&disk, flags);
        assert_eq!(
            (summary.restored, conflicts),
            (1, vec!["directory".to_owned(), "fifo".to_owned()])
        );
        let mut expected = holding(&["rest"]);
        expected.extend([("/fifo".to_owned(), None), ("/directory/".to_owned(), None)]);
        assert_eq!(store(&disk), expected);
    }
}

#[test]
fn a_link_is_never_opened_wherever_it_is_on_the_way() {
    for flags in [KEEP, OVERWRITE, DRY_OVERWRITE] {
        let disk = backed_up(&["a/b/c", "d"]);
        disk.write_link("/licenses/a", 7);
        disk.write_link("/licenses/d", allowed("d").len());
        let before = store(&disk);
        disk.take_calls();
        assert_eq!(restored(&disk, flags).1, ["a/b/c", "d"]);
        assert!(
            !disk
                .take_calls()
                .iter()
                .any(|call| call.operation == "open_file" && call.name == "d")
        );
        assert_eq!(store(&disk), before);
    }
}

#[test]
fn what_is_a_link_by_the_time_that_it_is_opened_is_kept() {
    for error in [FsError::Link, FsError::IsDirectory] {
        let disk = backed_up(&["a", "b"]);
        disk.write("/licenses/a", allowed("a"));
        disk.fail(error, |call| {
            call.operation == "open_file" && call.name == "a"
        });
        assert_eq!(restored(&disk, OVERWRITE).1, ["a"]);
    }
}

#[test]
fn a_directory_with_the_name_of_a_temporary_file_is_a_directory_like_any_other() {
    let disk = backed_up(&[".license-backup-0.tmp/a", "b"]);
    disk.directory("/licenses/.license-backup-0.tmp");
    assert_eq!(restored(&disk, KEEP).0.restored, 2);
    assert_eq!(store(&disk), holding(&[".license-backup-0.tmp/a", "b"]));
}

#[test]
fn a_file_where_a_directory_is_on_the_way_makes_a_conflict_of_each_license_below() {
    for flags in [KEEP, OVERWRITE] {
        let disk = backed_up(&["a/b/c", "a/b/d", "a/e", "f"]);
        disk.write("/licenses/a", "a file");
        let (events, outcome) = restore(&disk, flags);
        let summary = outcome.expect("the restore succeeds");
        assert_eq!((summary.restored, summary.conflicts), (1, 3));
        assert_eq!(
            told(&events, ErrorCode::FileExists),
            ["a/b/c", "a/b/d", "a/e"]
        );
        assert_eq!(disk.read("/licenses/a").as_deref(), Some(&b"a file"[..]));
    }
}

#[test]
fn a_conflict_says_what_is_in_the_way_and_what_to_do() {
    let disk = backed_up(&["a/b", "line\nfeed", "other"]);
    disk.write("/licenses/a", "a file");
    disk.write("/licenses/line\nfeed", "another one");
    disk.directory("/licenses/other");
    let (events, _) = restore(&disk, KEEP);
    let messages: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let BackupRestoreStatus::Error(failure) = event {
                Some(failure.message.as_str())
            } else {
                None
            }
        })
        .collect();
    let expected = [
        "a/b cannot be restored: a/, on the way to it, is no directory, and is kept: move it away",
        "line\\nfeed cannot be restored: there is a file of that name with other content, which is kept: move it away, or \
         ask for overwriting",
        "other cannot be restored: what has that name is no regular file, and is kept: move it away",
    ];
    assert_eq!(messages, expected);
}

/// Has something done once, right before the first call of an operation.
fn before_first(disk: &Disk, operation: &'static str, act: impl Fn(&Disk) + 'static) {
    let (inner, mut is_done) = (disk.clone(), false);
    disk.on_call(move |call| {
        if call.operation == operation && !is_done {
            is_done = true;
            act(&inner);
        }
        Ok(())
    });
}

#[test]
fn a_file_that_gets_the_name_first_is_dealt_with_like_one_that_was_there_before() {
    for has_links in [true, false] {
        for operation in ["sync_file", "hard_link"] {
            for flags in [KEEP, OVERWRITE] {
                let disk = backed_up(&["a", "b"]);
                if !has_links {
                    disk.disable_hard_links();
                }
                before_first(&disk, operation, |disk| {
                    disk.write("/licenses/a", "another one")
                });
                let (summary, conflicts) = restored(&disk, flags);
                let (count, named, content) = if flags.overwrite {
                    (2, vec![], allowed("a"))
                } else {
                    (1, vec!["a".to_owned()], b"another one".to_vec())
                };
                assert_eq!(
                    (summary.restored, conflicts),
                    (count, named),
                    "{operation} {flags:?}"
                );
                assert_eq!(
                    disk.read("/licenses/a"),
                    Some(content),
                    "{operation} {flags:?}"
                );
            }
        }
    }
}

#[test]
fn a_directory_that_another_program_creates_meanwhile_is_used() {
    for operation in ["open_directory", "create_directory"] {
        let disk = backed_up(&["deep/a", "deep/b"]);
        before_first(&disk, operation, |disk| {
            drop(disk.directory("/licenses/deep"))
        });
        let (summary, conflicts) = restored(&disk, KEEP);
        assert_eq!((summary.restored, conflicts), (2, vec![]), "{operation}");
    }
}

#[test]
fn what_the_file_system_says_of_a_link_that_it_does_not_have_is_no_reason_to_fail() {
    for error in [
        FsError::NotPermitted,
        FsError::Unsupported,
        FsError::Other("io"),
    ] {
        let disk = backed_up(&["a"]);
        disk.fail(error, |call| call.operation == "hard_link");
        assert_eq!(restored(&disk, KEEP).0.restored, 1, "{error:?}");
    }
}

#[test]
fn a_license_that_another_restore_puts_in_place_first_is_present() {
    for operation in ["sync_file", "hard_link"] {
        let disk = backed_up(&["a", "b"]);
        before_first(&disk, operation, |disk| {
            disk.write("/licenses/a", allowed("a"))
        });
        let (summary, _) = restored(&disk, KEEP);
        assert_eq!((summary.restored, summary.present), (1, 1), "{operation}");
        assert_eq!(store(&disk), holding(&["a", "b"]), "{operation}");
    }
}

#[test]
fn a_file_that_is_to_be_replaced_and_becomes_something_else_meanwhile_is_kept() {
    let disk = backed_up(&["a", "b"]);
    disk.write("/licenses/a", "another one");
    before_first(&disk, "sync_file", |disk| disk.write_other("/licenses/a"));
    assert_eq!(restored(&disk, OVERWRITE).1, ["a"]);
    let mut expected = holding(&["b"]);
    expected.insert("/a".to_owned(), None);
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_file_that_is_to_be_replaced_and_vanishes_meanwhile_is_restored() {
    let disk = backed_up(&["a", "b"]);
    disk.write("/licenses/a", "another one");
    before_first(&disk, "sync_file", |disk| {
        disk.directory("/licenses")
            .unlink("a")
            .expect("it is there")
    });
    assert_eq!(restored(&disk, OVERWRITE).0.restored, 2);
    assert_eq!(store(&disk), holding(&["a", "b"]));
}

#[test]
fn a_backup_with_a_fault_touches_nothing() {
    let disk = backed_up(&["a", "b/c"]);
    let whole = disk
        .read("/backup/licenses.zip")
        .expect("there is a backup");
    let before = store(&disk);
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        disk.write("/backup/licenses.zip", changed);
        disk.take_calls();
        let outcome = start(&disk, OVERWRITE).and_then(|restore| run(restore).1);
        assert_eq!(
            outcome.expect_err("the backup is corrupt").code,
            ErrorCode::BackupCorrupt,
            "byte {at}"
        );
        assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0], "byte {at}");
        assert_eq!(store(&disk), before, "byte {at}");
    }
}

#[test]
fn a_backup_that_changes_after_it_was_verified_is_corrupt_and_the_store_is_as_it_was() {
    let disk = backed_up(&["a", "b"]);
    let mut changed = disk
        .read("/backup/licenses.zip")
        .expect("there is a backup");
    let place = changed
        .windows(6)
        .rposition(|window| window == b"\"basic")
        .expect("there is a license");
    changed[place + 1] ^= 1;
    let before = store(&disk);
    let inner = disk.clone();
    disk.on_call(move |call| {
        if call.operation == "entries" {
            inner.overwrite("/backup/licenses.zip", changed.clone());
        }
        Ok(())
    });
    let failure = restore(&disk, KEEP).1.expect_err("the backup has changed");
    assert_eq!(failure.code, ErrorCode::BackupCorrupt, "{failure}");
    assert_eq!(store(&disk), before);
}

#[test]
fn a_directory_without_a_backup_is_told_at_once() {
    let disk = Disk::new();
    let failure = start(&disk, KEEP).err().expect("there is no backup");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::PathNotFound, Some("/backup"))
    );
}

#[test]
fn the_store_itself_cannot_be_restored_from() {
    let disk = backed_up(&["a"]);
    let directory = disk.directory("/backup");
    let failure = Restore::start(directory.clone(), &directory, "/backup", KEEP)
        .err()
        .expect("it is the store");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::InvalidArgument, Some("/backup"))
    );
}

#[test]
fn a_backup_may_lie_in_the_store() {
    let disk = backed_up(&["a", "backups/b"]);
    disk.write(
        "/licenses/backups/licenses.zip",
        disk.read("/backup/licenses.zip")
            .expect("there is a backup"),
    );
    let directory = disk.directory("/licenses/backups");
    let restore = Restore::start(
        disk.directory("/licenses"),
        &directory,
        "/licenses/backups",
        KEEP,
    );
    let summary = run(restore.expect("the restore starts"))
        .1
        .expect("the restore succeeds");
    assert_eq!(summary.restored, 2);
    assert!(disk.snapshot("/licenses/backups").contains_key(BACKUP_FILE));
}

#[test]
fn a_file_that_cannot_be_read_is_kept_and_told_and_the_rest_is_restored() {
    for flags in [KEEP, OVERWRITE] {
        let disk = backed_up(&["a", "b"]);
        disk.write("/licenses/b", allowed("c"));
        disk.fail(FsError::AccessDenied, |call| {
            call.operation == "open_file" && call.name == "b"
        });
        let (summary, conflicts) = restored(&disk, flags);
        assert_eq!((summary.restored, conflicts), (1, vec!["b".to_owned()]));
        assert_eq!(disk.read("/licenses/b"), Some(allowed("c")));
    }
}
