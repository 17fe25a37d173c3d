//! The errors of the library.
//!
//! A failure that the component reports and a failure of the component itself are different things:
//! [`OperationError::Failure`] is the former, [`OperationError::Trap`] the latter.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use license_backup_core::{ErrorCode, Failure, escape};

/// A cause that comes from the WebAssembly runtime.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error that occurs while a [`LicenseManager`](crate::LicenseManager) is created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LicenseManagerError {
    /// The WebAssembly engine does not work on this machine.
    #[error("cannot set up the WebAssembly engine")]
    Engine(#[source] Cause),
    /// The bytes are not a component, or cannot be compiled.
    #[error("cannot compile the component")]
    Compile(#[source] Cause),
    /// The component was compiled by another version of this library, or for another processor.
    #[error(
        "the component was compiled by another version or for another processor; compile it again"
    )]
    Incompatible(#[source] Cause),
    /// The component imports an interface that this library does not provide, or does not export
    /// one that it calls.
    #[error("the component does not fit this library; build both from the same sources")]
    Link(#[source] Cause),
}

/// An error returned for a string that is not the name of a UNC share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not the name of a UNC share; name a server and a share, such as \\\\nas\\backups",
    escape(share)
)]
#[non_exhaustive]
pub struct ShareError {
    /// The string from the caller.
    pub share: String,
}

/// The role of a directory in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectoryRole {
    /// The license store.
    Store,
    /// The directory of the backup.
    Backup,
    /// The directory in which a caller creates the directory of the backup. No operation of this
    /// library uses it; the program `license-backup` does.
    BackupParent,
}

impl fmt::Display for DirectoryRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Store => "license store",
            Self::Backup => "backup directory",
            Self::BackupParent => "parent of the backup directory",
        })
    }
}

/// An error of an operation, which was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The component reported a failure.
    #[error(transparent)]
    Failure(Failure),
    /// A directory of the operation cannot be opened or created. Nothing was changed.
    #[error("cannot open the {role} {}", escape(&path.to_string_lossy()))]
    Directory {
        /// The role of the directory.
        role: DirectoryRole,
        /// The path from the caller.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The component requested more memory than the limit of
    /// [`LicenseManager::with_memory_limit`](crate::LicenseManager::with_memory_limit). For files
    /// that can remain, see [`OperationError::Trap`].
    #[error(
        "the operation needs more than the {limit} bytes of memory that it may use; raise the \
         limit, or divide the store and back up its parts"
    )]
    OutOfMemory {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The operation took longer than the limit of
    /// [`LicenseManager::with_deadline`](crate::LicenseManager::with_deadline). A file system call
    /// that was running may still put a backup in place, which is then complete. For files that can
    /// remain, see [`OperationError::Trap`].
    #[error(
        "the operation exceeded its deadline of {limit:?}; check that the store and the backup \
         directory respond, or allow more time"
    )]
    DeadlineExceeded {
        /// The limit.
        limit: Duration,
    },
    /// The component cannot be started, as for lack of address space. Nothing was changed.
    #[error("cannot start the component; check the resource limits of this process")]
    Start(#[source] Cause),
    /// The component failed, which is a bug in it. An earlier backup is unchanged, and so are the
    /// licenses in a store; a restore may have added some. Temporary files can remain until an
    /// operation removes them that writes to the same directory and starts more than an hour later.
    #[error("the component failed; please report this as a bug")]
    Trap(#[source] Cause),
    /// The system has no thread for the operation. Nothing was changed.
    #[error("cannot start a thread for the operation")]
    Thread(#[source] io::Error),
    /// The thread of the operation panicked, which is a bug in this library. For files that can
    /// remain, see [`OperationError::Trap`].
    #[error("the thread of the operation panicked; please report this as a bug")]
    Panicked,
    /// The thread of the operation cannot have a private umask, so that other users could read the
    /// files that it writes. Nothing was changed.
    #[error("cannot set a private umask for this thread; run the process with umask 077")]
    Umask(#[source] io::Error),
}

impl OperationError {
    /// Returns the code of the error, for programs.
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

    /// Returns the `HRESULT` of the original interface.
    #[must_use]
    pub fn hresult(&self) -> u32 {
        self.code().hresult()
    }

    /// Returns the path that the error concerns, if there is one: relative to the store for a
    /// license, and otherwise the path from the caller.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Failure(failure) => failure.path.as_deref().map(Path::new),
            Self::Directory { path, .. } => Some(path),
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
            role: DirectoryRole::Store,
            path: "s".into(),
            source: kind.into(),
        }
    }

    #[test]
    fn a_missing_directory_is_path_not_found() {
        assert_eq!(directory(io::ErrorKind::NotFound).hresult(), 0x8007_0003);
    }

    #[test]
    fn an_inaccessible_directory_is_access_denied() {
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
    fn a_directory_error_names_the_directory_and_not_the_cause() {
        let error = directory(io::ErrorKind::NotFound);
        assert_eq!(error.to_string(), "cannot open the license store s");
        assert_eq!(error.path(), Some(Path::new("s")));
    }

    #[test]
    fn a_failure_of_the_component_keeps_its_message_code_and_path() {
        let error =
            OperationError::Failure(Failure::at(ErrorCode::BackupExists, "/b", "there is one"));
        assert_eq!(error.to_string(), "there is one");
        assert_eq!(error.hresult(), 0xC00D_2742);
        assert_eq!(error.path(), Some(Path::new("/b")));
    }
}
