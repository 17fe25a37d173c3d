//! Standard output for results, standard error for the rest.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use license_backup::Progress;
use license_backup_report::{Console, Unwritten, complaint};

use crate::progress::Display;

/// The streams of this process.
pub(crate) struct Terminal<'a> {
    bar: &'a ProgressBar,
    display: Display<'a>,
    start: Instant,
}

impl<'a> Terminal<'a> {
    /// The streams, with a bar that is hidden so far.
    pub(crate) fn new(bar: &'a ProgressBar) -> Self {
        Self {
            bar,
            display: Display::new(bar),
            start: Instant::now(),
        }
    }
}

impl Console for Terminal<'_> {
    fn print(&mut self, text: &str) -> Result<(), Unwritten> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Unwritten::ReaderGone,
                _ => Unwritten::Failed(error.to_string()),
            })
    }

    fn say(&mut self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    fn show(&mut self, progress: &Progress) {
        self.display.show(progress, self.start.elapsed());
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Says on standard error what is wrong.
pub(crate) fn complain(message: &str) {
    say(&complaint(message));
}

/// Writes a line to standard error. If that fails, there is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
