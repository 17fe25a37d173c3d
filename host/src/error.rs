//! What can go wrong, as the embedder sees it.
//!
//! A failure that the component tells and a component that breaks down are different things, and stay apart here.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use license_backup_core::escape;
use license_backup_core::{ErrorCode, Failure};

/// A cause that comes from the WebAssembly runtime.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no [`LicenseManager`](crate::LicenseManager).
#[derive(Debug, thiserror::Error)]
pub enum LicenseManagerError {
    /// The WebAssembly engine does not work on this machine.
    #[error("the WebAssembly engine cannot be set up")]
    Engine(#[source] Cause),
    /// The component is none, or cannot be compiled.
    #[error("the component cannot be compiled")]
    Compile(#[source] Cause),
    /// What was compiled ahead of time is not of this version, or not for this processor.
    #[error(
        "the component was compiled by another version or for another processor; compile it anew"
    )]
    Incompatible(#[source] Cause),
    /// The component imports more than it is given, or does not export what this library calls.
    #[error("the component does not fit this library; build both from the same sources")]
    Link(#[source] Cause),
}

/// What was given as the name of a UNC share is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} does not name a UNC share: give a server and a share, such as \\\\nas\\backups",
    escape(share)
)]
pub struct ShareError {
    /// The name as it was given.
    pub share: String,
}

/// Why an operation was refused, or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The component tells of a failure.
    #[error(transparent)]
    Failure(Failure),
    /// A directory that the operation names cannot be opened or made. Nothing was touched.
    #[error("the {role} {} cannot be used (check that it is a directory, and accessible)", escape(&path.to_string_lossy()))]
    Directory {
        /// What the directory is to the operation.
        role: &'static str,
        /// The path as it was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The component asked for more memory than the limit; see
    /// [`LicenseManager::with_memory_limit`](crate::LicenseManager::with_memory_limit). For what it leaves behind see [`OperationError::Trap`].
    #[error(
        "the store or the backup is too large for the {limit} bytes of memory that the operation is allowed; allow it \
         more, or divide the store and back up its parts"
    )]
    OutOfMemory {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The operation took longer than the limit; see [`LicenseManager::with_deadline`](crate::LicenseManager::with_deadline). A backup may still
    /// be put in place by the call of the file system that was in hand, and is whole then. For what is left behind see
    /// [`OperationError::Trap`].
    #[error(
        "the operation took longer than the {limit:?} that it is allowed, and was given up; see whether the store and the \
         backup directory can be reached, or allow it more time"
    )]
    DeadlineExceeded {
        /// The limit.
        limit: Duration,
    },
    /// The component cannot be started on this machine, for want of address space or the like. Nothing was touched.
    #[error("the component cannot be started; see whether a limit is set on this process")]
    Start(#[source] Cause),
    /// The component broke down, which is a defect of it. An earlier backup is untouched, and so are the licenses in a store;
    /// a restore may have added some. Temporary files stay, until an operation that writes to the same directory and
    /// starts more than an hour later removes them.
    #[error("the component broke down; please report this as a defect")]
    Trap(#[source] Cause),
    /// The system has no thread for the operation. Nothing was touched.
    #[error("no thread could be started for the operation")]
    Thread(#[source] io::Error),
    /// The thread of the operation died, which is a defect of this library. For what it leaves behind see
    /// [`OperationError::Trap`].
    #[error("the operation's thread died; please report this as a defect")]
    Panicked,
    /// What the operation writes would be readable by others, so that it was not begun.
    #[error(
        "what is written would not be its owner's alone: this thread cannot have a umask of its own; set the umask of \
         the process to 077 before starting a backup or a restore"
    )]
    Umask(#[source] io::Error),
}

impl OperationError {
    /// What went wrong, for a program.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Failure(failure) => failure.code,
            Self::Directory { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => ErrorCode::PathNotFound,
                io::ErrorKind::PermissionDenied => ErrorCode::AccessDenied,
                io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => {
                    ErrorCode::InvalidArgument
                }
                _ => ErrorCode::Io,
            },
            Self::OutOfMemory { .. } => ErrorCode::OutOfMemory,
            Self::Umask(_) => ErrorCode::AccessDenied,
            Self::DeadlineExceeded { .. }
            | Self::Start(_)
            | Self::Trap(_)
            | Self::Thread(_)
            | Self::Panicked => ErrorCode::Io,
        }
    }

    /// The `HRESULT` that the original interface would tell.
    #[must_use]
    pub fn hresult(&self) -> u32 {
        self.code().hresult()
    }

    /// The path concerned, where there is one: below the store for a license, otherwise as it was given.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        match self {
            Self::Failure(failure) => failure.path.clone(),
            Self::Directory { path, .. } => Some(path.display().to_string()),
            Self::OutOfMemory { .. }
            | Self::DeadlineExceeded { .. }
            | Self::Start(_)
            | Self::Trap(_)
            | Self::Thread(_)
            | Self::Panicked
            | Self::Umask(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(kind: io::ErrorKind) -> OperationError {
        OperationError::Directory {
            role: "license store",
            path: "s".into(),
            source: kind.into(),
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_path_not_found() {
        assert_eq!(directory(io::ErrorKind::NotFound).hresult(), 0x8007_0003);
    }

    #[test]
    fn a_directory_that_is_closed_is_access_denied() {
        assert_eq!(
            directory(io::ErrorKind::PermissionDenied).hresult(),
            0x8007_0005
        );
    }

    #[test]
    fn too_little_memory_is_out_of_memory() {
        assert_eq!(
            OperationError::OutOfMemory { limit: 1 }.hresult(),
            0x8007_000E
        );
    }

    #[test]
    fn a_failure_of_the_component_speaks_for_itself() {
        let error =
            OperationError::Failure(Failure::at(ErrorCode::BackupExists, "/b", "there is one"));
        assert_eq!(error.to_string(), "there is one");
        assert_eq!(error.hresult(), 0xC00D_2742);
        assert_eq!(error.path().as_deref(), Some("/b"));
    }
}
