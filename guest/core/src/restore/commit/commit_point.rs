//! The commit point of a restore, which decides what a failure means.
//!
//! The first license that gets its name is the commit point. A failure before it ends the restore,
//! which is then rolled back. A failure after it is reported, and the restore continues.

use crate::directory::FsError;
use crate::restore::failures::{after_commit, before_commit, not_durable};
use crate::restore::options::RestoreSummary;
use crate::{BackupRestoreStatus, Failure};

/// Whether a restore has passed its commit point, and the failures after it.
#[derive(Default)]
pub(super) struct CommitPoint {
    is_passed: bool,
    /// The number of licenses that could not be committed.
    failed_licenses: u64,
    first_failure: Option<Failure>,
}

impl CommitPoint {
    pub(super) fn is_passed(&self) -> bool {
        self.is_passed
    }

    /// Notes that a license got its name.
    pub(super) fn pass(&mut self) {
        self.is_passed = true;
    }

    /// Returns the failure before the commit point, and reports it after.
    pub(super) fn fail(
        &mut self,
        path: String,
        verb: &str,
        error: FsError,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        if !self.is_passed {
            return Err(before_commit(path, verb, error));
        }
        self.report(after_commit(path, verb, error), events);
        Ok(())
    }

    /// Returns the failure to sync a directory before the commit point, and reports it after.
    pub(super) fn fail_sync(
        &mut self,
        path: String,
        error: FsError,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        if !self.is_passed {
            return Err(before_commit(path, "sync", error));
        }
        self.report(not_durable(path, error), events);
        Ok(())
    }

    /// Reports that a license could not be committed after the commit point.
    pub(super) fn report_license(
        &mut self,
        failure: Failure,
        events: &mut Vec<BackupRestoreStatus>,
    ) {
        self.failed_licenses += 1;
        self.report(failure, events);
    }

    fn report(&mut self, failure: Failure, events: &mut Vec<BackupRestoreStatus>) {
        events.push(BackupRestoreStatus::Error(failure.clone()));
        self.first_failure.get_or_insert(failure);
    }

    /// Returns the result of a restore of `licenses` licenses that is finished.
    pub(super) fn into_result(
        self,
        summary: RestoreSummary,
        licenses: usize,
    ) -> Result<RestoreSummary, Failure> {
        let Some(Failure {
            code,
            message,
            path,
        }) = self.first_failure
        else {
            return Ok(summary);
        };
        let message = match self.failed_licenses {
            0 => format!("the licenses are in place, with errors; first error: {message}"),
            failed => format!(
                "{failed} of {licenses} licenses could not be put in place; first error: {message}"
            ),
        };
        Err(Failure {
            path,
            ..Failure::new(code, message)
        })
    }
}
