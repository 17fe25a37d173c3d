//! The plan of a restore, which is handed from phase to phase: the licenses of the backup, those
//! that are staged, and the directories that were created for them.

use std::mem;
use std::num::NonZeroU64;

use super::conflict::Conflict;
use super::dir_listing::DirListing;
use super::existing::{Target, is_license};
use super::failures::before_commit;
use super::options::{RestoreOptions, RestoreSummary};
use crate::archive::ArchiveIndex;
use crate::archive::backup_file::BackupLocation;
use crate::budget::Budget;
use crate::catalogue::{Catalogue, DirectoryId};
use crate::directory::FsError;
use crate::temporary::{temporary_name, unlink};
use crate::{BackupRestoreStatus, Directory, EntryKind, Failure, Progress, Stage, Timestamp};

/// The plan of a restore and what was done of it.
pub(super) struct RestorePlan {
    pub(super) contents: ArchiveIndex,
    pub(super) options: RestoreOptions,
    /// The licenses that are not committed yet, in order of path until
    /// [`RestorePlan::order_for_commit`].
    pub(super) staged: Vec<StagedLicense>,
    /// The directories that were created, each after the one that it is in.
    pub(super) created: Vec<DirectoryId>,
    pub(super) summary: RestoreSummary,
}

/// A license that was written under a temporary name in its directory.
///
/// There may be a million of them, and so this is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StagedLicense {
    /// The number of the license in the backup.
    pub(super) license: usize,
    /// The number of the temporary file.
    pub(super) temporary: u32,
    /// When the temporary file was written, in nanoseconds since the Unix epoch, or `None` if the
    /// file system does not store it.
    pub(super) written: Option<NonZeroU64>,
}

impl StagedLicense {
    pub(super) fn temporary_name(self) -> String {
        temporary_name(self.temporary)
    }
}

impl RestorePlan {
    pub(super) fn new(
        contents: ArchiveIndex,
        location: &BackupLocation,
        options: RestoreOptions,
    ) -> Self {
        Self {
            contents,
            options,
            staged: Vec::new(),
            created: Vec::new(),
            summary: RestoreSummary {
                file: location.name.clone(),
                ..RestoreSummary::default()
            },
        }
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        self.contents.catalogue()
    }

    /// Returns the name of a license in its directory.
    pub(super) fn name(&self, license: usize) -> &str {
        self.catalogue()
            .file_name(self.contents.license(license).file)
    }

    pub(super) fn size(&self, license: usize) -> u64 {
        u64::from(self.contents.license(license).size)
    }

    /// Returns the directory that a license is in.
    pub(super) fn directory_of(&self, license: usize) -> DirectoryId {
        self.catalogue()
            .directory_of(self.contents.license(license).file)
    }

    /// Returns the directory of the staged license `next`, or the root after the last one.
    pub(super) fn directory_of_staged(&self, next: usize) -> DirectoryId {
        self.staged
            .get(next)
            .map_or(Catalogue::ROOT, |staged| self.directory_of(staged.license))
    }

    /// Orders the staged licenses so that those of a directory come before those of the
    /// directories in it.
    pub(super) fn order_for_commit(&mut self) {
        let mut staged = mem::take(&mut self.staged);
        // The catalogue numbers directories in the order in which they are entered: each before
        // those that are in it.
        staged.sort_unstable_by_key(|staged| (self.directory_of(staged.license), staged.license));
        self.staged = staged;
    }

    /// Returns the path of a temporary file, for a person who has to remove it.
    pub(super) fn temporary_path(&self, staged: StagedLicense) -> String {
        let directory = self.directory_of(staged.license);
        self.catalogue()
            .path_in(directory, &staged.temporary_name())
    }

    pub(super) fn directory_name(&self, id: DirectoryId) -> &str {
        self.catalogue().directory_name(id)
    }

    /// Returns the path of a directory below the store, as it is reported.
    pub(super) fn directory_path(&self, id: DirectoryId) -> String {
        self.catalogue().directory_path(id)
    }

    /// Returns `true` if this restore has created a directory.
    pub(super) fn has_created(&self, id: DirectoryId) -> bool {
        // The catalogue numbers directories in the order in which they are entered.
        self.created.binary_search(&id).is_ok()
    }

    /// Returns the target of a license in `directory`, whose names are listed in `listing`.
    pub(super) fn target<'a, D: Directory>(
        &'a self,
        directory: &'a D,
        listing: &'a DirListing<D::Entries>,
        license: usize,
    ) -> Target<'a, D> {
        Target {
            directory,
            listing,
            name: self.name(license),
            license: self.contents.license(license),
            overwrite: self.options.overwrite,
        }
    }

    /// Returns the failure of a restore that fails at a license and is rolled back.
    pub(super) fn license_failure(&self, license: usize, verb: &str, error: FsError) -> Failure {
        before_commit(self.contents.path(license), verb, error)
    }

    /// Returns the failure of a restore that fails at a directory and is rolled back.
    pub(super) fn directory_failure(&self, id: DirectoryId, verb: &str, error: FsError) -> Failure {
        before_commit(self.directory_path(id), verb, error)
    }

    pub(super) fn count_restored(&mut self, license: usize) {
        self.summary.restored += 1;
        self.summary.bytes += self.size(license);
    }

    pub(super) fn report_conflict(
        &mut self,
        conflict: Conflict,
        license: usize,
        events: &mut Vec<BackupRestoreStatus>,
    ) {
        self.summary.conflicts += 1;
        events.push(BackupRestoreStatus::Error(
            conflict.failure(&self.contents, license),
        ));
    }

    /// Returns the progress of a phase that works through the staged licenses.
    pub(super) fn progress(&self, stage: Stage, next: usize, bytes: u64) -> BackupRestoreStatus {
        let path = self
            .staged
            .get(next)
            .map_or_else(String::new, |staged| self.contents.path(staged.license));
        BackupRestoreStatus::Progress(Progress {
            stage,
            done: next as u64,
            total: Some(self.staged.len() as u64),
            bytes,
            path,
        })
    }

    /// Removes the temporary file of a license, unless its name is that of another run's file by
    /// now. A file that does not exist any more is no error.
    pub(super) fn remove_temporary<D: Directory>(
        &self,
        directory: &D,
        staged: StagedLicense,
        budget: &mut Budget,
    ) -> Result<(), FsError> {
        match self.has_temporary(directory, staged, budget) {
            Ok(true) => unlink(directory, &staged.temporary_name()),
            Ok(false) => Err(FsError::Other("another program has changed it")),
            Err(FsError::NoEntry) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns `true` if the temporary file of a license has the content of the license.
    ///
    /// Its size and the time of its last modification suffice: another run takes the name only
    /// after the file was removed as stale, and writes to its own file much later. The content
    /// decides if the time differs, since some servers set it when a file is closed.
    pub(super) fn has_temporary<D: Directory>(
        &self,
        directory: &D,
        staged: StagedLicense,
        budget: &mut Budget,
    ) -> Result<bool, FsError> {
        let name = staged.temporary_name();
        let metadata = directory.metadata(&name)?;
        let license = self.contents.license(staged.license);
        if metadata.kind == EntryKind::File
            && metadata.size == u64::from(license.size)
            && staged.written.is_some()
            && staged.written
                == metadata
                    .modified
                    .and_then(Timestamp::nanoseconds_since_epoch)
        {
            return Ok(true);
        }
        is_license(directory, &name, metadata, license, budget)
    }
}

/// Removes a directory that this restore has created, unless another program has put something
/// into it.
pub(super) fn remove_unused<D: Directory>(parent: &D, name: &str) -> Result<(), FsError> {
    match parent.remove_directory(name) {
        Err(FsError::NoEntry | FsError::Other("not-empty")) => Ok(()),
        removed => removed,
    }
}
