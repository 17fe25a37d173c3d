//! The state of a unit: whether it has a good backup, and otherwise why not.

use license_backup::{ErrorCode, LicenseManager, OperationError, block_on};

use crate::fleet::results::UnitResult;
use crate::fleet::run::since;
use crate::fleet::units::Plan;
use crate::run::failure;
use crate::signals::SignalHandler;
use crate::store_backup::is_lack_of_room;
use crate::stores::Target;

/// Whether a unit has a good backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Its newest backup was made or found unchanged at the time of the plan or later, and none of
    /// what was read of it is damaged.
    Good {
        /// The name of the backup.
        file: String,
    },
    /// It has no good backup.
    Bad { reason: Reason, message: String },
}

/// The reason why a unit has no good backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// No task has run it.
    NeverRun,
    /// Its last run failed.
    Failed,
    /// Its last run succeeded, but the backup is not there.
    Missing,
    /// The backup is damaged, or is not the one that was made.
    Corrupt,
    /// Most licenses of an earlier backup are missing from it.
    Shrunk,
    /// The backup directory cannot be read.
    Unreadable,
}

impl Reason {
    /// All reasons, in the order of the report.
    pub(super) const ALL: [Self; 6] = [
        Self::NeverRun,
        Self::Failed,
        Self::Missing,
        Self::Corrupt,
        Self::Shrunk,
        Self::Unreadable,
    ];

    /// Returns the name for programs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NeverRun => "never-run",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::Shrunk => "shrunk",
            Self::Unreadable => "unreadable",
        }
    }

    /// Returns the explanation for people.
    pub(super) fn explanation(self) -> &'static str {
        match self {
            Self::NeverRun => "no task has run it; run it",
            Self::Failed => "its last run failed; remove the cause, and run it again",
            Self::Missing => {
                "its last run succeeded, but the backup is not there; find out who removed it"
            }
            Self::Corrupt => {
                "the backup is damaged; find out why, and back up into a new directory"
            }
            Self::Shrunk => "most licenses of an earlier backup are missing; is the store mounted?",
            Self::Unreadable => "the backup directory cannot be read; make it readable",
        }
    }

    /// Returns the code of a report with such a unit.
    pub(super) fn code(self) -> ErrorCode {
        match self {
            Self::NeverRun | Self::Failed | Self::Missing => ErrorCode::PathNotFound,
            Self::Corrupt => ErrorCode::BackupCorrupt,
            Self::Shrunk => ErrorCode::Shrunk,
            Self::Unreadable => ErrorCode::Io,
        }
    }
}

/// Returns the state of a unit.
///
/// # Errors
///
/// Returns the error of an operation that was cancelled or could not start.
pub(super) fn state(
    manager: &LicenseManager,
    signals: &SignalHandler,
    plan: &Plan,
    target: &Target,
    result: Option<&UnitResult>,
    verify: bool,
) -> Result<State, OperationError> {
    signals.check()?;
    let options = since(plan, &target.directory).verify(verify);
    let checked = block_on(manager.check(&options)).and_then(|operation| {
        let _running = signals.cancel_on_signal(operation.cookie.clone());
        operation.wait()
    });
    match checked {
        Ok(summary) => Ok(State::Good { file: summary.file }),
        Err(error) if error.code() == ErrorCode::Cancelled || is_lack_of_room(&error) => Err(error),
        Err(error) => Ok(bad(error, result)),
    }
}

/// Returns the state of a unit whose check failed.
fn bad(error: OperationError, result: Option<&UnitResult>) -> State {
    let failure = failure(&error.into());
    let reason = match (failure.code, result) {
        (ErrorCode::BackupCorrupt, _) => Reason::Corrupt,
        (ErrorCode::Shrunk, _) => Reason::Shrunk,
        (ErrorCode::PathNotFound | ErrorCode::Stale, None) => Reason::NeverRun,
        (ErrorCode::PathNotFound | ErrorCode::Stale, Some(result)) => match &result.message {
            Some(message) => {
                return State::Bad {
                    reason: Reason::Failed,
                    message: format!("exit code {}: {message}", result.exit_code),
                };
            }
            None => Reason::Missing,
        },
        _ => Reason::Unreadable,
    };
    State::Bad {
        reason,
        message: failure.message,
    }
}
