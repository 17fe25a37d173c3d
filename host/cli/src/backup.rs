//! `license-backup backup`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use license_backup::{BackupOptions, OperationError, block_on};
use license_backup_report::{BackupReport, ExitCode};

use crate::arguments::BackupArguments;
use crate::interrupt::Interrupt;
use crate::verb::{self, archive};

/// Backs up, tells what happens, and says how it ended.
pub(crate) fn run(arguments: &BackupArguments, interrupt: &Interrupt) -> ExitCode {
    let &BackupArguments {
        ref store,
        ref to,
        overwrite,
        strict,
        ref manner,
    } = arguments;
    let report = BackupReport {
        archive: archive(to),
        strict,
    };
    let options = BackupOptions::new(store, to).overwrite(overwrite);
    let mut is_new = false;
    let exit = verb::run(report, manner.into(), interrupt, |runtime| {
        // Without a store there will be no backup, and no need for a directory; the library says so.
        is_new = store.is_dir() && make_directory(to)?;
        Ok(block_on(runtime.backup(&options))?)
    });
    if is_new {
        // What was not there before goes, unless there is something in it, as there is after a success.
        let _ = fs::remove_dir(to);
    }
    exit
}

/// Makes the backup directory durably if it is not there, and gives whether it was not. The umask makes it the owner's alone.
fn make_directory(directory: &Path) -> Result<bool, OperationError> {
    // Without a `.` at its end, which cannot be made.
    let directory: PathBuf = directory.components().collect();
    let parent = match directory.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(false),
    };
    let trouble = |role, path: &Path, source| OperationError::Directory {
        role,
        path: path.to_owned(),
        source,
    };
    match fs::create_dir(&directory) {
        Ok(()) => {
            sync(parent)
                .map_err(|source| trouble("parent of the backup directory", parent, source))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) if !parent.is_dir() => {
            Err(trouble("parent of the backup directory", parent, error))
        }
        Err(error) => Err(trouble("backup directory", &directory, error)),
    }
}

/// Makes the names in a directory durable, where the system can.
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

/// Elsewhere a directory cannot be synced.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
