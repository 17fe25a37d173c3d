//! Listing a directory entry by entry.
//!
//! wasmtime-wasi lists a whole directory in one call and asks the file system for the metadata of
//! each name. That takes longer than everything else, and a cancellation has to wait for it. On
//! nearly every file system the listing itself contains the type of an entry; where it does not,
//! the component asks for it.

use std::io;

use cap_primitives::fs::{self, DirEntry, read_base_dir};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};

/// The entries of a directory that the component has not read yet.
pub(super) struct ReadDir(fs::ReadDir);

impl ReadDir {
    /// Opens a listing of a directory.
    pub(super) fn new(directory: &std::fs::File) -> io::Result<Self> {
        read_base_dir(directory).map(Self)
    }

    /// Returns the next entry, or `None` after the last one. An error concerns one entry.
    pub(super) fn next(&mut self) -> FsResult<Option<DirectoryEntry>> {
        let Some(entry) = self.0.next().transpose()? else {
            return Ok(None);
        };
        let name = entry
            .file_name()
            .into_string()
            .map_err(|_| ErrorCode::IllegalByteSequence)?;
        Ok(Some(DirectoryEntry {
            type_: descriptor_type(&entry)?,
            name,
        }))
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
