//! The causes of errors of a backup directory that the host itself implements.
//!
//! An error of `wasi:filesystem` is a code without a text. The host keeps the text, and adds it to
//! the failure that the component reports.

use std::sync::{Arc, Mutex, PoisonError};

use license_backup_core::{ErrorCode as FailureCode, Failure};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::remote::RemoteError;

/// The causes of an operation, the last one for each code.
#[derive(Clone, Default)]
pub(crate) struct Causes(Arc<Mutex<Vec<(ErrorCode, String)>>>);

impl Causes {
    /// Keeps the cause of an error, instead of the one before with its code.
    pub(super) fn note(&self, RemoteError { code, cause }: RemoteError) {
        let Some(cause) = cause else { return };
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        causes.retain(|(noted, _)| *noted != code);
        causes.push((code, cause));
    }

    /// Adds the cause to a failure of the component, if the failure concerns the directory that the
    /// component knows as `directory`: an error elsewhere has another cause.
    pub(crate) fn explain(&self, failure: Failure, directory: &str) -> Failure {
        if failure.path.as_deref() != Some(directory) {
            return failure;
        }
        let codes: &[ErrorCode] = match failure.code {
            FailureCode::AccessDenied => &[ErrorCode::Access, ErrorCode::ReadOnly],
            FailureCode::DiskFull => &[ErrorCode::InsufficientSpace, ErrorCode::Quota],
            FailureCode::Io => &[ErrorCode::NotRecoverable],
            _ => return failure,
        };
        let causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((code, cause)) = causes.iter().rfind(|(noted, _)| codes.contains(noted)) else {
            return failure;
        };
        // The component writes such a code by its name. Another one has a text of its own.
        let message = if *code != ErrorCode::NotRecoverable {
            format!("{} ({cause})", failure.message)
        } else if failure.message.contains(code.name()) {
            failure.message.replace(code.name(), cause)
        } else {
            return failure;
        };
        Failure {
            path: failure.path,
            ..Failure::new(failure.code, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(code: ErrorCode, cause: &str) -> Causes {
        let causes = Causes::default();
        for cause in ["an earlier one", cause] {
            causes.note(RemoteError {
                code,
                cause: Some(cause.to_owned()),
            });
        }
        causes
    }

    /// Explains a failure of the backup directory.
    fn explained(causes: &Causes, code: FailureCode, message: &str) -> Failure {
        causes.explain(Failure::at(code, "/backup", message), "/backup")
    }

    #[test]
    fn the_last_cause_replaces_the_name_of_the_code() {
        let causes = noted(ErrorCode::NotRecoverable, "the connection was lost");
        let message = "cannot write: not-recoverable; try again";
        let expected = "cannot write: the connection was lost; try again";
        assert_eq!(
            explained(&causes, FailureCode::Io, message),
            Failure::at(FailureCode::Io, "/backup", expected)
        );
    }

    #[test]
    fn the_cause_follows_a_failure_with_a_text_of_its_own() {
        for (noted_code, code) in [
            (ErrorCode::Access, FailureCode::AccessDenied),
            (ErrorCode::ReadOnly, FailureCode::AccessDenied),
            (ErrorCode::InsufficientSpace, FailureCode::DiskFull),
            (ErrorCode::Quota, FailureCode::DiskFull),
        ] {
            let causes = noted(noted_code, "the cause");
            let message = explained(&causes, code, "cannot write").message;
            assert_eq!(message, "cannot write (the cause)");
        }
    }

    #[test]
    fn a_failure_of_another_kind_is_not_changed() {
        let causes = noted(ErrorCode::NotRecoverable, "the connection was lost");
        for (code, message) in [
            (FailureCode::Shrunk, "not-recoverable"),
            (FailureCode::AccessDenied, "cannot write"),
            (FailureCode::Io, "cannot write: interrupted"),
        ] {
            let failure = explained(&causes, code, message);
            assert_eq!(failure, Failure::at(code, "/backup", message));
        }
    }

    #[test]
    fn a_failure_of_another_place_is_not_changed() {
        let causes = noted(ErrorCode::Access, "the policy of the bucket");
        for failure in [
            Failure::at(FailureCode::AccessDenied, ".", "cannot list"),
            Failure::new(FailureCode::AccessDenied, "cannot list"),
        ] {
            assert_eq!(causes.explain(failure.clone(), "/backup"), failure);
        }
    }
}
