//! The reporter: what a run writes to standard output and standard error, and its exit code.

#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use crate::json::{
    decision_line, difference_line, end_line, generation_line, listing_line, status_line,
};
use crate::reports::{Event, EventRef, Report, Tally};
use crate::text::{
    decision_text, difference_text, error_line, generation_text, listing_text, time_text,
};
use crate::{Console, ExitCode, Throttle, WriteError};
use license_backup_core::{
    BackupRestoreStatus, Failure, GenerationDecision, LicenseListing, LicenseStanding, Reason,
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
            EventRef::Decision(decision) => {
                self.report_decision(decision);
                Continue(())
            }
            EventRef::Difference(difference) => self.report_line(&if self.options.json {
                difference_line(difference)
            } else {
                difference_text(difference)
            }),
            EventRef::Generation(generation) => self.report_line(&if self.options.json {
                generation_line(generation)
            } else {
                generation_text(generation)
            }),
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
        self.report_line(&if self.options.json {
            listing_line(listing)
        } else {
            listing_text(listing)
        })
    }

    /// Writes a line of a listing. Returns `Break` if that failed.
    fn report_line(&mut self, line: &str) -> ControlFlow<()> {
        self.write_result(line);
        if self.write_error.is_some() {
            Break(())
        } else {
            Continue(())
        }
    }

    fn report_decision(&mut self, decision: &GenerationDecision) {
        if self.options.json {
            self.write_result(&decision_line(decision));
        } else if !self.options.quiet {
            self.write_result(&decision_text(decision));
        }
    }

    fn report_status_line(&mut self, status: &BackupRestoreStatus) {
        if let BackupRestoreStatus::Progress(_) = status
            && (self.options.quiet || !self.json_progress.is_due(self.console.now()))
        {
            return;
        }
        if let BackupRestoreStatus::Error(error) = status
            && !self.report.is_tallied(error)
        {
            self.tally.errors += 1;
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
        let hint = match self.report.hint(failure.code) {
            Some(option) => format!(" (use {option})"),
            None => String::new(),
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
