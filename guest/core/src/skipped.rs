//! The files that a backup skips. Each is reported at once as an event, and kept for the manifest
//! of the backup.

use crate::directory::FsError;
use crate::{BackupRestoreStatus, Failure, LicenseIdentity, Reason, RestrictedLicense};

/// A file that was skipped.
#[derive(Debug)]
pub(crate) struct SkippedFile {
    /// The path relative to the store.
    pub(crate) path: String,
    /// The identifiers of its document, as far as they are known.
    pub(crate) identity: LicenseIdentity,
    /// The reason why it was skipped.
    pub(crate) reason: Reason,
}

/// The files that a running backup has skipped, and the events that report them.
#[derive(Debug, Default)]
pub(crate) struct SkippedFiles {
    events: Vec<BackupRestoreStatus>,
    skipped: Vec<SkippedFile>,
    /// How many of them, from the first on, are in byte order of path: those of the walk.
    walked: usize,
    restricted: u64,
    errors: u64,
}

impl SkippedFiles {
    /// A file that may not be backed up.
    pub(crate) fn restricted(&mut self, restricted: RestrictedLicense) {
        self.restricted += 1;
        self.skipped.push(SkippedFile {
            path: restricted.path.clone(),
            identity: restricted.identity.clone(),
            reason: Reason::Restricted(restricted.reason),
        });
        self.events
            .push(BackupRestoreStatus::RestrictedLicense(restricted));
    }

    /// A file or directory that could not be read, and of which nothing is known.
    pub(crate) fn failed(&mut self, failure: Failure) {
        self.broken(failure, LicenseIdentity::default());
    }

    /// A license that could not be taken in, and what it said of itself.
    pub(crate) fn broken(&mut self, failure: Failure, identity: LicenseIdentity) {
        self.errors += 1;
        self.skipped.push(SkippedFile {
            // Every such failure has a path.
            path: failure.path.clone().unwrap_or_default(),
            identity,
            reason: Reason::Failed(failure.code),
        });
        self.events.push(BackupRestoreStatus::Error(failure));
    }

    /// A name that the file system does not let us look into. One that is no longer there is nothing.
    pub(crate) fn unreadable(&mut self, path: String, error: FsError) {
        match error {
            FsError::NoEntry => {}
            FsError::Link => self.restricted(RestrictedLicense::not_a_regular_file(path)),
            error => {
                let message = format!("{path} cannot be read: {error}");
                self.failed(Failure::at(error.code(), path, message));
            }
        }
    }

    /// Notes that the walk is over: what is skipped from now on is in the catalogue.
    pub(crate) fn end_walk(&mut self) {
        self.skipped.sort_by(|one, other| one.path.cmp(&other.path));
        self.walked = self.skipped.len();
    }

    /// Returns `true` if the walk has skipped this path.
    pub(crate) fn has_skipped(&self, path: &str) -> bool {
        let walked = self.skipped.get(..self.walked).unwrap_or_default();
        walked
            .binary_search_by(|skipped| skipped.path.as_str().cmp(path))
            .is_ok()
    }

    /// An event that leaves nothing out.
    pub(crate) fn tell(&mut self, event: BackupRestoreStatus) {
        self.events.push(event);
    }

    /// Takes the events that were not yet taken.
    pub(crate) fn take_events(&mut self, events: &mut Vec<BackupRestoreStatus>) {
        events.append(&mut self.events);
    }

    /// The number of files that may not be backed up.
    pub(crate) fn restricted_count(&self) -> u64 {
        self.restricted
    }

    /// The number of files and names that could not be read.
    pub(crate) fn error_count(&self) -> u64 {
        self.errors
    }

    /// Takes the skipped files, in byte order of path.
    pub(crate) fn take_files(&mut self) -> Vec<SkippedFile> {
        let mut files = std::mem::take(&mut self.skipped);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files
    }
}
