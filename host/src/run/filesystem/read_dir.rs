//! Listing a directory entry by entry.
//!
//! wasmtime-wasi lists a whole directory in one call and asks the file system for the metadata of
//! each name. That takes longer than everything else, and a cancellation has to wait for it. On
//! nearly every file system the listing itself contains the type of an entry; where it does not,
//! the component asks for it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::vec;

use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};

/// The entries of a directory that the component has not read yet.
pub(super) struct ReadDir(Source);

enum Source {
    /// Entries of a directory of this machine, which are listed one by one.
    Local(system::Entries),
    /// Entries of a directory that the host itself implements, which are known.
    Remote(vec::IntoIter<DirectoryEntry>),
}

/// An entry of a directory.
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) type_: DescriptorType,
}

impl ReadDir {
    /// Opens a listing of a directory.
    pub(super) fn new(directory: &File) -> io::Result<Self> {
        system::entries(directory).map(|entries| Self(Source::Local(entries)))
    }

    /// Returns a listing of known entries.
    pub(super) fn of_entries(entries: Vec<DirectoryEntry>) -> Self {
        Self(Source::Remote(entries.into_iter()))
    }

    /// Returns the next entry, or `None` after the last one. An error concerns one entry.
    pub(super) fn next(&mut self) -> FsResult<Option<DirectoryEntry>> {
        let entries = match &mut self.0 {
            Source::Local(entries) => entries,
            Source::Remote(entries) => return Ok(entries.next()),
        };
        let Some(Entry { name, type_ }) = entries.next().transpose()? else {
            return Ok(None);
        };
        let name = name
            .into_string()
            .map_err(|_| ErrorCode::IllegalByteSequence)?;
        Ok(Some(DirectoryEntry { type_, name }))
    }
}

/// Returns the entries of a directory, in any order.
pub(super) fn entries(directory: &File) -> io::Result<impl Iterator<Item = io::Result<Entry>>> {
    system::entries(directory)
}

#[cfg(not(windows))]
mod system {
    use std::fs::File;
    use std::io;

    use cap_primitives::fs::{DirEntry, ReadDir, read_base_dir};
    use wasmtime_wasi::p2::bindings::filesystem::types::DescriptorType;

    use super::Entry;

    /// The entries of a directory.
    pub(super) struct Entries(ReadDir);

    pub(super) fn entries(directory: &File) -> io::Result<Entries> {
        read_base_dir(directory).map(Entries)
    }

    impl Iterator for Entries {
        type Item = io::Result<Entry>;

        fn next(&mut self) -> Option<Self::Item> {
            let convert = |entry: DirEntry| {
                Ok(Entry {
                    name: entry.file_name(),
                    type_: descriptor_type(&entry)?,
                })
            };
            Some(self.0.next()?.and_then(convert))
        }
    }

    fn descriptor_type(entry: &DirEntry) -> io::Result<DescriptorType> {
        let file_type = entry.file_type()?;
        Ok(if file_type.is_file() {
            DescriptorType::RegularFile
        } else if file_type.is_dir() {
            DescriptorType::Directory
        } else if file_type.is_symlink() {
            DescriptorType::SymbolicLink
        } else {
            DescriptorType::Unknown
        })
    }
}

#[cfg(windows)]
mod system {
    use std::ffi::OsString;
    use std::fs::File;
    use std::io;
    use std::os::windows::ffi::OsStringExt as _;

    use wasmtime_wasi::p2::bindings::filesystem::types::DescriptorType;
    use windows_sys::Win32::Storage::FileSystem::{
        FILE_ATTRIBUTE_DEVICE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT,
    };

    use super::super::nt;
    use super::Entry;

    /// The bit of the tag of a reparse point that represents another file: a symbolic link or a
    /// junction ("Reparse Point Tags").
    const NAME_SURROGATE: u32 = 0x2000_0000;

    /// The entries of a directory.
    pub(super) struct Entries(nt::Entries);

    pub(super) fn entries(directory: &File) -> io::Result<Entries> {
        nt::Entries::open(directory).map(Entries)
    }

    impl Iterator for Entries {
        type Item = io::Result<Entry>;

        fn next(&mut self) -> Option<Self::Item> {
            loop {
                let entry = match self.0.next_entry().transpose()? {
                    Ok(entry) => entry,
                    Err(error) => return Some(Err(error)),
                };
                let name = OsString::from_wide(&entry.name);
                if name != "." && name != ".." {
                    let type_ = descriptor_type(&entry);
                    return Some(Ok(Entry { name, type_ }));
                }
            }
        }
    }

    fn descriptor_type(entry: &nt::Entry) -> DescriptorType {
        let has = |attribute| entry.attributes & attribute != 0;
        if has(FILE_ATTRIBUTE_REPARSE_POINT) && entry.tag & NAME_SURROGATE != 0 {
            DescriptorType::SymbolicLink
        } else if has(FILE_ATTRIBUTE_DIRECTORY) {
            DescriptorType::Directory
        } else if has(FILE_ATTRIBUTE_DEVICE) {
            DescriptorType::Unknown
        } else {
            DescriptorType::RegularFile
        }
    }
}
