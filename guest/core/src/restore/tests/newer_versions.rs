//! Restores to stores that have another version of a license.

use super::*;
use crate::directory::FsError;

/// Returns a version of the license `id`.
fn version(id: &str, dates: &str) -> Vec<u8> {
    format!(
        r#"{{"id":"{id}","issued":"2024-01-01T00:00:00Z",{dates}"provider":"https://example.com","encryption":{{}},"links":[],"signature":{{}}}}"#
    )
    .into_bytes()
}

fn updated(id: &str, date: &str) -> Vec<u8> {
    version(id, &format!(r#""updated":"{date}","#))
}

/// Creates a disk with a backup of `backed_up`, and `own` in the store under the same name.
fn disk_with(backed_up: Vec<u8>, own: Vec<u8>) -> Disk {
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of([("a", backed_up), ("b", allowed("b"))]),
    );
    disk.write("/licenses/a", own);
    disk.sync_all();
    disk
}

#[test]
fn a_renewed_license_is_kept_and_reported_also_with_overwrite() {
    let older = version("1", "");
    for own in [
        updated("1", "2024-06-01T00:00:00Z"),
        updated("1", "2024-01-01T00:30:00-01:00"),
        updated("1", "in summer"), // it may be newer
    ] {
        for options in [KEEP, OVERWRITE, DRY_OVERWRITE] {
            let disk = disk_with(older.clone(), own.clone());
            let (events, result) = restore(&disk, options.clone());
            assert_eq!(
                result.expect("the restore succeeds").conflicts,
                1,
                "{options:?}"
            );
            assert_eq!(reported(&events, ErrorCode::FileExists), ["a"]);
            let is_named = |event: &BackupRestoreStatus| matches!(event, BackupRestoreStatus::Error(failure) if failure.message.contains("a version of the same license that is newer"));
            assert!(events.iter().any(is_named), "{events:?}");
            assert_eq!(disk.read("/licenses/a"), Some(own.clone()), "{options:?}");
        }
    }
}

#[test]
fn overwrite_replaces_any_other_license() {
    let own = updated("1", "2024-06-01T00:00:00Z");
    for backed_up in [
        updated("1", "2024-07-01T00:00:00Z"),
        updated("1", "2024-06-01T01:00:00+01:00"), // at the same time
        version("2", ""),
    ] {
        let disk = disk_with(backed_up.clone(), own.clone());
        assert_eq!(restored(&disk, OVERWRITE).1, Vec::<String>::new());
        assert_eq!(disk.read("/licenses/a"), Some(backed_up));
    }
    for own in [
        b"notes".to_vec(),
        version("1", r#""x":"#),
        vec![b'{'; (1 << 20) + 1],
    ] {
        let disk = disk_with(version("1", ""), own);
        assert_eq!(restored(&disk, OVERWRITE).1, Vec::<String>::new());
        assert_eq!(disk.read("/licenses/a"), Some(version("1", "")));
    }
}

#[test]
fn a_license_renewed_during_the_restore_is_kept() {
    let disk = disk_with(updated("1", "2024-02-01T00:00:00Z"), version("1", ""));
    let renewed = updated("1", "2024-06-01T00:00:00Z");
    let (inner, content) = (disk.clone(), renewed.clone());
    disk.on_call(move |call| {
        if call.operation == "sync_file" {
            inner.overwrite("/licenses/a", content.clone());
        }
        Ok(())
    });
    assert_eq!(restored(&disk, OVERWRITE).1, ["a"]);
    assert_eq!(disk.read("/licenses/a"), Some(renewed));
    assert_eq!(disk.read("/licenses/b"), Some(allowed("b")));
}

#[test]
fn an_unreadable_file_may_be_a_renewed_license_and_is_kept() {
    for error in [FsError::AccessDenied, FsError::Other("io"), FsError::Busy] {
        let disk = disk_with(version("1", ""), b"unreadable".to_vec());
        disk.fail(error, |call| {
            call.operation == "open_file" && call.name == "a"
        });
        assert_eq!(restored(&disk, OVERWRITE).1, ["a"], "{error}");
        disk.clear_faults();
        assert_eq!(disk.read("/licenses/a"), Some(b"unreadable".to_vec()));
        assert_eq!(
            disk.read("/licenses/b"),
            Some(allowed("b")),
            "the rest is restored"
        );
    }
}

#[test]
fn the_license_of_a_publication_is_restored_beside_it() {
    use crate::publication::samples::{Container, Entry, LICENSE, META_INF};

    let book = Container::epub(Entry::deflated(META_INF, LICENSE), 20_000).bytes();
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of([("x/book.epub", book.clone())]),
    );
    disk.write("/licenses/x/book.epub", book.clone());
    disk.sync_all();
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!((summary.restored, conflicts), (1, vec![]));
    assert_eq!(
        disk.read("/licenses/x/book.epub.lcpl"),
        Some(LICENSE.into())
    );
    assert_eq!(disk.read("/licenses/x/book.epub"), Some(book));
}
