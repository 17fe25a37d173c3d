//! The backup file of a backup directory: opens it for reading, and reports why it cannot
//! be read.

use super::error::ArchiveError;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::{Directory, EntryKind, ErrorCode, Failure, Metadata};

/// Opens the backup file in `directory`, which the caller knows as `path`.
pub(crate) fn open<D: Directory>(directory: &D, path: &str) -> Result<D::File, Failure> {
    // Opening a FIFO would block until another process opens it for writing.
    match directory.metadata(BACKUP_FILE) {
        Ok(Metadata {
            kind: EntryKind::File,
            ..
        }) => {}
        Ok(_) => return Err(corrupt(path, "not a regular file")),
        Err(FsError::NoEntry) => {
            let message = format!(
                "there is no backup ({BACKUP_FILE}) in {path}; \
                 use the directory that contains a backup"
            );
            return Err(Failure::at(ErrorCode::PathNotFound, path, message));
        }
        Err(error) => return Err(unreadable(path, error)),
    }
    directory
        .open_file(BACKUP_FILE)
        .map_err(|error| unreadable(path, error))
}

/// Returns the failure that reports `error`.
pub(crate) fn failure(path: &str, error: &ArchiveError) -> Failure {
    match error {
        ArchiveError::Io(error) => unreadable(path, *error),
        ArchiveError::Corrupt(cause) => corrupt(path, cause),
    }
}

/// Returns the failure that reports a corrupt backup.
pub(crate) fn corrupt(path: &str, cause: &str) -> Failure {
    let message =
        format!("the backup ({BACKUP_FILE}) in {path} is corrupt: {cause}; use another backup");
    Failure::at(ErrorCode::BackupCorrupt, path, message)
}

/// Returns the failure that reports an error of the file system.
pub(crate) fn unreadable(path: &str, error: FsError) -> Failure {
    let message = format!("cannot read the backup ({BACKUP_FILE}) in {path}: {error}");
    Failure::at(error.code(), path, message)
}
