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
                "its last run succeeded, but the backup is not there; find out why, and run it again"
            }
            Self::Corrupt => {
                "the backup is damaged, or is not the one that was made; find out why, and plan and \
                 run again"
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
        let _running = signals.cancel_on_signal(&operation.cookie);
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

#[cfg(test)]
mod tests {
    use license_backup::Failure;

    use super::*;

    fn result(message: Option<&str>) -> UnitResult {
        UnitResult {
            exit_code: u8::from(message.is_some()),
            message: message.map(str::to_owned),
            ..UnitResult::default()
        }
    }

    /// Returns the state of a unit whose check failed with this code.
    fn state(code: ErrorCode, result: Option<&UnitResult>) -> (Reason, String) {
        let error = OperationError::Failure(Failure::new(code, "checked"));
        match bad(error, result) {
            State::Bad { reason, message } => (reason, message),
            State::Good { file } => panic!("{file} is not good"),
        }
    }

    #[test]
    fn the_result_explains_why_there_is_no_backup() {
        for code in [ErrorCode::PathNotFound, ErrorCode::Stale] {
            let (failed, succeeded) = (result(Some("cause")), result(None));
            assert_eq!(state(code, None), (Reason::NeverRun, "checked".to_owned()));
            assert_eq!(state(code, Some(&succeeded)).0, Reason::Missing);
            let expected = (Reason::Failed, "exit code 1: cause".to_owned());
            assert_eq!(state(code, Some(&failed)), expected);
        }
    }

    #[test]
    fn the_backup_decides_whatever_the_result_says() {
        for result in [None, Some(&result(None)), Some(&result(Some("cause")))] {
            for (code, reason) in [
                (ErrorCode::BackupCorrupt, Reason::Corrupt),
                (ErrorCode::Shrunk, Reason::Shrunk),
                (ErrorCode::AccessDenied, Reason::Unreadable),
                (ErrorCode::Malformed, Reason::Unreadable),
            ] {
                assert_eq!(state(code, result), (reason, "checked".to_owned()));
            }
        }
    }
}
