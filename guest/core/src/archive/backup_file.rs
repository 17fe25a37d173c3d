//! The backup file of a backup directory: finds it, opens it for reading, and reports why it cannot
//! be read.

use super::error::ArchiveError;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::generations::{GenerationFile, generation_time, history};
use crate::{Directory, EntryKind, ErrorCode, Failure, Metadata};

/// The location of a backup file, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BackupLocation {
    /// The path of the backup directory, as the caller knows it.
    pub(crate) directory: String,
    /// The name of the file.
    pub(crate) name: String,
}

/// Opens the backup file of this name in `directory`, which the caller knows as `path`; without a
/// name, the newest one.
pub(crate) fn open<D: Directory>(
    directory: &D,
    path: &str,
    name: Option<&str>,
) -> Result<(D::File, BackupLocation), Failure> {
    let name = match name {
        Some(name) if is_backup_name(name) => name.to_owned(),
        Some(name) => return Err(not_a_backup_name(path, name)),
        None => newest(directory, path)?,
    };
    let location = BackupLocation {
        directory: path.to_owned(),
        name,
    };
    // Opening a FIFO would block until another process opens it for writing.
    match directory.metadata(&location.name) {
        Ok(Metadata {
            kind: EntryKind::File,
            ..
        }) => {}
        Ok(_) => return Err(location.corrupt("not a regular file")),
        Err(FsError::NoEntry) => {
            let message = format!(
                "there is no backup ({}) in {path}; use the directory that contains a backup",
                location.name
            );
            return Err(Failure::at(ErrorCode::PathNotFound, path, message));
        }
        Err(error) => return Err(location.unreadable(error)),
    }
    let file = directory
        .open_file(&location.name)
        .map_err(|error| location.unreadable(error))?;
    Ok((file, location))
}

/// Returns the name of the newest backup in a directory, or `licenses.zip` if there is none.
fn newest<D: Directory>(directory: &D, path: &str) -> Result<String, Failure> {
    Ok(backups(directory, path)?
        .pop()
        .map_or_else(|| BACKUP_FILE.to_owned(), |newest| newest.name))
}

/// Returns the name of the newest backup in a directory that is older than the one called `name`.
pub(crate) fn earlier_than<D: Directory>(
    directory: &D,
    path: &str,
    name: &str,
) -> Result<String, Failure> {
    let backups = backups(directory, path)?;
    let position = backups.iter().position(|other| other.name == name);
    let earlier = position
        .and_then(|position| position.checked_sub(1))
        .and_then(|earlier| backups.into_iter().nth(earlier));
    earlier.map(|earlier| earlier.name).ok_or_else(|| {
        let message = format!(
            "there is no earlier backup than {name} in {path}; name the backup to compare it with, \
             or compare it with the license store"
        );
        Failure::at(ErrorCode::PathNotFound, path, message)
    })
}

/// Returns the backups of a directory, which the caller knows as `path`, the oldest first.
pub(crate) fn backups<D: Directory>(
    directory: &D,
    path: &str,
) -> Result<Vec<GenerationFile>, Failure> {
    history(directory).map_err(|error| {
        let message = format!("cannot list the backups in {path}: {error}");
        Failure::at(error.code(), path, message)
    })
}

/// Returns `true` if a file of this name can be a backup.
pub(crate) fn is_backup_name(name: &str) -> bool {
    name == BACKUP_FILE || generation_time(name).is_some()
}

/// Returns the failure that reports a name which no backup has.
pub(crate) fn not_a_backup_name(path: &str, name: &str) -> Failure {
    let message = format!(
        "{name} is not the name of a backup; use {BACKUP_FILE}, or a name such as \
         licenses-20261125T224500Z.zip"
    );
    Failure::at(ErrorCode::InvalidArgument, path, message)
}

impl BackupLocation {
    /// Returns the failure that reports `error`.
    pub(crate) fn failure(&self, error: &ArchiveError) -> Failure {
        match error {
            ArchiveError::Io(error) => self.unreadable(*error),
            ArchiveError::Corrupt(cause) => self.corrupt(cause),
        }
    }

    /// Returns the failure that reports a corrupt backup.
    pub(crate) fn corrupt(&self, cause: &str) -> Failure {
        let Self { directory, name } = self;
        let message =
            format!("the backup ({name}) in {directory} is corrupt: {cause}; use another backup");
        Failure::at(ErrorCode::BackupCorrupt, directory, message)
    }

    /// Returns the failure that reports that a filter includes nothing of the backup.
    pub(crate) fn nothing_matches(&self, what: &str) -> Failure {
        let Self { directory, name } = self;
        let message = format!(
            "no {what} in the backup ({name}) in {directory} matches; \
             use list without a filter to see all"
        );
        Failure::at(ErrorCode::PathNotFound, directory, message)
    }

    /// Returns the failure that reports an error of the file system.
    pub(crate) fn unreadable(&self, error: FsError) -> Failure {
        if error == FsError::Damaged {
            return self.corrupt(&error.to_string());
        }
        let Self { directory, name } = self;
        let message = format!("cannot read the backup ({name}) in {directory}: {error}");
        Failure::at(error.code(), directory, message)
    }
}
