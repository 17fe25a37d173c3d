//! The target for the backup of a store and its restore.

use super::backups::{BACKUP, Files, back_up, disk_with, files_in_store, restore, verify};
use super::files::files;
use crate::entry_names::validate_path;
use crate::memory_fs::Disk;
use crate::{Verdict, evaluate};

/// Treats the input as the files in a store.
///
/// # Panics
///
/// If the restore does not restore exactly the licenses that may be backed up.
pub fn round_trip(input: &[u8]) {
    let disk = Disk::new();
    disk.directory("/licenses");
    for (path, content) in files(input)
        .into_iter()
        .filter(|(path, _)| can_be_in_a_store(path))
    {
        disk.write(&format!("/licenses/{path}"), content);
    }
    let store = disk.tree("/licenses");
    let files = store
        .iter()
        .filter_map(|(path, content)| Some((path.strip_prefix('/')?, content.as_ref()?)));
    let is_backed_up = |path: &str, content: &[u8]| {
        validate_path(path).is_ok() && evaluate(content).verdict == Verdict::Allowed
    };
    let expected: Files = files
        .filter(|(path, content)| is_backed_up(path, content))
        .map(|(path, content)| (path.to_owned(), content.clone()))
        .collect();

    let summary = back_up(&disk, false).expect("the disk fails no call");
    assert_eq!(
        disk.tree("/licenses"),
        store,
        "a backup does not change the store"
    );
    let licenses = expected.len() as u64;
    assert_eq!(summary.licenses, licenses);
    let backup = disk.read(BACKUP).expect("the backup exists");
    back_up(&disk, true).expect("the disk fails no call");
    assert!(
        disk.read(BACKUP).is_some_and(|again| again == backup),
        "another backup has the same bytes"
    );

    let disk = disk_with(&backup);
    let verified = verify(&disk).expect("the backup is undamaged");
    assert_eq!(
        (verified.licenses, verified.skipped),
        (licenses, summary.restricted + summary.errors)
    );
    let restored = restore(&disk).expect("a backup can be restored");
    assert_eq!(
        (restored.restored, restored.present, restored.conflicts),
        (licenses, 0, 0)
    );
    assert_eq!(files_in_store(&disk), expected);
    let again = restore(&disk).expect("a backup can be restored twice");
    assert_eq!(
        (again.restored, again.present, again.conflicts),
        (0, licenses, 0)
    );
}

/// Returns `true` if a file system can contain a file of this path.
fn can_be_in_a_store(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|name| !matches!(name, "" | "." | ".."))
}
