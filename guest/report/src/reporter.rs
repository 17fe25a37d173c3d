//! What goes to standard output, what to standard error, and with which exit code a run ends.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use super::{ExitCode, Pace};
use crate::groups::Reason;
use crate::json::{end_line, listing_line, status_line};
use crate::reports::{Gathered, Report, Success};
use crate::text::{complaint, listing_text, time_text};
use license_backup_core::{
    BackupRestoreStatus, ErrorCode, Failure, LicenseListing, LicenseStanding, Progress,
};

/// At most ten progress lines a second.
const JSON_PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The number of faults that are told to a person. Programs that want all of them read the JSON lines.
const FAULTS_TOLD: u64 = 20;

/// The two streams of a command line, and a clock.
pub trait Console {
    /// Writes text to standard output, and sends it off.
    ///
    /// # Errors
    ///
    /// What keeps it from being written. Nothing is written there after that.
    fn print(&mut self, text: &str) -> Result<(), Unwritten>;
    /// Writes a line to standard error, and the newline at its end. If that fails, there is nobody to tell.
    fn say(&mut self, line: &str);
    /// Shows a person how far the operation has come, or not, as often as it likes.
    fn show(&mut self, progress: &Progress);
    /// The time since a moment that stays the same.
    fn now(&self) -> Duration;
}

/// What keeps results from being written to standard output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// Nobody reads the other end of the pipe any more.
    #[error("nobody reads it")]
    ReaderGone,
    /// Anything else, in the words of the system.
    #[error("{0}")]
    Failed(String),
}

/// How a command line was asked to tell things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manner {
    /// In JSON lines, for programs.
    pub json: bool,
    /// Without progress and, unless in JSON lines, without anything if all is well.
    pub quiet: bool,
}

/// Tells one run of one verb, `R` being what is peculiar to the verb.
pub struct Reporter<R, C> {
    report: R,
    manner: Manner,
    console: C,
    /// When it began, by the console's clock.
    start: Duration,
    gathered: Gathered,
    json_progress: Pace,
    /// What has stopped the writing to standard output, and nothing else: nobody's backup fails because a pipe broke.
    unwritten: Option<Unwritten>,
}

/// What an operation tells on the way, as a command line tells it.
pub trait Event {
    /// Tells it. Breaks when there is no point in going on, since telling is all that the operation is for, and it cannot.
    fn tell<R: Report, C: Console>(&self, reporter: &mut Reporter<R, C>) -> ControlFlow<()>;
}

impl Event for BackupRestoreStatus {
    fn tell<R: Report, C: Console>(&self, reporter: &mut Reporter<R, C>) -> ControlFlow<()> {
        if reporter.manner.json {
            reporter.status_line(self);
        } else {
            reporter.status_text(self);
        }
        Continue(())
    }
}

impl Event for LicenseListing {
    fn tell<R: Report, C: Console>(&self, reporter: &mut Reporter<R, C>) -> ControlFlow<()> {
        if let LicenseStanding::Failed(_) = self.standing {
            reporter.gathered.unreadable += 1;
        }
        let line = if reporter.manner.json {
            listing_line(self)
        } else {
            listing_text(self)
        };
        reporter.print(&format!("{line}\n"));
        if reporter.unwritten.is_some() {
            Break(())
        } else {
            Continue(())
        }
    }
}

impl<R: Report, C: Console> Reporter<R, C> {
    /// Begins to tell.
    pub fn new(report: R, manner: Manner, console: C) -> Self {
        let json_progress = Pace::new(JSON_PROGRESS_EVERY, Duration::ZERO);
        let start = console.now();
        Self {
            report,
            manner,
            console,
            start,
            gathered: Gathered::default(),
            json_progress,
            unwritten: None,
        }
    }

    /// Tells an event. Breaks when there is no point in going on, since nobody hears it.
    pub fn event(&mut self, event: &R::Event) -> ControlFlow<()> {
        event.tell(self)
    }

    /// Tells the outcome, and gives the code to end with.
    pub fn end(mut self, outcome: Result<&R::Summary, &Failure>) -> ExitCode {
        let outcome = outcome.map(|summary| self.report.success(summary, &self.gathered));
        let exit = outcome.as_ref().map_or_else(
            |failure| ExitCode::of_failure(failure.code),
            |success| success.exit,
        );
        // A listing that cannot be written was given up for that reason, whatever its outcome says.
        if self.unwritten.is_none() || self.report.done().is_some() {
            self.outcome(&outcome, exit);
        }
        match (self.unwritten.take(), self.report.done()) {
            (None, _) => exit,
            // Whoever closed the pipe has read enough, and need not be told.
            (Some(Unwritten::ReaderGone), None) => ExitCode::Failed,
            (Some(unwritten), None) => {
                self.complain(&format!(
                    "the listing cannot be written to standard output: {unwritten}"
                ));
                ExitCode::Failed
            }
            (Some(unwritten), Some(done)) => {
                let done = if outcome.is_ok() {
                    format!("{done}, but ")
                } else {
                    String::new()
                };
                self.complain(&format!(
                    "{done}the result cannot be written to standard output: {unwritten}"
                ));
                exit.and(ExitCode::Failed)
            }
        }
    }

    fn outcome(&mut self, outcome: &Result<Success<'_>, &Failure>, exit: ExitCode) {
        let elapsed = self.console.now().saturating_sub(self.start);
        match outcome {
            _ if self.manner.json => self.print(&format!("{}\n", end_line(exit, outcome, elapsed))),
            Ok(_) if self.manner.quiet && exit == ExitCode::Success => {}
            Ok(success) if self.report.done().is_none() => self.print(&success.text),
            Ok(success) => self.print(&format!("{}{}", success.text, time_text(elapsed))),
            Err(failure) => self.failure(failure),
        }
    }

    fn status_line(&mut self, status: &BackupRestoreStatus) {
        if let BackupRestoreStatus::Progress(_) = status
            && (self.manner.quiet || !self.json_progress.is_due(self.console.now()))
        {
            return;
        }
        if let Some(line) = status_line(status) {
            self.print(&format!("{line}\n"));
        }
    }

    fn status_text(&mut self, status: &BackupRestoreStatus) {
        match status {
            BackupRestoreStatus::Begin | BackupRestoreStatus::End => {}
            BackupRestoreStatus::Progress(progress) => {
                if !self.manner.quiet {
                    self.console.show(progress);
                }
            }
            BackupRestoreStatus::RestrictedLicense(restricted) => {
                self.gathered
                    .groups
                    .note(Reason::Restricted(restricted.reason), &restricted.path);
            }
            BackupRestoreStatus::Error(error) if self.report.gathers(error) => {
                self.gathered
                    .groups
                    .note(Reason::Failed(error.code), &error.message);
            }
            BackupRestoreStatus::Error(fault) => {
                self.gathered.faults += 1;
                if self.gathered.faults <= FAULTS_TOLD {
                    self.complain(&fault.message);
                }
            }
        }
    }

    fn failure(&mut self, failure: &Failure) {
        if let Some(more) = self.gathered.faults.checked_sub(FAULTS_TOLD + 1) {
            self.complain(&format!(
                "and {} more; the option --json names them all",
                more + 1
            ));
        }
        let hint = match failure.code {
            ErrorCode::BackupExists => " (--overwrite does that)",
            _ => "",
        };
        self.complain(&format!("{}{hint}", failure.message));
    }

    fn print(&mut self, text: &str) {
        if self.unwritten.is_none() {
            self.unwritten = self.console.print(text).err();
        }
    }

    fn complain(&mut self, message: &str) {
        self.console.say(&complaint(message));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::{BackupReport, ListReport, RestoreReport, VerifyReport};
    use super::*;
    use license_backup_core::{
        BackupSummary, LicenseIdentity, ListSummary, RestoreSummary, RestrictedLicense, Restriction,
    };

    /// Remembers what was told. Its clock goes on by 40 ms whenever somebody looks at it.
    #[derive(Default)]
    struct Recorder {
        stdout: String,
        stderr: Vec<String>,
        shown: Vec<u64>,
        looks: Cell<u32>,
        broken: Option<Unwritten>,
    }

    impl Console for &mut Recorder {
        fn print(&mut self, text: &str) -> Result<(), Unwritten> {
            self.stdout.push_str(text);
            self.broken.clone().map_or(Ok(()), Err)
        }

        fn say(&mut self, line: &str) {
            self.stderr.push(line.to_owned());
        }

        fn show(&mut self, progress: &Progress) {
            self.shown.push(progress.done);
        }

        fn now(&self) -> Duration {
            self.looks.set(self.looks.get() + 1);
            Duration::from_millis(40) * self.looks.get()
        }
    }

    const TEXT: Manner = Manner {
        json: false,
        quiet: false,
    };
    const JSON: Manner = Manner {
        json: true,
        quiet: false,
    };
    const QUIET: Manner = Manner {
        json: false,
        quiet: true,
    };
    const QUIET_JSON: Manner = Manner {
        json: true,
        quiet: true,
    };

    const SUMMARY: BackupSummary = BackupSummary {
        licenses: 3,
        bytes: 30,
        restricted: 0,
        errors: 0,
        size: 400,
    };

    fn backup() -> BackupReport {
        BackupReport {
            archive: "/b/licenses.zip".to_owned(),
            strict: false,
        }
    }

    fn progress(done: u64) -> BackupRestoreStatus {
        BackupRestoreStatus::Progress(Progress {
            done,
            ..Progress::default()
        })
    }

    fn restricted(path: &str) -> BackupRestoreStatus {
        let (identity, reason) = (LicenseIdentity::default(), Restriction::Opaque);
        BackupRestoreStatus::RestrictedLicense(RestrictedLicense {
            path: path.to_owned(),
            identity,
            reason,
        })
    }

    /// Has events and an outcome told.
    fn tell<R: Report>(
        recorder: &mut Recorder,
        report: R,
        manner: Manner,
        events: &[R::Event],
        outcome: Result<&R::Summary, &Failure>,
    ) -> ExitCode {
        let mut reporter = Reporter::new(report, manner, recorder);
        let _ = events.iter().try_for_each(|event| reporter.event(event));
        reporter.end(outcome)
    }

    /// The values of `event` in JSON lines.
    fn json_events(lines: &str) -> Vec<String> {
        let event = |line| {
            serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")["event"]
                .clone()
        };
        lines
            .lines()
            .map(|line| {
                event(line)
                    .as_str()
                    .expect("an event has a name")
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn json_lines_tell_each_event_and_the_outcome_last() {
        let mut recorder = Recorder::default();
        let events = [
            BackupRestoreStatus::Begin,
            progress(1),
            restricted("a"),
            BackupRestoreStatus::End,
        ];
        let exit = tell(&mut recorder, backup(), JSON, &events, Ok(&SUMMARY));
        assert_eq!(
            json_events(&recorder.stdout),
            ["begin", "progress", "restricted-license", "end"]
        );
        assert_eq!(
            (recorder.stderr, recorder.shown, exit),
            (vec![], vec![], ExitCode::Success)
        );
    }

    #[test]
    fn json_lines_tell_progress_at_most_ten_times_a_second() {
        let mut recorder = Recorder::default();
        let events: Vec<_> = (0..7).map(progress).collect();
        tell(&mut recorder, backup(), JSON, &events, Ok(&SUMMARY));
        // At 80, 200 and 320 ms.
        assert_eq!(
            json_events(&recorder.stdout),
            ["progress", "progress", "progress", "end"]
        );
    }

    #[test]
    fn quiet_json_lines_tell_all_but_progress() {
        let mut recorder = Recorder::default();
        tell(
            &mut recorder,
            backup(),
            QUIET_JSON,
            &[progress(1), restricted("a")],
            Ok(&SUMMARY),
        );
        assert_eq!(json_events(&recorder.stdout), ["restricted-license", "end"]);
    }

    #[test]
    fn a_person_is_shown_progress_and_told_the_outcome_on_standard_output() {
        let mut recorder = Recorder::default();
        let exit = tell(
            &mut recorder,
            backup(),
            TEXT,
            &[progress(1), restricted("a"), progress(2)],
            Ok(&SUMMARY),
        );
        assert_eq!(
            (recorder.shown, recorder.stderr, exit),
            (vec![1, 2], vec![], ExitCode::Success)
        );
        assert!(
            recorder.stdout.starts_with("Backed up 3 licenses"),
            "{}",
            recorder.stdout
        );
        assert!(recorder.stdout.contains("\n  a\n"), "{}", recorder.stdout);
        assert!(
            recorder.stdout.ends_with("\nDone in 0.0 s.\n"),
            "{}",
            recorder.stdout
        );
    }

    #[test]
    fn quiet_says_nothing_if_all_is_well() {
        let mut recorder = Recorder::default();
        tell(
            &mut recorder,
            backup(),
            QUIET,
            &[progress(1), restricted("a")],
            Ok(&SUMMARY),
        );
        assert_eq!(
            (recorder.stdout.as_str(), recorder.stderr, recorder.shown),
            ("", vec![], vec![])
        );
    }

    #[test]
    fn quiet_tells_what_is_incomplete() {
        let mut recorder = Recorder::default();
        let summary = BackupSummary {
            errors: 1,
            ..SUMMARY
        };
        let exit = tell(&mut recorder, backup(), QUIET, &[], Ok(&summary));
        assert!(
            recorder.stdout.starts_with("Backed up 3 licenses"),
            "{}",
            recorder.stdout
        );
        assert_eq!(exit, ExitCode::Incomplete);
    }

    #[test]
    fn a_failure_is_told_on_standard_error_with_the_option_that_helps() {
        let mut recorder = Recorder::default();
        let failure = Failure::new(ErrorCode::BackupExists, "there is one");
        let exit = tell(&mut recorder, backup(), TEXT, &[], Err(&failure));
        assert_eq!(
            recorder.stderr,
            ["license-backup: there is one (--overwrite does that)"]
        );
        assert_eq!((recorder.stdout.as_str(), exit), ("", ExitCode::Conflict));
    }

    #[test]
    fn each_fault_of_a_backup_is_told_at_once_and_of_many_their_number() {
        let fault = |number: u64| {
            BackupRestoreStatus::Error(Failure::at(
                ErrorCode::BackupCorrupt,
                "e",
                format!("fault {number}"),
            ))
        };
        let report = VerifyReport {
            archive: "/b/licenses.zip".to_owned(),
            expected: false,
        };
        let failure = Failure::new(ErrorCode::BackupCorrupt, "it is corrupt");
        let mut recorder = Recorder::default();
        let events: Vec<_> = (0..FAULTS_TOLD).map(fault).collect();
        let exit = tell(&mut recorder, report.clone(), QUIET, &events, Err(&failure));
        assert_eq!(
            recorder.stderr.first().map(String::as_str),
            Some("license-backup: fault 0")
        );
        assert_eq!(
            recorder.stderr.get(20..),
            Some(&["license-backup: it is corrupt".to_owned()][..])
        );
        assert_eq!(exit, ExitCode::Corrupt);

        let mut recorder = Recorder::default();
        let events: Vec<_> = (0..FAULTS_TOLD + 3).map(fault).collect();
        tell(&mut recorder, report, QUIET, &events, Err(&failure));
        let last = [
            "license-backup: and 3 more; the option --json names them all",
            "license-backup: it is corrupt",
        ];
        assert_eq!(
            recorder.stderr.get(20..),
            Some(&last.map(str::to_owned)[..])
        );
    }

    #[test]
    fn a_restore_tells_conflicts_at_the_end_and_what_failed_at_once() {
        let report = RestoreReport {
            archive: "/b/licenses.zip".to_owned(),
            overwrite: false,
            dry_run: false,
        };
        let error =
            |code, message: &str| BackupRestoreStatus::Error(Failure::at(code, "a", message));
        let mut recorder = Recorder::default();
        let events = [
            error(ErrorCode::FileExists, "a is there"),
            error(ErrorCode::Io, "b could not be put in place"),
        ];
        let failure = Failure::new(ErrorCode::Io, "1 of 2 licenses could not be put in place");
        let exit = tell(&mut recorder, report.clone(), TEXT, &events, Err(&failure));
        let said = [
            "b could not be put in place",
            "1 of 2 licenses could not be put in place",
        ];
        assert_eq!(recorder.stderr, said.map(complaint));
        assert_eq!((recorder.stdout.as_str(), exit), ("", ExitCode::Failed));

        let mut recorder = Recorder::default();
        let summary = RestoreSummary {
            restored: 1,
            bytes: 10,
            present: 0,
            conflicts: 1,
        };
        let exit = tell(&mut recorder, report, TEXT, &events[..1], Ok(&summary));
        assert!(
            recorder.stdout.contains("\n  a is there\n"),
            "{}",
            recorder.stdout
        );
        assert_eq!((recorder.stderr, exit), (vec![], ExitCode::Conflict));
    }

    #[test]
    fn a_backup_whose_result_cannot_be_written_is_complete_all_the_same() {
        for manner in [TEXT, JSON] {
            let mut recorder = Recorder {
                broken: Some(Unwritten::ReaderGone),
                ..Recorder::default()
            };
            let exit = tell(
                &mut recorder,
                backup(),
                manner,
                &[BackupRestoreStatus::Begin, restricted("a")],
                Ok(&SUMMARY),
            );
            let told = "license-backup: the backup is complete, but the result cannot be written to standard output: \
                nobody reads it";
            assert_eq!(
                (recorder.stderr, exit),
                (vec![told.to_owned()], ExitCode::Failed)
            );
        }
    }

    #[test]
    fn a_listing_that_cannot_be_written_is_given_up() {
        let listing = LicenseListing::new("a".to_owned(), LicenseStanding::Allowed);
        let cancelled = Failure::new(ErrorCode::Cancelled, "the listing was cancelled");
        let full = Unwritten::Failed("disk full".to_owned());
        for (broken, told) in [
            (Unwritten::ReaderGone, vec![]),
            (
                full,
                vec![
                    "license-backup: the listing cannot be written to standard output: disk full"
                        .to_owned(),
                ],
            ),
        ] {
            let mut recorder = Recorder {
                broken: Some(broken),
                ..Recorder::default()
            };
            let mut reporter = Reporter::new(ListReport, TEXT, &mut recorder);
            assert!(reporter.event(&listing).is_break());
            assert_eq!(reporter.end(Err(&cancelled)), ExitCode::Failed);
            assert_eq!(recorder.stderr, told);
        }
    }

    #[test]
    fn a_listing_goes_to_standard_output_line_by_line() {
        let listing = |standing| LicenseListing::new("a".to_owned(), standing);
        let summary = ListSummary {
            licenses: 0,
            bytes: 0,
            skipped: 2,
            program: None,
        };
        let events = [
            listing(LicenseStanding::Restricted(Restriction::Opaque)),
            listing(LicenseStanding::Failed(ErrorCode::Malformed)),
        ];
        let mut recorder = Recorder::default();
        let exit = tell(&mut recorder, ListReport, TEXT, &events, Ok(&summary));
        let first: Vec<_> = recorder
            .stdout
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(first, ["opaque", "malformed", "0"]);
        assert_eq!(exit, ExitCode::Incomplete);
    }
}
