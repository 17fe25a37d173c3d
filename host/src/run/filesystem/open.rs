//! Opening regular files and directories, and nothing else.
//!
//! Opening a FIFO in the usual way waits for its other end. Looking at the type of a file first
//! does not help, since a name can be replaced in between.

use std::fs::File;
use std::io;

/// A file or directory that was opened.
pub(super) enum Opened {
    /// A regular file, and its length in bytes when it was opened.
    File { file: File, length: u64 },
    /// A directory.
    Directory(File),
}

/// Whether [`open`] is supported on this system.
pub(super) const IS_SUPPORTED: bool = cfg!(any(unix, windows));

/// Opens a name in a directory for reading, without following a link and without blocking.
///
/// # Errors
///
/// Returns [`io::ErrorKind::WouldBlock`] if another process holds a lease on the file, which has to
/// be waited for.
#[cfg(unix)]
pub(super) fn open(directory: &File, name: &str) -> io::Result<Opened> {
    use nix::errno::Errno;
    use nix::fcntl::{OFlag, openat};
    use nix::sys::stat::Mode;

    let flags = OFlag::O_RDONLY
        | OFlag::O_NOFOLLOW
        | OFlag::O_NONBLOCK
        | OFlag::O_NOCTTY
        | OFlag::O_CLOEXEC;
    let opened = File::from(openat(directory, name, flags, Mode::empty())?);
    let metadata = opened.metadata()?;
    if metadata.is_file() {
        Ok(Opened::File {
            file: opened,
            length: metadata.len(),
        })
    } else if metadata.is_dir() {
        Ok(Opened::Directory(opened))
    } else {
        Err(Errno::EINVAL.into())
    }
}

/// Opens a name in a directory for reading, without following a link.
///
/// # Errors
///
/// Returns [`io::ErrorKind::InvalidFilename`] for a name that Windows takes for something else.
#[cfg(windows)]
pub(super) fn open(directory: &File, name: &str) -> io::Result<Opened> {
    use super::nt::{self, Access};
    use super::windows_names;

    windows_names::check(name).map_err(|_| io::ErrorKind::InvalidFilename)?;
    let opened = nt::open(directory, name, Access::Read)?;
    let metadata = opened.metadata()?;
    if metadata.is_dir() {
        Ok(Opened::Directory(opened))
    } else {
        Ok(Opened::File {
            file: opened,
            length: metadata.len(),
        })
    }
}

/// Returns an error: other systems have no such call.
#[cfg(not(any(unix, windows)))]
pub(super) fn open(_: &File, _: &str) -> io::Result<Opened> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns `true` if a path is the name of an entry of a directory, which cannot lead elsewhere.
pub(super) fn is_name(path: &str) -> bool {
    !path.is_empty() && path != "." && path != ".." && !path.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_component_is_a_name() {
        assert!(["a", "...", "a b", "a\\b"].into_iter().all(is_name));
        assert!(
            !["", ".", "..", "/", "/a", "a/", "a/b", "../a"]
                .into_iter()
                .any(is_name)
        );
    }
}
