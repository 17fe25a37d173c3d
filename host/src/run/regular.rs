//! Opening regular files and directories, and nothing else: to open a FIFO would wait for its other end, however often it was
//! looked at before.

use std::fs::File;
use std::io;

/// What was opened.
pub(super) enum Opened {
    /// A regular file, and how many bytes it had when it was opened.
    File {
        file: File,
        length: u64,
    },
    Directory(File),
}

/// Whether names can be opened like that here.
pub(super) const CAN_OPEN: bool = cfg!(unix);

/// Opens a name in a directory for reading, following no link and waiting for nobody.
///
/// [`io::ErrorKind::WouldBlock`] says of a file that somebody holds a lease on it, who has to be waited for.
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

#[cfg(not(unix))]
pub(super) fn open(_: &File, _: &str) -> io::Result<Opened> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether a path is a name in a directory, which can lead nowhere else.
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
