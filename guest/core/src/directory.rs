//! The interface to the file system: open directories and files, which the host or the
//! tests implement.
//!
//! No method has a path as a parameter. A name is one path component, and no method
//! follows a link. So an operation can reach nothing outside of an opened directory,
//! whatever the names in a store or a backup are.

use std::num::NonZeroU64;

use crate::ErrorCode;

/// An error returned by the file system. Its text is a cause, to follow the text of what
/// failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FsError {
    /// Access is refused, or the file system is read-only.
    #[error("permission denied")]
    AccessDenied,
    /// Another program has the file open, and permits no other to open it. Windows enforces that.
    #[error("it is in use by another program")]
    Busy,
    /// The content of the file was changed: its encryption proves that.
    #[error("the encrypted file is damaged")]
    Damaged,
    /// The content of the file is encrypted, and no identity that the host has opens it. Reading
    /// returns this error, everything else works.
    #[error(
        "it is encrypted, and none of the identities opens it; give the identity of a recipient"
    )]
    Encrypted,
    /// The name exists already.
    #[error("the name exists already")]
    Exist,
    /// A file was expected, and the name is that of a directory.
    #[error("it is a directory")]
    IsDirectory,
    /// The name is that of a link, which is not followed.
    #[error("it is a link, and links are not followed")]
    Link,
    /// The name does not exist.
    #[error("it does not exist")]
    NoEntry,
    /// A directory was expected, and the name is that of a file.
    #[error("it is not a directory")]
    NotDirectory,
    /// The operation is not permitted. For a hard link: the file system does not support them.
    #[error("operation not permitted")]
    NotPermitted,
    /// A name is not UTF-8. WASI cannot represent such a name.
    #[error("its name is not UTF-8")]
    IllegalName,
    /// The disk is full, or a quota is used up.
    #[error("no space left")]
    NoSpace,
    /// Memory ran out.
    #[error("out of memory")]
    OutOfMemory,
    /// The file system or the host does not support this operation.
    #[error("operation not supported")]
    Unsupported,
    /// The file system or the host does not support this argument.
    #[error("invalid argument")]
    Invalid,
    /// Any other error, by the name of the `error-code` of `wasi:filesystem`.
    #[error("{0}")]
    Other(&'static str),
}

/// The kind of an entry in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a FIFO, a device or a socket.
    Other,
    /// The file system does not report the kind in listings; [`Directory::metadata`]
    /// returns it.
    Unknown,
}

/// An entry of a directory listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEntry {
    /// The name, one path component.
    pub name: String,
    /// The kind of the entry.
    pub kind: EntryKind,
}

/// A point in time, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// The whole seconds.
    pub seconds: u64,
    /// The fraction of a second, in nanoseconds.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// Returns the number of nanoseconds since the Unix epoch, or `None` if it is 0 or does not
    /// fit, which is the case from the year 2554.
    pub(crate) fn nanoseconds_since_epoch(self) -> Option<NonZeroU64> {
        let seconds = self.seconds.checked_mul(1_000_000_000)?;
        NonZeroU64::new(seconds.checked_add(u64::from(self.nanoseconds))?)
    }
}

/// The metadata of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// The kind; never [`EntryKind::Unknown`].
    pub kind: EntryKind,
    /// The size in bytes.
    pub size: u64,
    /// When the content was last modified. `None` if the file system does not store it.
    pub modified: Option<Timestamp>,
}

/// The number of bytes that one read of a longer file requests: hosts of
/// `wasi:filesystem` return at most 64 KiB at a time.
pub(crate) const READ_LENGTH: usize = 64 << 10;
/// The largest number of consecutive errors in a listing before the rest of it is
/// skipped. Without a limit, a host that fails every call would keep its reader busy
/// forever. Names that are not UTF-8 or that no longer exist do not count.
pub(crate) const MAX_CONSECUTIVE_ERRORS: usize = 1000;

/// A listing of a directory, without `.` and `..`, in any order.
pub trait Entries {
    /// Returns the next entry, or `None` after the last one. An error concerns one entry:
    /// the next call returns the entry after it.
    ///
    /// # Errors
    ///
    /// [`FsError::IllegalName`] for a name that is not UTF-8; any other error of the file
    /// system.
    fn next_entry(&mut self) -> Result<Option<NamedEntry>, FsError>;
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The bytes that were read.
    pub bytes: Vec<u8>,
    /// Whether the file system reports that the file ends after these bytes. If it does
    /// not, a read at the end returns no bytes.
    pub is_end: bool,
}

/// The identity of a file. It is that of the file also while nobody has it open, until the file is
/// removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(pub u64, pub u64);

/// An open file.
#[expect(
    clippy::missing_errors_doc,
    reason = "every error is one of the file system"
)]
pub trait File {
    /// Reads at most `length` bytes at `offset`. May return fewer; none means the end of
    /// the file.
    fn read(&self, length: usize, offset: u64) -> Result<Read, FsError>;
    /// Writes at `offset`, and returns the number of bytes that were written, which may
    /// be less than the length of `bytes`.
    fn write(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError>;
    /// Writes all of `bytes` at `offset`, with one or more calls of [`File::write`].
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<(), FsError> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.write(rest, offset + written as u64)? {
                0 => return Err(FsError::Other("nothing was written")),
                count => written += count,
            }
        }
        Ok(())
    }
    /// Advises that these bytes, which were written, are not needed again, so that the
    /// file system starts to write them to disk. A later sync then has less to write, and
    /// returns the errors.
    fn release(&self, offset: u64, length: u64);
    /// Makes content and metadata durable.
    fn sync(&self) -> Result<(), FsError>;
    /// Returns the metadata of the file.
    fn metadata(&self) -> Result<Metadata, FsError>;
    /// Returns the identity of the file.
    fn id(&self) -> Result<FileId, FsError>;
}

/// An open directory. Every name is a single path component.
#[expect(
    clippy::missing_errors_doc,
    reason = "every error is one of the file system"
)]
pub trait Directory: Sized {
    /// An open file of this file system.
    type File: File;
    /// A listing of a directory of this file system.
    type Entries: Entries;

    /// Lists the directory.
    fn entries(&self) -> Result<Self::Entries, FsError>;
    /// Opens a directory in this one.
    fn open_directory(&self, name: &str) -> Result<Self, FsError>;
    /// Opens a file in this directory for reading.
    fn open_file(&self, name: &str) -> Result<Self::File, FsError>;
    /// Creates a directory. Returns [`FsError::Exist`] if the name exists already.
    fn create_directory(&self, name: &str) -> Result<(), FsError>;
    /// Removes an empty directory.
    fn remove_directory(&self, name: &str) -> Result<(), FsError>;
    /// Creates a file and opens it for reading and writing. Returns [`FsError::Exist`] if
    /// the name exists already.
    fn create_file(&self, name: &str) -> Result<Self::File, FsError>;
    /// Returns the metadata of a name.
    fn metadata(&self, name: &str) -> Result<Metadata, FsError>;
    /// Renames a file in this directory. Replaces a file that has the new name.
    fn rename(&self, from: &str, to: &str) -> Result<(), FsError>;
    /// Adds a name of a file in this directory. Returns [`FsError::Exist`] if the name
    /// exists already.
    fn hard_link(&self, from: &str, to: &str) -> Result<(), FsError>;
    /// Removes a name of a file.
    fn unlink(&self, name: &str) -> Result<(), FsError>;
    /// Makes content and metadata of a file durable, by its name.
    fn sync_file(&self, name: &str) -> Result<(), FsError>;
    /// Makes the names in this directory durable.
    fn sync(&self) -> Result<(), FsError>;
    /// Returns `true` if both are the same directory, even if they were opened by
    /// different paths.
    fn is_same_object(&self, other: &Self) -> bool;
    /// Returns `true` if a name is that of an open file. Returns an error if the name
    /// does not exist or is not that of a regular file.
    fn is_name_of(&self, name: &str, file: &Self::File) -> Result<bool, FsError>;
}

impl FsError {
    /// Returns the code with which this error is reported.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::AccessDenied | Self::Encrypted | Self::NotPermitted => ErrorCode::AccessDenied,
            Self::Damaged => ErrorCode::BackupCorrupt,
            Self::NoEntry | Self::NotDirectory => ErrorCode::PathNotFound,
            Self::NoSpace => ErrorCode::DiskFull,
            Self::OutOfMemory => ErrorCode::OutOfMemory,
            Self::IllegalName => ErrorCode::IllegalName,
            Self::Busy
            | Self::Exist
            | Self::IsDirectory
            | Self::Link
            | Self::Unsupported
            | Self::Invalid
            | Self::Other(_) => ErrorCode::Io,
        }
    }
}
