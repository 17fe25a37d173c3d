//! `wasi:filesystem` as the component of an operation has it: that of wasmtime-wasi, with files read ahead,
//! large writes done behind, and directories listed bit by bit. To open a file for reading waits for nobody. There are no
//! streams. Nothing is begun when the time of the operation is up.

use std::io;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};
use wasmtime_wasi::{FsPerms, OpenMode};

use super::ahead::{Found, ReadAhead};
use super::behind::WriteBehind;
use super::deadline::Deadline;
use super::entries::Entries;
use super::regular::{self, Opened};
use super::sandbox::BLOCKS_ITS_THREAD;

/// How many files, directories and listings a component may have open at once. All operations of a process share what the
/// system allows it, often 1024. Ours has one open for each part of a path, so that what lies deeper in a store is told as
/// unreadable.
const MOST_OPEN: usize = 256;

/// What is done ahead of the component of an operation, and behind it, for as long as there is time.
pub(super) struct Helpers {
    deadline: Deadline,
    ahead: ReadAhead,
    behind: WriteBehind,
    /// What the files hold that were read ahead and are open now.
    contents: Vec<Content>,
    /// How many files, directories and listings are open.
    pub(super) open: usize,
}

/// What an open file holds, all of it.
struct Content {
    descriptor: u32,
    bytes: Vec<u8>,
}

impl Helpers {
    pub(super) fn new(deadline: Deadline) -> Self {
        let behind = WriteBehind::new(deadline);
        Self {
            deadline,
            ahead: ReadAhead::default(),
            behind,
            contents: Vec::new(),
            open: 0,
        }
    }

    /// Takes what a file holds, if it was read ahead.
    fn take(&mut self, descriptor: &Resource<Descriptor>) -> Option<Vec<u8>> {
        let position = self
            .contents
            .iter()
            .position(|content| content.descriptor == descriptor.rep())?;
        Some(self.contents.swap_remove(position).bytes)
    }

    /// Refuses to open too much, as a system does.
    fn admit(&self) -> Result<(), ErrorCode> {
        if self.open < MOST_OPEN {
            Ok(())
        } else {
            Err(ErrorCode::Io)
        }
    }
}

/// The view of one call on the state of an operation.
pub(super) struct Files<'a> {
    pub(super) wasi: WasiFilesystemCtxView<'a>,
    pub(super) helpers: &'a mut Helpers,
}

impl Files<'_> {
    /// Waits for what was written, before a call that could see a difference.
    fn settle(&mut self) -> FsResult<()> {
        self.helpers.behind.settle();
        self.check()
    }

    /// Opens a name for reading, waiting for nobody. Nothing if that has to be done in the usual way.
    fn open_to_read(
        &mut self,
        directory: &Resource<Descriptor>,
        name: &str,
        is_of_directory: bool,
    ) -> FsResult<Option<Resource<Descriptor>>> {
        let Descriptor::Dir(directory) = self.wasi.table.get(directory)? else {
            return Ok(None);
        };
        if !regular::CAN_OPEN || !regular::is_name(name) {
            return Ok(None);
        }
        if !is_of_directory
            && let Some(Found { file, content, .. }) = self.helpers.ahead.take(directory, name)
        {
            let descriptor = self.wasi.table.push(Descriptor::File(file))?;
            if let Some(bytes) = content {
                self.helpers.contents.push(Content {
                    descriptor: descriptor.rep(),
                    bytes,
                });
            }
            return Ok(Some(descriptor));
        }
        let permissions = directory.perms;
        let descriptor = match regular::open(&directory.dir, name) {
            Ok(Opened::Directory(opened)) => Descriptor::Dir(Dir::new(
                opened,
                permissions,
                OpenMode::READ,
                BLOCKS_ITS_THREAD,
            )),
            Ok(Opened::File { .. }) if is_of_directory => {
                return Err(ErrorCode::NotDirectory.into());
            }
            Ok(Opened::File { file, .. }) => Descriptor::File(File::new(
                file,
                permissions,
                OpenMode::READ,
                BLOCKS_ITS_THREAD,
            )),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(self.wasi.table.push(descriptor)?))
    }

    /// Waits for what was written, and tells of trouble with a file.
    fn finish(&mut self, descriptor: &Resource<Descriptor>) -> FsResult<()> {
        match self.wasi.table.get(descriptor)? {
            Descriptor::File(opened) => self.helpers.behind.finish(&opened.file)?,
            Descriptor::Dir(_) => self.helpers.behind.settle(),
        }
        self.check()
    }

    /// Refuses to go on when the time of the operation is up.
    fn check(&self) -> FsResult<()> {
        self.helpers.deadline.check().map_err(FsError::trap)
    }
}

/// Hands a call on to wasmtime-wasi, when all that was written is in its file.
macro_rules! hand_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(async fn $name(&mut self, $($argument: $type),*) -> $result {
            self.settle()?;
            self.wasi.$name($($argument),*).await
        })*
    };
}

impl types::Host for Files<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.wasi.convert_error_code(error)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.wasi.filesystem_error_code(error)
    }
}

impl HostDescriptor for Files<'_> {
    async fn open_at(
        &mut self,
        directory: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        self.check()?;
        self.helpers.admit()?;
        let is_of_directory = open == OpenFlags::DIRECTORY;
        let is_to_read = path_flags == PathFlags::empty()
            && (open == OpenFlags::empty() || is_of_directory)
            && (DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY).contains(flags);
        let read = if is_to_read {
            self.open_to_read(&directory, &path, is_of_directory)?
        } else {
            None
        };
        let descriptor = if let Some(descriptor) = read {
            descriptor
        } else {
            self.settle()?;
            self.wasi
                .open_at(directory, path_flags, path, open, flags)
                .await?
        };
        self.helpers.open += 1;
        Ok(descriptor)
    }

    async fn read(
        &mut self,
        file: Resource<Descriptor>,
        length: Filesize,
        offset: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        match self.helpers.take(&file) {
            // It was read up to its end, and that is told at once.
            Some(bytes) if offset == 0 && bytes.len() as Filesize <= length => Ok((bytes, true)),
            _ => {
                self.settle()?;
                self.wasi.read(file, length, offset).await
            }
        }
    }

    async fn write(
        &mut self,
        file: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: Filesize,
    ) -> FsResult<Filesize> {
        self.check()?;
        let length = bytes.len();
        if WriteBehind::is_for(length)
            && let Descriptor::File(opened) = self.wasi.table.get(&file)?
            && opened.perms == FsPerms::ReadWrite
        {
            self.helpers.behind.write(&opened.file, bytes, offset)?;
            return Ok(length as Filesize);
        }
        self.finish(&file)?;
        self.wasi.write(file, bytes, offset).await
    }

    async fn sync(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.finish(&descriptor)?;
        self.wasi.sync(descriptor).await
    }

    async fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.finish(&descriptor)?;
        self.wasi.sync_data(descriptor).await
    }

    /// The resource of the interface stands for our [`Entries`], here and in all that is done with it.
    async fn read_directory(
        &mut self,
        directory: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        self.check()?;
        self.helpers.admit()?;
        let entries = match self.wasi.table.get(&directory)? {
            Descriptor::Dir(opened) => Entries::of(&opened.dir)?,
            Descriptor::File(_) => return Err(ErrorCode::NotDirectory.into()),
        };
        let entries = self.wasi.table.push(entries)?;
        self.helpers.open += 1;
        Ok(Resource::new_own(entries.rep()))
    }

    async fn is_same_object(
        &mut self,
        one: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        self.helpers.behind.settle();
        self.helpers.deadline.check()?;
        self.wasi.is_same_object(one, other).await
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.helpers.take(&descriptor);
        self.helpers.open -= 1;
        if let Descriptor::File(opened) = self.wasi.table.delete(descriptor)? {
            self.helpers.behind.close(opened.file);
        }
        Ok(())
    }

    // A stream would hold its file open without being counted, and go on when the time is up.

    fn read_via_stream(
        &mut self,
        _: Resource<Descriptor>,
        _: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        Err(ErrorCode::Unsupported.into())
    }

    fn write_via_stream(
        &mut self,
        _: Resource<Descriptor>,
        _: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        Err(ErrorCode::Unsupported.into())
    }

    fn append_via_stream(
        &mut self,
        _: Resource<Descriptor>,
    ) -> FsResult<Resource<DynOutputStream>> {
        Err(ErrorCode::Unsupported.into())
    }

    hand_on! {
        advise(file: Resource<Descriptor>, offset: Filesize, length: Filesize, advice: Advice) -> FsResult<()>;
        get_flags(descriptor: Resource<Descriptor>) -> FsResult<DescriptorFlags>;
        get_type(descriptor: Resource<Descriptor>) -> FsResult<DescriptorType>;
        set_size(file: Resource<Descriptor>, size: Filesize) -> FsResult<()>;
        set_times(descriptor: Resource<Descriptor>, access: NewTimestamp, modification: NewTimestamp) -> FsResult<()>;
        create_directory_at(directory: Resource<Descriptor>, path: String) -> FsResult<()>;
        stat(descriptor: Resource<Descriptor>) -> FsResult<DescriptorStat>;
        stat_at(directory: Resource<Descriptor>, flags: PathFlags, path: String) -> FsResult<DescriptorStat>;
        set_times_at(
            directory: Resource<Descriptor>, flags: PathFlags, path: String, access: NewTimestamp,
            modification: NewTimestamp
        ) -> FsResult<()>;
        link_at(
            from: Resource<Descriptor>, flags: PathFlags, old: String, to: Resource<Descriptor>, new: String
        ) -> FsResult<()>;
        readlink_at(directory: Resource<Descriptor>, path: String) -> FsResult<String>;
        remove_directory_at(directory: Resource<Descriptor>, path: String) -> FsResult<()>;
        rename_at(from: Resource<Descriptor>, old: String, to: Resource<Descriptor>, new: String) -> FsResult<()>;
        symlink_at(directory: Resource<Descriptor>, target: String, path: String) -> FsResult<()>;
        unlink_file_at(directory: Resource<Descriptor>, path: String) -> FsResult<()>;
        metadata_hash(descriptor: Resource<Descriptor>) -> FsResult<MetadataHashValue>;
        metadata_hash_at(
            directory: Resource<Descriptor>, flags: PathFlags, path: String
        ) -> FsResult<MetadataHashValue>;
    }
}

impl HostDirectoryEntryStream for Files<'_> {
    async fn read_directory_entry(
        &mut self,
        entries: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.check()?;
        self.wasi
            .table
            .get_mut(&Resource::<Entries>::new_borrow(entries.rep()))?
            .read()
    }

    fn drop(&mut self, entries: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.helpers.open -= 1;
        self.wasi
            .table
            .delete(Resource::<Entries>::new_own(entries.rep()))?;
        Ok(())
    }
}
