//! The calls of Windows that take an open directory and a name in it.
//!
//! Those of the Win32 interface take paths, which they rewrite: `nul` is a device, `a.` is `a`, and
//! a share needs a prefix. These are of the layer below. Each name must have passed
//! [`check`](super::windows_names::check), since a name with a colon would be a stream of a file.

#![expect(
    unsafe_code,
    reason = "the standard library has no call that takes a directory and a name"
)]

use std::fs::File;
use std::io;
use std::mem::{offset_of, size_of};
use std::os::windows::fs::MetadataExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_DIRECTORY_FILE, FILE_DISPOSITION_DELETE,
    FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE, FILE_DISPOSITION_INFORMATION,
    FILE_DISPOSITION_INFORMATION_EX, FILE_DISPOSITION_POSIX_SEMANTICS, FILE_NON_DIRECTORY_FILE,
    FILE_OPEN, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT,
    FILE_RENAME_IGNORE_READONLY_ATTRIBUTE, FILE_RENAME_INFORMATION, FILE_RENAME_POSIX_SEMANTICS,
    FILE_RENAME_REPLACE_IF_EXISTS, FILE_SYNCHRONOUS_IO_NONALERT, FileDispositionInformation,
    FileDispositionInformationEx, FileFullDirectoryInformation, FileLinkInformation,
    FileRenameInformation, FileRenameInformationEx, NtCreateFile, NtQueryDirectoryFile,
    NtSetInformationFile,
};
use windows_sys::Win32::Foundation::{
    ERROR_DELETE_PENDING, ERROR_STOPPED_ON_SYMLINK, HANDLE, LocalFree, NTSTATUS,
    OBJ_CASE_INSENSITIVE, RtlNtStatusToDosError, STATUS_DELETE_PENDING, STATUS_NO_MORE_FILES,
    STATUS_NO_SUCH_FILE, STATUS_SUCCESS, UNICODE_STRING,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_DESCRIPTOR, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, DELETE, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES,
    FILE_REMOTE_PROTOCOL_INFO, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_WRITE_ATTRIBUTES, FileRemoteProtocolInfo, GetFileInformationByHandle,
    GetFileInformationByHandleEx, SYNCHRONIZE,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::windows_names::MAX_LENGTH;

/// The size of the buffer of a listing, in bytes: the largest that a server must support.
const LISTING_SIZE: usize = 64 << 10;

/// What a name is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To read its metadata, also if another program has it open exclusively.
    Metadata,
    /// To read a file, or to list a directory.
    Read,
    /// To read and to write a file.
    Write,
}

/// Opens a name, of whatever type it is.
///
/// # Errors
///
/// Returns `ERROR_STOPPED_ON_SYMLINK` for a symbolic link or a junction, unless only the metadata is
/// to be read, and `ERROR_SHARING_VIOLATION` if another program has the file open exclusively.
pub(super) fn open(directory: &File, name: &str, access: Access) -> io::Result<File> {
    let rights = match access {
        Access::Metadata => FILE_READ_ATTRIBUTES | SYNCHRONIZE,
        Access::Read => FILE_GENERIC_READ,
        Access::Write => FILE_GENERIC_READ | FILE_GENERIC_WRITE,
    };
    let itself = Call::open(rights).on(directory, name)?;
    if access == Access::Metadata {
        return Ok(itself);
    }
    let metadata = itself.metadata()?;
    if metadata.file_type().is_symlink() {
        return Err(windows_error(ERROR_STOPPED_ON_SYMLINK));
    }
    if metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT == 0 {
        return Ok(itself);
    }
    // The file is deduplicated, compressed or in a cloud: its content has to be asked for. The name
    // may have become a link since it was opened.
    let followed = Call {
        options: FILE_OPEN_FOR_BACKUP_INTENT,
        ..Call::open(rights)
    };
    let content = followed.on(directory, name)?;
    if identity(&content)? == identity(&itself)? {
        Ok(content)
    } else {
        Err(windows_error(ERROR_STOPPED_ON_SYMLINK))
    }
}

/// Opens a file that is open for reading again, to write it.
#[cfg(feature = "age")]
pub(super) fn reopen_to_write(file: &File) -> io::Result<File> {
    Call::open(FILE_GENERIC_WRITE).on(file, "")
}

/// Creates a file, which the user of this process can access and nobody else.
pub(super) fn create(directory: &File, name: &str) -> io::Result<File> {
    Call {
        disposition: FILE_CREATE,
        options: FILE_NON_DIRECTORY_FILE,
        access_list: private_access_list(directory, "")?,
        ..Call::open(FILE_GENERIC_READ | FILE_GENERIC_WRITE)
    }
    .on(directory, name)
}

/// Creates a directory, which the user of this process can access and nobody else.
pub(super) fn create_directory(directory: &File, name: &str) -> io::Result<()> {
    Call {
        disposition: FILE_CREATE,
        options: FILE_DIRECTORY_FILE,
        // Files that other programs create in it inherit the entry.
        access_list: private_access_list(directory, "OICI")?,
        ..Call::open(FILE_LIST_DIRECTORY | SYNCHRONIZE)
    }
    .on(directory, name)
    .map(drop)
}

/// Renames a file. A file that has the new name is replaced, also if it is open or read-only, where
/// the system and the file system support that.
pub(super) fn rename(directory: &File, old: &str, new: &str) -> io::Result<()> {
    let file = Call::open(DELETE | SYNCHRONIZE).on(directory, old)?;
    let rename = |flags, class| {
        let flags = FILE_RENAME_REPLACE_IF_EXISTS | flags;
        NewName::new(flags, directory, new).set(&file, class)
    };
    let posix = FILE_RENAME_POSIX_SEMANTICS;
    let read_only = FILE_RENAME_IGNORE_READONLY_ATTRIBUTE;
    rename(posix | read_only, FileRenameInformationEx)
        // Older systems and other file systems lack the first flag, or this call. The last one
        // reports all other errors again.
        .or_else(|_| rename(posix, FileRenameInformationEx))
        .or_else(|_| rename(0, FileRenameInformation))
        .map_err(error_of)
}

/// Adds a name of a file.
pub(super) fn link(directory: &File, old: &str, new: &str) -> io::Result<()> {
    let file = Call::open(FILE_WRITE_ATTRIBUTES | SYNCHRONIZE).on(directory, old)?;
    NewName::new(0, directory, new)
        .set(&file, FileLinkInformation)
        .map_err(error_of)
}

/// Removes a file or a link.
pub(super) fn remove_file(directory: &File, name: &str) -> io::Result<()> {
    let file = Call::open(DELETE | FILE_READ_ATTRIBUTES | SYNCHRONIZE).on(directory, name)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    remove(&file)
}

/// Removes an empty directory.
pub(super) fn remove_directory(directory: &File, name: &str) -> io::Result<()> {
    let call = Call::open(DELETE | FILE_READ_ATTRIBUTES | SYNCHRONIZE);
    let opened = call.on(directory, name)?;
    if !opened.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    remove(&opened)
}

/// Removes an open file or directory, also if it is read-only: its name at once, where the system and
/// the file system support that, and otherwise when it is closed everywhere.
fn remove(file: &File) -> io::Result<()> {
    let at_once = |flags| {
        let information = FILE_DISPOSITION_INFORMATION_EX {
            Flags: FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS | flags,
        };
        let size = size_of_val(&information);
        set_information(file, &information, size, FileDispositionInformationEx)
    };
    at_once(FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE)
        .or_else(|_| at_once(0))
        .or_else(|_| {
            let when_closed = FILE_DISPOSITION_INFORMATION { DeleteFile: true };
            let size = size_of_val(&when_closed);
            set_information(file, &when_closed, size, FileDispositionInformation)
        })
        .map_err(error_of)
}

/// A call that opens or creates a file or a directory.
struct Call {
    access: u32,
    disposition: u32,
    options: u32,
    access_list: Option<AccessList>,
}

impl Call {
    /// Returns a call that opens a name, or a link of this name.
    fn open(access: u32) -> Self {
        Self {
            access,
            disposition: FILE_OPEN,
            options: FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT,
            access_list: None,
        }
    }

    /// Calls. An empty name is that of the directory itself, or of a file in its place.
    fn on(self, directory: &File, name: &str) -> io::Result<File> {
        let mut name: Vec<u16> = name.encode_utf16().collect();
        let length = u16::try_from(name.len() * 2).map_err(|_| io::ErrorKind::InvalidFilename)?;
        let name = UNICODE_STRING {
            Length: length,
            MaximumLength: length,
            Buffer: name.as_mut_ptr(),
        };
        let descriptor = self.access_list.as_ref().map_or(null_mut(), |list| list.0);
        let attributes = OBJECT_ATTRIBUTES {
            Length: in_bytes(size_of::<OBJECT_ATTRIBUTES>()),
            RootDirectory: directory.as_raw_handle(),
            ObjectName: &raw const name,
            Attributes: OBJ_CASE_INSENSITIVE,
            SecurityDescriptor: descriptor.cast::<SECURITY_DESCRIPTOR>(),
            SecurityQualityOfService: null(),
        };
        let mut handle: HANDLE = null_mut();
        let mut result = IO_STATUS_BLOCK::default();
        // SAFETY: the pointers are to values that live until the call returns, and the handle of the
        // directory is open for as long.
        let status = unsafe {
            NtCreateFile(
                &raw mut handle,
                self.access,
                &raw const attributes,
                &raw mut result,
                null(),
                FILE_ATTRIBUTE_NORMAL,
                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                self.disposition,
                self.options | FILE_SYNCHRONOUS_IO_NONALERT,
                null(),
                0,
            )
        };
        if status != STATUS_SUCCESS {
            return Err(error_of(status));
        }
        // SAFETY: the call has returned an open handle, which nobody else owns.
        Ok(File::from(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }
}

/// The layout of `FILE_RENAME_INFORMATION` and of `FILE_LINK_INFORMATION`, with room for a name.
#[repr(C)]
struct NewName {
    flags: u32,
    directory: HANDLE,
    /// The length of the name in bytes.
    length: u32,
    name: [u16; MAX_LENGTH],
}

impl NewName {
    fn new(flags: u32, directory: &File, name: &str) -> Self {
        let mut buffer = [0; MAX_LENGTH];
        let units = buffer.iter_mut().zip(name.encode_utf16());
        let length = units.map(|(place, unit)| *place = unit).count();
        Self {
            flags,
            directory: directory.as_raw_handle(),
            length: in_bytes(length * 2),
            name: buffer,
        }
    }

    fn set(&self, file: &File, class: i32) -> Result<(), NTSTATUS> {
        let size = offset_of!(Self, name) + self.length as usize;
        // A shorter value than the structure with one unit is refused.
        let size = size.max(size_of::<FILE_RENAME_INFORMATION>());
        set_information(file, self, size, class)
    }
}

/// Calls `NtSetInformationFile` with the first `size` bytes of `information`, which is of the type
/// that `class` requires.
fn set_information<T>(
    file: &File,
    information: &T,
    size: usize,
    class: i32,
) -> Result<(), NTSTATUS> {
    let size = in_bytes(size.min(size_of::<T>()));
    let mut result = IO_STATUS_BLOCK::default();
    // SAFETY: the pointers are to values that live until the call returns, and `size` is not larger
    // than the value.
    let status = unsafe {
        NtSetInformationFile(
            file.as_raw_handle(),
            &raw mut result,
            (&raw const *information).cast(),
            size,
            class,
        )
    };
    if status == STATUS_SUCCESS {
        Ok(())
    } else {
        Err(status)
    }
}

/// An entry of a directory.
pub(super) struct Entry {
    /// The name in UTF-16.
    pub(super) name: Vec<u16>,
    pub(super) attributes: u32,
    /// The tag of a reparse point.
    pub(super) tag: u32,
}

/// A listing of a directory.
pub(super) struct Entries {
    directory: File,
    /// A part of the listing.
    part: Vec<u8>,
    /// Where the next entry is in the part, unless the next part has to be read first.
    next: Option<usize>,
}

impl Entries {
    /// Opens a listing. It has a position of its own.
    pub(super) fn open(directory: &File) -> io::Result<Self> {
        let call = Call {
            options: FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT,
            ..Call::open(FILE_LIST_DIRECTORY | SYNCHRONIZE)
        };
        Ok(Self {
            directory: call.on(directory, "")?,
            part: Vec::new(),
            next: None,
        })
    }

    /// Returns the next entry, or `None` after the last one.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.next.is_none() && !self.read()? {
            return Ok(None);
        }
        let start = self.next.unwrap_or_default();
        let (entry, next) = self.entry(start).ok_or(io::ErrorKind::InvalidData)?;
        self.next = next;
        Ok(Some(entry))
    }

    /// Reads the next part of the listing. Returns `false` after the last one.
    fn read(&mut self) -> io::Result<bool> {
        // Entries require the alignment of these.
        let mut buffer = vec![0_u64; LISTING_SIZE / size_of::<u64>()];
        let mut result = IO_STATUS_BLOCK::default();
        // SAFETY: the pointers are to values that live until the call returns, and the size is that
        // of the buffer.
        let status = unsafe {
            NtQueryDirectoryFile(
                self.directory.as_raw_handle(),
                null_mut(),
                None,
                null(),
                &raw mut result,
                buffer.as_mut_ptr().cast(),
                in_bytes(LISTING_SIZE),
                FileFullDirectoryInformation,
                false,
                null(),
                false,
            )
        };
        match status {
            STATUS_SUCCESS => {
                self.part = buffer.into_iter().flat_map(u64::to_ne_bytes).collect();
                Ok(true)
            }
            STATUS_NO_MORE_FILES | STATUS_NO_SUCH_FILE => Ok(false),
            status => Err(error_of(status)),
        }
    }

    /// Returns an entry in the part, and where the next one is. The layout is that of
    /// `FILE_FULL_DIR_INFORMATION`.
    fn entry(&self, start: usize) -> Option<(Entry, Option<usize>)> {
        let bytes = self.part.get(start..)?;
        let number = |offset: usize| {
            let bytes = bytes.get(offset..offset + 4)?;
            bytes.try_into().ok().map(u32::from_le_bytes)
        };
        let length = number(60)? as usize;
        let name = bytes.get(68..68 + length)?.chunks_exact(2);
        let entry = Entry {
            name: name
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
                .collect(),
            attributes: number(56)?,
            tag: number(64)?,
        };
        let next = match number(0)? as usize {
            0 => None,
            offset => Some(start + offset),
        };
        Some((entry, next))
    }
}

/// A security descriptor with an access control list, in memory of the system.
struct AccessList(PSECURITY_DESCRIPTOR);

impl Drop for AccessList {
    fn drop(&mut self) {
        // SAFETY: the system has allocated the memory for this value.
        unsafe { LocalFree(self.0) };
    }
}

/// Returns an access control list that permits everything to the user of this process and nothing to
/// others, and inherits nothing. `inheritance` states what inherits the entry.
///
/// Returns `None` for a directory of another machine. Its users are not those of this one, so that
/// the list could lock out the user; there, the list of the directory decides.
fn private_access_list(directory: &File, inheritance: &str) -> io::Result<Option<AccessList>> {
    if is_remote(directory) {
        return Ok(None);
    }
    let text = format!("D:P(A;{inheritance};FA;;;{})", user()?);
    let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let mut descriptor = null_mut();
    // SAFETY: the text ends with a zero, and both pointers are to values that live until the call
    // returns.
    let is_converted = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            null_mut(),
        )
    };
    if is_converted == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Some(AccessList(descriptor)))
}

/// Returns `true` if a directory is on another machine.
fn is_remote(directory: &File) -> bool {
    let mut information = FILE_REMOTE_PROTOCOL_INFO::default();
    // SAFETY: the pointer is to a value that lives until the call returns, of this size.
    let is_remote = unsafe {
        GetFileInformationByHandleEx(
            directory.as_raw_handle(),
            FileRemoteProtocolInfo,
            (&raw mut information).cast(),
            in_bytes(size_of_val(&information)),
        )
    };
    is_remote != 0
}

/// Returns the security identifier of the user of this process, as text. It does not change.
fn user() -> io::Result<&'static str> {
    static USER: OnceLock<String> = OnceLock::new();
    if let Some(user) = USER.get() {
        return Ok(user);
    }
    let user = look_up_user()?;
    Ok(USER.get_or_init(|| user))
}

fn look_up_user() -> io::Result<String> {
    /// Room for a [`TOKEN_USER`] and the largest identifier, with its alignment.
    type User = [u64; 16];

    let mut token: HANDLE = null_mut();
    // SAFETY: the pointer is to a value that lives until the call returns. The handle of the process
    // needs not be closed.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has returned an open handle, which nobody else owns.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut user: User = [0; 16];
    let mut length = 0;
    // SAFETY: both pointers are to values that live until the call returns, and the size is that of
    // the first one.
    let is_known = unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            (&raw mut user).cast(),
            in_bytes(size_of::<User>()),
            &raw mut length,
        )
    };
    if is_known == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut text = null_mut();
    // SAFETY: the call has written a `TOKEN_USER` to the value, which has its alignment. The
    // identifier that it points to is in the same value.
    let is_converted = unsafe {
        let user = &*(&raw const user).cast::<TOKEN_USER>();
        ConvertSidToStringSidW(user.User.Sid, &raw mut text)
    };
    if is_converted == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has returned a text that ends with a zero, in memory for this purpose.
    let copied = unsafe {
        let mut length = 0;
        while *text.add(length) != 0 {
            length += 1;
        }
        let copied = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        copied
    };
    Ok(copied)
}

/// Returns the number of the volume and of the file on it.
pub(super) fn identity(file: &File) -> io::Result<(u32, u32, u32)> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the pointer is to a value that lives until the call returns.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut information) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((
        information.dwVolumeSerialNumber,
        information.nFileIndexHigh,
        information.nFileIndexLow,
    ))
}

/// Returns a size as the system takes it. None here is too large.
fn in_bytes(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Returns a status as an error of the Win32 interface.
fn error_of(status: NTSTATUS) -> io::Error {
    // Otherwise the code would be that of a missing permission.
    if status == STATUS_DELETE_PENDING {
        return windows_error(ERROR_DELETE_PENDING);
    }
    // SAFETY: the call has no requirements.
    windows_error(unsafe { RtlNtStatusToDosError(status) })
}

/// Returns the error of a code of the Win32 interface.
fn windows_error(code: u32) -> io::Error {
    io::Error::from_raw_os_error(code.cast_signed())
}
