//! The directories that the host has opened for the component.

use license_backup_core::{Directory, ErrorCode, Failure, FsError, OpenedDirectories, Resolved};

use crate::WasiDirectory;
use crate::wasi::filesystem::preopens::get_directories;

/// Opens the license store, which the host has opened as `/licenses`.
///
/// # Errors
///
/// [`ErrorCode::PathNotFound`] when it has not.
pub fn open_store() -> Result<WasiDirectory, Failure> {
    let (directories, names) = opened();
    take(directories, names.store()?)
}

/// Opens a directory at or below one that the host has opened, component by component and following no link.
///
/// # Errors
///
/// [`ErrorCode::InvalidArgument`] for what cannot be a path, [`ErrorCode::PathNotFound`] for one that no opened directory
/// covers or that is not there, otherwise what keeps it from being opened.
pub fn open_path(path: &str) -> Result<WasiDirectory, Failure> {
    let (directories, names) = opened();
    let Resolved { index, below } = names.resolve(path)?;
    let opened = take(directories, index)?;
    below.iter().try_fold(opened, |directory, name| directory.open_directory(name)).map_err(|error| match error {
        FsError::NoEntry => names.not_there(path),
        error => Failure::at(error.code(), path, format!("the directory {path} cannot be opened: {error}")),
    })
}

fn opened() -> (Vec<WasiDirectory>, OpenedDirectories) {
    let (directories, names): (Vec<_>, Vec<_>) = get_directories().into_iter().unzip();
    (directories.into_iter().map(WasiDirectory::from).collect(), OpenedDirectories::new(names))
}

fn take(directories: Vec<WasiDirectory>, index: usize) -> Result<WasiDirectory, Failure> {
    let gone = || Failure::new(ErrorCode::Io, "an opened directory is no longer there");
    directories.into_iter().nth(index).ok_or_else(gone)
}
