//! What a restore has to do, what it has made so far, and what there is to tell of it.

use std::mem;

use super::budget::Budget;
use super::conflict::Conflict;
use super::names::Names;
use super::target::{Target, is_license};
use super::{RestoreOptions, RestoreSummary};
use crate::archive::Contents;
use crate::directory::FsError;
use crate::store::{Catalogue, DirectoryId};
use crate::temporary::{temporary_name, unlink};
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Progress, Stage};

/// The path of the store itself, as it is told.
const STORE: &str = ".";

/// The work of a restore, which goes from phase to phase.
pub(super) struct Job {
    pub(super) contents: Contents,
    pub(super) flags: RestoreOptions,
    /// The licenses that were written and have no name yet, in order of path until [`Job::put_directories_last`].
    pub(super) pending: Vec<Pending>,
    /// The directories that were created, in order: each after the one that it is in.
    pub(super) created: Vec<DirectoryId>,
    pub(super) summary: RestoreSummary,
}

/// A license under a temporary name in its directory. There may be a million, and so there is no more of each.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    pub(super) license: usize,
    pub(super) temporary: u32,
}

impl Job {
    pub(super) fn new(contents: Contents, flags: RestoreOptions) -> Self {
        Self {
            contents,
            flags,
            pending: Vec::new(),
            created: Vec::new(),
            summary: RestoreSummary::default(),
        }
    }

    pub(super) fn name(&self, license: usize) -> &str {
        self.contents
            .catalogue()
            .file_name(self.contents.license(license).file)
    }

    /// The directory that a license is in.
    pub(super) fn directory_of(&self, license: usize) -> DirectoryId {
        self.contents
            .catalogue()
            .directory_of(self.contents.license(license).file)
    }

    /// Where a phase that works through what is pending goes next; back to the store itself after the last.
    pub(super) fn directory_of_pending(&self, next: usize) -> DirectoryId {
        self.pending.get(next).map_or(Catalogue::ROOT, |pending| {
            self.directory_of(pending.license)
        })
    }

    /// Puts what is pending right in a directory before what is pending below it.
    pub(super) fn put_directories_last(&mut self) {
        let mut pending = mem::take(&mut self.pending);
        // Directories have their numbers in the order in which they are entered: each before those that are in it.
        pending.sort_unstable_by_key(|Pending { license, .. }| {
            (self.directory_of(*license), *license)
        });
        self.pending = pending;
    }

    /// The path of a temporary file, for a person who has to remove it.
    pub(super) fn temporary_path(&self, pending: Pending) -> String {
        let (directory, name) = (
            self.directory_of(pending.license),
            temporary_name(pending.temporary),
        );
        format!(
            "{} in the store",
            self.contents.catalogue().path_in(directory, &name)
        )
    }

    pub(super) fn directory_name(&self, id: DirectoryId) -> &str {
        self.contents.catalogue().directory_name(id)
    }

    /// The path of a directory below the store.
    pub(super) fn directory_path(&self, id: DirectoryId) -> String {
        if id == Catalogue::ROOT {
            STORE.to_owned()
        } else {
            self.contents.catalogue().path_in(id, "")
        }
    }

    /// Whether this run has created a directory.
    pub(super) fn has_created(&self, id: DirectoryId) -> bool {
        // Directories have their numbers in the order in which they are entered.
        self.created.binary_search(&id).is_ok()
    }

    /// Where a license goes in `directory`, which has these names in it.
    pub(super) fn target<'a, D: Directory>(
        &'a self,
        directory: &'a D,
        names: &'a Names<D::Entries>,
        license: usize,
    ) -> Target<'a, D> {
        let (name, license) = (self.name(license), self.contents.license(license));
        Target {
            directory,
            names,
            name,
            license,
            overwrite: self.flags.overwrite,
        }
    }

    /// What to tell of trouble with a license while no license has its name yet.
    pub(super) fn undone(&self, license: usize, doing: &str, error: FsError) -> Failure {
        undone(self.contents.path(license), doing, error)
    }

    pub(super) fn count_restored(&mut self, license: usize) {
        self.summary.restored += 1;
        self.summary.bytes += u64::from(self.contents.license(license).size);
    }

    pub(super) fn tell_conflict(
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

    /// How far a phase has come that works through what is pending.
    pub(super) fn progress(&self, stage: Stage, next: usize, bytes: u64) -> BackupRestoreStatus {
        let path = self
            .pending
            .get(next)
            .map_or_else(String::new, |pending| self.contents.path(pending.license));
        BackupRestoreStatus::Progress(Progress {
            stage,
            done: next as u64,
            total: Some(self.pending.len() as u64),
            bytes,
            path,
        })
    }

    /// Removes the temporary file of a license. The name could stand for another run's file by now, or for nothing.
    pub(super) fn remove_temporary<D: Directory>(
        &self,
        directory: &D,
        pending: Pending,
        budget: &mut Budget,
    ) -> Result<(), FsError> {
        match self.has_temporary(directory, pending, budget) {
            Ok(true) => unlink(directory, &temporary_name(pending.temporary)),
            Ok(false) => Err(FsError::Other("it has other content by now")),
            Err(FsError::NoEntry) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether the temporary name of a license stands for a file with its content.
    pub(super) fn has_temporary<D: Directory>(
        &self,
        directory: &D,
        pending: Pending,
        budget: &mut Budget,
    ) -> Result<bool, FsError> {
        let name = temporary_name(pending.temporary);
        let license = self.contents.license(pending.license);
        directory
            .metadata(&name)
            .and_then(|metadata| is_license(directory, &name, metadata, license, budget))
    }
}

/// What to tell of trouble in the store while no license has its name yet, and all can be undone.
pub(super) fn undone(path: String, doing: &str, error: FsError) -> Failure {
    trouble(path, doing, error, "nothing was restored: ")
}

/// What to tell of trouble in the store after the commit point.
pub(super) fn incomplete(path: String, doing: &str, error: FsError) -> Failure {
    trouble(path, doing, error, "")
}

fn trouble(path: String, doing: &str, error: FsError, so: &str) -> Failure {
    let what = if path == STORE {
        "the license store"
    } else {
        &path
    };
    let advice = match error.code() {
        ErrorCode::AccessDenied => "make the license store readable and writable",
        ErrorCode::DiskFull => "free some space",
        ErrorCode::Io if error == FsError::Exist => {
            "remove the files .license-backup-*.tmp there that no running restore uses"
        }
        _ if matches!(error, FsError::Link | FsError::NotDirectory) => {
            "see that nothing else changes the license store meanwhile"
        }
        _ => "see that the disk is in order, not mounted read-only and within its quota",
    };
    let message = format!("{doing} {what} failed: {error}; {so}{advice}, and restore again");
    Failure::at(error.code(), path, message)
}

/// Removes a directory that this run has created for nothing, unless somebody else has put something into it.
pub(super) fn remove_unused<D: Directory>(parent: &D, name: &str) -> Result<(), FsError> {
    match parent.remove_directory(name) {
        Err(FsError::NoEntry | FsError::Other("not-empty")) => Ok(()),
        removed => removed,
    }
}

/// Adds to `failure` that something of this run could not be removed because of `error`.
pub(super) fn but_left(failure: Failure, what: &str, error: FsError) -> Failure {
    let Failure {
        code,
        message,
        path,
    } = failure;
    let message = format!("{message}; but {what} could not be removed ({error}): do so by hand");
    Failure {
        path,
        ..Failure::new(code, message)
    }
}
