//! Listing a directory as its reader goes on.
//!
//! wasmtime-wasi lists a whole directory in one call and asks the file system about each name, which takes longer than all
//! else, and during which no cancellation is heard. What kind a name is the listing itself says on nearly every file system;
//! where it does not, the component asks.

use std::io;

use cap_primitives::fs::{DirEntry, ReadDir, read_base_dir};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};

/// The names in a directory that were not read yet.
pub(super) struct Entries(ReadDir);

impl Entries {
    pub(super) fn of(directory: &std::fs::File) -> io::Result<Self> {
        read_base_dir(directory).map(Self)
    }

    /// The next name, or nothing after the last. An error concerns one name.
    pub(super) fn read(&mut self) -> FsResult<Option<DirectoryEntry>> {
        let Some(entry) = self.0.next().transpose()? else {
            return Ok(None);
        };
        let name = entry
            .file_name()
            .into_string()
            .map_err(|_| ErrorCode::IllegalByteSequence)?;
        Ok(Some(DirectoryEntry {
            type_: kind(&entry)?,
            name,
        }))
    }
}

fn kind(entry: &DirEntry) -> io::Result<DescriptorType> {
    let kind = entry.file_type()?;
    Ok(if kind.is_file() {
        DescriptorType::RegularFile
    } else if kind.is_dir() {
        DescriptorType::Directory
    } else if kind.is_symlink() {
        DescriptorType::SymbolicLink
    } else {
        DescriptorType::Unknown
    })
}
