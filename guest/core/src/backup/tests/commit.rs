//! The commit: what a backup replaces, and what is durable when it succeeds.

use super::*;

#[test]
fn without_overwrite_an_earlier_backup_is_not_modified() {
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
fn without_overwrite_a_backup_that_appears_is_not_replaced() {
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
        let failure = run(backup).1.expect_err("another backup appears first");
        assert_eq!(failure.code, ErrorCode::BackupExists, "{failure}");
        assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
        assert_only_the_backup_remains(&disk);
    }
}

#[test]
fn a_commit_that_succeeds_with_an_error_response_succeeds() {
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
                done(&inner, temporary, BACKUP_FILE).expect("the disk performs the call");
                Err(error)
            });
            back_up(&disk, overwrite)
                .unwrap_or_else(|failure| panic!("{operation} {error:?}: {failure}"));
            disk.clear_faults();
            assert_eq!(entries(&disk).len(), 12);
            assert_only_the_backup_remains(&disk);
        }
    }
}

#[test]
fn overwrite_replaces_an_earlier_backup() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    back_up(&disk, true).expect("the backup succeeds");
    assert_eq!(entries(&disk).len(), 12);
    assert_only_the_backup_remains(&disk);
}

#[test]
fn a_file_system_that_renames_no_open_file_suffices() {
    for has_links in [true, false] {
        let disk = mixed();
        disk.keep_names_of_open_files();
        if !has_links {
            disk.fail(FsError::NotPermitted, |call| call.operation == "hard_link");
        }
        back_up(&disk, false).expect("the first backup succeeds");
        disk.write("/licenses/new", allowed("new"));
        back_up(&disk, true).expect("the second backup succeeds");
        assert_eq!(entries(&disk).len(), 13);
        assert_only_the_backup_remains(&disk);
    }
}

#[test]
fn a_file_system_without_hard_links_suffices() {
    for error in [FsError::NotPermitted, FsError::Unsupported] {
        let disk = mixed();
        disk.fail(error, |call| call.operation == "hard_link");
        back_up(&disk, false).expect("the backup succeeds");
        assert_only_the_backup_remains(&disk);
    }
}

#[test]
fn without_hard_links_a_failed_lookup_replaces_no_backup() {
    let disk = mixed();
    let backup = start(&disk, false).expect("the backup starts");
    disk.write("/backup/licenses.zip", EARLIER);
    disk.on_call(|call| match call.operation {
        "hard_link" => Err(FsError::NotPermitted),
        "metadata" => Err(FsError::Other("io")),
        _ => Ok(()),
    });
    assert_eq!(
        run(backup).1.expect_err("a backup may exist").code,
        ErrorCode::Io
    );
    assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
}

#[test]
fn a_backup_succeeds_after_file_and_directory_are_synced() {
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
fn a_successful_backup_survives_a_power_loss() {
    for overwrite in [false, true] {
        let disk = mixed();
        back_up(&disk, overwrite).expect("the backup succeeds");
        disk.lose_power(Surviving::Nothing);
        assert_eq!(entries(&disk).len(), 12);
        assert_only_the_backup_remains(&disk);
    }
}

#[test]
fn a_host_that_cannot_sync_directories_suffices() {
    for error in [FsError::Unsupported, FsError::Invalid] {
        let disk = mixed();
        disk.fail(error, |call| call.operation == "sync_directory");
        back_up(&disk, false).expect("the backup succeeds");
    }
}

#[test]
fn a_backup_reports_a_failed_directory_sync() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "sync_directory"
    });
    let failure = back_up(&disk, false).expect_err("the directory is not durable");
    assert_eq!(failure.code, ErrorCode::Io);
    assert!(
        failure.message.contains("in place but may not be durable"),
        "{failure}"
    );
    assert_eq!(entries(&disk).len(), 12);
    assert_only_the_backup_remains(&disk);
}

#[test]
fn a_backup_cancelled_at_any_step_leaves_the_directory_as_is() {
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
