//! Backup directories that the host itself implements, because they are on another machine or
//! encrypted: the traits of such a directory and its files.
//!
//! A backup directory is flat, so a [`Directory`] has files and no directories below it. All calls
//! block: an operation has a thread of its own. An implementation repeats a request whose answer
//! was lost, and finds out whether the first one had an effect, so that no error leaves that open
//! unless the connection cannot be restored.
//!
//! Errors are those of [`std::io`], with these kinds: [`NotFound`], [`AlreadyExists`],
//! [`PermissionDenied`], [`ReadOnlyFilesystem`], [`StorageFull`], [`QuotaExceeded`],
//! [`Unsupported`], [`InvalidFilename`], and any other for all other causes, among them
//! [`SealError`]. The message names the cause, but neither the place, which the caller knows, nor a
//! secret.
//!
//! [`NotFound`]: std::io::ErrorKind::NotFound
//! [`AlreadyExists`]: std::io::ErrorKind::AlreadyExists
//! [`PermissionDenied`]: std::io::ErrorKind::PermissionDenied
//! [`ReadOnlyFilesystem`]: std::io::ErrorKind::ReadOnlyFilesystem
//! [`StorageFull`]: std::io::ErrorKind::StorageFull
//! [`QuotaExceeded`]: std::io::ErrorKind::QuotaExceeded
//! [`Unsupported`]: std::io::ErrorKind::Unsupported
//! [`InvalidFilename`]: std::io::ErrorKind::InvalidFilename

#[cfg(feature = "age")]
mod age;
mod buffered;
mod connect;
mod descriptor;
#[cfg(feature = "age")]
mod local;
mod read_ahead;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "sftp")]
mod sftp;
#[cfg(test)]
mod suite;

use std::io;
use std::time::SystemTime;

#[cfg(feature = "age")]
pub(crate) use self::age::{SUFFIX as ARCHIVE_SUFFIX, encrypted_in};
pub(crate) use self::connect::{Purpose, s3, sftp};
pub(crate) use self::descriptor::{RemoteDescriptor, RemoteError, as_descriptor};
#[cfg(feature = "age")]
pub(crate) use self::local::Local;

/// A directory that the host itself implements.
pub(crate) trait Directory: Send + Sync {
    /// Returns all entries, in any order.
    fn entries(&self) -> io::Result<Vec<Entry>>;

    /// Returns the metadata of an entry. No link is followed.
    fn metadata(&self, name: &str) -> io::Result<Metadata>;

    /// Opens a file for reading. No link is followed.
    fn open(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Creates a file that does not exist yet, for appending.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Adds a second name, which must not exist yet, to a file that was created here. Exactly one
    /// of several callers that race for a name succeeds.
    fn link(&self, from: &str, to: &str) -> io::Result<()>;

    /// Renames a file that was created here, and replaces an existing file in one step.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes all names of the directory durable.
    fn sync(&self) -> io::Result<()>;

    /// Returns `true` if the files are stored in a directory of this machine, and it is `other`: a
    /// license store may contain it.
    fn is_stored_in(&self, _other: &std::fs::File) -> bool {
        false
    }
}

/// An open file in a [`Directory`].
pub(crate) trait File: Send + Sync {
    /// Returns the metadata of the file.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Returns up to `length` bytes from `offset` on: fewer only at the end of the file. `length`
    /// is some MiB, so that one call takes little more than the time for the transfer.
    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>>;

    /// Returns the number of bytes that are best appended at once: by default some MiB, so that one
    /// call takes little more than the time for the transfer.
    fn append_size(&self) -> usize {
        4 << 20
    }

    /// Appends bytes to a file that was created: [`append_size`](Self::append_size) or a few more,
    /// or fewer at the end. An error may be reported by a later call.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the contents durable, or as good as that: once a name is linked or renamed to this
    /// file, it is. Reports each error of [`append`](Self::append) that was not reported yet.
    fn sync(&self) -> io::Result<()>;
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: EntryKind,
}

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Directory,
    /// A link or something else, which is never opened.
    Other,
}

/// The metadata of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) kind: EntryKind,
    /// The size in bytes.
    pub(crate) size: u64,
    /// The time of the last change by the clock of the other machine, if known.
    pub(crate) modified: Option<SystemTime>,
    /// The identity of the file. It stays the same when the file is linked or renamed, and differs
    /// from that of any other file of the directory, as far as the other machine allows it. A file
    /// that was created here has an identity of its own in any case.
    pub(crate) id: u128,
}

/// The cause of an error of reading an encrypted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// The file is encrypted for others.
    #[error("it is encrypted, and none of the identities opens it")]
    IdentityMissing,
    /// The file is not as it was written. The text says how that is known.
    #[error("the encrypted file is damaged: {0}")]
    Damaged(&'static str),
}

impl SealError {
    /// Returns the cause of an error, if it is one of these.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}
