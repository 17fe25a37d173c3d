//! Files that are written in one step: a reader sees the whole file, or none.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Creates a file, and makes it durable. Fails with [`io::ErrorKind::AlreadyExists`] if there is
/// anything of this name.
pub(crate) fn create(file: &Path, content: &[u8]) -> io::Result<()> {
    write_temporary(file, content)?.persist_noclobber(file)?;
    sync_directory(parent(file))
}

/// Replaces a file, and makes it durable.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    write_temporary(file, content)?.persist(file)?;
    sync_directory(parent(file))
}

/// Replaces a file as [`replace`] does. Other users can read the new one: those that show it run as
/// one of them.
pub(crate) fn replace_readable(file: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = write_temporary(file, content)?;
    make_readable(temporary.as_file())?;
    temporary.persist(file)?;
    sync_directory(parent(file))
}

/// Writes a temporary file beside `file`, which is removed when it is dropped.
fn write_temporary(file: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let mut temporary = Builder::new()
        .prefix(".license-backup-")
        .suffix(".tmp")
        .tempfile_in(parent(file))?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Returns the directory that contains a file.
fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Syncs the names in a directory, if the file system supports it.
#[cfg(unix)]
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
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
pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(Permissions::from_mode(0o644))
}

/// Does nothing: on other systems, files inherit the access control list of their directory.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_created_once_and_replaced_as_a_whole() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let file = directory.path().join("f");
        create(&file, b"first").expect("it does not exist");
        let error = create(&file, b"second").expect_err("it exists");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).expect("it exists"), b"first");
        replace(&file, b"third").expect("it can be replaced");
        assert_eq!(fs::read(&file).expect("it exists"), b"third");
        let names = fs::read_dir(directory.path()).expect("it can be listed");
        assert_eq!(names.count(), 1, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_private_unless_others_show_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let file = directory.path().join("f");
        let mode = || fs::metadata(&file).expect("it exists").permissions().mode() & 0o777;
        replace(&file, b"").expect("it can be written");
        assert_eq!(mode(), 0o600);
        replace_readable(&file, b"").expect("it can be written");
        assert_eq!(mode(), 0o644);
    }
}
