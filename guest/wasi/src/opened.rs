//! The directories that the host has opened for the component.

use license_backup_core::{Directory, ErrorCode, Failure, FsError, OpenedDirectories, Opener, Resolved};

use crate::WasiDirectory;
use crate::wasi::filesystem::preopens::get_directories;

/// Opens the license store, which `opener` has opened as `/licenses`.
///
/// # Errors
///
/// [`ErrorCode::PathNotFound`] when there is no such directory.
pub fn open_store(opener: Opener) -> Result<WasiDirectory, Failure> {
    let (directories, names) = opened(opener);
    take(directories, names.store()?)
}

/// Opens a directory at or below one that `opener` has opened, component by component and following no link.
///
/// # Errors
///
/// [`ErrorCode::InvalidArgument`] for what cannot be a path, [`ErrorCode::PathNotFound`] for one that no opened directory
/// covers or that is not there, otherwise what keeps it from being opened.
pub fn open_path(opener: Opener, path: &str) -> Result<WasiDirectory, Failure> {
    let (directories, names) = opened(opener);
    let Resolved { index, below } = names.resolve(path)?;
    let start = take(directories, index)?;
    below.iter().try_fold(start, |directory, name| directory.open_directory(name)).map_err(|error| match error {
        FsError::NoEntry => names.not_there(path),
        error => Failure::at(error.code(), path, format!("the directory {path} cannot be opened: {error}")),
    })
}

fn opened(opener: Opener) -> (Vec<WasiDirectory>, OpenedDirectories) {
    let (directories, names): (Vec<_>, Vec<_>) = get_directories().into_iter().unzip();
    (directories.into_iter().map(WasiDirectory::from).collect(), OpenedDirectories::new(opener, names))
}

fn take(directories: Vec<WasiDirectory>, index: usize) -> Result<WasiDirectory, Failure> {
    let gone = || Failure::new(ErrorCode::Io, "an opened directory is no longer there");
    directories.into_iter().nth(index).ok_or_else(gone)
}
