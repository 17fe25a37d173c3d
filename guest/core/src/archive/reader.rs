//! A reader of an archive: its central directory entry by entry, and the content of an
//! entry.

use std::mem;

use super::error::ArchiveError;
use super::forward_reader::ForwardReader;
use super::manifest::{ManifestHead, ManifestReader};
use super::zip_headers::{CENTRAL_EXTRA_LENGTHS, CentralDirectory, Entry, ZIP64_END_LENGTH};
use crate::File;
use crate::crc32::crc32;
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, MANIFEST_ENTRY, MAX_NAME_LENGTH};
use crate::zip::{CENTRAL_HEADER_LENGTH, END_LENGTH};

/// The length in bytes that a header of the central directory has at most: its name and
/// its extra fields each have a length of two bytes.
const MAX_HEADER_LENGTH: u64 = (CENTRAL_HEADER_LENGTH + 2 * MAX_NAME_LENGTH) as u64;

/// An open archive.
pub(crate) struct ArchiveReader<F> {
    file: F,
    directory: CentralDirectory,
    /// The number of entries that [`ArchiveReader::next_entry`] has not returned yet.
    remaining: u64,
    /// The reader of the central directory, at the header read last.
    headers: ForwardReader,
    /// The length in bytes of the header read last.
    header_length: usize,
    /// The reader of the contents, at the end of the content read last: usually the next
    /// one follows.
    contents: ForwardReader,
}

impl<F: File> ArchiveReader<F> {
    /// Opens an archive and finds its central directory.
    pub(crate) fn open(file: F) -> Result<Self, ArchiveError> {
        let length = file.metadata()?.size;
        let tail_length = length.min((END_LENGTH + ZIP64_END_LENGTH) as u64);
        let mut tail = ForwardReader::new(length - tail_length);
        let tail = tail.read(&file, to_usize(tail_length)?)?;
        let Some(directory) = CentralDirectory::read_end(tail, length) else {
            return Err(ArchiveError::Corrupt(
                "the end of the central directory is missing or invalid".to_owned(),
            ));
        };
        Ok(Self {
            file,
            directory,
            remaining: directory.entries,
            headers: ForwardReader::new(directory.offset),
            header_length: 0,
            contents: ForwardReader::new(0),
        })
    }

    /// Returns the file that was opened.
    pub(crate) fn file(&self) -> &F {
        &self.file
    }

    /// Returns the file that was opened, for other use.
    pub(crate) fn into_file(self) -> F {
        self.file
    }

    /// Returns the position and the size of the central directory.
    pub(crate) fn directory(&self) -> CentralDirectory {
        self.directory
    }

    /// Returns the next entry of the central directory, or `None` after the last one.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<String>>, ArchiveError> {
        Ok(self.next_header()?.map(|entry| entry.to_owned()))
    }

    /// Does the same as [`ArchiveReader::next_entry`], and copies nothing of the entry: a million
    /// may be skipped to find one.
    pub(crate) fn next_header(&mut self) -> Result<Option<Entry<&str>>, ArchiveError> {
        let header_length = mem::take(&mut self.header_length);
        self.headers.read(&self.file, header_length)?;
        let length = self.directory.offset + self.directory.size - self.headers.position();
        if self.remaining == 0 {
            return if length == 0 {
                Ok(None)
            } else {
                Err(ArchiveError::Corrupt(
                    "the central directory has bytes after its last header".to_owned(),
                ))
            };
        }
        let number = self.directory.entries - self.remaining;
        let invalid = || {
            ArchiveError::Corrupt(format!(
                "header {number} of the central directory is invalid"
            ))
        };
        let window = to_usize(length.min(MAX_HEADER_LENGTH))?;
        let headers = self.headers.peek(&self.file, window)?;
        let (entry, length) = headers
            .get(..window)
            .and_then(Entry::read_central_header)
            .ok_or_else(invalid)?;
        self.header_length = length;
        self.remaining -= 1;
        Ok(Some(entry))
    }

    /// Returns the entries of the checksums and of the manifest if they are the last ones of the
    /// central directory, in this order, which is where the writer puts them. Reads no other header.
    pub(crate) fn text_entries(&self) -> Result<[Entry<String>; 2], ArchiveError> {
        let missing = |name| ArchiveError::Corrupt(format!("{name} is missing"));
        let (manifest, start) = self
            .entry_before(self.directory.size, MANIFEST_ENTRY)?
            .ok_or_else(|| missing(MANIFEST_ENTRY))?;
        let (checksums, _) = self
            .entry_before(start, CHECKSUMS_ENTRY)?
            .ok_or_else(|| missing(CHECKSUMS_ENTRY))?;
        Ok([checksums, manifest])
    }

    /// Returns the entry whose header ends at `end` in the central directory, and where its header
    /// starts there, if the entry has this name.
    fn entry_before(
        &self,
        end: u64,
        name: &str,
    ) -> Result<Option<(Entry<String>, u64)>, ArchiveError> {
        for extra in CENTRAL_EXTRA_LENGTHS {
            let length = CENTRAL_HEADER_LENGTH + name.len() + extra;
            let Some(start) = end.checked_sub(length as u64) else {
                continue;
            };
            let mut headers = ForwardReader::new(self.directory.offset + start);
            let header = headers.read(&self.file, length)?;
            let entry = Entry::read_central_header(header);
            if let Some((entry, _)) =
                entry.filter(|(entry, read)| *read == length && entry.name == name)
            {
                return Ok(Some((entry.to_owned(), start)));
            }
        }
        Ok(None)
    }

    /// Reads the content of an entry, and checks its local header and its CRC-32.
    pub(crate) fn content(&mut self, entry: &Entry<String>) -> Result<Vec<u8>, ArchiveError> {
        self.check_bounds(entry)?;
        self.contents.seek_forward(entry.offset);
        self.contents
            .read_local_header(&self.file, entry)
            .map_err(|error| error.in_entry(&entry.name))?;
        let content = self
            .contents
            .read(&self.file, to_usize(entry.size)?)?
            .to_vec();
        if crc32(&content) != entry.crc32 {
            return Err(ArchiveError::crc32_mismatch().in_entry(&entry.name));
        }
        Ok(content)
    }

    /// Checks that an entry ends before the central directory.
    pub(crate) fn check_bounds<N: AsRef<str>>(&self, entry: &Entry<N>) -> Result<(), ArchiveError> {
        if entry.end().is_some_and(|end| end <= self.directory.offset) {
            return Ok(());
        }
        let cause = "it does not end before the central directory".to_owned();
        Err(ArchiveError::Corrupt(cause).in_entry(entry.name.as_ref()))
    }
}

/// Returns the head of the manifest of a backup, or `None` if the file is not a backup of this
/// format. Reads the end of the file and the start of the manifest, and verifies nothing else.
pub(crate) fn manifest_head<F: File>(file: F) -> Result<Option<ManifestHead>, FsError> {
    let head = || {
        let archive = ArchiveReader::open(file)?;
        let end = archive.directory.size;
        let Some((entry, _)) = archive.entry_before(end, MANIFEST_ENTRY)? else {
            return Ok(None);
        };
        archive.check_bounds(&entry)?;
        let manifest = ManifestReader::open(archive.file(), &entry, |_| {})?;
        Ok(Some(manifest.head().clone()))
    };
    match head() {
        Err(ArchiveError::Corrupt(_)) => Ok(None),
        Err(ArchiveError::Io(error)) => Err(error),
        Ok(head) => Ok(head),
    }
}

fn to_usize(length: u64) -> Result<usize, FsError> {
    usize::try_from(length).map_err(|_| FsError::OutOfMemory)
}
