//! The directories that an operation opens for the component, under the names that it knows them by.

use std::io;
use std::path::PathBuf;

use license_backup_core::Failure;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::OperationError;

/// A directory of the host that the component can reach.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    /// What it is to the operation, for messages.
    pub(crate) role: &'static str,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What the component knows it by.
    pub(crate) name: &'static str,
    /// What the component can do to it.
    pub(crate) access: Access,
}

/// What the component can do to a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    ReadAndWrite,
}

impl Directory {
    /// The license store, which is only ever read.
    pub(crate) fn store(path: PathBuf) -> Self {
        Self { role: "license store", path, name: "/licenses", access: Access::Read }
    }

    /// The directory of the backup.
    pub(crate) fn backup(path: PathBuf, access: Access) -> Self {
        Self { role: "backup directory", path, name: Self::BACKUP, access }
    }

    /// What the component knows the directory of the backup by.
    pub(crate) const BACKUP: &str = "/backup";

    /// Whether the component can create files in it.
    pub(crate) fn is_written(&self) -> bool {
        self.access == Access::ReadAndWrite
    }
}

/// Opens directories, and makes the context in which a component reaches these and nothing else: no network, no
/// environment, no standard streams.
pub(crate) fn open(directories: &[Directory]) -> Result<WasiCtx, OperationError> {
    let mut context = WasiCtx::builder();
    // The store has a thread of its own, so that file operations can block it. Without this each would hop to a pool
    // of threads, which costs several times as much. Copied into each directory as it is opened.
    context.allow_blocking_current_thread(true);
    for Directory { role, path, name, access } in directories {
        let permissions = match access {
            Access::Read => FsPerms::ReadOnly,
            Access::ReadAndWrite => FsPerms::ReadWrite,
        };
        context.preopened_dir(path, *name, permissions).map_err(|error| OperationError::Directory {
            role,
            path: path.clone(),
            source: error.downcast().unwrap_or_else(|error| io::Error::other(error.into_boxed_dyn_error())),
        })?;
    }
    Ok(context.build())
}

/// Puts the host's paths into a failure that names a directory by the component's name for it.
pub(crate) fn in_terms_of_the_host(failure: Failure, directories: &[Directory]) -> Failure {
    for Directory { path, name, .. } in directories {
        if failure.path.as_deref() == Some(*name) {
            let path = path.display().to_string();
            let message = failure.message.replace(name, &path);
            return Failure::at(failure.code, path, message);
        }
    }
    failure
}

#[cfg(test)]
mod tests {
    use license_backup_core::ErrorCode;

    use super::*;

    #[test]
    fn a_failure_of_the_backup_directory_names_it_as_the_caller_does() {
        let directories =
            [Directory::store("/srv/l".into()), Directory::backup("/mnt/nas".into(), Access::ReadAndWrite)];
        let failure = Failure::at(ErrorCode::BackupExists, "/backup", "there is a backup in /backup");
        let told = in_terms_of_the_host(failure, &directories);
        assert_eq!(told.path.as_deref(), Some("/mnt/nas"));
        assert_eq!(told.message, "there is a backup in /mnt/nas");
    }

    #[test]
    fn a_failure_of_a_license_stays_as_it_is() {
        let directories = [Directory::backup("/mnt/nas".into(), Access::ReadAndWrite)];
        let failure = Failure::at(ErrorCode::Malformed, "backup/a", "/backup is no part of backup/a");
        assert_eq!(in_terms_of_the_host(failure.clone(), &directories), failure);
    }
}
