//! The output of a command that works on many stores.

use std::time::Instant;

use indicatif::ProgressBar;
use license_backup_report::{
    Console as _, ExitCode, OutputOptions, WriteError, end_line, error_line, event_line, time_text,
};
use serde::Serialize;

use crate::console::StandardStreams;
use crate::run::failure;

/// The output of a run: lines on standard output, and errors on standard error.
pub(crate) struct Output<'a> {
    options: OutputOptions,
    streams: StandardStreams<'a>,
    start: Instant,
    /// The first error writing to standard output. The run continues after it.
    write_error: Option<WriteError>,
}

impl<'a> Output<'a> {
    /// Creates the output of a run that starts now.
    pub(crate) fn new(options: OutputOptions, bar: &'a ProgressBar) -> Self {
        Self {
            options,
            streams: StandardStreams::new(bar),
            start: Instant::now(),
            write_error: None,
        }
    }

    /// Returns `true` if the output consists of JSON lines.
    pub(crate) fn is_json(&self) -> bool {
        self.options.json
    }

    /// Writes an event as a JSON line.
    pub(crate) fn event(&mut self, event: &str, fields: &impl Serialize) {
        self.write(&event_line(event, fields));
    }

    /// Writes text for people, unless the run is quiet.
    pub(crate) fn text(&mut self, text: &str) {
        if !self.options.quiet {
            self.write(text);
        }
    }

    /// Writes text for people, also if the run is quiet.
    pub(crate) fn result(&mut self, text: &str) {
        self.write(text);
    }

    /// Writes a note to standard error, if there is one.
    pub(crate) fn note(&mut self, note: Option<String>) {
        if let Some(note) = note {
            self.error(&note);
        }
    }

    /// Writes an error message to standard error.
    pub(crate) fn error(&mut self, message: &str) {
        self.streams.write_stderr_line(&error_line(message));
    }

    /// Writes the end of a run that could not start, and returns the exit code.
    pub(crate) fn fail(mut self, error: &anyhow::Error) -> ExitCode {
        let failure = failure(error);
        let exit = ExitCode::of_failure(failure.code);
        if self.options.json {
            let elapsed = self.start.elapsed();
            self.write(&end_line::<()>(
                exit,
                failure.code.hresult(),
                elapsed,
                Err(&failure),
            ));
        } else {
            self.error(&failure.message);
        }
        exit
    }

    /// Writes the end of a run: with JSON its last line, and otherwise `text`, without a newline,
    /// and the duration. Returns the exit code.
    pub(crate) fn end(
        mut self,
        exit: ExitCode,
        hresult: u32,
        counts: &impl Serialize,
        text: &str,
    ) -> ExitCode {
        let elapsed = self.start.elapsed();
        if self.options.json {
            self.write(&end_line(exit, hresult, elapsed, Ok(counts)));
        } else if exit != ExitCode::Success || !self.options.quiet {
            self.write(&format!("{text}\n{}", time_text(elapsed)));
        }
        match self.write_error.take() {
            None => exit,
            Some(error) => {
                self.error(&format!(
                    "cannot write the result to standard output: {error}; the run is complete"
                ));
                exit.and(ExitCode::Failed)
            }
        }
    }

    fn write(&mut self, text: &str) {
        if self.write_error.is_none() {
            self.write_error = self.streams.write_stdout(text).err();
        }
    }
}
