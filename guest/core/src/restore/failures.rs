//! The failures of a restore that come from the store.

use crate::directory::FsError;
use crate::{ErrorCode, Failure};

/// The path that reports have for the store itself.
pub(super) const STORE: &str = ".";

/// Returns the failure of a restore that has not put any license in place, and is rolled back.
pub(super) fn before_commit(path: String, doing: &str, error: FsError) -> Failure {
    failure(path, doing, error, "nothing was restored: ")
}

/// Returns the failure of a restore that has put licenses in place, and continues.
pub(super) fn after_commit(path: String, doing: &str, error: FsError) -> Failure {
    failure(path, doing, error, "")
}

fn failure(path: String, doing: &str, error: FsError, so: &str) -> Failure {
    let what = if path == STORE {
        "the license store"
    } else {
        &path
    };
    let advice = match error.code() {
        ErrorCode::AccessDenied => "make the license store readable and writable",
        ErrorCode::DiskFull => "free some space",
        ErrorCode::Io if error == FsError::Exist => {
            "remove the files .license-backup-*.tmp there that no running restore uses"
        }
        _ if matches!(error, FsError::Link | FsError::NotDirectory) => {
            "see that nothing else changes the license store meanwhile"
        }
        _ => "see that the disk is in order, not mounted read-only and within its quota",
    };
    let message = format!("{doing} {what} failed: {error}; {so}{advice}, and restore again");
    Failure::at(error.code(), path, message)
}

/// Adds to `failure` that a file or directory of this restore could not be removed because of
/// `error`.
pub(super) fn with_leftover(failure: Failure, what: &str, error: FsError) -> Failure {
    let Failure {
        code,
        message,
        path,
    } = failure;
    let message = format!("{message}; but {what} could not be removed ({error}): do so by hand");
    Failure {
        path,
        ..Failure::new(code, message)
    }
}
