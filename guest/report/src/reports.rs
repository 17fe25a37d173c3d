//! The report of each command: its exit code, counts and text.

use license_backup_core::{
    BackupRestoreStatus, BackupSummary, CheckSummary, DiffSummary, ErrorCode, Failure,
    ForgetSummary, Generation, GenerationDecision, GenerationsSummary, LicenseDifference,
    LicenseListing, ListSummary, RestoreSummary, S_FALSE, S_OK, VerifySummary,
};
use serde::Serialize;

use crate::ExitCode;
use crate::counts::{
    BackupCounts, CheckCounts, DiffCounts, ForgetCounts, GenerationsCounts, ListCounts,
    RestoreCounts, VerifyCounts,
};
use crate::skipped::SkippedByReason;
use crate::text::{
    backup_text, check_text, diff_text, forget_text, generations_text, list_text, restore_text,
    verify_text,
};

/// The report of a command.
pub trait Report {
    /// The events of its operation.
    type Event: Event;
    /// The summary of its operation.
    type Summary;

    /// Returns the exit code and the `HRESULT` of an operation that succeeded.
    fn status(&self, summary: &Self::Summary, tally: &Tally) -> (ExitCode, u32);

    /// Returns the counts in the last JSON line of an operation that succeeded.
    fn counts(&self, summary: &Self::Summary) -> impl Serialize;

    /// Returns the text for an operation that succeeded. Each line ends with a newline.
    fn text(&self, summary: &Self::Summary, tally: &Tally) -> String;

    /// Returns `true` if an error about one file is part of the text at the end, and
    /// `false` if it is reported at once.
    fn is_tallied(&self, error: &Failure) -> bool;

    /// Returns the option with which an operation that failed with this code would succeed.
    fn hint(&self, _: ErrorCode) -> Option<&'static str> {
        None
    }

    /// Returns what the operation has completed, for the case that the result cannot be written.
    /// Returns `None` if writing the result is all that the command does.
    fn completed_phrase(&self) -> Option<&'static str>;
}

/// An event of an operation.
pub trait Event {
    /// Returns the event as one of the kinds that a [`Reporter`](crate::Reporter) writes.
    fn event_ref(&self) -> EventRef<'_>;
}

/// A reference to an event of any operation.
#[derive(Debug, Clone, Copy)]
pub enum EventRef<'a> {
    /// An event of a backup, a verification or a restore.
    Status(&'a BackupRestoreStatus),
    /// An event of a listing.
    Listing(&'a LicenseListing),
    /// A decision about a generation.
    Decision(&'a GenerationDecision),
    /// A difference that a comparison found.
    Difference(&'a LicenseDifference),
    /// A backup file of a directory.
    Generation(&'a Generation),
}

impl Event for BackupRestoreStatus {
    fn event_ref(&self) -> EventRef<'_> {
        EventRef::Status(self)
    }
}

impl Event for LicenseListing {
    fn event_ref(&self) -> EventRef<'_> {
        EventRef::Listing(self)
    }
}

impl Event for GenerationDecision {
    fn event_ref(&self) -> EventRef<'_> {
        EventRef::Decision(self)
    }
}

impl Event for LicenseDifference {
    fn event_ref(&self) -> EventRef<'_> {
        EventRef::Difference(self)
    }
}

impl Event for Generation {
    fn event_ref(&self) -> EventRef<'_> {
        EventRef::Generation(self)
    }
}

/// A tally of the events of a run.
#[derive(Debug, Default)]
pub struct Tally {
    /// The files that were skipped or not restored. Empty with JSON lines.
    pub(crate) skipped: SkippedByReason,
    /// The number of errors that were reported at once.
    pub(crate) errors: u64,
    /// The number of files in a listing that could not be read.
    pub(crate) unreadable: u64,
}

/// The report of `backup`.
#[derive(Debug, Clone)]
pub struct BackupReport {
    /// The path of the backup directory, as the caller knows it.
    pub directory: String,
    /// Whether any skipped file makes the backup incomplete.
    pub strict: bool,
}

impl Report for BackupReport {
    type Event = BackupRestoreStatus;
    type Summary = BackupSummary;

    fn status(&self, summary: &BackupSummary, _: &Tally) -> (ExitCode, u32) {
        let strict = incomplete_if(self.strict && summary.restricted > 0);
        (summary.exit_code().and(strict), summary.hresult())
    }

    fn counts(&self, summary: &BackupSummary) -> impl Serialize {
        BackupCounts(summary)
    }

    fn text(&self, summary: &BackupSummary, tally: &Tally) -> String {
        backup_text(summary, &tally.skipped, &self.directory)
    }

    fn is_tallied(&self, _: &Failure) -> bool {
        true
    }

    fn hint(&self, code: ErrorCode) -> Option<&'static str> {
        match code {
            ErrorCode::BackupExists => Some("--overwrite"),
            ErrorCode::Shrunk => Some("--allow-shrink"),
            _ => None,
        }
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        Some("the backup is complete")
    }
}

/// The report of `verify`.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// The path of the backup directory, as the caller knows it.
    pub directory: String,
    /// Whether the backup was compared with an expected hash.
    pub expected: bool,
}

impl Report for VerifyReport {
    type Event = BackupRestoreStatus;
    type Summary = VerifySummary;

    fn status(&self, _: &VerifySummary, _: &Tally) -> (ExitCode, u32) {
        (ExitCode::Success, S_OK)
    }

    fn counts(&self, summary: &VerifySummary) -> impl Serialize {
        VerifyCounts(summary)
    }

    fn text(&self, summary: &VerifySummary, _: &Tally) -> String {
        verify_text(summary, &self.directory, self.expected)
    }

    /// Returns `false`: the verification of a backup with an error fails, and has no text
    /// at the end.
    fn is_tallied(&self, _: &Failure) -> bool {
        false
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        Some("the backup is intact")
    }
}

/// The report of `restore`.
#[derive(Debug, Clone)]
pub struct RestoreReport {
    /// The path of the backup directory, as the caller knows it.
    pub directory: String,
    /// Whether the restore replaces other files with the names of licenses.
    pub overwrite: bool,
    /// Whether the restore changes nothing.
    pub dry_run: bool,
}

impl Report for RestoreReport {
    type Event = BackupRestoreStatus;
    type Summary = RestoreSummary;

    fn status(&self, summary: &RestoreSummary, tally: &Tally) -> (ExitCode, u32) {
        let exit = if summary.conflicts > 0 {
            ExitCode::Conflict
        } else {
            ExitCode::Success
        };
        // A restore of a part succeeds although it could not read other licenses, to find out
        // whether they belong to the part.
        let is_incomplete = tally.errors > 0;
        let hresult = if is_incomplete {
            S_FALSE
        } else {
            summary.hresult()
        };
        (exit.and(incomplete_if(is_incomplete)), hresult)
    }

    fn counts(&self, summary: &RestoreSummary) -> impl Serialize {
        RestoreCounts {
            summary,
            dry_run: self.dry_run,
        }
    }

    fn text(&self, summary: &RestoreSummary, tally: &Tally) -> String {
        restore_text(
            summary,
            &tally.skipped,
            &self.directory,
            self.overwrite,
            self.dry_run,
        )
    }

    /// Returns `true` for a conflict. A restore with any other error fails, and has no text
    /// at the end.
    fn is_tallied(&self, error: &Failure) -> bool {
        error.code == ErrorCode::FileExists
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        Some(if self.dry_run {
            "nothing was changed"
        } else {
            "the restore is complete"
        })
    }
}

/// The report of `list`, for a store and for a backup.
#[derive(Debug, Clone)]
pub struct ListReport;

impl Report for ListReport {
    type Event = LicenseListing;
    type Summary = ListSummary;

    fn status(&self, summary: &ListSummary, tally: &Tally) -> (ExitCode, u32) {
        // A file that a backup lists as unreadable was so when the backup was made. The listing
        // itself is complete.
        let is_incomplete = summary.program.is_none() && tally.unreadable > 0;
        let hresult = if is_incomplete { S_FALSE } else { S_OK };
        (incomplete_if(is_incomplete), hresult)
    }

    fn counts(&self, summary: &ListSummary) -> impl Serialize {
        ListCounts(summary)
    }

    fn text(&self, summary: &ListSummary, _: &Tally) -> String {
        list_text(summary)
    }

    /// Returns `false`: a listing has no such events.
    fn is_tallied(&self, _: &Failure) -> bool {
        false
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        None
    }
}

/// The report of `forget`.
#[derive(Debug, Clone)]
pub struct ForgetReport {
    /// Whether the command removes nothing.
    pub dry_run: bool,
}

impl Report for ForgetReport {
    type Event = GenerationDecision;
    type Summary = ForgetSummary;

    fn status(&self, _: &ForgetSummary, _: &Tally) -> (ExitCode, u32) {
        (ExitCode::Success, S_OK)
    }

    fn counts(&self, summary: &ForgetSummary) -> impl Serialize {
        ForgetCounts {
            summary,
            dry_run: self.dry_run,
        }
    }

    fn text(&self, summary: &ForgetSummary, _: &Tally) -> String {
        forget_text(summary, self.dry_run)
    }

    /// Returns `false`: forgetting has no such events.
    fn is_tallied(&self, _: &Failure) -> bool {
        false
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        Some(if self.dry_run {
            "nothing was changed"
        } else {
            "the generations were removed"
        })
    }
}

/// The report of `diff`.
#[derive(Debug, Clone)]
pub struct DiffReport;

impl Report for DiffReport {
    type Event = LicenseDifference;
    type Summary = DiffSummary;

    fn status(&self, summary: &DiffSummary, _: &Tally) -> (ExitCode, u32) {
        let &DiffSummary {
            added,
            removed,
            changed,
            unreadable,
            ..
        } = summary;
        let is_different = added + removed + changed > 0;
        let exit = match (is_different, unreadable) {
            (true, _) => ExitCode::Different,
            (false, 0) => ExitCode::Success,
            (false, _) => ExitCode::Incomplete,
        };
        let hresult = if exit == ExitCode::Success {
            S_OK
        } else {
            S_FALSE
        };
        (exit, hresult)
    }

    fn counts(&self, summary: &DiffSummary) -> impl Serialize {
        DiffCounts(summary)
    }

    fn text(&self, summary: &DiffSummary, _: &Tally) -> String {
        diff_text(summary)
    }

    /// Returns `false`: a comparison has no such events.
    fn is_tallied(&self, _: &Failure) -> bool {
        false
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        None
    }
}

/// The report of `generations`.
#[derive(Debug, Clone)]
pub struct GenerationsReport;

impl Report for GenerationsReport {
    type Event = Generation;
    type Summary = GenerationsSummary;

    fn status(&self, _: &GenerationsSummary, _: &Tally) -> (ExitCode, u32) {
        (ExitCode::Success, S_OK)
    }

    fn counts(&self, summary: &GenerationsSummary) -> impl Serialize {
        GenerationsCounts(summary)
    }

    fn text(&self, summary: &GenerationsSummary, _: &Tally) -> String {
        generations_text(*summary)
    }

    /// Returns `false`: a listing has no such events.
    fn is_tallied(&self, _: &Failure) -> bool {
        false
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        None
    }
}

/// The report of `check`.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The path of the backup directory, as the caller knows it.
    pub directory: String,
}

impl Report for CheckReport {
    type Event = BackupRestoreStatus;
    type Summary = CheckSummary;

    fn status(&self, _: &CheckSummary, _: &Tally) -> (ExitCode, u32) {
        (ExitCode::Success, S_OK)
    }

    fn counts(&self, summary: &CheckSummary) -> impl Serialize {
        CheckCounts(summary)
    }

    fn text(&self, summary: &CheckSummary, _: &Tally) -> String {
        check_text(summary, &self.directory)
    }

    /// Returns `false`: the check of a backup with an error fails, and has no text at the end.
    fn is_tallied(&self, _: &Failure) -> bool {
        false
    }

    fn hint(&self, code: ErrorCode) -> Option<&'static str> {
        (code == ErrorCode::Shrunk).then_some("forget --unpin")
    }

    fn completed_phrase(&self) -> Option<&'static str> {
        Some("the backup is recent")
    }
}

fn incomplete_if(is_incomplete: bool) -> ExitCode {
    if is_incomplete {
        ExitCode::Incomplete
    } else {
        ExitCode::Success
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
            file: String::new(),
            size: 100,
            unchanged: false,
            shrunk: None,
            blake3: None,
            removed: 0,
        };
        let report = BackupReport {
            directory: String::new(),
            strict,
        };
        report.status(&summary, &Tally::default())
    }

    #[test]
    fn restricted_files_are_incomplete_only_if_strict() {
        assert_eq!(backup(2, 0, false), (ExitCode::Success, S_OK));
        assert_eq!(backup(2, 0, true), (ExitCode::Incomplete, S_OK));
    }

    #[test]
    fn a_strict_backup_that_skips_nothing_succeeds() {
        assert_eq!(backup(0, 0, true), (ExitCode::Success, S_OK));
    }

    #[test]
    fn an_unreadable_license_is_incomplete_and_s_false() {
        assert_eq!(backup(0, 1, false), (ExitCode::Incomplete, S_FALSE));
    }

    #[test]
    fn a_restore_with_conflicts_is_a_conflict_and_s_false() {
        let report = RestoreReport {
            directory: String::new(),
            overwrite: false,
            dry_run: false,
        };
        let restore = |conflicts| {
            let summary = RestoreSummary {
                file: String::new(),
                restored: 1,
                bytes: 10,
                present: 0,
                conflicts,
            };
            report.status(&summary, &Tally::default())
        };
        assert_eq!(restore(0), (ExitCode::Success, S_OK));
        assert_eq!(restore(1), (ExitCode::Conflict, S_FALSE));
    }

    #[test]
    fn a_restore_that_could_not_read_other_licenses_is_incomplete_and_s_false() {
        let report = RestoreReport {
            directory: String::new(),
            overwrite: false,
            dry_run: false,
        };
        let tally = Tally {
            errors: 1,
            ..Tally::default()
        };
        let status = report.status(&RestoreSummary::default(), &tally);
        assert_eq!(status, (ExitCode::Incomplete, S_FALSE));
    }

    #[test]
    fn a_comparison_is_different_or_incomplete_or_successful() {
        let diff = |added, unreadable| {
            let summary = DiffSummary {
                added,
                unreadable,
                ..DiffSummary::default()
            };
            DiffReport.status(&summary, &Tally::default())
        };
        assert_eq!(diff(0, 0), (ExitCode::Success, S_OK));
        assert_eq!(diff(0, 1), (ExitCode::Incomplete, S_FALSE));
        assert_eq!(diff(1, 1), (ExitCode::Different, S_FALSE));
    }

    #[test]
    fn an_unreadable_file_makes_only_a_store_listing_incomplete() {
        let tally = Tally {
            unreadable: 1,
            ..Tally::default()
        };
        let list = |program: Option<&str>| {
            let summary = ListSummary {
                file: None,
                licenses: 1,
                bytes: 10,
                skipped: 1,
                program: program.map(str::to_owned),
            };
            ListReport.status(&summary, &tally)
        };
        assert_eq!(list(None), (ExitCode::Incomplete, S_FALSE));
        assert_eq!(
            list(Some("license-backup 0.1.0")),
            (ExitCode::Success, S_OK)
        );
    }
}
