//! The directories that the host opens for the component before it starts, and the directories
//! below them.

use license_backup_core::{
    Directory, Failure, FsError, HintFor, OpenedDirectories, Resolved, STORE,
};

use crate::WasiDirectory;
use crate::wasi::filesystem::preopens::get_directories;

/// Opens the license store, which the host opens as `/licenses`.
///
/// # Errors
///
/// `ErrorCode::PathNotFound` if no directory is opened under this name; otherwise the code of the
/// error that opening it returns.
pub fn open_store(hint_for: HintFor) -> Result<WasiDirectory, Failure> {
    let (directories, names) = preopens(hint_for);
    let store = Resolved {
        index: names.store()?,
        below: Vec::new(),
    };
    open(directories, &names, STORE, &store)
}

/// Opens a directory that the host opens, or one below it, component by component. No link is
/// followed.
///
/// # Errors
///
/// - `ErrorCode::InvalidArgument` if `path` is not a valid path.
/// - `ErrorCode::PathNotFound` if no opened directory contains it, or it does not exist.
/// - Otherwise the code of the error that opening it returns.
pub fn open_path(hint_for: HintFor, path: &str) -> Result<WasiDirectory, Failure> {
    let (directories, names) = preopens(hint_for);
    let resolved = names.resolve(path)?;
    open(directories, &names, path, &resolved)
}

/// Returns the opened directories, and their names in the same order.
fn preopens(hint_for: HintFor) -> (Vec<WasiDirectory>, OpenedDirectories) {
    let (directories, names): (Vec<_>, Vec<_>) = get_directories().into_iter().unzip();
    (
        directories.into_iter().map(WasiDirectory::from).collect(),
        OpenedDirectories::new(hint_for, names),
    )
}

/// Opens what `path` was resolved to.
fn open(
    directories: Vec<WasiDirectory>,
    names: &OpenedDirectories,
    path: &str,
    resolved: &Resolved,
) -> Result<WasiDirectory, Failure> {
    let preopen = directories
        .into_iter()
        .nth(resolved.index)
        .ok_or(FsError::NoEntry);
    // Node's shim backs a preopen with a path instead of a handle: it can be neither listed
    // (`bad-descriptor`) nor synced (`invalid`). The same directory opened as `.` can.
    let start = preopen.and_then(|directory| directory.open_directory("."));
    let opened = resolved
        .below
        .iter()
        .fold(start, |directory, name| directory?.open_directory(name));
    opened.map_err(|error| match error {
        FsError::NoEntry => names.missing_directory(path),
        error => Failure::at(
            error.code(),
            path,
            format!("cannot open the directory {path}: {error}"),
        ),
    })
}
