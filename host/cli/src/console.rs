//! The console of the program: standard output, standard error and the display of the progress.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use license_backup::Progress;
use license_backup_report::{Console, WriteError};

use crate::progress::Display;
use crate::stderr;

/// The streams of this process.
pub(crate) struct StandardStreams<'a> {
    bar: &'a ProgressBar,
    display: Display<'a>,
    start: Instant,
}

impl<'a> StandardStreams<'a> {
    /// Creates a console that shows the progress in `bar`, which is hidden at first.
    pub(crate) fn new(bar: &'a ProgressBar) -> Self {
        Self {
            bar,
            display: Display::new(bar),
            start: Instant::now(),
        }
    }
}

impl Console for StandardStreams<'_> {
    fn write_stdout(&mut self, text: &str) -> Result<(), WriteError> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => WriteError::BrokenPipe,
                _ => WriteError::Failed(error.to_string()),
            })
    }

    fn write_stderr_line(&mut self, line: &str) {
        self.bar.suspend(|| stderr::print_line(line));
    }

    fn show_progress(&mut self, progress: &Progress) {
        self.display.show(progress, self.start.elapsed());
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}
