//! The commit: what a backup replaces, when it is told, and what is durable by then.

use super::*;

#[test]
fn without_overwrite_an_earlier_backup_is_not_touched() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    let before = disk.snapshot("/backup");
    assert_eq!(
        back_up(&disk, false).expect_err("there is a backup").code,
        ErrorCode::BackupExists
    );
    assert_eq!(disk.snapshot("/backup"), before);
}

#[test]
fn without_overwrite_a_backup_that_appears_meanwhile_wins() {
    for has_links in [true, false] {
        let disk = mixed();
        let backup = start(&disk, false).expect("the backup starts");
        let inner = disk.clone();
        disk.on_call(move |call| match call.operation {
            "sync_file" => {
                inner.write("/backup/licenses.zip", EARLIER);
                Ok(())
            }
            "hard_link" if !has_links => Err(FsError::NotPermitted),
            _ => Ok(()),
        });
        let failure = run(backup).1.expect_err("another backup was first");
        assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
        assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
        only_backup_is_left(&disk);
    }
}

#[test]
fn a_commit_that_is_done_and_answered_with_an_error_is_told_as_done() {
    for (overwrite, operation, errors) in [
        (true, "rename", [FsError::Other("io"), FsError::NoEntry]),
        (false, "hard_link", [FsError::Other("io"), FsError::Exist]),
    ] {
        for error in errors {
            let disk = mixed();
            let inner = disk.directory("/backup");
            disk.on_call(move |call| {
                if call.operation != operation {
                    return Ok(());
                }
                let temporary = ".license-backup-0.tmp";
                let done = if overwrite {
                    Directory::rename
                } else {
                    Directory::hard_link
                };
                done(&inner, temporary, BACKUP_FILE).expect("the disk does it");
                Err(error)
            });
            back_up(&disk, overwrite)
                .unwrap_or_else(|failure| panic!("{operation} {error:?}: {failure}"));
            disk.clear_faults();
            assert_eq!(entries(&disk).len(), 12);
            only_backup_is_left(&disk);
        }
    }
}

#[test]
fn overwrite_replaces_an_earlier_backup() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    back_up(&disk, true).expect("the backup succeeds");
    assert_eq!(entries(&disk).len(), 12);
    only_backup_is_left(&disk);
}

#[test]
fn a_file_system_without_hard_links_will_do() {
    for error in [FsError::NotPermitted, FsError::Unsupported] {
        let disk = mixed();
        disk.fail(error, |call| call.operation == "hard_link");
        back_up(&disk, false).expect("the backup succeeds");
        only_backup_is_left(&disk);
    }
}

#[test]
fn without_hard_links_a_look_that_fails_is_no_leave_to_replace_a_backup() {
    let disk = mixed();
    let backup = start(&disk, false).expect("the backup starts");
    disk.write("/backup/licenses.zip", EARLIER);
    disk.on_call(|call| match call.operation {
        "hard_link" => Err(FsError::NotPermitted),
        "metadata" => Err(FsError::Other("io")),
        _ => Ok(()),
    });
    assert_eq!(
        run(backup)
            .1
            .expect_err("it is not known whether there is a backup")
            .code,
        ErrorCode::Io
    );
    assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
}

#[test]
fn success_is_told_after_the_file_the_name_and_the_directory_are_durable() {
    for (overwrite, commit) in [(false, "hard_link"), (true, "rename")] {
        let disk = mixed();
        disk.take_calls();
        back_up(&disk, overwrite).expect("the backup succeeds");
        let calls = disk.take_calls();
        let last = |operation| {
            calls
                .iter()
                .rposition(|call: &Call| call.operation == operation)
        };
        let order = [
            last("write"),
            last("sync_file"),
            last(commit),
            last("sync_directory"),
        ];
        assert!(
            order.is_sorted() && order[0].is_some(),
            "{order:?}: {calls:?}"
        );
        assert!(
            last("create_file") < last("write"),
            "the temporary file is created first"
        );
    }
}

#[test]
fn a_backup_that_was_told_survives_a_power_cut() {
    for overwrite in [false, true] {
        let disk = mixed();
        back_up(&disk, overwrite).expect("the backup succeeds");
        disk.lose_power(Surviving::Nothing);
        assert_eq!(entries(&disk).len(), 12);
        only_backup_is_left(&disk);
    }
}

#[test]
fn a_host_that_cannot_sync_a_directory_will_do() {
    for error in [FsError::Unsupported, FsError::Invalid] {
        let disk = mixed();
        disk.fail(error, |call| call.operation == "sync_directory");
        back_up(&disk, false).expect("the backup succeeds");
    }
}

#[test]
fn a_directory_that_fails_to_sync_is_told_with_the_backup_in_place() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "sync_directory"
    });
    let failure = back_up(&disk, false).expect_err("the directory is not durable");
    assert_eq!(failure.code, ErrorCode::Io);
    assert!(
        failure.message.contains("in place but perhaps not durable"),
        "{failure}"
    );
    assert_eq!(entries(&disk).len(), 12);
    only_backup_is_left(&disk);
}

#[test]
fn cancelled_at_any_step_a_backup_leaves_the_directory_as_it_was() {
    let mut steps = 0;
    loop {
        let disk = mixed();
        disk.write("/backup/licenses.zip", EARLIER);
        let before = disk.snapshot("/backup");
        let mut backup = start(&disk, true).expect("the backup starts");
        for _ in 0..steps {
            match backup.step(&mut Vec::new()) {
                ControlFlow::Continue(next) => backup = next,
                ControlFlow::Break(outcome) => {
                    outcome.expect("the backup succeeds");
                    assert!(steps > 5, "a backup has more than {steps} steps");
                    return;
                }
            }
        }
        assert_eq!(cancel(backup).code, ErrorCode::Cancelled);
        assert_eq!(disk.snapshot("/backup"), before, "after {steps} steps");
        steps += 1;
    }
}
