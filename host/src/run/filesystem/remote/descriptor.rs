//! The calls of `wasi:filesystem` for a directory that the host itself implements, and its files.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, Datetime, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode,
    Filesize, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};

use super::super::open::is_name;
use super::buffered::BufferedFile;
use super::{Directory, Entry, EntryKind, Metadata, SealError};

/// An open [`Directory`], or an open file in it.
#[derive(Clone)]
pub(crate) enum RemoteDescriptor {
    Directory {
        directory: Arc<dyn Directory>,
        is_writable: bool,
    },
    File {
        file: Arc<Mutex<BufferedFile>>,
        is_writable: bool,
    },
}

/// An error of a call.
#[derive(Debug)]
pub(crate) struct RemoteError {
    pub(crate) code: ErrorCode,
    /// The cause that the other machine, the connection to it, or the encryption has reported.
    pub(crate) cause: Option<String>,
}

type Result<T> = std::result::Result<T, RemoteError>;

impl From<ErrorCode> for RemoteError {
    fn from(code: ErrorCode) -> Self {
        Self { code, cause: None }
    }
}

impl From<io::Error> for RemoteError {
    fn from(error: io::Error) -> Self {
        let of_kind = || match error.kind() {
            io::ErrorKind::NotFound => ErrorCode::NoEntry,
            io::ErrorKind::AlreadyExists => ErrorCode::Exist,
            io::ErrorKind::PermissionDenied => ErrorCode::Access,
            io::ErrorKind::ReadOnlyFilesystem => ErrorCode::ReadOnly,
            io::ErrorKind::StorageFull => ErrorCode::InsufficientSpace,
            io::ErrorKind::QuotaExceeded => ErrorCode::Quota,
            io::ErrorKind::Unsupported => ErrorCode::Unsupported,
            io::ErrorKind::InvalidFilename => ErrorCode::IllegalByteSequence,
            io::ErrorKind::NotSeekable => ErrorCode::InvalidSeek,
            // Not `io`, after which the component tries in another way whether a backup is in
            // place.
            _ => ErrorCode::NotRecoverable,
        };
        // No other error of reading a file has these codes.
        let code = match SealError::of(&error) {
            Some(SealError::IdentityMissing) => ErrorCode::NoLock,
            Some(SealError::Damaged(_)) => ErrorCode::IllegalByteSequence,
            None => of_kind(),
        };
        Self {
            code,
            cause: Some(error.to_string()),
        }
    }
}

/// Defines calls that such a directory does not have.
macro_rules! unsupported {
    ($($name:ident($($type:ty),*) -> $result:ty;)*) => {
        $(
            pub(crate) fn $name(&self, $(_: $type),*) -> Result<$result> {
                Err(ErrorCode::Unsupported.into())
            }
        )*
    };
}

impl RemoteDescriptor {
    unsupported! {
        sync_data() -> ();
        set_size(Filesize) -> ();
        set_times(NewTimestamp, NewTimestamp) -> ();
        readlink_at(String) -> String;
        metadata_hash_at(PathFlags, String) -> MetadataHashValue;
        set_times_at(PathFlags, String, NewTimestamp, NewTimestamp) -> ();
        create_directory_at(String) -> ();
        remove_directory_at(String) -> ();
        symlink_at(String, String) -> ();
    }

    /// Opens the directory itself, or opens or creates a file in it.
    pub(crate) fn open_at(
        &self,
        path: &str,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> Result<Self> {
        let (directory, is_writable) = self.directory()?;
        if path == "." && open == OpenFlags::DIRECTORY {
            return Ok(self.clone());
        }
        let writes = flags.contains(DescriptorFlags::WRITE);
        if writes && !is_writable {
            return Err(ErrorCode::ReadOnly.into());
        }
        let name = name(path)?;
        let file = if open == OpenFlags::CREATE | OpenFlags::EXCLUSIVE {
            if !writes {
                return Err(ErrorCode::Invalid.into());
            }
            directory.create(name)?
        } else if open == OpenFlags::empty() {
            directory.open(name)?
        } else if open == OpenFlags::DIRECTORY {
            // There are no directories below a backup directory.
            directory.metadata(name)?;
            return Err(ErrorCode::NotDirectory.into());
        } else {
            return Err(ErrorCode::Unsupported.into());
        };
        Ok(Self::File {
            file: Arc::new(Mutex::new(BufferedFile::new(file))),
            is_writable: writes,
        })
    }

    /// Returns the entries of the directory.
    pub(crate) fn entries(&self) -> Result<Vec<DirectoryEntry>> {
        let entries = self.directory()?.0.entries()?;
        let convert = |Entry { name, kind }| DirectoryEntry {
            type_: descriptor_type(kind),
            name,
        };
        Ok(entries.into_iter().map(convert).collect())
    }

    pub(crate) fn read(&self, length: Filesize, offset: Filesize) -> Result<(Vec<u8>, bool)> {
        /// The largest number of bytes that a call returns, like wasmtime-wasi.
        const MAX_LENGTH: usize = 64 << 10;
        let length = usize::try_from(length).map_or(MAX_LENGTH, |length| length.min(MAX_LENGTH));
        Ok(self.file()?.read(offset, length)?)
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: Filesize) -> Result<Filesize> {
        match self {
            Self::File {
                is_writable: true, ..
            } => {}
            _ => return Err(ErrorCode::NotPermitted.into()),
        }
        self.file()?.write(bytes, offset)?;
        Ok(bytes.len() as Filesize)
    }

    pub(crate) fn sync(&self) -> Result<()> {
        match self {
            Self::Directory { directory, .. } => Ok(directory.sync()?),
            Self::File { .. } => Ok(self.file()?.sync()?),
        }
    }

    /// Does nothing: such a directory has no caches that the host knows of.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "all calls have the same form"
    )]
    pub(crate) fn advise(&self, _: Filesize, _: Filesize, _: Advice) -> Result<()> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "all calls have the same form")]
    pub(crate) fn get_flags(&self) -> Result<DescriptorFlags> {
        Ok(DescriptorFlags::READ
            | match self {
                Self::Directory {
                    is_writable: true, ..
                } => DescriptorFlags::MUTATE_DIRECTORY,
                Self::File {
                    is_writable: true, ..
                } => DescriptorFlags::WRITE,
                Self::Directory { .. } | Self::File { .. } => DescriptorFlags::empty(),
            })
    }

    #[expect(clippy::unnecessary_wraps, reason = "all calls have the same form")]
    pub(crate) fn get_type(&self) -> Result<DescriptorType> {
        Ok(match self {
            Self::Directory { .. } => DescriptorType::Directory,
            Self::File { .. } => DescriptorType::RegularFile,
        })
    }

    pub(crate) fn stat(&self) -> Result<DescriptorStat> {
        match self {
            Self::Directory { .. } => Ok(stat(&Metadata {
                kind: EntryKind::Directory,
                size: 0,
                modified: None,
                id: 0,
            })),
            Self::File { .. } => Ok(stat(&self.file()?.metadata()?)),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "all calls have the same form"
    )]
    pub(crate) fn stat_at(&self, _: PathFlags, path: String) -> Result<DescriptorStat> {
        if path == "." {
            return self.stat();
        }
        Ok(stat(&self.directory()?.0.metadata(name(&path)?)?))
    }

    pub(crate) fn metadata_hash(&self) -> Result<MetadataHashValue> {
        let id = match self {
            // A directory has the identity of its connection, and there is one for an operation.
            Self::Directory { directory, .. } => Arc::as_ptr(directory).addr() as u128,
            Self::File { .. } => self.file()?.metadata()?.id,
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "each half of the identity has 64 bits"
        )]
        Ok(MetadataHashValue {
            upper: (id >> 64) as u64,
            lower: id as u64,
        })
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "all calls have the same form"
    )]
    pub(crate) fn unlink_file_at(&self, path: String) -> Result<()> {
        Ok(self.writable()?.remove(name(&path)?)?)
    }

    /// Returns `true` if two descriptors refer to the same directory or file.
    pub(crate) fn is_same_object(&self, other: &Self) -> bool {
        let id = |descriptor: &Self| {
            let hash = descriptor.metadata_hash().ok()?;
            Some((hash.upper, hash.lower))
        };
        match (self, other) {
            (
                Self::Directory { directory, .. },
                Self::Directory {
                    directory: other, ..
                },
            ) => Arc::ptr_eq(directory, other),
            (Self::File { .. }, Self::File { .. }) => {
                id(self).is_some_and(|own| id(other) == Some(own))
            }
            _ => false,
        }
    }

    /// Returns `true` if this is a directory whose files are stored in `other`.
    pub(crate) fn is_stored_in(&self, other: &std::fs::File) -> bool {
        self.directory()
            .is_ok_and(|(directory, _)| directory.is_stored_in(other))
    }

    pub(crate) fn link(&self, old: &str, to: &Self, new: &str) -> Result<()> {
        if !self.is_same_object(to) {
            return Err(ErrorCode::CrossDevice.into());
        }
        Ok(self.writable()?.link(name(old)?, name(new)?)?)
    }

    pub(crate) fn rename(&self, old: &str, to: &Self, new: &str) -> Result<()> {
        if !self.is_same_object(to) {
            return Err(ErrorCode::CrossDevice.into());
        }
        Ok(self.writable()?.rename(name(old)?, name(new)?)?)
    }

    fn directory(&self) -> Result<(&Arc<dyn Directory>, bool)> {
        match self {
            Self::Directory {
                directory,
                is_writable,
            } => Ok((directory, *is_writable)),
            Self::File { .. } => Err(ErrorCode::NotDirectory.into()),
        }
    }

    fn writable(&self) -> Result<&Arc<dyn Directory>> {
        match self.directory()? {
            (directory, true) => Ok(directory),
            (_, false) => Err(ErrorCode::ReadOnly.into()),
        }
    }

    fn file(&self) -> Result<MutexGuard<'_, BufferedFile>> {
        match self {
            // A thread of an operation that panicked does not go on.
            Self::File { file, .. } => Ok(file.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::Directory { .. } => Err(ErrorCode::BadDescriptor.into()),
        }
    }
}

/// Returns a path if it is the name of an entry.
fn name(path: &str) -> Result<&str> {
    if is_name(path) {
        Ok(path)
    } else {
        Err(ErrorCode::NotPermitted.into())
    }
}

fn descriptor_type(kind: EntryKind) -> DescriptorType {
    match kind {
        EntryKind::File => DescriptorType::RegularFile,
        EntryKind::Directory => DescriptorType::Directory,
        EntryKind::Other => DescriptorType::SymbolicLink,
    }
}

fn stat(metadata: &Metadata) -> DescriptorStat {
    let modified = metadata
        .modified
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    DescriptorStat {
        type_: descriptor_type(metadata.kind),
        link_count: 1,
        size: metadata.size,
        data_access_timestamp: None,
        data_modification_timestamp: modified.map(|since| Datetime {
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos(),
        }),
        status_change_timestamp: None,
    }
}

/// Returns the resource of the interface for a descriptor in the table.
pub(crate) fn as_descriptor(descriptor: &Resource<RemoteDescriptor>) -> Resource<Descriptor> {
    Resource::new_own(descriptor.rep())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_about_space_and_access_keep_their_meaning() {
        for (kind, code) in [
            (io::ErrorKind::PermissionDenied, ErrorCode::Access),
            (io::ErrorKind::ReadOnlyFilesystem, ErrorCode::ReadOnly),
            (io::ErrorKind::StorageFull, ErrorCode::InsufficientSpace),
            (io::ErrorKind::QuotaExceeded, ErrorCode::Quota),
        ] {
            assert_eq!(RemoteError::from(io::Error::from(kind)).code, code);
        }
    }
}
