//! The console of the command: the streams of `wasi:cli` and the clock of `wasi:clocks`.

use std::time::Duration;

use license_backup_core::Progress;
use license_backup_report::{Console, Throttle, WriteError, progress_text};
use license_backup_wasi_fs::wasi::io::streams::{OutputStream, StreamError};

use crate::bindings::wasi::cli::{stderr, stdout};
use crate::bindings::wasi::clocks::monotonic_clock;

/// The interval between progress lines, and between the start and the first one.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The maximum number of bytes per call of `blocking-write-and-flush`.
const MAX_WRITE_BYTES: usize = 4096;

/// Standard output and standard error.
pub(crate) struct StandardStreams {
    stdout: OutputStream,
    stderr: OutputStream,
    progress: Throttle,
}

impl StandardStreams {
    /// Opens the streams.
    pub(crate) fn open() -> Self {
        let progress = Throttle::new(PROGRESS_INTERVAL, now() + PROGRESS_INTERVAL);
        Self {
            stdout: stdout::get_stdout(),
            stderr: stderr::get_stderr(),
            progress,
        }
    }
}

impl Console for StandardStreams {
    fn write_stdout(&mut self, text: &str) -> Result<(), WriteError> {
        write(&self.stdout, text).map_err(|error| match error {
            StreamError::Closed => WriteError::BrokenPipe,
            StreamError::LastOperationFailed(error) => WriteError::Failed(error.to_debug_string()),
        })
    }

    fn write_stderr_line(&mut self, line: &str) {
        let _ = write(&self.stderr, &format!("{line}\n"));
    }

    fn show_progress(&mut self, progress: &Progress) {
        if self.progress.is_due(now()) {
            self.write_stderr_line(&progress_text(progress));
        }
    }

    fn now(&self) -> Duration {
        now()
    }
}

fn write(stream: &OutputStream, text: &str) -> Result<(), StreamError> {
    text.as_bytes()
        .chunks(MAX_WRITE_BYTES)
        .try_for_each(|bytes| stream.blocking_write_and_flush(bytes))
}

fn now() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}
