//! The outcome of one backup of many.

use std::time::Duration;

use license_backup::{BackupSummary, Failure, OperationError};
use license_backup_report::{BackupReport, ExitCode, S_OK, counted, human_bytes};
use license_backup_report::{Report as _, Tally};
use serde::Serialize;

/// The report of a backup, of which only the counts are used.
static REPORT: BackupReport = BackupReport {
    directory: String::new(),
    strict: false,
};

/// What became of a store or a unit.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// A backup was made, or the store was found unchanged.
    BackedUp(BackupSummary),
    /// There was a backup already.
    Done,
    /// There is no new backup.
    Failed(Failure),
}

/// The outcome of the backup of a store.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) exit: ExitCode,
    pub(crate) hresult: u32,
    pub(crate) duration: Duration,
}

impl Outcome {
    /// Returns the outcome of an operation.
    pub(crate) fn of(
        result: Result<BackupSummary, OperationError>,
        strict: bool,
        duration: Duration,
    ) -> Self {
        match result {
            Ok(summary) => {
                let report = BackupReport {
                    directory: String::new(),
                    strict,
                };
                let (exit, hresult) = report.status(&summary, &Tally::default());
                Self {
                    ending: Ending::BackedUp(summary),
                    exit,
                    hresult,
                    duration,
                }
            }
            Err(error) => {
                let failure = crate::run::failure(&error.into());
                Self {
                    exit: ExitCode::of_failure(failure.code),
                    hresult: failure.code.hresult(),
                    ending: Ending::Failed(failure),
                    duration,
                }
            }
        }
    }

    /// Returns the outcome of a store that has the backup already.
    pub(crate) fn done(duration: Duration) -> Self {
        Self {
            ending: Ending::Done,
            exit: ExitCode::Success,
            hresult: S_OK,
            duration,
        }
    }

    /// Returns the `outcome` in a JSON line.
    pub(crate) fn name(&self) -> &'static str {
        match self.ending {
            Ending::Done => "done",
            Ending::BackedUp(_) | Ending::Failed(_) => self.exit.name(),
        }
    }

    /// Returns the summary of a backup.
    pub(crate) fn summary(&self) -> Option<&BackupSummary> {
        match &self.ending {
            Ending::BackedUp(summary) => Some(summary),
            Ending::Done | Ending::Failed(_) => None,
        }
    }

    /// Returns the failure, if there is no new backup.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match &self.ending {
            Ending::Failed(failure) => Some(failure),
            Ending::BackedUp(_) | Ending::Done => None,
        }
    }

    /// Returns the duration.
    pub(crate) fn milliseconds(&self) -> u64 {
        u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns what a backup has done, without the name of the store.
    pub(crate) fn text(&self) -> String {
        let summary = match &self.ending {
            Ending::BackedUp(summary) => summary,
            Ending::Done => return "done already".to_owned(),
            Ending::Failed(failure) => return failure.message.clone(),
        };
        let verb = if summary.unchanged {
            "unchanged:"
        } else {
            "backed up"
        };
        let mut parts = vec![format!(
            "{verb} {} ({})",
            counted(summary.licenses, "license"),
            human_bytes(summary.bytes)
        )];
        if summary.restricted > 0 {
            parts.push(format!("skipped {}", summary.restricted));
        }
        if summary.errors > 0 {
            parts.push(format!("cannot read {}", counted(summary.errors, "file")));
        }
        if let Some(shrunk) = summary.shrunk {
            parts.push(format!(
                "{} of {} licenses of the previous backup are left, which was pinned: is the store \
                 mounted?",
                shrunk.left, shrunk.earlier
            ));
        }
        if summary.removed > 0 {
            parts.push(format!(
                "removed {}",
                counted(summary.removed, "generation")
            ));
        }
        parts.join("; ")
    }

    /// Returns the fields of a JSON line.
    pub(crate) fn fields(&self) -> impl Serialize {
        Fields {
            outcome: self.name(),
            exit_code: self.exit.number(),
            code: self.failure().map(|failure| failure.code.name()),
            message: self.failure().map(|failure| failure.message.as_str()),
            milliseconds: self.milliseconds(),
            counts: self.summary().map(|summary| REPORT.counts(summary)),
        }
    }
}

#[derive(Serialize)]
struct Fields<'a, C> {
    outcome: &'static str,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    milliseconds: u64,
    #[serde(flatten)]
    counts: Option<C>,
}
