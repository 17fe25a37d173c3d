//! The streams and the clock of `wasi:cli` and `wasi:clocks`.

use std::time::Duration;

use license_backup_core::Progress;
use license_backup_report::{Console, Pace, Unwritten, progress_text};
use license_backup_wasi_fs::wasi::io::streams::{OutputStream, StreamError};

use crate::bindings::wasi::cli::{stderr, stdout};
use crate::bindings::wasi::clocks::monotonic_clock;

/// How often a line tells of progress, and how long after the start the first one does.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// The most bytes that `blocking-write-and-flush` takes.
const BYTES_AT_ONCE: usize = 4096;

/// Standard output and standard error.
pub(crate) struct Streams {
    stdout: OutputStream,
    stderr: OutputStream,
    progress: Pace,
}

impl Streams {
    /// Takes the streams.
    pub(crate) fn open() -> Self {
        let progress = Pace::new(PROGRESS_EVERY, now() + PROGRESS_EVERY);
        Self {
            stdout: stdout::get_stdout(),
            stderr: stderr::get_stderr(),
            progress,
        }
    }
}

impl Console for Streams {
    fn print(&mut self, text: &str) -> Result<(), Unwritten> {
        write(&self.stdout, text).map_err(|error| match error {
            StreamError::Closed => Unwritten::ReaderGone,
            StreamError::LastOperationFailed(error) => Unwritten::Failed(error.to_debug_string()),
        })
    }

    fn say(&mut self, line: &str) {
        let _ = write(&self.stderr, &format!("{line}\n"));
    }

    fn show(&mut self, progress: &Progress) {
        if self.progress.is_due(now()) {
            self.say(&progress_text(progress));
        }
    }

    fn now(&self) -> Duration {
        now()
    }
}

fn write(stream: &OutputStream, text: &str) -> Result<(), StreamError> {
    text.as_bytes()
        .chunks(BYTES_AT_ONCE)
        .try_for_each(|bytes| stream.blocking_write_and_flush(bytes))
}

fn now() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}
