//! The findings of a verification: each is reported as soon as it is found, and the
//! failure at the end counts them.

use crate::archive::ArchiveError;
use crate::archive::backup_file::BackupLocation;
use crate::directory::FsError;
use crate::{BackupRestoreStatus, ErrorCode, Failure};

/// The number of findings so far, and the first of them.
#[derive(Debug)]
pub(super) struct Findings {
    /// The name of the backup file.
    file: String,
    count: u64,
    first: String,
}

/// A reporter of findings and progress during one step.
pub(super) struct Reporter<'a> {
    findings: &'a mut Findings,
    events: &'a mut Vec<BackupRestoreStatus>,
}

impl Findings {
    /// Returns that nothing was found in a backup file.
    pub(super) fn new(location: &BackupLocation) -> Self {
        Self {
            file: location.name.clone(),
            count: 0,
            first: String::new(),
        }
    }

    /// Returns a reporter that appends to `events`.
    pub(super) fn reporter<'a>(
        &'a mut self,
        events: &'a mut Vec<BackupRestoreStatus>,
    ) -> Reporter<'a> {
        Reporter {
            findings: self,
            events,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the failure of a verification.
    pub(super) fn failure(&self, location: &BackupLocation) -> Failure {
        let cause = match self.count {
            0 | 1 => self.first.clone(),
            count => format!("{count} errors, the first: {}", self.first),
        };
        location.corrupt(&cause)
    }
}

impl Reporter<'_> {
    /// Emits an event that is not a finding.
    pub(super) fn emit(&mut self, event: BackupRestoreStatus) {
        self.events.push(event);
    }

    /// Returns `true` if anything was found, in this or an earlier step.
    pub(super) fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// Reports a finding. The message names `entry`, or the part of the backup file that
    /// is concerned.
    pub(super) fn report(&mut self, entry: &str, message: String) {
        let failure = Failure::at(ErrorCode::BackupCorrupt, entry, &message);
        if self.findings.count == 0 {
            self.findings.first = message;
        }
        self.findings.count += 1;
        self.events.push(BackupRestoreStatus::Error(failure));
    }

    /// Reports a finding about the backup file as a whole.
    pub(super) fn report_file(&mut self, message: String) {
        let file = self.findings.file.clone();
        self.report(&file, message);
    }

    /// Reports a finding about an entry.
    pub(super) fn report_entry(&mut self, entry: &str, cause: &str) {
        self.report(entry, format!("entry {entry}: {cause}"));
    }

    /// Reports damage of an entry that is no finding, since the verification is not about it.
    pub(super) fn warn_entry(&mut self, entry: &str, message: &str) {
        let message = format!("entry {entry}: {message}");
        let failure = Failure::at(ErrorCode::BackupCorrupt, entry, message);
        self.events.push(BackupRestoreStatus::Error(failure));
    }

    /// Reports an error of reading the archive.
    ///
    /// # Errors
    ///
    /// An error of the file system, which is not a finding about the backup.
    pub(super) fn report_archive_error(&mut self, error: ArchiveError) -> Result<(), FsError> {
        match error {
            ArchiveError::Io(error) => Err(error),
            ArchiveError::Corrupt(cause) => {
                self.report_file(cause);
                Ok(())
            }
        }
    }

    /// Reports an error of reading an entry.
    ///
    /// # Errors
    ///
    /// An error of the file system, which is not a finding about the backup.
    pub(super) fn report_entry_error(
        &mut self,
        entry: &str,
        error: ArchiveError,
    ) -> Result<(), FsError> {
        match error {
            ArchiveError::Io(error) => Err(error),
            ArchiveError::Corrupt(cause) => {
                self.report_entry(entry, &cause);
                Ok(())
            }
        }
    }
}
