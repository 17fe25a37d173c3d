//! The backup directory, and the commit that makes a temporary file in it the backup.
//!
//! An earlier backup is not modified before the commit. The commit is one rename, which replaces an
//! earlier backup, or one hard link, which fails if there is one.

use std::rc::Rc;

use super::options::BackupOptions;
use super::shrink_guard::ShrinkGuard;
use crate::archive::{ArchiveError, ArchiveIndex, Output};
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::temporary::{Temporary, link_or_rename, sync_names, unlink};
use crate::{Directory, EntryKind, ErrorCode, Failure};

/// An opened backup directory.
pub(super) struct Destination<D> {
    directory: D,
    /// The caller's path of the directory.
    path: String,
    options: BackupOptions,
}

impl<D: Directory> Destination<D> {
    /// Creates a destination in an opened directory.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BackupExists`] if there is a backup that must not be replaced,
    /// [`ErrorCode::InvalidArgument`] if a directory has its name, the code of the error of the file
    /// system if it cannot be looked up.
    pub(super) fn new(directory: D, path: String, options: BackupOptions) -> Result<Self, Failure> {
        let destination = Self {
            directory,
            path,
            options,
        };
        match destination.directory.metadata(BACKUP_FILE) {
            Err(FsError::NoEntry) => Ok(destination),
            Err(error) => Err(destination.failure("look for an earlier backup", error)),
            Ok(earlier) if earlier.kind == EntryKind::Directory => Err(Failure::at(
                ErrorCode::InvalidArgument,
                &destination.path,
                format!(
                    "cannot back up into {}: {BACKUP_FILE} is a directory; move it away, or back up into \
                     another directory",
                    destination.path
                ),
            )),
            Ok(_) if !options.overwrite => Err(destination.exists()),
            Ok(_) => Ok(destination),
        }
    }

    /// Returns the opened directory.
    pub(super) fn directory(&self) -> &D {
        &self.directory
    }

    /// Creates the temporary file of this run, and removes the temporary files of runs that were
    /// killed.
    pub(super) fn create_temporary(&self) -> Result<Temporary<D::File>, Failure> {
        let created = Temporary::create(&self.directory, 0);
        let temporary = created.map_err(|error| self.failure("create a temporary file", error))?;
        temporary.remove_stale(&self.directory);
        Ok(temporary)
    }

    /// Returns the output to a temporary file, which is compared with the backup that the new one
    /// replaces, if that can be read.
    pub(super) fn output(&self, temporary: Rc<D::File>) -> Output<D::File> {
        match self.open_earlier() {
            Ok(Some(earlier)) => Output::compared_with(earlier, temporary),
            Ok(None) | Err(_) => Output::new(temporary),
        }
    }

    /// Opens the backup that the new one replaces, or returns `None` if there is none.
    fn open_earlier(&self) -> Result<Option<D::File>, ArchiveError> {
        if !self.options.overwrite {
            return Ok(None);
        }
        match self.directory.metadata(BACKUP_FILE) {
            Err(FsError::NoEntry) => Ok(None),
            Err(error) => Err(ArchiveError::Io(error)),
            // Opening a FIFO would block.
            Ok(earlier) if earlier.kind != EntryKind::File => {
                Err(ArchiveError::Corrupt("not a regular file".to_owned()))
            }
            Ok(_) => Ok(Some(self.directory.open_file(BACKUP_FILE)?)),
        }
    }

    /// Returns `true` if an open file is still the backup, and could be made durable: the run that
    /// wrote it may have failed to do so.
    pub(super) fn is_durable(&self, earlier: &D::File) -> bool {
        self.directory.is_name_of(BACKUP_FILE, earlier) == Ok(true)
            && self.directory.sync_file(BACKUP_FILE).is_ok()
    }

    /// Keeps the earlier backup, which is durable, and removes the temporary file.
    pub(super) fn keep(&self, temporary: &Temporary<D::File>) -> Result<(), Failure> {
        let removed = temporary.remove(&self.directory);
        sync_names(&self.directory)
            .map_err(|error| self.failure_after_commit("sync the directory", error))?;
        removed.map_err(|error| {
            let action = format!("remove the temporary file {}", temporary.name());
            self.failure_after_commit(&action, error)
        })
    }

    /// Returns the guard that compares the new backup with the one that it replaces, or `None` if
    /// there is nothing to compare.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Shrunk`] if the new backup has no license and the earlier one cannot be
    /// compared, the code of the error of the file system if the earlier one cannot be read.
    pub(super) fn shrink_guard(
        &self,
        licenses: &ArchiveIndex,
    ) -> Result<Option<ShrinkGuard<D::File>>, Failure> {
        if self.options.allow_shrink {
            return Ok(None);
        }
        let opened = self
            .open_earlier()
            .and_then(|earlier| earlier.map(ShrinkGuard::new).transpose());
        opened.or_else(|error| self.not_comparable(error, licenses).map(|()| None))
    }

    /// Compares some licenses. Returns `true` after the last one.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Shrunk`] if most licenses of the earlier backup are missing, the code of the
    /// error of the file system if the earlier one cannot be read.
    pub(super) fn compare(
        &self,
        guard: &mut ShrinkGuard<D::File>,
        licenses: &ArchiveIndex,
    ) -> Result<bool, Failure> {
        match guard.step(licenses) {
            Ok(None) => Ok(false),
            Ok(Some(comparison)) if comparison.is_shrunk() => {
                let (left, earlier) = (comparison.left, comparison.earlier);
                Err(self.shrunk(&format!("{left} of {earlier} licenses are left")))
            }
            Ok(Some(_)) => Ok(true),
            Err(error) => self.not_comparable(error, licenses).map(|()| true),
        }
    }

    /// Accepts that the earlier backup is damaged, so that the new one replaces it, unless that one
    /// has no license at all.
    fn not_comparable(&self, error: ArchiveError, licenses: &ArchiveIndex) -> Result<(), Failure> {
        match error {
            ArchiveError::Io(error) => Err(self.failure("read the earlier backup", error)),
            ArchiveError::Corrupt(_) if licenses.len() > 0 => Ok(()),
            ArchiveError::Corrupt(_) => Err(self.shrunk("no license is left")),
        }
    }

    fn shrunk(&self, cause: &str) -> Failure {
        let message = format!(
            "cannot replace the backup in {}: {cause}; is the store mounted? If it is complete, allow \
             the backup to shrink",
            self.path
        );
        Failure::at(ErrorCode::Shrunk, &self.path, message)
    }

    /// Makes a temporary file, which the caller has made durable, the backup.
    ///
    /// After an error before the commit point the directory is unchanged. The message of an error
    /// after it states that the backup is in place.
    pub(super) fn commit(&self, temporary: &Temporary<D::File>) -> Result<(), Failure> {
        let may_remain = self
            .pass_commit_point(temporary)
            .map_err(|failure| self.discard(temporary, failure))?;
        let removed = if may_remain {
            unlink(&self.directory, &temporary.name())
        } else {
            Ok(())
        };
        sync_names(&self.directory)
            .map_err(|error| self.failure_after_commit("sync the directory", error))?;
        removed.map_err(|error| self.failure_after_commit("remove its temporary name", error))
    }

    /// Links or renames the temporary file. Returns `true` if its temporary name may remain.
    fn pass_commit_point(&self, temporary: &Temporary<D::File>) -> Result<bool, Failure> {
        let in_place = temporary.is_in_place(&self.directory);
        if !in_place.map_err(|error| self.failure("look at the temporary file", error))? {
            return Err(self.failure("find the temporary file", FsError::NoEntry));
        }
        let moved = if self.options.overwrite {
            self.directory
                .rename(&temporary.name(), BACKUP_FILE)
                .map(|()| false)
        } else {
            link_or_rename(&self.directory, &temporary.name(), BACKUP_FILE)
        };
        moved.or_else(|error| match error {
            // A server may have done it although its response was lost, and then respond to the
            // repeated request that the name exists.
            _ if self.directory.is_name_of(BACKUP_FILE, &temporary.file) == Ok(true) => Ok(true),
            FsError::Exist if !self.options.overwrite => Err(self.exists()),
            error => Err(self.failure("put the backup in place", error)),
        })
    }

    /// Removes a temporary file after `failure`. Returns that failure, whose message includes an
    /// error removing the file.
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
                    "{message}; cannot remove the temporary file {} in {}: {error}; remove it by hand",
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

    /// Returns the failure to report for an error in the backup directory before the commit. `action`
    /// completes "cannot …".
    pub(super) fn failure(&self, action: &str, error: FsError) -> Failure {
        let advice = match error.code() {
            ErrorCode::AccessDenied => "make the directory writable, or back up into another one",
            ErrorCode::DiskFull => "free some space, or back up into another directory",
            ErrorCode::Io if error == FsError::Exist => {
                "remove the files .license-backup-*.tmp that no running backup uses"
            }
            ErrorCode::PathNotFound => "make sure that the directory exists, and back up again",
            _ => "check the disk, and back up again",
        };
        let message = format!(
            "cannot {action} in {}: {error}; no backup was made; {advice}",
            self.path
        );
        Failure::at(error.code(), &self.path, message)
    }

    fn exists(&self) -> Failure {
        let message = format!(
            "cannot back up into {}: it contains a {BACKUP_FILE}, which was not modified; back up into \
             another directory, or allow overwriting",
            self.path
        );
        Failure::at(ErrorCode::BackupExists, &self.path, message)
    }

    fn failure_after_commit(&self, action: &str, error: FsError) -> Failure {
        let message = format!(
            "the backup in {} is in place but may not be durable: cannot {action}: {error}; back up again \
             to be sure",
            self.path
        );
        Failure::at(error.code(), &self.path, message)
    }
}
