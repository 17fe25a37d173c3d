//! Errors: their codes, and failures for people.

use crate::case_name::case_names;
use crate::escape::escape;

/// The kind of an error, for a program.
///
/// [`hresult`](Self::hresult) returns the `HRESULT` of each code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The operation was cancelled through its cookie.
    Cancelled,
    /// Reading or writing failed, and no other code describes the cause.
    Io,
    /// The file system or the host refused access.
    AccessDenied,
    /// Memory ran out.
    OutOfMemory,
    /// An argument is invalid.
    InvalidArgument,
    /// A directory or file does not exist, or its path is not below a directory that the
    /// host opened.
    PathNotFound,
    /// The destination is full, or a quota that the host reports is used up.
    DiskFull,
    /// The directory already contains a backup, and `overwrite` was not set.
    BackupExists,
    /// The file is not a backup, or the backup is damaged.
    BackupCorrupt,
    /// Most licenses of the earlier backup are missing from the store, which was probably
    /// emptied, replaced or not mounted. The earlier backup was kept.
    Shrunk,
    /// The newest backup is older than permitted, or its time is in the future.
    Stale,
    /// Another operation is running on this instance of the component.
    Busy,
    /// A license was not restored because its name is taken: another file has it, or the
    /// store treats it as the name of another file or cannot store it. The existing file
    /// was kept.
    FileExists,
    /// The format of a license was recognized, but the license is malformed; or the
    /// publication that contains the license is damaged.
    Malformed,
    /// A file begins like a license document, but is larger than 1 MiB, the largest size
    /// of a license document.
    TooLarge,
    /// A license changed during each attempt to read it.
    Changed,
    /// The license of a publication is not backed up because the store contains another
    /// file with the name that this license has in a backup: the name of the publication,
    /// followed by `.lcpl`.
    Shadowed,
    /// A name cannot be stored in a backup: it is not UTF-8, its path is too long, the
    /// name of the license of a publication is too long for a file, or splitting it at
    /// backslashes yields a part that is empty, `.` or `..`, which other systems would
    /// follow.
    IllegalName,
}

case_names! {
    ErrorCode {
        Cancelled => "cancelled",
        Io => "io",
        AccessDenied => "access-denied",
        OutOfMemory => "out-of-memory",
        InvalidArgument => "invalid-argument",
        PathNotFound => "path-not-found",
        DiskFull => "disk-full",
        BackupExists => "backup-exists",
        BackupCorrupt => "backup-corrupt",
        Shrunk => "shrunk",
        Stale => "stale",
        Busy => "busy",
        FileExists => "file-exists",
        Malformed => "malformed",
        TooLarge => "too-large",
        Changed => "changed",
        Shadowed => "shadowed",
        IllegalName => "illegal-name",
    }
}

/// A failure, with what a person needs to resolve it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{message}")]
pub struct Failure {
    /// The kind of the error, for a program.
    pub code: ErrorCode,
    /// What failed, why, and what to do next, for a person: one line of English. Control
    /// characters of paths are escaped.
    pub message: String,
    /// The path concerned, unescaped: relative to the store for a license, as passed by
    /// the caller for a backup directory, and the name in the archive for a fault of one
    /// entry. For a name that is not UTF-8, the path of the directory that contains it;
    /// `.` is the store. `None` if the failure does not concern a single path.
    pub path: Option<String>,
}

impl Failure {
    /// Returns a failure that does not concern a single path. Control characters in the
    /// message are escaped.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl AsRef<str>) -> Self {
        Self {
            code,
            message: escape(message.as_ref()),
            path: None,
        }
    }

    /// Returns a failure that concerns `path`. The message should contain the path, too.
    #[must_use]
    pub fn at(code: ErrorCode, path: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::new(code, message)
        }
    }
}
