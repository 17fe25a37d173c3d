//! Directories, files and listings of `wasi:filesystem`, as the core's traits.

use license_backup_core::{
    Directory, Entries, EntryKind, File, FileId, FsError, Metadata, NamedEntry, Read, Timestamp,
};

use crate::wasi::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntryStream,
    ErrorCode, OpenFlags, PathFlags,
};

/// A directory that the host opened, or one below it.
#[derive(Debug)]
pub struct WasiDirectory(Descriptor);

/// A file in a [`WasiDirectory`].
#[derive(Debug)]
pub struct WasiFile(Descriptor);

/// A listing of a [`WasiDirectory`].
#[derive(Debug)]
pub struct WasiEntries(DirectoryEntryStream);

impl From<Descriptor> for WasiDirectory {
    fn from(descriptor: Descriptor) -> Self {
        Self(descriptor)
    }
}

impl WasiDirectory {
    /// Opens a name in this directory. Without path flags, a link in the last component is not
    /// followed, and the name has no other component.
    fn open(
        &self,
        name: &str,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> Result<Descriptor, FsError> {
        self.0
            .open_at(PathFlags::empty(), name, open, flags)
            .map_err(fs_error)
    }
}

impl Directory for WasiDirectory {
    type File = WasiFile;
    type Entries = WasiEntries;

    fn entries(&self) -> Result<WasiEntries, FsError> {
        self.0.read_directory().map(WasiEntries).map_err(fs_error)
    }

    fn open_directory(&self, name: &str) -> Result<Self, FsError> {
        // A directory below one that may be modified may be modified too: a backup directory can
        // be such a directory.
        let flags = self.0.get_flags().map_err(fs_error)?
            & (DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY);
        self.open(name, OpenFlags::DIRECTORY, flags).map(Self)
    }

    fn open_file(&self, name: &str) -> Result<WasiFile, FsError> {
        self.open(name, OpenFlags::empty(), DescriptorFlags::READ)
            .map(WasiFile)
    }

    fn create_directory(&self, name: &str) -> Result<(), FsError> {
        self.0.create_directory_at(name).map_err(fs_error)
    }

    fn remove_directory(&self, name: &str) -> Result<(), FsError> {
        self.0.remove_directory_at(name).map_err(fs_error)
    }

    fn create_file(&self, name: &str) -> Result<WasiFile, FsError> {
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        self.open(name, OpenFlags::CREATE | OpenFlags::EXCLUSIVE, flags)
            .map(WasiFile)
    }

    fn metadata(&self, name: &str) -> Result<Metadata, FsError> {
        self.0
            .stat_at(PathFlags::empty(), name)
            .map(|stat| metadata(&stat))
            .map_err(fs_error)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.0.rename_at(from, &self.0, to).map_err(fs_error)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.0
            .link_at(PathFlags::empty(), from, &self.0, to)
            .map_err(fs_error)
    }

    fn unlink(&self, name: &str) -> Result<(), FsError> {
        self.0.unlink_file_at(name).map_err(fs_error)
    }

    fn sync_file(&self, name: &str) -> Result<(), FsError> {
        // Some systems sync a file only if it is open for writing.
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        self.open(name, OpenFlags::empty(), flags)?
            .sync()
            .map_err(fs_error)
    }

    fn sync(&self) -> Result<(), FsError> {
        self.0.sync().map_err(fs_error)
    }

    fn is_same_object(&self, other: &Self) -> bool {
        is_same_object(&self.0, &other.0)
    }

    fn is_name_of(&self, name: &str, file: &WasiFile) -> Result<bool, FsError> {
        // Opening a FIFO can block forever.
        if self.metadata(name)?.kind != EntryKind::File {
            return Err(FsError::Other("it is not a regular file"));
        }
        Ok(is_same_object(&self.open_file(name)?.0, &file.0))
    }
}

impl File for WasiFile {
    fn read(&self, length: usize, offset: u64) -> Result<Read, FsError> {
        self.0
            .read(length as u64, offset)
            .map(|(bytes, is_end)| Read { bytes, is_end })
            .map_err(|code| match code {
                // For a name, this code has another meaning.
                ErrorCode::IllegalByteSequence => FsError::Damaged,
                code => fs_error(code),
            })
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        let written = self.0.write(bytes, offset).map_err(fs_error)?;
        usize::try_from(written).map_err(|_| FsError::Other("overflow"))
    }

    fn release(&self, offset: u64, length: u64) {
        // Linux starts to write the pages at this advice. The result is ignored, because a host
        // that does not support it only writes them later.
        let _ = self.0.advise(offset, length, Advice::DontNeed);
    }

    fn sync(&self) -> Result<(), FsError> {
        self.0.sync().map_err(fs_error)
    }

    fn metadata(&self) -> Result<Metadata, FsError> {
        self.0.stat().map(|stat| metadata(&stat)).map_err(fs_error)
    }

    fn id(&self) -> Result<FileId, FsError> {
        self.0
            .metadata_hash()
            .map(|hash| FileId(hash.upper, hash.lower))
            .map_err(fs_error)
    }
}

impl Entries for WasiEntries {
    fn next_entry(&mut self) -> Result<Option<NamedEntry>, FsError> {
        let entry = self.0.read_directory_entry().map_err(fs_error)?;
        Ok(entry.map(|entry| NamedEntry {
            name: entry.name,
            kind: kind(entry.type_),
        }))
    }
}

/// Returns `true` if two descriptors refer to the same file or directory. Node's shim answers this
/// correctly only for a descriptor and itself, so the hashes of the metadata are compared as well.
fn is_same_object(one: &Descriptor, other: &Descriptor) -> bool {
    let hash = |descriptor: &Descriptor| {
        descriptor
            .metadata_hash()
            .ok()
            .map(|hash| (hash.upper, hash.lower))
    };
    one.is_same_object(other) || hash(one).is_some_and(|known| hash(other) == Some(known))
}

/// Converts the metadata of a file or directory.
fn metadata(stat: &DescriptorStat) -> Metadata {
    let kind = match kind(stat.type_) {
        EntryKind::Unknown => EntryKind::Other,
        kind => kind,
    };
    let modified = stat.data_modification_timestamp.map(|time| Timestamp {
        seconds: time.seconds,
        nanoseconds: time.nanoseconds,
    });
    Metadata {
        kind,
        size: stat.size,
        modified,
    }
}

/// Converts the kind of an entry.
fn kind(type_: DescriptorType) -> EntryKind {
    match type_ {
        DescriptorType::RegularFile => EntryKind::File,
        DescriptorType::Directory => EntryKind::Directory,
        DescriptorType::Unknown => EntryKind::Unknown,
        DescriptorType::BlockDevice
        | DescriptorType::CharacterDevice
        | DescriptorType::Fifo
        | DescriptorType::SymbolicLink
        | DescriptorType::Socket => EntryKind::Other,
    }
}

/// Converts an error. The cases are listed without a wildcard, so that a new code is noticed.
fn fs_error(code: ErrorCode) -> FsError {
    match code {
        ErrorCode::Access | ErrorCode::ReadOnly => FsError::AccessDenied,
        ErrorCode::Busy => FsError::Busy,
        ErrorCode::Exist => FsError::Exist,
        ErrorCode::IsDirectory => FsError::IsDirectory,
        ErrorCode::Loop => FsError::Link,
        ErrorCode::NoEntry => FsError::NoEntry,
        ErrorCode::NotDirectory => FsError::NotDirectory,
        ErrorCode::NotPermitted => FsError::NotPermitted,
        // Nothing is locked here. The host of this project returns it for content that is
        // encrypted.
        ErrorCode::NoLock => FsError::Encrypted,
        ErrorCode::IllegalByteSequence => FsError::IllegalName,
        ErrorCode::InsufficientSpace | ErrorCode::Quota => FsError::NoSpace,
        ErrorCode::InsufficientMemory => FsError::OutOfMemory,
        ErrorCode::Unsupported => FsError::Unsupported,
        ErrorCode::Invalid => FsError::Invalid,
        code @ (ErrorCode::WouldBlock
        | ErrorCode::Already
        | ErrorCode::BadDescriptor
        | ErrorCode::Deadlock
        | ErrorCode::FileTooLarge
        | ErrorCode::InProgress
        | ErrorCode::Interrupted
        | ErrorCode::Io
        | ErrorCode::MessageSize
        | ErrorCode::NameTooLong
        | ErrorCode::NoDevice
        | ErrorCode::NotRecoverable
        | ErrorCode::NotEmpty
        | ErrorCode::NoTty
        | ErrorCode::NoSuchDevice
        | ErrorCode::Overflow
        | ErrorCode::Pipe
        | ErrorCode::InvalidSeek
        | ErrorCode::TextFileBusy
        | ErrorCode::TooManyLinks
        | ErrorCode::CrossDevice) => FsError::Other(code.name()),
    }
}
