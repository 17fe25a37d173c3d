//! The calls of `wasi:filesystem` that are different on Windows.
//!
//! Those of wasmtime-wasi take the path of the directory and add the name, so that a share becomes a
//! relative path; they open files so that nobody can rename or remove them meanwhile; and they give
//! files the access control list of their directory. These take a single name, do not follow links,
//! and create files and directories for the user of the process only.

#![expect(
    clippy::unused_async,
    reason = "each stands for a call of wasmtime-wasi, which is asynchronous"
)]

use std::fs::File;
use std::io;
use std::os::windows::fs::FileExt as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorStat, ErrorCode, Filesize, HostDescriptor as _, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};
use wasmtime_wasi::{FsPerms, OpenMode};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_DELETE_PENDING, ERROR_DISK_FULL,
    ERROR_DISK_QUOTA_EXCEEDED, ERROR_FILE_EXISTS, ERROR_FILENAME_EXCED_RANGE,
    ERROR_HANDLE_DISK_FULL, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION, ERROR_WRITE_PROTECT,
};

use super::blocking::ALLOW_BLOCKING;
use super::nt::{self, Access};
use super::windows_names;

/// How often a call is repeated while another program has the file open exclusively, and the pause
/// in between: half a second in all. Players and virus scanners have a file open for moments.
const RETRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// Repeats a call while another program has the file open exclusively.
pub(super) fn retried<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    retried_after(&[ERROR_SHARING_VIOLATION], call)
}

/// Repeats a call while it fails with one of these codes.
fn retried_after<T>(codes: &[u32], mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let is_busy = |error: &io::Error| code(error).is_some_and(|code| codes.contains(&code));
    for _ in 0..RETRIES {
        match call() {
            Err(error) if is_busy(&error) => thread::sleep(PAUSE),
            result => return result,
        }
    }
    call()
}

/// Returns the error of a call as that of the interface.
pub(super) fn error(error: &io::Error) -> ErrorCode {
    match code(error) {
        Some(ERROR_DISK_FULL | ERROR_HANDLE_DISK_FULL) => ErrorCode::InsufficientSpace,
        Some(ERROR_DISK_QUOTA_EXCEEDED) => ErrorCode::Quota,
        Some(ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION) => ErrorCode::Busy,
        Some(ERROR_FILENAME_EXCED_RANGE) => ErrorCode::NameTooLong,
        Some(ERROR_WRITE_PROTECT) => ErrorCode::ReadOnly,
        // The file is removed when another program closes it.
        Some(ERROR_DELETE_PENDING) => ErrorCode::NoEntry,
        Some(_) => error.into(),
        None => match error.kind() {
            io::ErrorKind::IsADirectory => ErrorCode::IsDirectory,
            io::ErrorKind::NotADirectory => ErrorCode::NotDirectory,
            io::ErrorKind::InvalidFilename => ErrorCode::Invalid,
            _ => error.into(),
        },
    }
}

fn code(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(i32::cast_unsigned)
}

fn done<T>(result: io::Result<T>) -> FsResult<T> {
    result.map_err(|cause| FsError::from(error(&cause)))
}

/// Returns a directory.
fn directory<'a>(
    wasi: &'a WasiFilesystemCtxView<'_>,
    directory: &Resource<Descriptor>,
) -> FsResult<&'a Dir> {
    match wasi.table.get(directory)? {
        Descriptor::Dir(directory) => Ok(directory),
        Descriptor::File(_) => Err(ErrorCode::NotDirectory.into()),
    }
}

/// Returns a directory to change, of which the names are valid.
fn to_change(
    wasi: &WasiFilesystemCtxView<'_>,
    changed: &Resource<Descriptor>,
    names: &[&str],
) -> FsResult<Arc<File>> {
    let changed = directory(wasi, changed)?;
    if changed.perms == FsPerms::ReadOnly {
        return Err(ErrorCode::NotPermitted.into());
    }
    for name in names {
        windows_names::check(name)?;
    }
    Ok(Arc::clone(&changed.dir))
}

/// Opens a name for writing, or creates a file. Opening for reading is [`open`](super::open), and the
/// directory itself is opened by wasmtime-wasi.
pub(super) async fn open_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: Resource<Descriptor>,
    path_flags: PathFlags,
    path: String,
    open: OpenFlags,
    flags: DescriptorFlags,
) -> FsResult<Resource<Descriptor>> {
    if path == "." {
        return wasi.open_at(parent, path_flags, path, open, flags).await;
    }
    let is_new = open == OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    let known = DescriptorFlags::READ | DescriptorFlags::WRITE;
    if path_flags != PathFlags::empty()
        || !(is_new || open == OpenFlags::empty())
        || !flags.contains(DescriptorFlags::WRITE)
        || !known.contains(flags)
    {
        return Err(ErrorCode::Unsupported.into());
    }
    let parent = to_change(wasi, &parent, &[&path])?;
    let opened = if is_new {
        nt::create(&parent, &path).map_err(|cause| match code(&cause) {
            // A file of this name is removed when another program closes it.
            Some(ERROR_DELETE_PENDING | ERROR_FILE_EXISTS | ERROR_ALREADY_EXISTS) => {
                ErrorCode::Exist
            }
            _ => error(&cause),
        })?
    } else {
        done(retried(|| nt::open(&parent, &path, Access::Write)))?
    };
    if done(opened.metadata())?.is_dir() {
        return Err(ErrorCode::IsDirectory.into());
    }
    let mode = OpenMode::READ | OpenMode::WRITE;
    let file =
        wasmtime_wasi::filesystem::File::new(opened, FsPerms::ReadWrite, mode, ALLOW_BLOCKING);
    Ok(wasi.table.push(Descriptor::File(file))?)
}

/// Writes, and reports a full disk as such.
pub(super) async fn write(
    wasi: &mut WasiFilesystemCtxView<'_>,
    file: Resource<Descriptor>,
    bytes: Vec<u8>,
    offset: Filesize,
) -> FsResult<Filesize> {
    let Descriptor::File(file) = wasi.table.get(&file)? else {
        return Err(ErrorCode::BadDescriptor.into());
    };
    if file.perms == FsPerms::ReadOnly || !file.open_mode.contains(OpenMode::WRITE) {
        return Err(ErrorCode::NotPermitted.into());
    }
    done(file.file.seek_write(&bytes, offset)).map(|written| written as Filesize)
}

/// Makes a file durable. A directory needs no sync: Windows flushes none, and keeps its file systems
/// consistent by a journal.
pub(super) async fn sync(
    wasi: &mut WasiFilesystemCtxView<'_>,
    descriptor: Resource<Descriptor>,
) -> FsResult<()> {
    match wasi.table.get(&descriptor)? {
        Descriptor::Dir(_) => Ok(()),
        Descriptor::File(_) => wasi.sync(descriptor).await,
    }
}

pub(super) async fn stat_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: Resource<Descriptor>,
    flags: PathFlags,
    path: String,
) -> FsResult<DescriptorStat> {
    let opened = open_metadata(wasi, &parent, flags, &path)?;
    let stat = wasi.stat(Resource::new_borrow(opened.rep())).await;
    wasi.table.delete(opened)?;
    stat
}

pub(super) async fn metadata_hash_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: Resource<Descriptor>,
    flags: PathFlags,
    path: String,
) -> FsResult<MetadataHashValue> {
    let opened = open_metadata(wasi, &parent, flags, &path)?;
    let hash = wasi.metadata_hash(Resource::new_borrow(opened.rep())).await;
    wasi.table.delete(opened)?;
    hash
}

/// Opens a name to read its metadata. A link is not followed.
fn open_metadata(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: &Resource<Descriptor>,
    flags: PathFlags,
    path: &str,
) -> FsResult<Resource<Descriptor>> {
    if flags != PathFlags::empty() {
        return Err(ErrorCode::Unsupported.into());
    }
    windows_names::check(path)?;
    let parent = directory(wasi, parent)?;
    let opened = done(nt::open(&parent.dir, path, Access::Metadata))?;
    let file = wasmtime_wasi::filesystem::File::new(
        opened,
        FsPerms::ReadOnly,
        OpenMode::empty(),
        ALLOW_BLOCKING,
    );
    Ok(wasi.table.push(Descriptor::File(file))?)
}

/// Creates a directory with a name in another one, which the user of this process can access and
/// nobody else.
pub(crate) fn create_directory(parent: &File, name: &str) -> io::Result<()> {
    windows_names::check(name).map_err(|_| io::ErrorKind::InvalidFilename)?;
    nt::create_directory(parent, name)
}

pub(super) async fn create_directory_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: Resource<Descriptor>,
    path: String,
) -> FsResult<()> {
    let parent = to_change(wasi, &parent, &[&path])?;
    done(nt::create_directory(&parent, &path))
}

pub(super) async fn remove_directory_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: Resource<Descriptor>,
    path: String,
) -> FsResult<()> {
    let parent = to_change(wasi, &parent, &[&path])?;
    done(retried(|| nt::remove_directory(&parent, &path)))
}

pub(super) async fn unlink_file_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    parent: Resource<Descriptor>,
    path: String,
) -> FsResult<()> {
    let parent = to_change(wasi, &parent, &[&path])?;
    done(retried(|| nt::remove_file(&parent, &path)))
}

pub(super) async fn rename_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    from: Resource<Descriptor>,
    old: String,
    to: Resource<Descriptor>,
    new: String,
) -> FsResult<()> {
    let parent = within_one(wasi, &from, &old, &to, &new)?;
    done(rename(&parent, &old, &new))
}

/// Renames a file, and waits a moment for another program that has it or the replaced one open.
pub(super) fn rename(parent: &File, old: &str, new: &str) -> io::Result<()> {
    // The second code is that of a file with the new name that another program has open.
    let codes = [ERROR_SHARING_VIOLATION, ERROR_ACCESS_DENIED];
    retried_after(&codes, || nt::rename(parent, old, new))
}

pub(super) async fn link_at(
    wasi: &mut WasiFilesystemCtxView<'_>,
    from: Resource<Descriptor>,
    flags: PathFlags,
    old: String,
    to: Resource<Descriptor>,
    new: String,
) -> FsResult<()> {
    if flags != PathFlags::empty() {
        return Err(ErrorCode::Unsupported.into());
    }
    let parent = within_one(wasi, &from, &old, &to, &new)?;
    done(retried(|| nt::link(&parent, &old, &new)))
}

/// Returns the one directory in which a file gets a new name.
fn within_one(
    wasi: &WasiFilesystemCtxView<'_>,
    from: &Resource<Descriptor>,
    old: &str,
    to: &Resource<Descriptor>,
    new: &str,
) -> FsResult<Arc<File>> {
    let parent = to_change(wasi, from, &[old, new])?;
    if Arc::ptr_eq(&parent, &directory(wasi, to)?.dir) {
        Ok(parent)
    } else {
        Err(ErrorCode::Unsupported.into())
    }
}

// No component of this project calls these.

pub(super) async fn readlink_at(
    _: &mut WasiFilesystemCtxView<'_>,
    _: Resource<Descriptor>,
    _: String,
) -> FsResult<String> {
    Err(ErrorCode::Unsupported.into())
}

pub(super) async fn set_times_at(
    _: &mut WasiFilesystemCtxView<'_>,
    _: Resource<Descriptor>,
    _: PathFlags,
    _: String,
    _: NewTimestamp,
    _: NewTimestamp,
) -> FsResult<()> {
    Err(ErrorCode::Unsupported.into())
}

pub(super) async fn symlink_at(
    _: &mut WasiFilesystemCtxView<'_>,
    _: Resource<Descriptor>,
    _: String,
    _: String,
) -> FsResult<()> {
    Err(ErrorCode::Unsupported.into())
}
