//! Reading an archive: its central directory entry by entry, and the content of an entry.

use super::format::{CENTRAL_HEADER_LENGTH, CentralDirectory, END_LENGTH, Entry, LONGEST_NAME, ZIP64_END_LENGTH};
use crate::File;
use crate::directory::FsError;

/// How much of the central directory is read at a time; more than the longest header.
const WINDOW: usize = 256 << 10;
const _: () = assert!(WINDOW > CENTRAL_HEADER_LENGTH + 2 * LONGEST_NAME);
/// How many bytes one read asks for, at most: hosts of `wasi:filesystem` give no more than 64 KiB at a time.
const READ_LENGTH: usize = 64 << 10;

/// Why an archive cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ArchiveFault {
    /// The file system does not let us.
    Refused(FsError),
    /// It is not what the writer writes; the text says where.
    Corrupt(String),
}

impl From<FsError> for ArchiveFault {
    fn from(error: FsError) -> Self {
        Self::Refused(error)
    }
}

/// An opened archive.
pub(crate) struct ArchiveReader<F> {
    file: F,
    directory: CentralDirectory,
    /// The number of entries not yet given.
    left: u64,
    /// The part of the central directory in hand, without the headers already given.
    window: Vec<u8>,
    /// Where in the file the window ends.
    window_end: u64,
}

impl<F: File> ArchiveReader<F> {
    /// Finds the central directory.
    pub(crate) fn open(file: F) -> Result<Self, ArchiveFault> {
        let length = file.metadata()?.size;
        let tail_length = length.min((END_LENGTH + ZIP64_END_LENGTH) as u64);
        let tail = read(&file, length - tail_length, tail_length)?;
        let Some(directory) = CentralDirectory::read_end(&tail, length) else {
            return Err(ArchiveFault::Corrupt("it does not end as a backup ends".to_owned()));
        };
        Ok(Self { file, directory, left: directory.entries, window: Vec::new(), window_end: directory.offset })
    }

    /// Gives the next entry of the central directory, or nothing after the last.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<String>>, ArchiveFault> {
        let end = self.directory.offset + self.directory.size;
        if self.window.len() < WINDOW / 2 && self.window_end < end {
            let more = (end - self.window_end).min(WINDOW as u64);
            self.window.extend_from_slice(&read(&self.file, self.window_end, more)?);
            self.window_end += more;
        }
        if self.left == 0 {
            return if self.window.is_empty() {
                Ok(None)
            } else {
                Err(ArchiveFault::Corrupt("its central directory has more in it than entries".to_owned()))
            };
        }
        let number = self.directory.entries - self.left;
        let Some((entry, length)) = Entry::read_central_header(&self.window) else {
            return Err(ArchiveFault::Corrupt(format!("entry {number} of its central directory is broken")));
        };
        self.window.drain(..length);
        self.left -= 1;
        Ok(Some(entry))
    }

    /// Reads the content of an entry, checking its local header and its CRC-32.
    pub(crate) fn content(&self, entry: &Entry<String>) -> Result<Vec<u8>, ArchiveFault> {
        let corrupt = |what: &str| ArchiveFault::Corrupt(format!("entry {} {what}", entry.name));
        let mut expected = Vec::new();
        entry.write_local_header(&mut expected);
        let content = entry.offset.checked_add(expected.len() as u64);
        let end = content.and_then(|content| content.checked_add(entry.size));
        let Some(content) = content.filter(|_| end.is_some_and(|end| end <= self.directory.offset)) else {
            return Err(corrupt("lies outside of the archive"));
        };
        if read(&self.file, entry.offset, expected.len() as u64)? != expected {
            return Err(corrupt("has a local header unlike that in the central directory"));
        }
        let content = read(&self.file, content, entry.size)?;
        if crc32fast::hash(&content) != entry.crc32 {
            return Err(corrupt("has another CRC-32 than its header says"));
        }
        Ok(content)
    }
}

/// Reads exactly `length` bytes.
fn read(file: &impl File, offset: u64, length: u64) -> Result<Vec<u8>, ArchiveFault> {
    let length = usize::try_from(length).map_err(|_| FsError::OutOfMemory)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| FsError::OutOfMemory)?;
    while bytes.len() < length {
        let more = file.read(READ_LENGTH.min(length - bytes.len()), offset + bytes.len() as u64)?;
        if more.is_empty() {
            return Err(ArchiveFault::Corrupt("it ends before it should".to_owned()));
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}
