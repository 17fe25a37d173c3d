//! Restores to stores that have another entry under the name of a license.

use super::*;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;

#[test]
fn a_file_with_other_content_is_kept_and_reported() {
    let disk = backed_up(&["a", "b/c", "b/d"]);
    disk.write("/licenses/b/c", "another one");
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!((summary.restored, conflicts), (2, vec!["b/c".to_owned()]));
    let mut expected = store_with(&["a", "b/c", "b/d"]);
    expected.insert("/b/c".to_owned(), Some(b"another one".to_vec()));
    assert_eq!(store(&disk), expected);
}

#[test]
fn overwrite_replaces_a_file_with_other_content() {
    let disk = backed_up(&["a", "b/c", "b/d"]);
    disk.write("/licenses/b/c", "another one");
    disk.write("/licenses/b/d", allowed("b/e"));
    let (summary, conflicts) = restored(&disk, OVERWRITE);
    assert_eq!((summary.restored, conflicts), (3, vec![]));
    assert_eq!(store(&disk), store_with(&["a", "b/c", "b/d"]));
}

#[test]
fn an_entry_that_is_no_regular_file_is_always_kept() {
    for options in [KEEP, OVERWRITE] {
        let disk = backed_up(&["directory", "fifo", "rest"]);
        disk.write_other("/licenses/fifo");
        disk.directory("/licenses/directory");
        let (summary, conflicts) = restored(&disk, options.clone());
        assert_eq!(
            (summary.restored, conflicts),
            (1, vec!["directory".to_owned(), "fifo".to_owned()])
        );
        let mut expected = store_with(&["rest"]);
        expected.extend([("/fifo".to_owned(), None), ("/directory/".to_owned(), None)]);
        assert_eq!(store(&disk), expected);
    }
}

#[test]
fn a_link_in_the_path_is_never_followed() {
    for options in [KEEP, OVERWRITE, DRY_OVERWRITE] {
        let disk = backed_up(&["a/b/c", "d"]);
        disk.write_link("/licenses/a", 7);
        disk.write_link("/licenses/d", allowed("d").len());
        let before = store(&disk);
        disk.take_calls();
        assert_eq!(restored(&disk, options.clone()).1, ["a/b/c", "d"]);
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
fn a_file_that_becomes_a_link_before_it_is_opened_is_kept() {
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
fn a_directory_may_have_the_name_of_a_temporary_file() {
    let disk = backed_up(&[".license-backup-0.tmp/a", "b"]);
    disk.directory("/licenses/.license-backup-0.tmp");
    assert_eq!(restored(&disk, KEEP).0.restored, 2);
    assert_eq!(store(&disk), store_with(&[".license-backup-0.tmp/a", "b"]));
}

#[test]
fn a_file_in_place_of_a_directory_conflicts_with_all_below() {
    for options in [KEEP, OVERWRITE] {
        let disk = backed_up(&["a/b/c", "a/b/d", "a/e", "f"]);
        disk.write("/licenses/a", "a file");
        let (events, result) = restore(&disk, options.clone());
        let summary = result.expect("the restore succeeds");
        assert_eq!((summary.restored, summary.conflicts), (1, 3));
        assert_eq!(
            reported(&events, ErrorCode::FileExists),
            ["a/b/c", "a/b/d", "a/e"]
        );
        assert_eq!(disk.read("/licenses/a").as_deref(), Some(&b"a file"[..]));
    }
}

#[test]
fn a_conflict_message_names_the_cause_and_the_remedy() {
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
        "cannot restore a/b: a is not a directory, and is kept; move it away",
        "cannot restore line\\nfeed: a file of this name has other content, and is kept; \
         move it away or restore with overwrite",
        "cannot restore other: an entry of this name is not a regular file, and is kept; move it away",
    ];
    assert_eq!(messages, expected);
}

/// Calls `act` once, before the first call of an operation.
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
fn a_file_created_during_the_restore_is_a_conflict_too() {
    for has_links in [true, false] {
        for operation in ["sync_file", "hard_link"] {
            for options in [KEEP, OVERWRITE] {
                let disk = backed_up(&["a", "b"]);
                if !has_links {
                    disk.disable_hard_links();
                }
                before_first(&disk, operation, |disk| {
                    disk.write("/licenses/a", "another one");
                });
                let (summary, conflicts) = restored(&disk, options.clone());
                let (count, named, content) = if options.overwrite {
                    (2, vec![], allowed("a"))
                } else {
                    (1, vec!["a".to_owned()], b"another one".to_vec())
                };
                assert_eq!(
                    (summary.restored, conflicts),
                    (count, named),
                    "{operation} {options:?}"
                );
                assert_eq!(
                    disk.read("/licenses/a"),
                    Some(content),
                    "{operation} {options:?}"
                );
            }
        }
    }
}

#[test]
fn a_directory_created_by_another_program_is_used() {
    for operation in ["open_directory", "create_directory"] {
        let disk = backed_up(&["deep/a", "deep/b"]);
        before_first(&disk, operation, |disk| {
            drop(disk.directory("/licenses/deep"));
        });
        let (summary, conflicts) = restored(&disk, KEEP);
        assert_eq!((summary.restored, conflicts), (2, vec![]), "{operation}");
    }
}

#[test]
fn an_unsupported_hard_link_is_no_failure() {
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
fn a_license_committed_by_another_restore_is_present() {
    for operation in ["sync_file", "hard_link"] {
        let disk = backed_up(&["a", "b"]);
        before_first(&disk, operation, |disk| {
            disk.write("/licenses/a", allowed("a"));
        });
        let (summary, _) = restored(&disk, KEEP);
        assert_eq!((summary.restored, summary.present), (1, 1), "{operation}");
        assert_eq!(store(&disk), store_with(&["a", "b"]), "{operation}");
    }
}

#[test]
fn a_file_to_replace_that_becomes_a_fifo_is_kept() {
    let disk = backed_up(&["a", "b"]);
    disk.write("/licenses/a", "another one");
    before_first(&disk, "sync_file", |disk| disk.write_other("/licenses/a"));
    assert_eq!(restored(&disk, OVERWRITE).1, ["a"]);
    let mut expected = store_with(&["b"]);
    expected.insert("/a".to_owned(), None);
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_file_to_replace_that_disappears_is_restored() {
    let disk = backed_up(&["a", "b"]);
    disk.write("/licenses/a", "another one");
    before_first(&disk, "sync_file", |disk| {
        disk.directory("/licenses").unlink("a").expect("it exists");
    });
    assert_eq!(restored(&disk, OVERWRITE).0.restored, 2);
    assert_eq!(store(&disk), store_with(&["a", "b"]));
}

#[test]
fn a_corrupt_backup_changes_nothing() {
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
        let result = start(&disk, OVERWRITE).and_then(|restore| run(restore).1);
        assert_eq!(
            result.expect_err("the backup is corrupt").code,
            ErrorCode::BackupCorrupt,
            "byte {at}"
        );
        assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0], "byte {at}");
        assert_eq!(store(&disk), before, "byte {at}");
    }
}

#[test]
fn a_backup_changed_after_verification_changes_nothing() {
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
fn a_directory_without_a_backup_fails_at_the_start() {
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
    let failure = Restore::start(directory.clone(), &directory, "/backup", None, KEEP)
        .err()
        .expect("it is the store");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::InvalidArgument, Some("/backup"))
    );
}

#[test]
fn a_backup_may_be_in_the_store() {
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
        None,
        KEEP,
    );
    let summary = run(restore.expect("the restore starts"))
        .1
        .expect("the restore succeeds");
    assert_eq!(summary.restored, 2);
    assert!(disk.snapshot("/licenses/backups").contains_key(BACKUP_FILE));
}

#[test]
fn an_unreadable_file_is_kept_and_reported() {
    for error in [FsError::AccessDenied, FsError::Busy] {
        for options in [KEEP, OVERWRITE] {
            let disk = backed_up(&["a", "b"]);
            disk.write("/licenses/b", allowed("c"));
            disk.fail(error, |call| {
                call.operation == "open_file" && call.name == "b"
            });
            let (summary, conflicts) = restored(&disk, options.clone());
            assert_eq!((summary.restored, conflicts), (1, vec!["b".to_owned()]));
            assert_eq!(disk.read("/licenses/b"), Some(allowed("c")));
        }
    }
}
