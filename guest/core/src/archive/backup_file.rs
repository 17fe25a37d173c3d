//! The backup file of a backup directory: opening it to be read, and telling what is wrong with it.

use super::ArchiveFault;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::{Directory, EntryKind, ErrorCode, Failure, Metadata};

/// Opens the backup in `directory`, which the caller knows as `path`.
pub(crate) fn open<D: Directory>(directory: &D, path: &str) -> Result<D::File, Failure> {
    // A FIFO of that name would hang whoever opens it.
    match directory.metadata(BACKUP_FILE) {
        Ok(Metadata {
            kind: EntryKind::File,
            ..
        }) => {}
        Ok(_) => return Err(corrupt(path, "it is no regular file")),
        Err(FsError::NoEntry) => {
            let message = format!(
                "there is no backup ({BACKUP_FILE}) in {path}: give the directory that has one"
            );
            return Err(Failure::at(ErrorCode::PathNotFound, path, message));
        }
        Err(error) => return Err(refused(path, error)),
    }
    directory
        .open_file(BACKUP_FILE)
        .map_err(|error| refused(path, error))
}

/// What to tell of a backup that cannot be read.
pub(crate) fn failure(path: &str, fault: &ArchiveFault) -> Failure {
    match fault {
        ArchiveFault::Refused(error) => refused(path, *error),
        ArchiveFault::Corrupt(fault) => corrupt(path, fault),
    }
}

/// What to tell of a backup that is not as it should be.
pub(crate) fn corrupt(path: &str, fault: &str) -> Failure {
    let message =
        format!("the backup ({BACKUP_FILE}) in {path} is corrupt: {fault}; use another backup");
    Failure::at(ErrorCode::BackupCorrupt, path, message)
}

/// What to tell of a backup that the file system does not let us read.
pub(crate) fn refused(path: &str, error: FsError) -> Failure {
    let message = format!("the backup ({BACKUP_FILE}) in {path} cannot be read: {error}");
    Failure::at(error.code(), path, message)
}
