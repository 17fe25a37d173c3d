//! The files that a backup skips. Each is reported as an event, and kept for the manifest of the
//! backup.

use crate::directory::FsError;
use crate::{BackupRestoreStatus, Failure, LicenseIdentity, Reason, RestrictedLicense};

/// A file that was skipped.
#[derive(Debug)]
pub(crate) struct SkippedFile {
    /// The path relative to the store.
    pub(crate) path: String,
    /// The identifiers in its document, as far as they are known.
    pub(crate) identity: LicenseIdentity,
    /// The reason why it was skipped.
    pub(crate) reason: Reason,
}

/// The files that a running backup has skipped.
#[derive(Debug, Default)]
pub(crate) struct SkippedFiles {
    files: Vec<SkippedFile>,
    /// The number of files that the walk skipped: the first ones, in byte order of path.
    walked: usize,
    restricted: u64,
    errors: u64,
}

/// A reporter that adds each skipped file to the skipped files and to the events of a step.
pub(crate) struct SkipReporter<'a> {
    skipped: &'a mut SkippedFiles,
    events: &'a mut Vec<BackupRestoreStatus>,
}

impl SkippedFiles {
    /// Returns a reporter that adds to these files and to `events`.
    pub(crate) fn reporter<'a>(
        &'a mut self,
        events: &'a mut Vec<BackupRestoreStatus>,
    ) -> SkipReporter<'a> {
        SkipReporter {
            skipped: self,
            events,
        }
    }

    /// Notes that the walk has finished: files that are skipped from now on are in the catalogue.
    pub(crate) fn end_walk(&mut self) {
        self.files.sort_by(|one, other| one.path.cmp(&other.path));
        self.walked = self.files.len();
    }

    /// Returns `true` if the walk skipped this path.
    pub(crate) fn has_skipped(&self, path: &str) -> bool {
        let walked = self.files.get(..self.walked).unwrap_or_default();
        walked
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .is_ok()
    }

    /// Returns the number of files that may not be backed up.
    pub(crate) fn restricted_count(&self) -> u64 {
        self.restricted
    }

    /// Returns the number of files and names that could not be read.
    pub(crate) fn error_count(&self) -> u64 {
        self.errors
    }

    /// Takes the skipped files, in byte order of path.
    pub(crate) fn take_files(&mut self) -> Vec<SkippedFile> {
        let mut files = std::mem::take(&mut self.files);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files
    }
}

impl SkipReporter<'_> {
    /// Returns the files skipped so far.
    pub(crate) fn skipped(&self) -> &SkippedFiles {
        self.skipped
    }

    /// Emits an event that does not concern a skipped file.
    pub(crate) fn emit(&mut self, event: BackupRestoreStatus) {
        self.events.push(event);
    }

    /// Reports a file that may not be backed up.
    pub(crate) fn restricted(&mut self, restricted: RestrictedLicense) {
        self.skipped.restricted += 1;
        self.skipped.files.push(SkippedFile {
            path: restricted.path.clone(),
            identity: restricted.identity.clone(),
            reason: Reason::Restricted(restricted.reason),
        });
        self.emit(BackupRestoreStatus::RestrictedLicense(restricted));
    }

    /// Reports a file or directory that could not be read.
    pub(crate) fn failed(&mut self, failure: Failure) {
        self.failed_license(failure, LicenseIdentity::default());
    }

    /// Reports a license that was read but could not be backed up, with the identifiers in it.
    pub(crate) fn failed_license(&mut self, failure: Failure, identity: LicenseIdentity) {
        self.skipped.errors += 1;
        self.skipped.files.push(SkippedFile {
            // Every such failure has a path.
            path: failure.path.clone().unwrap_or_default(),
            identity,
            reason: Reason::Failed(failure.code),
        });
        self.emit(BackupRestoreStatus::Error(failure));
    }

    /// Reports a name that the file system could not open or read. A file that has disappeared is
    /// skipped without a report.
    pub(crate) fn unreadable(&mut self, path: String, error: FsError) {
        match error {
            FsError::NoEntry => {}
            FsError::Link => self.restricted(RestrictedLicense::not_a_regular_file(path)),
            error => self.failed(unreadable(path, error)),
        }
    }
}

/// Returns the failure to report for a file or directory that the file system could not read.
pub(crate) fn unreadable(path: String, error: FsError) -> Failure {
    let message = format!("cannot read {path}: {error}");
    Failure::at(error.code(), path, message)
}
