//! Reading an archive: its central directory entry by entry, and the content of an entry.

use super::format::{CentralDirectory, Entry, ZIP64_END_LENGTH};
use super::forward::Forward;
use crate::File;
use crate::crc32::crc32;
use crate::directory::FsError;
use crate::entry_names::LONGEST_NAME;
use crate::zip::{CENTRAL_HEADER_LENGTH, END_LENGTH};

/// No header of the central directory is longer than this, in bytes.
const LONGEST_HEADER: u64 = (CENTRAL_HEADER_LENGTH + 2 * LONGEST_NAME) as u64;

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
    /// The headers not yet given.
    headers: Forward,
    /// Where the content was read last: usually the next one follows.
    contents: Forward,
}

impl<F: File> ArchiveReader<F> {
    /// Finds the central directory.
    pub(crate) fn open(file: F) -> Result<Self, ArchiveFault> {
        let length = file.metadata()?.size;
        let tail_length = length.min((END_LENGTH + ZIP64_END_LENGTH) as u64);
        let tail = take(&file, length - tail_length, tail_length)?;
        let Some(directory) = CentralDirectory::read_end(&tail, length) else {
            return Err(ArchiveFault::Corrupt(
                "it does not end as a backup ends".to_owned(),
            ));
        };
        Ok(Self {
            file,
            directory,
            left: directory.entries,
            headers: Forward::new(directory.offset),
            contents: Forward::new(0),
        })
    }

    /// The opened file.
    pub(crate) fn file(&self) -> &F {
        &self.file
    }

    /// The opened file, for other use.
    pub(crate) fn into_file(self) -> F {
        self.file
    }

    /// Where the central directory is.
    pub(crate) fn directory(&self) -> CentralDirectory {
        self.directory
    }

    /// Gives the next entry of the central directory, or nothing after the last.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<String>>, ArchiveFault> {
        let left = self.directory.offset + self.directory.size - self.headers.position();
        if self.left == 0 {
            return if left == 0 {
                Ok(None)
            } else {
                Err(ArchiveFault::Corrupt(
                    "its central directory has more in it than entries".to_owned(),
                ))
            };
        }
        let number = self.directory.entries - self.left;
        let broken =
            || ArchiveFault::Corrupt(format!("entry {number} of its central directory is broken"));
        let window = to_usize(left.min(LONGEST_HEADER))?;
        let headers = self.headers.peek(&self.file, window)?;
        let (entry, length) = headers
            .get(..window)
            .and_then(Entry::read_central_header)
            .ok_or_else(broken)?;
        self.headers.take(&self.file, length)?;
        self.left -= 1;
        Ok(Some(entry))
    }

    /// Reads the content of an entry, checking its local header and its CRC-32.
    pub(crate) fn content(&mut self, entry: &Entry<String>) -> Result<Vec<u8>, ArchiveFault> {
        self.locate(entry)?;
        self.contents.go_to(entry.offset);
        take_local_header(&self.file, &mut self.contents, entry)
            .map_err(|fault| fault.of_entry(&entry.name))?;
        let content = self
            .contents
            .take(&self.file, to_usize(entry.size)?)?
            .to_vec();
        if crc32(&content) != entry.crc32 {
            let fault = ArchiveFault::Corrupt("has another CRC-32 than its header says".to_owned());
            return Err(fault.of_entry(&entry.name));
        }
        Ok(content)
    }

    /// Makes sure that an entry lies before the central directory.
    pub(crate) fn locate<N: AsRef<str>>(&self, entry: &Entry<N>) -> Result<(), ArchiveFault> {
        let end = entry
            .offset
            .checked_add(entry.local_header_length())
            .and_then(|at| at.checked_add(entry.size));
        if end.is_some_and(|end| end <= self.directory.offset) {
            return Ok(());
        }
        Err(
            ArchiveFault::Corrupt("lies outside of the archive".to_owned())
                .of_entry(entry.name.as_ref()),
        )
    }
}

impl ArchiveFault {
    /// The same, of an entry: what is wrong becomes a sentence about it.
    pub(crate) fn of_entry(self, name: &str) -> Self {
        match self {
            Self::Refused(error) => Self::Refused(error),
            Self::Corrupt(what) => Self::Corrupt(format!("entry {name} {what}")),
        }
    }
}

/// Takes the local header of an entry, which must be as the central directory has it.
pub(super) fn take_local_header<N: AsRef<str>>(
    file: &impl File,
    forward: &mut Forward,
    entry: &Entry<N>,
) -> Result<Vec<u8>, ArchiveFault> {
    let mut expected = Vec::new();
    entry.write_local_header(&mut expected);
    if forward.take(file, expected.len())? == expected {
        Ok(expected)
    } else {
        Err(ArchiveFault::Corrupt(
            "has a local header unlike that in the central directory".to_owned(),
        ))
    }
}

/// Reads exactly `length` bytes.
fn take(file: &impl File, offset: u64, length: u64) -> Result<Vec<u8>, ArchiveFault> {
    Ok(Forward::new(offset).take(file, to_usize(length)?)?.to_vec())
}

fn to_usize(length: u64) -> Result<usize, FsError> {
    usize::try_from(length).map_err(|_| FsError::OutOfMemory)
}
