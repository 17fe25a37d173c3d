//! Backups that fail: refused arguments, and errors of the destination or of the store.

use super::*;

#[test]
fn the_store_itself_cannot_be_the_backup_directory() {
    let disk = mixed();
    let store = disk.directory("/licenses");
    let failure = Backup::start(
        store.clone(),
        store,
        "/backup",
        BackupOptions {
            overwrite: true,
            ..BackupOptions::default()
        },
    )
    .err()
    .expect("it is the store");
    assert_eq!(failure.code, ErrorCode::InvalidArgument);
}

#[test]
fn a_directory_with_the_name_of_a_backup_is_refused() {
    for overwrite in [false, true] {
        let disk = mixed();
        disk.directory("/backup/licenses.zip");
        assert_eq!(
            start(&disk, overwrite)
                .err()
                .expect("it is a directory")
                .code,
            ErrorCode::InvalidArgument
        );
    }
}

#[test]
fn a_store_that_cannot_be_listed_changes_nothing() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    let before = disk.snapshot("/backup");
    disk.fail(FsError::AccessDenied, |call| call.operation == "entries");
    assert_eq!(
        back_up(&disk, true).expect_err("the store is closed").code,
        ErrorCode::AccessDenied
    );
    assert_eq!(disk.snapshot("/backup"), before);
}

#[test]
fn a_license_that_disappears_keeps_the_earlier_backup() {
    let disk = mixed();
    disk.write("/backup/licenses.zip", EARLIER);
    let inner = disk.directory("/licenses/a");
    disk.on_call(move |call| {
        if call.operation == "open_file" && call.name == "-dash" {
            inner.unlink("b").expect("it is there");
        }
        Ok(())
    });
    let failure = back_up(&disk, true).expect_err("a license is lost");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::PathNotFound, Some("a/b")),
        "{failure}"
    );
    assert_eq!(disk.read("/backup/licenses.zip").as_deref(), Some(EARLIER));
    assert_only_the_backup_remains(&disk);
}

#[test]
fn a_license_that_is_missing_briefly_is_backed_up() {
    let disk = mixed();
    let mut is_first = true;
    disk.on_call(move |call| {
        let is_missing =
            call.operation == "open_file" && call.name == "-dash" && std::mem::take(&mut is_first);
        if is_missing {
            Err(FsError::NoEntry)
        } else {
            Ok(())
        }
    });
    assert_eq!(
        back_up(&disk, false)
            .expect("it exists at the next try")
            .licenses,
        10
    );
}

#[test]
fn a_file_that_cannot_be_synced_does_not_become_the_backup() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| call.operation == "sync_file");
    assert_eq!(
        back_up(&disk, false).expect_err("the disk is broken").code,
        ErrorCode::Io
    );
    assert!(disk.snapshot("/backup").is_empty(), "a file remains");
}

#[test]
fn a_destination_error_is_not_reported_for_a_license() {
    let disk = mixed();
    // More bytes than the buffer of the writer, so that it writes while a license is being copied.
    for number in 0..5 {
        disk.write(
            &format!("/licenses/large-{number}"),
            [allowed("large"), vec![b'\n'; 80_000]].concat(),
        );
    }
    disk.fail(FsError::NoSpace, |call| call.operation == "write");
    let (events, outcome) = run(start(&disk, false).expect("the backup starts"));
    let failure = outcome.expect_err("the disk is full");
    assert_eq!(
        (failure.code, failure.path.as_deref()),
        (ErrorCode::DiskFull, Some("/backup"))
    );
    let unexpected = events.iter().find(
        |event| matches!(event, BackupRestoreStatus::Error(failure) if failure.code == ErrorCode::DiskFull),
    );
    assert_eq!(unexpected, None);
    assert!(
        disk.snapshot("/backup").is_empty(),
        "a temporary file remains"
    );
}

#[test]
fn a_destination_that_writes_no_bytes_is_reported() {
    let disk = mixed();
    disk.limit_writes(0);
    assert_eq!(
        back_up(&disk, false).expect_err("nothing is written").code,
        ErrorCode::Io
    );
}
