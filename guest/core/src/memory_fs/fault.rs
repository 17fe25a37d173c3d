//! The calls of the disk, and the faults that can be injected into them.

use std::collections::BTreeMap;

use super::node::Inode;
use crate::directory::FsError;

/// Everything below a directory by its path there: files with their content, directories
/// with a `/` at the end.
pub(crate) type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// A call of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The number of the call, from 0.
    pub(crate) number: usize,
    /// The name of the method in the traits; `sync_file` and `sync_directory` for the two
    /// methods that share a name.
    pub(crate) operation: &'static str,
    /// The name that the call concerns: the new one for `rename` and `hard_link`, the one
    /// that is returned for `next_entry`. Empty for a call of an open file or directory.
    pub(crate) name: String,
}

impl Call {
    /// Returns `true` if the call reads the content or the metadata of a file.
    pub(super) fn reads_a_file(&self) -> bool {
        ["metadata", "open_file", "read", "file_metadata"].contains(&self.operation)
    }
}

/// A fault that can be injected into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call fails with an error and has no effect.
    Error(FsError),
    /// A read returns half of the bytes, but at least one: none would mean the end of the file.
    ShortRead,
    /// A write writes half of the bytes, but at least one.
    ShortWrite,
    /// Before the call, another process removes the name that it concerns, or all names
    /// of an open file.
    Removed,
    /// Before the call, another process appends to the file that it reads.
    Grown,
    /// Before the call, another process truncates the file that it reads to half its length.
    Shrunk,
}

/// The faults that every operation must handle. Some errors have a meaning of their own
/// for some calls, and the last error is false.
pub(crate) const FAULTS: [Fault; 12] = [
    Fault::Error(FsError::NoSpace),
    Fault::Error(FsError::Other("io")),
    Fault::Error(FsError::AccessDenied),
    Fault::Error(FsError::Other("interrupted")),
    Fault::Error(FsError::NotPermitted),
    Fault::Error(FsError::Exist),
    Fault::Error(FsError::NoEntry),
    Fault::ShortRead,
    Fault::ShortWrite,
    Fault::Removed,
    Fault::Grown,
    Fault::Shrunk,
];

/// A fault that was injected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InjectedFault {
    pub(crate) fault: Fault,
    pub(crate) call: Call,
    /// The path from the root of the object of the call.
    pub(crate) path: String,
    /// The changes by another process, by path from the root: the new content of a file,
    /// or `None` if it was removed. These changes are durable.
    pub(crate) altered: Tree,
}

impl InjectedFault {
    /// Returns the error of the call, unless its meaning is that a name exists or does
    /// not exist.
    pub(crate) fn io_error(&self) -> Option<FsError> {
        match self.fault {
            Fault::Error(error) => {
                Some(error).filter(|error| !matches!(error, FsError::NoEntry | FsError::Exist))
            }
            _ => None,
        }
    }

    /// Returns `true` if the call read or wrote fewer bytes than requested, and nothing
    /// else happened.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self.fault, Fault::ShortRead | Fault::ShortWrite)
    }

    /// Returns `true` if the file system reported that an existing file does not exist.
    /// Then the file system causes the consequences.
    pub(crate) fn is_false_absence(&self) -> bool {
        self.fault == Fault::Error(FsError::NoEntry)
    }
}

/// The object of a call.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// A directory itself.
    Directory(Inode),
    /// A name in a directory.
    Name(Inode, &'a str),
    /// The next name in the listing of a directory, or `None` if it is not UTF-8 or there
    /// is none.
    Listed(Inode, Option<&'a str>),
    /// A name of a file, which gets another name.
    Names {
        directory: Inode,
        from: &'a str,
        to: &'a str,
    },
    /// An open file.
    File(Inode),
    /// An open file, of which this number of bytes can be read.
    Read(Inode, usize),
    /// An open file, to which this number of bytes would be written.
    Write(Inode, usize),
}

impl<'a> Subject<'a> {
    /// Returns the name that is recorded with the call.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Name(_, name) | Self::Names { to: name, .. } | Self::Listed(_, Some(name)) => {
                name
            }
            Self::Directory(_)
            | Self::Listed(_, None)
            | Self::File(_)
            | Self::Read(..)
            | Self::Write(..) => "",
        }
    }
}

/// The part of a read or write that a call performs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    Half,
}
