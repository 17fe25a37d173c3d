//! Creating a directory for private files.

use std::io;
use std::path::Path;

/// Creates a directory that its owner can access and nobody else, as the files of a backup are: with
/// mode 0700 without the bits of the umask, or on Windows with a protected access control list. On a
/// share, Windows leaves the access to the server.
///
/// # Errors
///
/// Returns the error of the operating system, of the kind [`io::ErrorKind::AlreadyExists`] if there
/// is anything at the path.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    create(path)
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(windows)]
fn create(path: &Path) -> io::Result<()> {
    use cap_primitives::ambient_authority;
    use cap_primitives::fs::open_ambient_dir;

    // The root of a drive or a share exists, or cannot be created.
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return std::fs::create_dir(path);
    };
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let name = name.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
    let parent = open_ambient_dir(parent, ambient_authority())?;
    crate::run::create_directory(&parent, name)
}

#[cfg(not(any(unix, windows)))]
fn create(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}
