//! The command `backup`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use license_backup::{
    BackupOptions, DirectoryRole, OperationError, block_on, create_private_directory,
};
use license_backup_report::{BackupReport, ExitCode};

use crate::arguments::BackupArguments;
use crate::metrics::{Metrics, write_metrics};
use crate::run::run_operation;
use crate::signals::SignalHandler;

/// Backs up a store, and returns the exit code.
pub(crate) fn run(arguments: &BackupArguments, signals: &SignalHandler) -> ExitCode {
    let &BackupArguments {
        ref store,
        ref to,
        generations,
        ref policy,
        overwrite,
        allow_shrink,
        strict,
        ref metrics,
        ref output,
    } = arguments;
    let report = BackupReport {
        directory: to.to_string_lossy().into_owned(),
        strict,
    };
    let options = BackupOptions::new(store, to)
        .overwrite(overwrite)
        .allow_shrink(allow_shrink);
    let now = SystemTime::now();
    let options = match policy.policy() {
        Some(policy) => options.generation(now).retention(policy),
        None if generations => options.generation(now),
        None => options,
    };
    let mut is_new = false;
    let (exit, summary) = run_operation(report, output.into(), signals, |manager| {
        // Without a store, no directory is created, and the library reports the error.
        is_new = store.is_dir() && create_directory(to)?;
        block_on(manager.backup(&options))
    });
    let exit = match metrics {
        Some(file) => exit.and(write_metrics(
            file,
            &Metrics {
                to,
                now,
                exit,
                summary,
            },
        )),
        None => exit,
    };
    if is_new {
        // Removes the new directory if it is empty, which it is unless the backup succeeded.
        let _ = fs::remove_dir(to);
    }
    exit
}

/// Creates and syncs the backup directory unless it exists, and returns whether it was
/// created. It is accessible to its owner only.
fn create_directory(directory: &Path) -> Result<bool, OperationError> {
    // Drops a `.` at the end, which cannot be created.
    let directory: PathBuf = directory.components().collect();
    let parent = match directory.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(false),
    };
    let directory_error = |role, path: &Path, source| OperationError::Directory {
        role,
        path: path.to_owned(),
        source,
    };
    match create_private_directory(&directory) {
        Ok(()) => {
            sync(parent)
                .map_err(|source| directory_error(DirectoryRole::BackupParent, parent, source))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) if !parent.is_dir() => {
            Err(directory_error(DirectoryRole::BackupParent, parent, error))
        }
        Err(error) => Err(directory_error(DirectoryRole::Backup, &directory, error)),
    }
}

/// Syncs the names in a directory, if the file system supports it.
#[cfg(unix)]
fn sync(directory: &Path) -> io::Result<()> {
    match fs::File::open(directory)?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Does nothing: other systems cannot sync a directory.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
