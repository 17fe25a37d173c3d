//! What can go wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::escape::escape;

/// What went wrong, for a program.
///
/// The serialized form is the name of the case in `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The operation was cancelled through its cookie.
    Cancelled,
    /// Reading or writing failed for a reason that has no case of its own.
    Io,
    /// The file system or the host refuses access.
    AccessDenied,
    /// Memory ran out.
    OutOfMemory,
    /// An argument cannot be used as it is given.
    InvalidArgument,
    /// A directory or file is not there, or no opened directory covers its path.
    PathNotFound,
    /// The destination is full, or a quota is used up.
    DiskFull,
    /// A backup is in the directory already, and overwriting it was not asked for.
    BackupExists,
    /// The file is not a backup, or not a whole one.
    BackupCorrupt,
    /// Another operation is running on the same instance.
    Busy,
    /// A license cannot be restored where it was, and what is there was kept: there is another file, or the store takes the
    /// name for another one or cannot hold it.
    FileExists,
    /// A license was recognised by its format, but is broken.
    Malformed,
    /// A file is larger than a license document may be.
    TooLarge,
    /// A license was changed each time that it was being read.
    Changed,
    /// The license in a publication is not backed up, since another file of the store has the name
    /// that it would have in the backup: that of the publication, followed by `.lcpl`.
    Shadowed,
    /// A name cannot be carried into a backup: it is not UTF-8, its path is too long, the name of a license in a
    /// publication is too long for a file, or split at its backslashes it has an empty, `.` or `..` part, which other
    /// systems would follow.
    IllegalName,
}

impl ErrorCode {
    /// The name of this code in `wit/types.wit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Io => "io",
            Self::AccessDenied => "access-denied",
            Self::OutOfMemory => "out-of-memory",
            Self::InvalidArgument => "invalid-argument",
            Self::PathNotFound => "path-not-found",
            Self::DiskFull => "disk-full",
            Self::BackupExists => "backup-exists",
            Self::BackupCorrupt => "backup-corrupt",
            Self::Busy => "busy",
            Self::FileExists => "file-exists",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Changed => "changed",
            Self::Shadowed => "shadowed",
            Self::IllegalName => "illegal-name",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure, with all that a person needs to act on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What went wrong, for a program.
    pub code: ErrorCode,
    /// What happened, to what, and what to do next, for a person. One line of English, control characters escaped.
    pub message: String,
    /// The path concerned, as it is: below the store for a license, as it was given for a backup directory, the name in the
    /// archive for a fault of one entry.
    pub path: Option<String>,
}

impl Failure {
    /// A failure that concerns no one path. Control characters in the message, as names may have them, are escaped.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl AsRef<str>) -> Self {
        Self {
            code,
            message: escape(message.as_ref()),
            path: None,
        }
    }

    /// A failure that concerns `path`, which the message names too.
    #[must_use]
    pub fn at(code: ErrorCode, path: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::new(code, message)
        }
    }
}
