//! The failures of a restore that come from the store.

use crate::catalogue::Catalogue;
use crate::directory::FsError;
use crate::{ErrorCode, Failure};

/// Returns the failure of a restore that fails before its commit point, and is rolled back.
///
/// `verb` is what the restore could not do to `path`.
pub(super) fn before_commit(path: String, verb: &str, error: FsError) -> Failure {
    failure(path, verb, error, "nothing was restored; ")
}

/// Returns a failure after the commit point of a restore, which continues.
pub(super) fn after_commit(path: String, verb: &str, error: FsError) -> Failure {
    failure(path, verb, error, "")
}

/// Returns the failure to sync a directory after the commit point of a restore.
pub(super) fn not_durable(path: String, error: FsError) -> Failure {
    let consequence = "the restored licenses are in place but may not be durable; ";
    failure(path, "sync", error, consequence)
}

fn failure(path: String, verb: &str, error: FsError, consequence: &str) -> Failure {
    let object = if path == Catalogue::ROOT_PATH {
        "the license store"
    } else {
        &path
    };
    let advice = match error.code() {
        ErrorCode::AccessDenied => "make the license store readable and writable",
        ErrorCode::DiskFull => "free some space",
        ErrorCode::Io if error == FsError::Exist => {
            "remove the files .license-backup-*.tmp in its directory that no running restore uses"
        }
        _ if matches!(error, FsError::Link | FsError::NotDirectory) => {
            "stop other programs from changing the license store"
        }
        _ => "check that the disk is healthy, writable and within its quota",
    };
    let message =
        format!("cannot {verb} {object}: {error}; {consequence}{advice}, then restore again");
    Failure::at(error.code(), path, message)
}

/// Adds to `failure` that the restore could not remove `leftovers`, which it has created, because
/// of `error`.
pub(super) fn with_leftovers(failure: Failure, leftovers: &str, error: FsError) -> Failure {
    let Failure {
        code,
        message,
        path,
    } = failure;
    let message =
        format!("{message}; remove {leftovers} by hand, since the restore could not: {error}");
    Failure {
        path,
        ..Failure::new(code, message)
    }
}
