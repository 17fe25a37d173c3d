//! The calls of `wasi:filesystem/types`.

use std::io;

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::OpenMode;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::blocking::ALLOW_BLOCKING;
use super::io_state::IoState;
use super::open::{self, Opened};
use super::read_dir::ReadDir;
use super::remote::{self, RemoteDescriptor, RemoteError};
#[cfg(windows)]
use super::windows as system;

/// The view of one call on the state of an operation.
pub(crate) struct FilesystemView<'a> {
    pub(crate) wasi: WasiFilesystemCtxView<'a>,
    pub(crate) io: &'a mut IoState,
}

/// The type that connects [`FilesystemView`] with a linker.
pub(crate) struct HasFilesystem;

impl HasData for HasFilesystem {
    type Data<'a> = FilesystemView<'a>;
}

impl FilesystemView<'_> {
    /// Returns a trap if the deadline of the operation has passed.
    fn check_deadline(&self) -> FsResult<()> {
        self.io.check_deadline().map_err(FsError::trap)
    }

    /// Returns the directory or file that the host itself implements, if a descriptor refers to
    /// one.
    fn remote(&self, descriptor: &Resource<Descriptor>) -> Option<RemoteDescriptor> {
        let remote = Resource::<RemoteDescriptor>::new_borrow(descriptor.rep());
        self.wasi.table.get(&remote).ok().cloned()
    }

    /// Converts the result of a call of such a directory or file, and notes the cause of an error.
    fn answer<T>(&mut self, result: Result<T, RemoteError>) -> FsResult<T> {
        result.map_err(|error| {
            let code = error.code;
            self.io.causes.note(error);
            code.into()
        })
    }

    /// Returns `true` if the files of a remote directory are stored in a directory of this machine.
    fn is_stored_in(
        &self,
        remote: &RemoteDescriptor,
        local: &Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        Ok(match self.wasi.table.get(local)? {
            Descriptor::Dir(directory) => remote.is_stored_in(&directory.dir),
            Descriptor::File(_) => false,
        })
    }

    /// Opens a name for reading without blocking, or returns `None` if wasmtime-wasi has to open
    /// it.
    fn open_to_read(
        &mut self,
        directory: &Resource<Descriptor>,
        name: &str,
        is_of_directory: bool,
    ) -> FsResult<Option<Resource<Descriptor>>> {
        let Descriptor::Dir(directory) = self.wasi.table.get(directory)? else {
            return Ok(None);
        };
        if !open::IS_SUPPORTED || !open::is_name(name) {
            return Ok(None);
        }
        if !is_of_directory && let Some((file, content)) = self.io.take_file(directory, name) {
            let descriptor = self.wasi.table.push(Descriptor::File(file))?;
            if let Some(content) = content {
                self.io.keep_content(&descriptor, content);
            }
            return Ok(Some(descriptor));
        }
        let permissions = directory.perms;
        let descriptor = match system::retried(|| open::open(&directory.dir, name)) {
            Ok(Opened::Directory(opened)) => Descriptor::Dir(Dir::new(
                opened,
                permissions,
                OpenMode::READ,
                ALLOW_BLOCKING,
            )),
            Ok(Opened::File { .. }) if is_of_directory => {
                return Err(ErrorCode::NotDirectory.into());
            }
            Ok(Opened::File { file, .. }) => {
                Descriptor::File(File::new(file, permissions, OpenMode::READ, ALLOW_BLOCKING))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(system::error(&error).into()),
        };
        Ok(Some(self.wasi.table.push(descriptor)?))
    }
}

/// The calls that are those of wasmtime-wasi.
#[cfg(not(windows))]
mod system {
    use std::io;

    use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

    pub(super) fn retried<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        call()
    }

    pub(super) fn error(error: &io::Error) -> ErrorCode {
        error.into()
    }
}

/// Calls what the system has instead of a call of wasmtime-wasi: on Windows, calls that take names,
/// and a few more.
macro_rules! call {
    ($view:ident.$name:ident($($argument:expr),*)) => {{
        #[cfg(windows)]
        let result = system::$name(&mut $view.wasi, $($argument),*).await;
        #[cfg(not(windows))]
        let result = $view.wasi.$name($($argument),*).await;
        result
    }};
}

/// Implements calls by those of wasmtime-wasi, unless the deadline has passed. Those after
/// `look_up` and `name` take names, and those after `change` and `name` change files or
/// directories.
macro_rules! delegate {
    ($(look_up $name:ident($first:ident: $first_type:ty $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {
        $(async fn $name(&mut self, $first: $first_type, $($argument: $type),*) -> $result {
            self.check_deadline()?;
            if let Some(remote) = self.remote(&$first) {
                return self.answer(remote.$name($($argument),*));
            }
            call!(self.$name($first $(, $argument)*))
        })*
    };
    ($(name $name:ident($first:ident: $first_type:ty $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {
        $(async fn $name(&mut self, $first: $first_type, $($argument: $type),*) -> $result {
            self.check_deadline()?;
            if let Some(remote) = self.remote(&$first) {
                return self.answer(remote.$name($($argument),*));
            }
            self.io.new_files.note_changed();
            call!(self.$name($first $(, $argument)*))
        })*
    };
    ($(change $name:ident($first:ident: $first_type:ty $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {
        $(async fn $name(&mut self, $first: $first_type, $($argument: $type),*) -> $result {
            self.check_deadline()?;
            if let Some(remote) = self.remote(&$first) {
                return self.answer(remote.$name($($argument),*));
            }
            self.io.new_files.note_changed();
            self.wasi.$name($first, $($argument),*).await
        })*
    };
    ($($name:ident($first:ident: $first_type:ty $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {
        $(async fn $name(&mut self, $first: $first_type, $($argument: $type),*) -> $result {
            self.check_deadline()?;
            if let Some(remote) = self.remote(&$first) {
                return self.answer(remote.$name($($argument),*));
            }
            self.wasi.$name($first, $($argument),*).await
        })*
    };
}

impl types::Host for FilesystemView<'_> {
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

impl HostDescriptor for FilesystemView<'_> {
    async fn open_at(
        &mut self,
        directory: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        self.check_deadline()?;
        self.io.check_open_files()?;
        if let Some(remote) = self.remote(&directory) {
            let opened = self.answer(remote.open_at(&path, open, flags))?;
            let opened = self.wasi.table.push(opened)?;
            self.io.count_opened();
            return Ok(remote::as_descriptor(&opened));
        }
        let is_of_directory = open == OpenFlags::DIRECTORY;
        let is_to_read = path_flags == PathFlags::empty()
            && (open == OpenFlags::empty() || is_of_directory)
            && (DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY).contains(flags);
        let opened = if is_to_read {
            self.open_to_read(&directory, &path, is_of_directory)?
        } else {
            None
        };
        if open.contains(OpenFlags::TRUNCATE) {
            self.io.new_files.note_changed();
        }
        let descriptor = if let Some(descriptor) = opened {
            descriptor
        } else {
            call!(self.open_at(directory, path_flags, path, open, flags))?
        };
        if open.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE)
            && let Descriptor::File(created) = self.wasi.table.get(&descriptor)?
        {
            self.io.new_files.note_created(&created.file);
        }
        self.io.count_opened();
        Ok(descriptor)
    }

    async fn read(
        &mut self,
        file: Resource<Descriptor>,
        length: Filesize,
        offset: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        self.check_deadline()?;
        if let Some(remote) = self.remote(&file) {
            return self.answer(remote.read(length, offset));
        }
        match self.io.take_content(&file) {
            // The content is that of the whole file, so that this read reaches its end.
            Some(content) if offset == 0 && content.len() as Filesize <= length => {
                Ok((content, true))
            }
            _ => self.wasi.read(file, length, offset).await,
        }
    }

    async fn write(
        &mut self,
        file: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: Filesize,
    ) -> FsResult<Filesize> {
        self.check_deadline()?;
        if let Some(remote) = self.remote(&file) {
            return self.answer(remote.write(&bytes, offset));
        }
        self.io.new_files.note_changed();
        call!(self.write(file, bytes, offset))
    }

    async fn sync(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.check_deadline()?;
        if let Some(remote) = self.remote(&descriptor) {
            return self.answer(remote.sync());
        }
        if let Descriptor::File(file) = self.wasi.table.get(&descriptor)?
            && self.io.new_files.sync(&file.file)?
        {
            return Ok(());
        }
        call!(self.sync(descriptor))
    }

    /// Returns a [`ReadDir`] as the resource of the interface. All other calls of that resource
    /// expect one.
    async fn read_directory(
        &mut self,
        directory: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        self.check_deadline()?;
        self.io.check_open_files()?;
        let entries = if let Some(remote) = self.remote(&directory) {
            ReadDir::of_entries(self.answer(remote.entries())?)
        } else {
            match self.wasi.table.get(&directory)? {
                Descriptor::Dir(opened) => ReadDir::new(&opened.dir)?,
                Descriptor::File(_) => return Err(ErrorCode::NotDirectory.into()),
            }
        };
        let entries = self.wasi.table.push(entries)?;
        self.io.count_opened();
        Ok(Resource::new_own(entries.rep()))
    }

    async fn is_same_object(
        &mut self,
        one: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        self.io.check_deadline()?;
        match (self.remote(&one), self.remote(&other)) {
            (Some(one), Some(other)) => Ok(one.is_same_object(&other)),
            (None, None) => self.wasi.is_same_object(one, other).await,
            (Some(remote), None) => self.is_stored_in(&remote, &other),
            (None, Some(remote)) => self.is_stored_in(&remote, &one),
        }
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.io.take_content(&descriptor);
        self.io.count_closed();
        if self.remote(&descriptor).is_some() {
            let remote = Resource::<RemoteDescriptor>::new_own(descriptor.rep());
            self.wasi.table.delete(remote)?;
        } else {
            self.wasi.table.delete(descriptor)?;
        }
        Ok(())
    }

    async fn link_at(
        &mut self,
        from: Resource<Descriptor>,
        flags: PathFlags,
        old: String,
        to: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        self.check_deadline()?;
        match (self.remote(&from), self.remote(&to)) {
            (Some(from), Some(to)) => self.answer(from.link(&old, &to, &new)),
            (None, None) => {
                self.io.new_files.note_changed();
                call!(self.link_at(from, flags, old, to, new))
            }
            _ => Err(ErrorCode::CrossDevice.into()),
        }
    }

    async fn rename_at(
        &mut self,
        from: Resource<Descriptor>,
        old: String,
        to: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        self.check_deadline()?;
        match (self.remote(&from), self.remote(&to)) {
            (Some(from), Some(to)) => self.answer(from.rename(&old, &to, &new)),
            (None, None) => {
                self.io.new_files.note_changed();
                call!(self.rename_at(from, old, to, new))
            }
            _ => Err(ErrorCode::CrossDevice.into()),
        }
    }

    // A stream would keep its file open without being counted, and continue after the deadline.

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

    delegate! {
        sync_data(descriptor: Resource<Descriptor>) -> FsResult<()>;
        advise(
            file: Resource<Descriptor>, offset: Filesize, length: Filesize, advice: Advice
        ) -> FsResult<()>;
        get_flags(descriptor: Resource<Descriptor>) -> FsResult<DescriptorFlags>;
        get_type(descriptor: Resource<Descriptor>) -> FsResult<DescriptorType>;
        stat(descriptor: Resource<Descriptor>) -> FsResult<DescriptorStat>;
        metadata_hash(descriptor: Resource<Descriptor>) -> FsResult<MetadataHashValue>;
    }

    delegate! {
        look_up stat_at(
            directory: Resource<Descriptor>, flags: PathFlags, path: String
        ) -> FsResult<DescriptorStat>;
        look_up readlink_at(directory: Resource<Descriptor>, path: String) -> FsResult<String>;
        look_up metadata_hash_at(
            directory: Resource<Descriptor>, flags: PathFlags, path: String
        ) -> FsResult<MetadataHashValue>;
    }

    delegate! {
        change set_size(file: Resource<Descriptor>, size: Filesize) -> FsResult<()>;
        change set_times(
            descriptor: Resource<Descriptor>, access: NewTimestamp, modification: NewTimestamp
        ) -> FsResult<()>;
    }

    delegate! {
        name set_times_at(
            directory: Resource<Descriptor>, flags: PathFlags, path: String, access: NewTimestamp,
            modification: NewTimestamp
        ) -> FsResult<()>;
        name create_directory_at(directory: Resource<Descriptor>, path: String) -> FsResult<()>;
        name remove_directory_at(directory: Resource<Descriptor>, path: String) -> FsResult<()>;
        name symlink_at(
            directory: Resource<Descriptor>, target: String, path: String
        ) -> FsResult<()>;
        name unlink_file_at(directory: Resource<Descriptor>, path: String) -> FsResult<()>;
    }
}

impl HostDirectoryEntryStream for FilesystemView<'_> {
    async fn read_directory_entry(
        &mut self,
        entries: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.check_deadline()?;
        self.wasi
            .table
            .get_mut(&Resource::<ReadDir>::new_borrow(entries.rep()))?
            .next()
    }

    fn drop(&mut self, entries: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.io.count_closed();
        self.wasi
            .table
            .delete(Resource::<ReadDir>::new_own(entries.rep()))?;
        Ok(())
    }
}
