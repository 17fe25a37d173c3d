//! The backup directory: its temporary files, and the commit that makes one of them the backup.
//!
//! Whatever happens before the commit, an earlier backup is not touched. The commit is one rename, which replaces it, or
//! one hard link, which fails if there is one.

use crate::archive::BACKUP_FILE;
use crate::directory::FsError;
use crate::{Directory, Entries, EntryKind, ErrorCode, Failure, File, Timestamp};

const TEMPORARY_PREFIX: &str = ".license-backup-";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// How many temporary names may be taken. Each stands for a backup that runs now or was killed in the last hour.
const MOST_TEMPORARY_NAMES: u32 = 10_000;
/// The age in seconds, counted from the file that this run has created, above which a temporary file was left behind by a
/// run that was killed: a running one writes its own all the time.
const STALE_AFTER: u64 = 60 * 60;

/// Whether a name is one of our temporary files.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    name.strip_prefix(TEMPORARY_PREFIX)
        .and_then(|rest| rest.strip_suffix(TEMPORARY_SUFFIX))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An opened backup directory, and the path under which its caller knows it.
pub(super) struct Destination<D> {
    directory: D,
    path: String,
    overwrite: bool,
}

impl<D: Directory> Destination<D> {
    /// Takes an opened directory, if a backup can be put there.
    pub(super) fn new(directory: D, path: String, overwrite: bool) -> Result<Self, Failure> {
        let destination = Self { directory, path, overwrite };
        match destination.directory.metadata(BACKUP_FILE) {
            Err(FsError::NoEntry) => Ok(destination),
            Err(error) => Err(destination.failure("looking for an earlier backup", error)),
            Ok(_) if !overwrite => Err(destination.exists()),
            Ok(earlier) if earlier.kind == EntryKind::Directory => Err(Failure::at(
                ErrorCode::InvalidArgument,
                &destination.path,
                format!(
                    "{BACKUP_FILE} in {} is a directory: move it away, or back up into another directory",
                    destination.path
                ),
            )),
            Ok(_) => Ok(destination),
        }
    }

    pub(super) fn directory(&self) -> &D {
        &self.directory
    }

    /// Creates a temporary file under a name that nobody has used.
    pub(super) fn create_temporary(&self) -> Result<(String, D::File), Failure> {
        for number in 0..MOST_TEMPORARY_NAMES {
            let name = format!("{TEMPORARY_PREFIX}{number}{TEMPORARY_SUFFIX}");
            match self.directory.create_file(&name) {
                Ok(file) => return Ok((name, file)),
                Err(FsError::Exist) => {}
                Err(error) => return Err(self.failure("creating a temporary file", error)),
            }
        }
        Err(Failure::at(
            ErrorCode::Io,
            &self.path,
            format!(
                "all {MOST_TEMPORARY_NAMES} names for a temporary file in {} are taken: remove {TEMPORARY_PREFIX}*",
                self.path
            ),
        ))
    }

    /// Removes the temporary files of runs that were killed long before `created` was.
    ///
    /// What cannot be looked at or removed stays: it is in nobody's way, and the next run tries again.
    pub(super) fn remove_stale(&self, created: &D::File) {
        let Some(now) = created.metadata().ok().and_then(|metadata| metadata.modified) else { return };
        let Ok(mut entries) = self.directory.entries() else { return };
        while let Ok(Some(entry)) = entries.next_entry() {
            if is_temporary_name(&entry.name) && self.is_stale(&entry.name, now) {
                let _ = self.directory.unlink(&entry.name);
            }
        }
    }

    fn is_stale(&self, name: &str, now: Timestamp) -> bool {
        let modified = self.directory.metadata(name).ok().and_then(|metadata| metadata.modified);
        modified.is_some_and(|modified| {
            let limit = Timestamp { seconds: modified.seconds.saturating_add(STALE_AFTER), ..modified };
            limit < now
        })
    }

    /// Makes a temporary file, which is durable by now, the backup.
    ///
    /// An error before the commit point leaves the directory as it was; one after it says that the backup is in place.
    pub(super) fn commit(&self, temporary: &str) -> Result<(), Failure> {
        let linked = self.put_in_place(temporary).map_err(|failure| self.discard(temporary, failure))?;
        let unlinked = if linked { self.directory.unlink(temporary) } else { Ok(()) };
        match self.directory.sync() {
            // A host or file system that cannot sync a directory; there is nothing to be done about it.
            Ok(()) | Err(FsError::Unsupported | FsError::Invalid) => {}
            Err(error) => return Err(self.after_commit("making it durable", error)),
        }
        unlinked.map_err(|error| self.after_commit("removing its temporary name", error))
    }

    /// The commit point. Gives whether the temporary name is still there.
    fn put_in_place(&self, temporary: &str) -> Result<bool, Failure> {
        let moved = if self.overwrite {
            self.directory.rename(temporary, BACKUP_FILE).map(|()| false)
        } else {
            match self.directory.hard_link(temporary, BACKUP_FILE) {
                Err(FsError::NotPermitted | FsError::Unsupported) => self.rename_if_free(temporary).map(|()| false),
                linked => linked.map(|()| true),
            }
        };
        moved.map_err(|error| match error {
            FsError::Exist if !self.overwrite => self.exists(),
            error => self.failure("putting the backup in place", error),
        })
    }

    /// The commit on a file system without hard links, such as FAT. Another backup that is put in place between the look
    /// and the rename is replaced: such a file system has no call that would tell.
    fn rename_if_free(&self, temporary: &str) -> Result<(), FsError> {
        match self.directory.metadata(BACKUP_FILE) {
            Err(FsError::NoEntry) => self.directory.rename(temporary, BACKUP_FILE),
            Err(error) => Err(error),
            Ok(_) => Err(FsError::Exist),
        }
    }

    /// Removes a temporary file because of `failure`, which is told, together with a failure to do so.
    pub(super) fn discard(&self, temporary: &str, mut failure: Failure) -> Failure {
        match self.directory.unlink(temporary) {
            Ok(()) | Err(FsError::NoEntry) => {}
            Err(error) => {
                failure.message = format!(
                    "{}; the temporary file {temporary} in {} could not be removed ({error}): remove it by hand",
                    failure.message, self.path
                );
            }
        }
        failure
    }

    /// What to tell of an error in the backup directory before the commit.
    pub(super) fn failure(&self, doing: &str, error: FsError) -> Failure {
        let advice = match error.code() {
            ErrorCode::AccessDenied => "make the directory writable, or back up into another one",
            ErrorCode::DiskFull => "free some space, or back up into another directory",
            ErrorCode::PathNotFound => "make sure that the directory is there, and back up again",
            _ => "see that the disk is in order, and back up again",
        };
        let message = format!("{doing} in {} failed: {error}; no backup was made: {advice}", self.path);
        Failure::at(error.code(), &self.path, message)
    }

    fn exists(&self) -> Failure {
        let message = format!(
            "there is a backup in {} already, and it was not touched: back up into another directory, or ask for overwriting (--overwrite)",
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
