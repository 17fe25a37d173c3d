//! The reporter: what a run writes to standard output and standard error, and its exit code.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use crate::json::{end_line, listing_line, status_line};
use crate::reports::{Event, EventRef, Report, Tally};
use crate::text::{error_line, listing_text, time_text};
use crate::{Console, ExitCode, Throttle, WriteError};
use license_backup_core::{
    BackupRestoreStatus, ErrorCode, Failure, LicenseListing, LicenseStanding, Reason,
};

/// The interval of progress lines in JSON: ten per second.
const JSON_PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// The maximum number of errors that are reported at once to a person. Programs that need
/// all of them read the JSON lines.
const MAX_ERRORS: u64 = 20;

/// The output options of a command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputOptions {
    /// Whether to write JSON lines, for programs.
    pub json: bool,
    /// Whether to omit progress and, unless `json` is set, the text for a success.
    pub quiet: bool,
}

/// A reporter of one run of one command, with the report `R` of the command.
pub struct Reporter<R, C> {
    report: R,
    options: OutputOptions,
    console: C,
    /// The start of the run, by the clock of the console.
    start: Duration,
    tally: Tally,
    json_progress: Throttle,
    /// The first error writing to standard output. The operation continues after it unless it is a
    /// listing: a backup does not fail because of a broken pipe.
    write_error: Option<WriteError>,
}

impl<R: Report, C: Console> Reporter<R, C> {
    /// Creates a reporter for a run that starts now.
    pub fn new(report: R, options: OutputOptions, console: C) -> Self {
        let start = console.now();
        Self {
            report,
            options,
            console,
            start,
            tally: Tally::default(),
            json_progress: Throttle::new(JSON_PROGRESS_INTERVAL, start),
            write_error: None,
        }
    }

    /// Reports an event. Returns `Break` if the run should be cancelled: writing the results is all
    /// that a listing does, and it failed.
    pub fn event(&mut self, event: &R::Event) -> ControlFlow<()> {
        match event.event_ref() {
            EventRef::Status(status) => {
                if self.options.json {
                    self.report_status_line(status);
                } else {
                    self.report_status_text(status);
                }
                Continue(())
            }
            EventRef::Listing(listing) => self.report_listing(listing),
        }
    }

    /// Reports the outcome, and returns the exit code.
    pub fn end(mut self, outcome: Result<&R::Summary, &Failure>) -> ExitCode {
        let (exit, hresult) = match outcome {
            Ok(summary) => self.report.status(summary, &self.tally),
            Err(failure) => (ExitCode::of_failure(failure.code), failure.code.hresult()),
        };
        let completed = self.report.completed_phrase();
        // A listing that could not be written was cancelled for that reason; its outcome
        // adds nothing.
        if self.write_error.is_none() || completed.is_some() {
            self.report_outcome(outcome, exit, hresult);
        }
        match (self.write_error.take(), completed) {
            (None, _) => exit,
            // The reader has closed the pipe on purpose, as `head` does.
            (Some(WriteError::BrokenPipe), None) => ExitCode::Failed,
            (Some(error), None) => {
                self.report_error(&format!(
                    "cannot write the listing to standard output: {error}"
                ));
                ExitCode::Failed
            }
            (Some(error), Some(completed)) => {
                let completed = match outcome {
                    Ok(_) => format!("; {completed}"),
                    Err(_) => String::new(),
                };
                self.report_error(&format!(
                    "cannot write the result to standard output: {error}{completed}"
                ));
                exit.and(ExitCode::Failed)
            }
        }
    }

    fn report_outcome(
        &mut self,
        outcome: Result<&R::Summary, &Failure>,
        exit: ExitCode,
        hresult: u32,
    ) {
        let elapsed = self.console.now().saturating_sub(self.start);
        match outcome {
            _ if self.options.json => {
                let line = match outcome {
                    Ok(summary) => {
                        let counts = self.report.counts(summary);
                        end_line(exit, hresult, elapsed, Ok(&counts))
                    }
                    Err(failure) => end_line::<()>(exit, hresult, elapsed, Err(failure)),
                };
                self.write_result(&line);
            }
            Ok(_) if self.options.quiet && exit == ExitCode::Success => {}
            Ok(summary) => {
                let mut text = self.report.text(summary, &self.tally);
                if self.report.completed_phrase().is_some() {
                    text.push_str(&time_text(elapsed));
                }
                self.write_result(&text);
            }
            Err(failure) => self.report_failure(failure),
        }
    }

    fn report_listing(&mut self, listing: &LicenseListing) -> ControlFlow<()> {
        if let LicenseStanding::Failed(_) = listing.standing {
            self.tally.unreadable += 1;
        }
        let line = if self.options.json {
            listing_line(listing)
        } else {
            listing_text(listing)
        };
        self.write_result(&line);
        if self.write_error.is_some() {
            Break(())
        } else {
            Continue(())
        }
    }

    fn report_status_line(&mut self, status: &BackupRestoreStatus) {
        if let BackupRestoreStatus::Progress(_) = status
            && (self.options.quiet || !self.json_progress.is_due(self.console.now()))
        {
            return;
        }
        if let Some(line) = status_line(status) {
            self.write_result(&line);
        }
    }

    fn report_status_text(&mut self, status: &BackupRestoreStatus) {
        match status {
            BackupRestoreStatus::Begin | BackupRestoreStatus::End => {}
            BackupRestoreStatus::Progress(progress) => {
                if !self.options.quiet {
                    self.console.show_progress(progress);
                }
            }
            BackupRestoreStatus::RestrictedLicense(restricted) => {
                let reason = Reason::Restricted(restricted.reason);
                self.tally.skipped.add(reason, &restricted.path);
            }
            BackupRestoreStatus::Error(error) if self.report.is_tallied(error) => {
                let reason = Reason::Failed(error.code);
                self.tally.skipped.add(reason, &error.message);
            }
            BackupRestoreStatus::Error(error) => {
                self.tally.errors += 1;
                if self.tally.errors <= MAX_ERRORS {
                    self.report_error(&error.message);
                }
            }
        }
    }

    fn report_failure(&mut self, failure: &Failure) {
        match self.tally.errors.saturating_sub(MAX_ERRORS) {
            0 => {}
            1 => self.report_error("1 more error; use --json to list all errors"),
            more => self.report_error(&format!(
                "{more} more errors; use --json to list all errors"
            )),
        }
        let hint = match failure.code {
            ErrorCode::BackupExists => " (use --overwrite)",
            _ => "",
        };
        self.report_error(&format!("{}{hint}", failure.message));
    }

    /// Writes to standard output, unless an earlier write failed.
    fn write_result(&mut self, text: &str) {
        if self.write_error.is_none() {
            self.write_error = self.console.write_stdout(text).err();
        }
    }

    /// Writes an error message to standard error.
    fn report_error(&mut self, message: &str) {
        self.console.write_stderr_line(&error_line(message));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::{BackupReport, ListReport, RestoreReport, VerifyReport};
    use license_backup_core::{
        BackupSummary, LicenseIdentity, ListSummary, Progress, RestoreSummary, RestrictedLicense,
        Restriction,
    };

    /// A console that records what is written. Its clock advances by 40 ms per reading.
    #[derive(Default)]
    struct Recorder {
        stdout: String,
        stderr: Vec<String>,
        progress: Vec<u64>,
        readings: Cell<u32>,
        write_error: Option<WriteError>,
    }

    impl Console for &mut Recorder {
        fn write_stdout(&mut self, text: &str) -> Result<(), WriteError> {
            self.stdout.push_str(text);
            self.write_error.clone().map_or(Ok(()), Err)
        }

        fn write_stderr_line(&mut self, line: &str) {
            self.stderr.push(line.to_owned());
        }

        fn show_progress(&mut self, progress: &Progress) {
            self.progress.push(progress.done);
        }

        fn now(&self) -> Duration {
            self.readings.set(self.readings.get() + 1);
            Duration::from_millis(40) * self.readings.get()
        }
    }

    const TEXT: OutputOptions = OutputOptions {
        json: false,
        quiet: false,
    };
    const JSON: OutputOptions = OutputOptions {
        json: true,
        quiet: false,
    };
    const QUIET: OutputOptions = OutputOptions {
        json: false,
        quiet: true,
    };
    const QUIET_JSON: OutputOptions = OutputOptions {
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

    /// Reports events and an outcome, and returns the exit code.
    fn run<R: Report>(
        recorder: &mut Recorder,
        report: R,
        options: OutputOptions,
        events: &[R::Event],
        outcome: Result<&R::Summary, &Failure>,
    ) -> ExitCode {
        let mut reporter = Reporter::new(report, options, recorder);
        let _ = events.iter().try_for_each(|event| reporter.event(event));
        reporter.end(outcome)
    }

    /// Returns the values of `event` in JSON lines.
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
    fn json_lines_contain_each_event_and_last_the_outcome() {
        let mut recorder = Recorder::default();
        let events = [
            BackupRestoreStatus::Begin,
            progress(1),
            restricted("a"),
            BackupRestoreStatus::End,
        ];
        let exit = run(&mut recorder, backup(), JSON, &events, Ok(&SUMMARY));
        assert_eq!(
            json_events(&recorder.stdout),
            ["begin", "progress", "restricted-license", "end"]
        );
        assert_eq!(
            (recorder.stderr, recorder.progress, exit),
            (vec![], vec![], ExitCode::Success)
        );
    }

    #[test]
    fn json_lines_contain_progress_at_most_ten_times_a_second() {
        let mut recorder = Recorder::default();
        let events: Vec<_> = (0..7).map(progress).collect();
        run(&mut recorder, backup(), JSON, &events, Ok(&SUMMARY));
        // At 80, 200 and 320 ms.
        assert_eq!(
            json_events(&recorder.stdout),
            ["progress", "progress", "progress", "end"]
        );
    }

    #[test]
    fn quiet_json_lines_contain_all_but_progress() {
        let mut recorder = Recorder::default();
        run(
            &mut recorder,
            backup(),
            QUIET_JSON,
            &[progress(1), restricted("a")],
            Ok(&SUMMARY),
        );
        assert_eq!(json_events(&recorder.stdout), ["restricted-license", "end"]);
    }

    #[test]
    fn text_shows_progress_and_the_outcome() {
        let mut recorder = Recorder::default();
        let exit = run(
            &mut recorder,
            backup(),
            TEXT,
            &[progress(1), restricted("a"), progress(2)],
            Ok(&SUMMARY),
        );
        assert_eq!(
            (recorder.progress, recorder.stderr, exit),
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
    fn quiet_writes_nothing_on_success() {
        let mut recorder = Recorder::default();
        run(
            &mut recorder,
            backup(),
            QUIET,
            &[progress(1), restricted("a")],
            Ok(&SUMMARY),
        );
        assert_eq!(
            (recorder.stdout.as_str(), recorder.stderr, recorder.progress),
            ("", vec![], vec![])
        );
    }

    #[test]
    fn quiet_writes_the_text_if_the_backup_is_incomplete() {
        let mut recorder = Recorder::default();
        let summary = BackupSummary {
            errors: 1,
            ..SUMMARY
        };
        let exit = run(&mut recorder, backup(), QUIET, &[], Ok(&summary));
        assert!(
            recorder.stdout.starts_with("Backed up 3 licenses"),
            "{}",
            recorder.stdout
        );
        assert_eq!(exit, ExitCode::Incomplete);
    }

    #[test]
    fn a_failure_is_reported_on_stderr_with_the_option_that_helps() {
        let mut recorder = Recorder::default();
        let failure = Failure::new(ErrorCode::BackupExists, "there is one");
        let exit = run(&mut recorder, backup(), TEXT, &[], Err(&failure));
        assert_eq!(
            recorder.stderr,
            ["license-backup: there is one (use --overwrite)"]
        );
        assert_eq!((recorder.stdout.as_str(), exit), ("", ExitCode::Conflict));
    }

    #[test]
    fn errors_of_a_backup_are_reported_at_once_up_to_a_limit() {
        let error = |number: u64| {
            BackupRestoreStatus::Error(Failure::at(
                ErrorCode::BackupCorrupt,
                "e",
                format!("error {number}"),
            ))
        };
        let report = VerifyReport {
            archive: "/b/licenses.zip".to_owned(),
            expected: false,
        };
        let failure = Failure::new(ErrorCode::BackupCorrupt, "it is corrupt");
        let mut recorder = Recorder::default();
        let events: Vec<_> = (0..MAX_ERRORS).map(error).collect();
        let exit = run(&mut recorder, report.clone(), QUIET, &events, Err(&failure));
        assert_eq!(
            recorder.stderr.first().map(String::as_str),
            Some("license-backup: error 0")
        );
        assert_eq!(
            recorder.stderr.get(20..),
            Some(&["license-backup: it is corrupt".to_owned()][..])
        );
        assert_eq!(exit, ExitCode::Corrupt);

        let mut recorder = Recorder::default();
        let events: Vec<_> = (0..MAX_ERRORS + 3).map(error).collect();
        run(&mut recorder, report, QUIET, &events, Err(&failure));
        let last = [
            "license-backup: 3 more errors; use --json to list all errors",
            "license-backup: it is corrupt",
        ];
        assert_eq!(
            recorder.stderr.get(20..),
            Some(&last.map(str::to_owned)[..])
        );
    }

    #[test]
    fn a_restore_reports_conflicts_at_the_end_and_errors_at_once() {
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
        let exit = run(&mut recorder, report.clone(), TEXT, &events, Err(&failure));
        let messages = [
            "b could not be put in place",
            "1 of 2 licenses could not be put in place",
        ];
        assert_eq!(recorder.stderr, messages.map(error_line));
        assert_eq!((recorder.stdout.as_str(), exit), ("", ExitCode::Failed));

        let mut recorder = Recorder::default();
        let summary = RestoreSummary {
            restored: 1,
            bytes: 10,
            present: 0,
            conflicts: 1,
        };
        let exit = run(&mut recorder, report, TEXT, &events[..1], Ok(&summary));
        assert!(
            recorder.stdout.contains("\n  a is there\n"),
            "{}",
            recorder.stdout
        );
        assert_eq!((recorder.stderr, exit), (vec![], ExitCode::Conflict));
    }

    #[test]
    fn a_backup_completes_even_if_its_result_cannot_be_written() {
        for options in [TEXT, JSON] {
            let mut recorder = Recorder {
                write_error: Some(WriteError::BrokenPipe),
                ..Recorder::default()
            };
            let exit = run(
                &mut recorder,
                backup(),
                options,
                &[BackupRestoreStatus::Begin, restricted("a")],
                Ok(&SUMMARY),
            );
            let message = "license-backup: cannot write the result to standard output: \
                broken pipe; the backup is complete";
            assert_eq!(
                (recorder.stderr, exit),
                (vec![message.to_owned()], ExitCode::Failed)
            );
        }
    }

    #[test]
    fn a_listing_that_cannot_be_written_is_cancelled() {
        let listing = LicenseListing::new("a".to_owned(), LicenseStanding::Allowed);
        let cancelled = Failure::new(ErrorCode::Cancelled, "the listing was cancelled");
        let full = WriteError::Failed("disk full".to_owned());
        for (write_error, lines) in [
            (WriteError::BrokenPipe, vec![]),
            (
                full,
                vec![
                    "license-backup: cannot write the listing to standard output: disk full"
                        .to_owned(),
                ],
            ),
        ] {
            let mut recorder = Recorder {
                write_error: Some(write_error),
                ..Recorder::default()
            };
            let mut reporter = Reporter::new(ListReport, TEXT, &mut recorder);
            assert!(reporter.event(&listing).is_break());
            assert_eq!(reporter.end(Err(&cancelled)), ExitCode::Failed);
            assert_eq!(recorder.stderr, lines);
        }
    }

    #[test]
    fn a_listing_is_written_to_stdout_line_by_line() {
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
        let exit = run(&mut recorder, ListReport, TEXT, &events, Ok(&summary));
        let first: Vec<_> = recorder
            .stdout
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(first, ["opaque", "malformed", "0"]);
        assert_eq!(exit, ExitCode::Incomplete);
    }
}
