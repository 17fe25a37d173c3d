//! The backup operation, as a state machine.

mod conclusion;
mod copying;
mod destination;
mod options;
mod sealed;
mod shrink_guard;
#[cfg(test)]
mod tests;
mod writing;

use std::ops::ControlFlow::{self, Break, Continue};

use conclusion::Conclusion;
use destination::Destination;
pub use options::BackupOptions;
pub use shrink_guard::Shrinkage;
use writing::{Writing, Written};

use crate::{BackupRestoreStatus, Directory, ExitCode, Failure, Operation};

/// The summary of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackupSummary {
    /// The number of license documents in the backup.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of files that were skipped because they may not be backed up or are not licenses.
    pub restricted: u64,
    /// The number of files or names that could not be read.
    pub errors: u64,
    /// The name of the backup file.
    pub file: String,
    /// The size of the backup file in bytes.
    pub size: u64,
    /// Whether the earlier backup would have been replaced by the same bytes, and was kept.
    pub unchanged: bool,
    /// How the backup has shrunk, if it is a generation and most licenses of the newest backup are
    /// missing. That one was pinned.
    pub shrunk: Option<Shrinkage>,
    /// The BLAKE3 of the backup file, as 64 lower-case hexadecimal digits, if it is a generation or
    /// encrypted. Of an encrypted file, it is that of the archive in it.
    pub blake3: Option<String>,
    /// The number of generations that the retention policy has removed.
    pub removed: u64,
}

impl BackupSummary {
    /// Returns the exit code of a command line for this backup.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let shrunk = self.shrunk.map_or(ExitCode::Success, |_| ExitCode::Shrunk);
        if self.errors > 0 {
            shrunk.and(ExitCode::Incomplete)
        } else {
            shrunk
        }
    }
}

/// A running backup.
pub struct Backup<D: Directory>(State<D>);

/// The state of a backup.
#[expect(clippy::large_enum_variant, reason = "a backup has one")]
enum State<D: Directory> {
    /// The backup is being written.
    Write(Writing<D>),
    /// A backup was made, or not: older generations are removed, and the run is recorded.
    Conclude(Conclusion<D>),
}

impl<D: Directory> Backup<D> {
    /// Starts a backup of `store` into `directory`, whose path is `path` to the caller.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BackupExists`](crate::ErrorCode::BackupExists) if there is a backup and
    /// `overwrite` is false, [`ErrorCode::InvalidArgument`](crate::ErrorCode::InvalidArgument) if the
    /// directory is the store or contains a directory of the name of a backup, or the retention
    /// policy has no rule or is not for a generation, the code of the error of the file system if
    /// the temporary file cannot be created.
    pub fn start(
        store: D,
        directory: D,
        path: &str,
        options: BackupOptions,
    ) -> Result<Self, Failure> {
        options.check()?;
        Writing::start(store, directory, path, options).map(|writing| Self(State::Write(writing)))
    }

    /// Continues after a backup that is recorded was written, or was not.
    fn conclude(destination: Destination<D>, outcome: Result<BackupSummary, Failure>) -> Self {
        Self(State::Conclude(Conclusion::new(destination, outcome)))
    }
}

impl<D: Directory> Operation for Backup<D> {
    type Event = BackupRestoreStatus;
    type Summary = BackupSummary;

    fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<BackupSummary, Failure>, Self> {
        match self.0 {
            State::Write(writing) => match writing.step(events) {
                Continue(writing) => Continue(Self(State::Write(writing))),
                Break(Written {
                    destination,
                    outcome,
                }) if destination.is_recorded() => Continue(Self::conclude(destination, outcome)),
                Break(Written { outcome, .. }) => Break(outcome),
            },
            State::Conclude(conclusion) => conclusion
                .step()
                .map_continue(|conclusion| Self(State::Conclude(conclusion))),
        }
    }

    /// Cancels the backup. After the commit it continues.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        match self.0 {
            State::Write(writing) => match writing.cancel() {
                (destination, failure) if destination.is_recorded() => {
                    Continue(Self::conclude(destination, Err(failure)))
                }
                (_, failure) => Break(failure),
            },
            State::Conclude(conclusion) => Continue(Self(State::Conclude(conclusion))),
        }
    }
}
