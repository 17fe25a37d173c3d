//! The file system as the operations see it: opened directories, and single names in them.
//!
//! No call takes a path. A name is one component, and no call follows a link, so that nothing outside of an opened
//! directory can be reached whatever a store or a backup says.

use crate::ErrorCode;

/// What a file system answers instead of doing as it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FsError {
    /// Access is refused, or the file system is read-only.
    #[error("access is denied")]
    AccessDenied,
    /// The name is taken.
    #[error("the name is taken")]
    Exist,
    /// A directory was met where a file was expected.
    #[error("it is a directory")]
    IsDirectory,
    /// A link was met where none is followed.
    #[error("it is a link, and links are not followed")]
    Link,
    /// There is nothing of that name.
    #[error("it is not there")]
    NoEntry,
    /// A file was met where a directory was expected.
    #[error("it is not a directory")]
    NotDirectory,
    /// The operation is not permitted; of a hard link: the file system has none.
    #[error("it is not permitted")]
    NotPermitted,
    /// A name is not UTF-8, which WASI cannot carry.
    #[error("its name is not UTF-8")]
    IllegalName,
    /// The disk is full, or a quota is used up.
    #[error("there is no space left")]
    NoSpace,
    /// Memory ran out.
    #[error("memory ran out")]
    OutOfMemory,
    /// The file system or the host does not have this operation.
    #[error("it is not supported")]
    Unsupported,
    /// The file system or the host does not take this argument.
    #[error("the argument is invalid")]
    Invalid,
    /// Anything else; the name is that of the `error-code` of `wasi:filesystem`.
    #[error("{0}")]
    Other(&'static str),
}

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a FIFO, a device, a socket.
    Other,
    /// The file system does not say; [`Directory::metadata`] does.
    Unknown,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEntry {
    /// The name, one path component.
    pub name: String,
    /// What it stands for.
    pub kind: EntryKind,
}

/// A point in time, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Whole seconds.
    pub seconds: u64,
    /// The rest in nanoseconds, less than a second.
    pub nanoseconds: u32,
}

/// What a file system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What it is; never [`EntryKind::Unknown`].
    pub kind: EntryKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its content was last modified, where the file system tells.
    pub modified: Option<Timestamp>,
}

/// How many names in a row may be unreadable before the rest of a listing is given up: a host that fails every call would
/// keep its reader for ever. Names that are not UTF-8 or that have vanished are no sign of that.
pub(crate) const ERRORS_IN_A_ROW: usize = 1000;

/// The names in a directory, without `.` and `..`, in no order.
pub trait Entries {
    /// The next name, or nothing after the last. An error concerns one name: the call after it goes on.
    ///
    /// # Errors
    ///
    /// [`FsError::IllegalName`] for a name that is not UTF-8, anything else as the file system says.
    fn next_entry(&mut self) -> Result<Option<NamedEntry>, FsError>;
}

/// What a read gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether the file system says that the file ends behind them. It may leave that to a read of the nothing that follows.
    pub is_end: bool,
}

/// An opened file.
#[expect(
    clippy::missing_errors_doc,
    reason = "every call fails as the file system says, and no otherwise"
)]
pub trait File {
    /// Reads at most `length` bytes at `offset`. Fewer may come; none at all means the end of the file.
    fn read(&self, length: usize, offset: u64) -> Result<Read, FsError>;
    /// Writes at `offset` and says how many bytes were taken, which may be fewer than were given.
    fn write(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError>;
    /// Says that these bytes, which were written, are not needed again, so that the file system may begin to put them on
    /// disk: a sync then has less left to do, and tells of trouble with it.
    fn release(&self, offset: u64, length: u64);
    /// Makes content and metadata durable.
    fn sync(&self) -> Result<(), FsError>;
    /// What the file system says of the file.
    fn metadata(&self) -> Result<Metadata, FsError>;
}

/// An opened directory. Every name is a single path component.
#[expect(
    clippy::missing_errors_doc,
    reason = "every call fails as the file system says, and no otherwise"
)]
pub trait Directory: Sized {
    /// An opened file of this file system.
    type File: File;
    /// The names in a directory of this file system.
    type Entries: Entries;

    /// Lists the directory.
    fn entries(&self) -> Result<Self::Entries, FsError>;
    /// Opens a directory in this one.
    fn open_directory(&self, name: &str) -> Result<Self, FsError>;
    /// Opens a file in this directory for reading.
    fn open_file(&self, name: &str) -> Result<Self::File, FsError>;
    /// Creates a directory; [`FsError::Exist`] if there is anything of that name.
    fn create_directory(&self, name: &str) -> Result<(), FsError>;
    /// Removes an empty directory.
    fn remove_directory(&self, name: &str) -> Result<(), FsError>;
    /// Creates a file and opens it for reading and writing; [`FsError::Exist`] if there is anything of that name.
    fn create_file(&self, name: &str) -> Result<Self::File, FsError>;
    /// What the file system says of a name.
    fn metadata(&self, name: &str) -> Result<Metadata, FsError>;
    /// Gives a file another name in this directory, replacing a file of that name.
    fn rename(&self, from: &str, to: &str) -> Result<(), FsError>;
    /// Gives a file a further name in this directory; [`FsError::Exist`] if there is anything of that name.
    fn hard_link(&self, from: &str, to: &str) -> Result<(), FsError>;
    /// Removes a name of a file.
    fn unlink(&self, name: &str) -> Result<(), FsError>;
    /// Makes content and metadata of a file durable, without having it open.
    fn sync_file(&self, name: &str) -> Result<(), FsError>;
    /// Makes the names in this directory durable.
    fn sync(&self) -> Result<(), FsError>;
    /// Whether both are the same directory, by whatever paths they were opened.
    fn is_same_object(&self, other: &Self) -> bool;
    /// Whether a name stands for an opened file; an error if it stands for nothing, or for no regular file.
    fn is_name_of(&self, name: &str, file: &Self::File) -> Result<bool, FsError>;
}

impl FsError {
    /// The code under which this is told, wherever it happened.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::AccessDenied | Self::NotPermitted => ErrorCode::AccessDenied,
            Self::NoEntry | Self::NotDirectory => ErrorCode::PathNotFound,
            Self::NoSpace => ErrorCode::DiskFull,
            Self::OutOfMemory => ErrorCode::OutOfMemory,
            Self::IllegalName => ErrorCode::IllegalName,
            Self::Exist
            | Self::IsDirectory
            | Self::Link
            | Self::Unsupported
            | Self::Invalid
            | Self::Other(_) => ErrorCode::Io,
        }
    }
}
