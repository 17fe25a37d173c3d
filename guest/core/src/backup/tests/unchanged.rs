//! Backups of stores that have not changed, or have changed a little, since the earlier backup.

use super::*;

/// Returns a disk with a backup of its store.
fn backed_up() -> Disk {
    let disk = mixed();
    back_up(&disk, false).expect("there is no earlier backup");
    disk.sync_all();
    disk.take_calls();
    disk
}

#[test]
fn an_unchanged_store_keeps_the_file_and_writes_nothing() {
    let disk = backed_up();
    let before = disk.snapshot("/backup");
    let first = BackupSummary {
        unchanged: true,
        ..back_up(&mixed(), false).expect("the same store is backed up")
    };
    assert_eq!(back_up(&disk, true), Ok(first));
    assert_eq!(disk.snapshot("/backup"), before);
    let written = disk
        .take_calls()
        .into_iter()
        .filter(|call| matches!(call.operation, "write" | "rename" | "hard_link"));
    assert_eq!(written.count(), 0);
}

#[test]
fn a_changed_store_is_written_as_into_an_empty_directory() {
    let changes: [fn(&Disk); 5] = [
        |disk| disk.write("/licenses/-dash", allowed("changed")),
        |disk| disk.write("/licenses/with\nline", allowed("changed")),
        |disk| disk.write("/licenses/z", allowed("z")),
        |disk| disk.write("/licenses/z.txt", "another skipped file"),
        |disk| {
            disk.directory("/licenses/deep")
                .unlink("broken")
                .expect("the file exists");
        },
    ];
    for change in changes {
        let (disk, empty) = (backed_up(), mixed());
        change(&disk);
        change(&empty);
        let summary = back_up(&disk, true).expect("the store has changed");
        assert!(!summary.unchanged);
        assert_eq!(back_up(&empty, false), Ok(summary));
        assert_eq!(
            disk.read("/backup/licenses.zip"),
            empty.read("/backup/licenses.zip")
        );
    }
}

#[test]
fn an_earlier_backup_with_more_or_fewer_bytes_is_replaced() {
    let whole = backed_up()
        .read("/backup/licenses.zip")
        .expect("there is a backup");
    let longer = [&whole[..], b"\0"].concat();
    for earlier in [&longer, &whole[..whole.len() - 1], &whole[..2000], b""] {
        let disk = backed_up();
        disk.write("/backup/licenses.zip", earlier);
        let summary = back_up(&disk, true).expect("the earlier backup is damaged");
        assert!(!summary.unchanged);
        assert_eq!(disk.read("/backup/licenses.zip").as_ref(), Some(&whole));
    }
}

#[test]
fn an_earlier_backup_that_changes_while_it_is_copied_is_not_copied() {
    let disk = backed_up();
    disk.write("/licenses/z", allowed("z"));
    disk.limit_reads(1 << 10);
    let earlier = disk
        .directory("/backup")
        .open_file(BACKUP_FILE)
        .expect("there is a backup");
    let (inner, mut has_changed) = (disk.clone(), false);
    disk.on_call(move |call| {
        if call.operation == "write" && !has_changed {
            has_changed = true;
            inner.advance_clock(1);
            earlier
                .write(b"changed", 1 << 10)
                .expect("the disk has space");
        }
        Ok(())
    });
    let failure = back_up(&disk, true).expect_err("the earlier backup changes");
    assert_eq!(failure.code, ErrorCode::Io, "{failure}");
    assert!(failure.message.contains("has changed"), "{failure}");
    assert_only_the_backup_remains(&disk);
}

#[test]
fn an_earlier_backup_that_cannot_be_synced_is_written_again() {
    let disk = backed_up();
    disk.fail(FsError::AccessDenied, |call| {
        call.operation == "sync_file" && call.name == BACKUP_FILE
    });
    let summary = back_up(&disk, true).expect("the backup is written again");
    assert!(!summary.unchanged);
    assert_only_the_backup_remains(&disk);
}

#[test]
fn an_unchanged_backup_is_durable_although_the_earlier_run_failed() {
    let disk = mixed();
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "sync_directory"
    });
    back_up(&disk, false).expect_err("the directory cannot be synced");
    disk.clear_faults();
    let summary = back_up(&disk, true).expect("the directory can be synced");
    assert!(summary.unchanged);
    disk.lose_power(Surviving::Nothing);
    assert_only_the_backup_remains(&disk);
}
