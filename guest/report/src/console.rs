//! The streams and the clock that a front end brings.

use std::time::Duration;

use license_backup_core::Progress;

/// The two output streams of a command line, and a clock.
pub trait Console {
    /// Writes text to standard output and flushes it.
    ///
    /// # Errors
    ///
    /// Returns the reason why the text cannot be written. The reporter writes nothing to standard
    /// output after an error.
    fn write_stdout(&mut self, text: &str) -> Result<(), WriteError>;
    /// Writes a line and a newline to standard error. Errors are ignored: there is no other
    /// stream to report them on.
    fn write_stderr_line(&mut self, line: &str);
    /// Shows the progress of the operation, as often as the console chooses.
    fn show_progress(&mut self, progress: &Progress);
    /// Returns the time since a fixed moment.
    fn now(&self) -> Duration;
}

/// An error writing to standard output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The reader of the pipe has closed it.
    #[error("broken pipe")]
    BrokenPipe,
    /// Any other error, as the system describes it.
    #[error("{0}")]
    Failed(String),
}
