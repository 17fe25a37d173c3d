//! The directories that the host has opened for the component.

use license_backup_core::{
    Directory, Failure, FsError, HintFor, OpenedDirectories, Resolved, STORE,
};

use crate::WasiDirectory;
use crate::wasi::filesystem::preopens::get_directories;

/// Opens the license store, which `opener` has opened as `/licenses`.
///
/// # Errors
///
/// `ErrorCode::PathNotFound` when there is no such directory, otherwise what keeps it from being opened.
pub fn open_store(opener: HintFor) -> Result<WasiDirectory, Failure> {
    let (directories, names) = opened(opener);
    let store = Resolved {
        index: names.store()?,
        below: Vec::new(),
    };
    open(directories, &names, STORE, &store)
}

/// Opens a directory at or below one that `opener` has opened, component by component and following no link.
///
/// # Errors
///
/// `ErrorCode::InvalidArgument` for what cannot be a path, `ErrorCode::PathNotFound` for one that no opened directory
/// covers or that is not there, otherwise what keeps it from being opened.
pub fn open_path(opener: HintFor, path: &str) -> Result<WasiDirectory, Failure> {
    let (directories, names) = opened(opener);
    let resolved = names.resolve(path)?;
    open(directories, &names, path, &resolved)
}

fn opened(opener: HintFor) -> (Vec<WasiDirectory>, OpenedDirectories) {
    let (directories, names): (Vec<_>, Vec<_>) = get_directories().into_iter().unzip();
    (
        directories.into_iter().map(WasiDirectory::from).collect(),
        OpenedDirectories::new(opener, names),
    )
}

fn open(
    directories: Vec<WasiDirectory>,
    names: &OpenedDirectories,
    path: &str,
    resolved: &Resolved,
) -> Result<WasiDirectory, Failure> {
    let start = directories
        .into_iter()
        .nth(resolved.index)
        .ok_or(FsError::NoEntry);
    // What the host hands over may stand for a path only, and refuse to be listed (`bad-descriptor` in Node) or synced
    // (`invalid`); one opened as `.` does not.
    let itself = start.and_then(|opened| opened.open_directory("."));
    let found = resolved
        .below
        .iter()
        .fold(itself, |directory, name| directory?.open_directory(name));
    found.map_err(|error| match error {
        FsError::NoEntry => names.missing_directory(path),
        error => Failure::at(
            error.code(),
            path,
            format!("the directory {path} cannot be opened: {error}"),
        ),
    })
}
