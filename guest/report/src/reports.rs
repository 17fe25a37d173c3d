//! What is peculiar to each verb of the command lines.

use crate::ExitCode;
use crate::groups::Groups;
use crate::json::Counts;
use crate::reporter::Event;
use crate::text::{backup_text, list_text, restore_text, verify_text};
use license_backup_core::{
    BackupRestoreStatus, BackupSummary, ErrorCode, Failure, LicenseListing, ListSummary,
    RestoreSummary, S_FALSE, S_OK, VerifySummary,
};

/// What a verb of the command lines tells.
pub trait Report {
    /// What its operation tells on the way.
    type Event: Event;
    /// What its operation tells at the end.
    type Summary;

    /// What there is to tell of a success.
    fn success<'a>(&self, summary: &'a Self::Summary, gathered: &Gathered) -> Success<'a>;

    /// Whether something amiss with one file is told with the success, rather than at once.
    fn gathers(&self, error: &Failure) -> bool;

    /// What was done all the same if it cannot be told; nothing when telling is all that the verb does.
    fn done(&self) -> Option<&'static str>;
}

/// What was gathered from the events of a run.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What was left out or not restored. Empty with JSON lines.
    pub(super) groups: Groups,
    /// The number of errors that were not gathered, but to be told at once.
    pub(super) faults: u64,
    /// The number of files in a listing that could not be read.
    pub(super) unreadable: u64,
}

/// How a success is told.
pub struct Success<'a> {
    pub(super) exit: ExitCode,
    pub(super) hresult: u32,
    pub(super) counts: Counts<'a>,
    /// Each line ends with a newline.
    pub(super) text: String,
}

/// `backup`.
#[derive(Debug, Clone)]
pub struct BackupReport {
    /// The path of the backup file, as the caller knows it.
    pub archive: String,
    /// Whether leaving anything out makes the backup incomplete.
    pub strict: bool,
}

impl Report for BackupReport {
    type Event = BackupRestoreStatus;
    type Summary = BackupSummary;

    fn success<'a>(&self, summary: &'a BackupSummary, gathered: &Gathered) -> Success<'a> {
        let is_incomplete = summary.errors > 0 || (self.strict && summary.restricted > 0);
        let BackupSummary {
            licenses,
            bytes,
            restricted,
            errors,
            size,
        } = *summary;
        Success {
            exit: if is_incomplete {
                ExitCode::Incomplete
            } else {
                ExitCode::Success
            },
            hresult: summary.hresult(),
            counts: Counts::Backup {
                licenses,
                bytes,
                restricted,
                errors,
                size,
            },
            text: backup_text(summary, &gathered.groups, &self.archive),
        }
    }

    fn gathers(&self, _: &Failure) -> bool {
        true
    }

    fn done(&self) -> Option<&'static str> {
        Some("the backup is complete")
    }
}

/// `verify`.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// The path of the backup file, as the caller knows it.
    pub archive: String,
    /// Whether the backup was compared with an expected hash.
    pub expected: bool,
}

impl Report for VerifyReport {
    type Event = BackupRestoreStatus;
    type Summary = VerifySummary;

    fn success<'a>(&self, summary: &'a VerifySummary, _: &Gathered) -> Success<'a> {
        let VerifySummary {
            licenses,
            bytes,
            skipped,
            size,
            ref blake3,
            ref program,
        } = *summary;
        Success {
            exit: ExitCode::Success,
            hresult: S_OK,
            counts: Counts::Verify {
                licenses,
                bytes,
                skipped,
                size,
                blake3,
                program,
            },
            text: verify_text(summary, &self.archive, self.expected),
        }
    }

    /// A backup with a fault is no success.
    fn gathers(&self, _: &Failure) -> bool {
        false
    }

    fn done(&self) -> Option<&'static str> {
        Some("the backup is whole")
    }
}

/// `restore`.
#[derive(Debug, Clone)]
pub struct RestoreReport {
    /// The path of the backup file, as the caller knows it.
    pub archive: String,
    /// Whether files in the way are replaced.
    pub overwrite: bool,
    /// Whether nothing is changed.
    pub dry_run: bool,
}

impl Report for RestoreReport {
    type Event = BackupRestoreStatus;
    type Summary = RestoreSummary;

    fn success<'a>(&self, summary: &'a RestoreSummary, gathered: &Gathered) -> Success<'a> {
        let RestoreSummary {
            restored,
            bytes,
            present,
            conflicts,
        } = *summary;
        Success {
            exit: if conflicts > 0 {
                ExitCode::Conflict
            } else {
                ExitCode::Success
            },
            hresult: summary.hresult(),
            counts: Counts::Restore {
                restored,
                bytes,
                present,
                conflicts,
                dry_run: self.dry_run,
            },
            text: restore_text(summary, &gathered.groups, self),
        }
    }

    /// With anything else than conflicts it is no success.
    fn gathers(&self, error: &Failure) -> bool {
        error.code == ErrorCode::FileExists
    }

    fn done(&self) -> Option<&'static str> {
        Some(if self.dry_run {
            "nothing was changed"
        } else {
            "the restore is complete"
        })
    }
}

/// `list`, of a store or of a backup.
#[derive(Debug, Clone)]
pub struct ListReport;

impl Report for ListReport {
    type Event = LicenseListing;
    type Summary = ListSummary;

    fn success<'a>(&self, summary: &'a ListSummary, gathered: &Gathered) -> Success<'a> {
        let ListSummary {
            licenses,
            bytes,
            skipped,
            ref program,
        } = *summary;
        // What a backup tells of as unreadable was so when it was made; the listing has read all that there is.
        let is_incomplete = program.is_none() && gathered.unreadable > 0;
        Success {
            exit: if is_incomplete {
                ExitCode::Incomplete
            } else {
                ExitCode::Success
            },
            hresult: if is_incomplete { S_FALSE } else { S_OK },
            counts: Counts::List {
                licenses,
                bytes,
                skipped,
                program: program.as_deref(),
            },
            text: list_text(summary),
        }
    }

    /// It has no such events; all is in its lines.
    fn gathers(&self, _: &Failure) -> bool {
        false
    }

    fn done(&self) -> Option<&'static str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(restricted: u64, errors: u64, strict: bool) -> (ExitCode, u32) {
        let summary = BackupSummary {
            licenses: 1,
            bytes: 10,
            restricted,
            errors,
            size: 100,
        };
        let report = BackupReport {
            archive: String::new(),
            strict,
        };
        let success = report.success(&summary, &Gathered::default());
        (success.exit, success.hresult)
    }

    #[test]
    fn leaving_out_restricted_files_is_success_unless_strict() {
        assert_eq!(backup(2, 0, false), (ExitCode::Success, S_OK));
        assert_eq!(backup(2, 0, true), (ExitCode::Incomplete, S_OK));
    }

    #[test]
    fn strict_without_anything_left_out_is_success() {
        assert_eq!(backup(0, 0, true), (ExitCode::Success, S_OK));
    }

    #[test]
    fn an_unreadable_license_is_incomplete_and_s_false() {
        assert_eq!(backup(0, 1, false), (ExitCode::Incomplete, S_FALSE));
    }

    #[test]
    fn a_restore_with_conflicts_is_a_conflict_and_s_false() {
        let report = RestoreReport {
            archive: String::new(),
            overwrite: false,
            dry_run: false,
        };
        let restore = |conflicts| {
            let summary = RestoreSummary {
                restored: 1,
                bytes: 10,
                present: 0,
                conflicts,
            };
            let success = report.success(&summary, &Gathered::default());
            (success.exit, success.hresult)
        };
        assert_eq!(restore(0), (ExitCode::Success, S_OK));
        assert_eq!(restore(1), (ExitCode::Conflict, S_FALSE));
    }

    #[test]
    fn a_listing_is_incomplete_if_it_could_not_read_a_file_itself() {
        let gathered = Gathered {
            unreadable: 1,
            ..Gathered::default()
        };
        let list = |program: Option<&str>| {
            let program = program.map(str::to_owned);
            let summary = ListSummary {
                licenses: 1,
                bytes: 10,
                skipped: 1,
                program,
            };
            let success = ListReport.success(&summary, &gathered);
            (success.exit, success.hresult)
        };
        assert_eq!(list(None), (ExitCode::Incomplete, S_FALSE));
        assert_eq!(
            list(Some("license-backup 0.1.0")),
            (ExitCode::Success, S_OK)
        );
    }
}
