//! The verified licenses of a backup, read one after the other.

use crate::archive::backup_file::BackupLocation;
use crate::archive::{ArchiveError, ArchiveIndex, ForwardReader};
use crate::{Failure, File};

/// A reader of the licenses of a backup.
pub(super) struct ArchiveSource<F> {
    file: F,
    location: BackupLocation,
    forward: ForwardReader,
    offsets: Offsets,
}

/// The offsets of the local headers of the licenses.
enum Offsets {
    /// The licenses follow one another from the start of the file. The value is the offset of the
    /// next one.
    Contiguous(u64),
    /// The offset of each license.
    Each(Vec<u64>),
}

impl<F: File> ArchiveSource<F> {
    /// Creates a reader of all licenses of a backup.
    pub(super) fn new(file: F, location: BackupLocation) -> Self {
        Self::with_offsets(file, location, Offsets::Contiguous(0))
    }

    /// Creates a reader of a part of the licenses, with the offset of each.
    pub(super) fn of_part(file: F, location: BackupLocation, offsets: Vec<u64>) -> Self {
        Self::with_offsets(file, location, Offsets::Each(offsets))
    }

    fn with_offsets(file: F, location: BackupLocation, offsets: Offsets) -> Self {
        Self {
            file,
            location,
            forward: ForwardReader::new(0),
            offsets,
        }
    }

    /// Reads the content of the next license, and compares it with its hash again.
    pub(super) fn read(
        &mut self,
        contents: &ArchiveIndex,
        next: usize,
    ) -> Result<Vec<u8>, Failure> {
        let (license, start) = (contents.license(next), self.content_start(contents, next));
        // Headers and skipped licenses are in between.
        self.forward.seek_forward(start);
        let fault =
            |fault: ArchiveError| self.location.failure(&fault.in_entry(&contents.name(next)));
        let content = self
            .forward
            .read(&self.file, license.size as usize)
            .map_err(fault)?;
        if *blake3::hash(content).as_bytes() == license.hash {
            Ok(content.to_vec())
        } else {
            Err(fault(ArchiveError::Corrupt(
                "the content was changed after the verification".to_owned(),
            )))
        }
    }

    /// Moves past the next license.
    pub(super) fn skip(&mut self, contents: &ArchiveIndex, next: usize) {
        let end = self.content_start(contents, next) + u64::from(contents.license(next).size);
        if let Offsets::Contiguous(offset) = &mut self.offsets {
            *offset = end;
        }
    }

    fn content_start(&self, contents: &ArchiveIndex, next: usize) -> u64 {
        let offset = match &self.offsets {
            Offsets::Contiguous(offset) => *offset,
            Offsets::Each(offsets) => offsets[next],
        };
        offset + contents.entry(next, offset).local_header_length()
    }
}
