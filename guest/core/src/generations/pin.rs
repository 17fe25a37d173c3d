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

/// Pins a backup. The caller makes the name durable.
pub(crate) fn pin<D: Directory>(directory: &D, backup: &str) -> Result<(), FsError> {
    match directory.create_file(&format!("{backup}{SUFFIX}")) {
        Err(FsError::Exist) => Ok(()),
        created => {
            let file = created?;
            file.write_all_at(CONTENT, 0)?;
            file.sync()
        }
    }
}
