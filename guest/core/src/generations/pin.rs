//! Pins: a pinned backup is not removed by any retention policy.

use crate::directory::FsError;
use crate::{Directory, File};

/// The end of the name of a pin, after the name of the backup.
const SUFFIX: &str = ".pin";

/// The content of a pin, for people. Only the name counts.
const CONTENT: &[u8] = b"This backup is pinned: license-backup does not remove it.\n";

/// Returns the name of the backup that a file of this name pins, or `None` if it is not a pin.
pub(super) fn pinned(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX)
}

/// Returns the name of the pin of a backup.
fn pin_name(backup: &str) -> String {
    format!("{backup}{SUFFIX}")
}

/// Returns `true` if a backup has a pin, of any kind and content.
pub(crate) fn is_pinned<D: Directory>(directory: &D, backup: &str) -> bool {
    directory.metadata(&pin_name(backup)).is_ok()
}

/// Removes the pin of a backup. The caller makes that durable.
pub(crate) fn unpin<D: Directory>(directory: &D, backup: &str) -> Result<(), FsError> {
    directory.unlink(&pin_name(backup))
}

/// Pins a backup. The caller makes the name durable.
pub(crate) fn pin<D: Directory>(directory: &D, backup: &str) -> Result<(), FsError> {
    let name = pin_name(backup);
    let pinned = directory.create_file(&name).and_then(|file| {
        file.write_all_at(CONTENT, 0)?;
        file.sync()
    });
    match pinned {
        // Another run has pinned it, and may not have synced the pin yet. Where a file gets its
        // name when it is synced, that is noticed then.
        Err(FsError::Exist) => directory.sync_file(&name),
        pinned => pinned,
    }
}
