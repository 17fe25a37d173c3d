//! The backup directory, and the commit that makes a temporary file in it the backup.
//!
//! Whatever happens before the commit, an earlier backup is not touched. The commit is one rename, which replaces it, or
//! one hard link, which fails if there is one.

use super::BackupOptions;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::temporary::{Temporary, link_or_rename, sync_names, unlink};
use crate::{Directory, EntryKind, ErrorCode, Failure};

/// An opened backup directory, and the path under which its caller knows it.
pub(super) struct Destination<D> {
    directory: D,
    path: String,
    overwrite: bool,
}

impl<D: Directory> Destination<D> {
    /// Takes an opened directory, if a backup can be put there.
    pub(super) fn new(
        directory: D,
        path: String,
        BackupOptions { overwrite }: BackupOptions,
    ) -> Result<Self, Failure> {
        let destination = Self {
            directory,
            path,
            overwrite,
        };
        match destination.directory.metadata(BACKUP_FILE) {
            Err(FsError::NoEntry) => Ok(destination),
            Err(error) => Err(destination.failure("looking for an earlier backup", error)),
            Ok(earlier) if earlier.kind == EntryKind::Directory => Err(Failure::at(
                ErrorCode::InvalidArgument,
                &destination.path,
                format!(
                    "{BACKUP_FILE} in {} is a directory: move it away, or back up into another directory",
                    destination.path
                ),
            )),
            Ok(_) if !overwrite => Err(destination.exists()),
            Ok(_) => Ok(destination),
        }
    }

    pub(super) fn directory(&self) -> &D {
        &self.directory
    }

    /// Creates the temporary file of this run, and removes those that killed runs have left behind.
    pub(super) fn create_temporary(&self) -> Result<Temporary<D::File>, Failure> {
        let created = Temporary::create(&self.directory, 0);
        let temporary =
            created.map_err(|error| self.failure("creating a temporary file", error))?;
        temporary.remove_stale(&self.directory);
        Ok(temporary)
    }

    /// Makes a temporary file, which is durable by now, the backup.
    ///
    /// An error before the commit point leaves the directory as it was; one after it says that the backup is in place.
    pub(super) fn commit(&self, temporary: &Temporary<D::File>) -> Result<(), Failure> {
        let linked = self
            .link_or_rename(temporary)
            .map_err(|failure| self.discard(temporary, failure))?;
        let unlinked = if linked {
            unlink(&self.directory, &temporary.name())
        } else {
            Ok(())
        };
        sync_names(&self.directory)
            .map_err(|error| self.after_commit("making it durable", error))?;
        unlinked.map_err(|error| self.after_commit("removing its temporary name", error))
    }

    /// The commit point. Gives whether the temporary name may still be there.
    fn link_or_rename(&self, temporary: &Temporary<D::File>) -> Result<bool, Failure> {
        let in_place = temporary.is_in_place(&self.directory);
        if !in_place.map_err(|error| self.failure("looking at the temporary file", error))? {
            return Err(self.failure("finding the temporary file", FsError::NoEntry));
        }
        let moved = if self.overwrite {
            self.directory
                .rename(&temporary.name(), BACKUP_FILE)
                .map(|()| false)
        } else {
            link_or_rename(&self.directory, &temporary.name(), BACKUP_FILE)
        };
        moved.or_else(|error| match error {
            // A server can have done it, and its answer be lost; asked again, it says that the name is taken.
            _ if self.directory.is_name_of(BACKUP_FILE, &temporary.file) == Ok(true) => Ok(true),
            FsError::Exist if !self.overwrite => Err(self.exists()),
            error => Err(self.failure("putting the backup in place", error)),
        })
    }

    /// Removes a temporary file because of `failure`, which is told, together with a failure to do so.
    pub(super) fn discard(&self, temporary: &Temporary<D::File>, failure: Failure) -> Failure {
        match temporary.remove(&self.directory) {
            Ok(()) => failure,
            Err(error) => {
                let Failure {
                    code,
                    message,
                    path,
                } = failure;
                let message = format!(
                    "{message}; but the temporary file {} in {} could not be removed ({error}): remove it by hand",
                    temporary.name(),
                    self.path
                );
                Failure {
                    path,
                    ..Failure::new(code, message)
                }
            }
        }
    }

    /// What to tell of an error in the backup directory before the commit.
    pub(super) fn failure(&self, doing: &str, error: FsError) -> Failure {
        let advice = match error.code() {
            ErrorCode::AccessDenied => "make the directory writable, or back up into another one",
            ErrorCode::DiskFull => "free some space, or back up into another directory",
            ErrorCode::Io if error == FsError::Exist => {
                "remove the files .license-backup-*.tmp that no running backup uses"
            }
            ErrorCode::PathNotFound => "make sure that the directory is there, and back up again",
            _ => "see that the disk is in order, and back up again",
        };
        let message = format!(
            "{doing} in {} failed: {error}; no backup was made: {advice}",
            self.path
        );
        Failure::at(error.code(), &self.path, message)
    }

    fn exists(&self) -> Failure {
        let message = format!(
            "there is a {BACKUP_FILE} in {} already, and it was not touched: back up into another directory, or ask for overwriting",
            self.path
        );
        Failure::at(ErrorCode::BackupExists, &self.path, message)
    }

    fn after_commit(&self, doing: &str, error: FsError) -> Failure {
        let message = format!(
            "the backup in {} is in place but perhaps not durable: {doing} failed: {error}; back up again to be sure",
            self.path
        );
        Failure::at(error.code(), &self.path, message)
    }
}
