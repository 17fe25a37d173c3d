//! The backup directory, and the commit that makes a temporary file in it the backup.
//!
//! An earlier backup is not modified before the commit. The commit is one rename, which replaces an
//! earlier backup, or one hard link, which fails if there is one.

use std::rc::Rc;

use super::options::BackupOptions;
use super::sealed::Sealed;
use super::shrink_guard::{ShrinkGuard, Shrinkage, Step};
use crate::archive::{ArchiveError, ArchiveIndex, FileComparison, Output};
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::generations::{generation_name, history, pin};
use crate::temporary::{ClosedTemporary, Temporary, link_or_rename, sync_names, unlink};
use crate::{Directory, EntryKind, ErrorCode, Failure, ForgetOptions};

/// An opened backup directory.
pub(super) struct Destination<D> {
    directory: D,
    /// The caller's path of the directory.
    path: String,
    options: BackupOptions,
    /// The name of the new backup.
    name: String,
    /// The name of the backup with which the new one is compared.
    earlier: Option<String>,
}

impl<D: Directory> Destination<D> {
    /// Creates a destination in an opened directory.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BackupExists`] if there is a backup that must not be replaced,
    /// [`ErrorCode::InvalidArgument`] if a directory has its name or the time of a generation is
    /// after the year 9999, the code of the error of the file system if it cannot be looked up.
    pub(super) fn new(directory: D, path: String, options: BackupOptions) -> Result<Self, Failure> {
        let name = match options.generation {
            None => BACKUP_FILE.to_owned(),
            Some(time) => generation_name(time).ok_or_else(|| {
                let message = format!("the time {time} of the backup is after the year 9999");
                Failure::new(ErrorCode::InvalidArgument, message)
            })?,
        };
        let destination = Self {
            directory,
            path,
            options,
            name,
            earlier: None,
        };
        let earlier = destination.find_earlier()?;
        Ok(Self {
            earlier,
            ..destination
        })
    }

    /// Returns the name of the backup with which the new one is compared: one that has its name
    /// already, or before a new generation the newest backup.
    fn find_earlier(&self) -> Result<Option<String>, Failure> {
        let look_up_failure = |error| self.failure("look for an earlier backup", error);
        match self.directory.metadata(&self.name) {
            Err(FsError::NoEntry) if self.is_generation() => {
                let history = history(&self.directory).map_err(look_up_failure)?;
                Ok(history.into_iter().next_back().map(|newest| newest.name))
            }
            Err(FsError::NoEntry) => Ok(None),
            Err(error) => Err(look_up_failure(error)),
            Ok(earlier) if earlier.kind == EntryKind::Directory => Err(Failure::at(
                ErrorCode::InvalidArgument,
                &self.path,
                format!(
                    "cannot back up into {}: {} is a directory; move it away, or back up into \
                     another directory",
                    self.path, self.name
                ),
            )),
            Ok(_) if self.is_generation() || self.options.overwrite => Ok(Some(self.name.clone())),
            Ok(_) => Err(self.exists()),
        }
    }

    /// Returns `true` if the new backup is a generation, which replaces nothing.
    pub(super) fn is_generation(&self) -> bool {
        self.options.generation.is_some()
    }

    /// Returns `true` if the directory encrypts the backup.
    pub(super) fn is_encrypted(&self) -> bool {
        self.options.encrypted.is_some()
    }

    /// Returns `true` if `last-run.json` records the run.
    pub(super) fn is_recorded(&self) -> bool {
        self.is_generation() || self.is_encrypted()
    }

    /// Returns the name of the new backup.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the backup with which the new one is compared.
    pub(super) fn earlier(&self) -> Option<&str> {
        self.earlier.as_deref()
    }

    /// Returns the time of the backup in seconds since the Unix epoch, or 0 if it is not recorded.
    pub(super) fn time(&self) -> u64 {
        let time = self.options.generation.or(self.options.encrypted);
        time.unwrap_or_default()
    }

    /// Returns the options to remove older generations, if there is a retention policy.
    pub(super) fn forget_options(&self) -> Option<ForgetOptions> {
        self.options.retention.map(|policy| ForgetOptions {
            policy,
            now: self.time(),
            ..ForgetOptions::default()
        })
    }

    /// Returns the caller's path of the directory.
    pub(super) fn path(&self) -> &str {
        &self.path
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
        let output = match self.open_earlier() {
            Ok(Some(earlier)) => Output::compared_with(earlier, temporary),
            Ok(None) | Err(_) => Output::new(temporary),
        };
        // Otherwise nothing records the hash.
        if self.is_recorded() {
            output.hashed()
        } else {
            output
        }
    }

    /// Opens the backup with which the new one is compared, or returns `None` if there is none.
    fn open_earlier(&self) -> Result<Option<D::File>, ArchiveError> {
        let Some(earlier) = &self.earlier else {
            return Ok(None);
        };
        match self.directory.metadata(earlier) {
            Err(FsError::NoEntry) => Ok(None),
            Err(error) => Err(ArchiveError::Io(error)),
            // Opening a FIFO would block.
            Ok(earlier) if earlier.kind != EntryKind::File => {
                Err(ArchiveError::Corrupt("not a regular file".to_owned()))
            }
            Ok(_) => Ok(Some(self.directory.open_file(earlier)?)),
        }
    }

    /// Returns `true` if an open file is still the earlier backup, and could be made durable: the
    /// run that wrote it may have failed to do so.
    pub(super) fn is_durable(&self, earlier: &D::File) -> bool {
        self.earlier.as_ref().is_some_and(|name| {
            self.directory.is_name_of(name, earlier) == Ok(true)
                && self.directory.sync_file(name).is_ok()
        })
    }

    /// Returns the failure for an archive that differs from a generation that has its name.
    pub(super) fn check_name(&self) -> Result<(), Failure> {
        if self.is_generation() && self.earlier.as_ref() == Some(&self.name) {
            return Err(self.exists());
        }
        Ok(())
    }

    /// Returns the earlier backup if it is encrypted and no identity opens it.
    pub(super) fn sealed(&self) -> Option<Sealed<D::File>> {
        let name = self.earlier.as_ref()?;
        Sealed::new(&self.directory, self.open_earlier().ok()??, name)
    }

    /// Compares the number of licenses with that of a sealed earlier backup. Returns how a
    /// generation has shrunk.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Shrunk`] if most licenses are missing, and the new backup is not a generation
    /// or it is unknown how many there were.
    pub(super) fn compare_counts(
        &self,
        sealed: &Sealed<D::File>,
        licenses: u64,
    ) -> Result<Option<Shrinkage>, Failure> {
        if self.options.allow_shrink {
            return Ok(None);
        }
        let Some(earlier) = sealed.licenses() else {
            return if licenses > 0 {
                Ok(None)
            } else {
                Err(self.shrunk(
                    "no license is left, and last-run.json does not record how many the earlier \
                     backup has, which is encrypted",
                ))
            };
        };
        let left = licenses.min(earlier);
        let shrunk = Some(Shrinkage { earlier, left }).filter(|shrinkage| shrinkage.is_alarming());
        if shrunk.is_some() && !self.is_generation() {
            return Err(self.shrunk(&format!("{left} of {earlier} licenses are left")));
        }
        Ok(shrunk)
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
        opened.or_else(|error| self.not_comparable(&error, licenses).map(|()| None))
    }

    /// Compares some licenses. Only a generation may shrink.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Shrunk`] if most licenses of the backup to replace are missing, the code of the
    /// error of the file system if the earlier backup cannot be read.
    pub(super) fn compare(
        &self,
        guard: &mut ShrinkGuard<D::File>,
        licenses: &ArchiveIndex,
    ) -> Result<Step, Failure> {
        match guard.step(licenses) {
            Ok(Step::End(Some(Shrinkage { earlier, left }))) if !self.is_generation() => {
                Err(self.shrunk(&format!("{left} of {earlier} licenses are left")))
            }
            Ok(step) => Ok(step),
            Err(error) => {
                self.not_comparable(&error, licenses)?;
                Ok(Step::End(None))
            }
        }
    }

    /// Pins the earlier backup if the new one has shrunk, so that no retention policy removes it.
    /// After an error there is no backup, and the temporary file is removed.
    pub(super) fn pin_if(
        &self,
        has_shrunk: bool,
        temporary: &Temporary<D::File>,
    ) -> Result<(), Failure> {
        match &self.earlier {
            Some(earlier) if has_shrunk => pin(&self.directory, earlier).map_err(|error| {
                self.discard(temporary, self.failure("pin the earlier backup", error))
            }),
            _ => Ok(()),
        }
    }

    /// Accepts that the earlier backup is damaged, so that the new one replaces it, unless that one
    /// has no license at all.
    fn not_comparable(&self, error: &ArchiveError, licenses: &ArchiveIndex) -> Result<(), Failure> {
        match error {
            ArchiveError::Io(error) => Err(self.failure("read the earlier backup", *error)),
            ArchiveError::Corrupt(_) if licenses.len() > 0 || self.is_generation() => Ok(()),
            ArchiveError::Corrupt(_) => Err(self.shrunk("no license is left")),
        }
    }

    fn shrunk(&self, cause: &str) -> Failure {
        let action = if self.is_generation() {
            "back up into"
        } else {
            "replace the backup in"
        };
        let message = format!(
            "cannot {action} {}: {cause}; is the store mounted? If it is complete, allow the backup \
             to shrink",
            self.path
        );
        Failure::at(ErrorCode::Shrunk, &self.path, message)
    }

    /// Makes a temporary file, which the caller has made durable, the backup. Returns the temporary
    /// file if another run has made a generation of this name, so that it remains.
    ///
    /// After an error before the commit point the directory is unchanged. The message of an error
    /// after it states that the backup is in place.
    pub(super) fn commit(
        &self,
        temporary: Temporary<D::File>,
    ) -> Result<Option<Temporary<D::File>>, Failure> {
        let temporary = self.close(temporary)?;
        let passed = match self.pass_commit_point(&temporary) {
            Ok(Some(may_remain)) => Ok(may_remain),
            Ok(None) => match temporary.reopen(&self.directory) {
                Ok(reopened) => return Ok(Some(reopened)),
                Err(error) => Err(self.failure("look at the temporary file", error)),
            },
            Err(failure) => Err(failure),
        };
        let may_remain = passed.map_err(|failure| {
            let removed = temporary.remove(&self.directory);
            self.discarded(&temporary.name(), removed, failure)
        })?;
        let removed = if may_remain {
            unlink(&self.directory, &temporary.name())
        } else {
            Ok(())
        };
        sync_names(&self.directory)
            .map_err(|error| self.failure_after_commit("sync the directory", error))?;
        removed.map_err(|error| self.failure_after_commit("remove its temporary name", error))?;
        Ok(None)
    }

    /// Closes a temporary file, whose name is checked to be its own first.
    fn close(&self, temporary: Temporary<D::File>) -> Result<ClosedTemporary, Failure> {
        let look_at = |error| self.failure("look at the temporary file", error);
        let failure = match temporary.is_in_place(&self.directory) {
            Ok(true) => {
                let closed = temporary.close();
                return closed
                    .map_err(|(temporary, error)| self.discard(&temporary, look_at(error)));
            }
            Ok(false) => self.failure("find the temporary file", FsError::NoEntry),
            Err(error) => look_at(error),
        };
        Err(self.discard(&temporary, failure))
    }

    /// Links or renames the temporary file. Returns `Some(true)` if its temporary name may remain,
    /// and `None` if a generation has its name.
    fn pass_commit_point(&self, temporary: &ClosedTemporary) -> Result<Option<bool>, Failure> {
        let replaces = self.options.overwrite && !self.is_generation();
        let moved = if replaces {
            self.directory
                .rename(&temporary.name(), &self.name)
                .map(|()| false)
        } else {
            link_or_rename(&self.directory, &temporary.name(), &self.name)
        };
        let error = match moved {
            Ok(may_remain) => return Ok(Some(may_remain)),
            Err(error) => error,
        };
        // A server may have done it although its response was lost, and then respond to the
        // repeated request that the name exists.
        match (error, temporary.has_name(&self.directory, &self.name)) {
            (_, Ok(true)) => Ok(Some(true)),
            (FsError::Exist, _) if self.is_generation() => Ok(None),
            (FsError::Exist, _) if !replaces => Err(self.exists()),
            (error @ FsError::Other(_), Err(_)) => Err(self.unknown_outcome(error)),
            (error, _) => Err(self.failure("put the backup in place", error)),
        }
    }

    /// Returns the failure for an error of the commit after which the directory cannot be looked
    /// at.
    fn unknown_outcome(&self, error: FsError) -> Failure {
        let message = format!(
            "cannot put the backup in place in {}: {error}; it is unknown whether it is there, so \
             verify the backup there, or back up again",
            self.path
        );
        Failure::at(error.code(), &self.path, message)
    }

    /// Returns the comparison of a temporary file with the generation that has its name.
    pub(super) fn compare_with_generation(
        &self,
        temporary: &Temporary<D::File>,
    ) -> Result<FileComparison<D::File>, Failure> {
        self.directory
            .open_file(&self.name)
            .and_then(|generation| FileComparison::new(Rc::clone(&temporary.file), generation))
            .map_err(|error| self.comparison_failure(error))
    }

    /// Compares a part of both files. Returns `Some` after the last one.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BackupExists`] if they differ.
    pub(super) fn compare_files(
        &self,
        comparison: &mut FileComparison<D::File>,
    ) -> Result<bool, Failure> {
        let result = comparison
            .step()
            .map_err(|error| self.comparison_failure(error))?;
        match result {
            None => Ok(false),
            Some(true) => {
                let synced = self.directory.sync_file(&self.name);
                synced.map_err(|error| self.failure("sync the backup of another run", error))?;
                Ok(true)
            }
            Some(false) => Err(self.exists()),
        }
    }

    fn comparison_failure(&self, error: FsError) -> Failure {
        match error {
            // No identity opens the backup, or the new file cannot be read before it is in place: a
            // bucket has no bytes of an upload.
            FsError::Encrypted | FsError::Unsupported => self.exists(),
            error => self.failure("read the backup of another run", error),
        }
    }

    /// Removes a temporary file after `failure`. Returns that failure, whose message includes an
    /// error removing the file.
    pub(super) fn discard(&self, temporary: &Temporary<D::File>, failure: Failure) -> Failure {
        let removed = temporary.remove(&self.directory);
        self.discarded(&temporary.name(), removed, failure)
    }

    /// Returns the failure after a temporary file was removed, or was not.
    fn discarded(&self, name: &str, removed: Result<(), FsError>, failure: Failure) -> Failure {
        match removed {
            Ok(()) => failure,
            Err(error) => {
                let Failure {
                    code,
                    message,
                    path,
                } = failure;
                let message = format!(
                    "{message}; cannot remove the temporary file {name} in {}: {error}; remove it by hand",
                    self.path
                );
                Failure {
                    path,
                    ..Failure::new(code, message)
                }
            }
        }
    }

    /// Returns the failure to report for an error in the backup directory before the commit.
    /// `action` completes "cannot …".
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
        let advice = if self.is_generation() {
            "back up again"
        } else {
            "back up into another directory, or allow overwriting"
        };
        let message = format!(
            "cannot back up into {}: it contains a {}, which was not modified; {}",
            self.path, self.name, advice
        );
        Failure::at(ErrorCode::BackupExists, &self.path, message)
    }

    /// Returns the failure to report for a failure that does not concern the backup, which is
    /// complete.
    pub(super) fn after_backup(&self, failure: Failure) -> Failure {
        let Failure { code, message, .. } = failure;
        let message = format!("the backup in {} is complete, but {message}", self.path);
        Failure::at(code, &self.path, message)
    }

    /// Returns the failure to report if the run cannot be recorded after a complete backup.
    pub(super) fn record_failure(&self, error: FsError) -> Failure {
        let message = format!("cannot write last-run.json: {error}; back up again to be sure");
        self.after_backup(Failure::new(error.code(), message))
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
