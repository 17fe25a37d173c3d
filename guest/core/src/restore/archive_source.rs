//! The licenses of a verified backup, read one after the other.

use crate::archive::backup_file::BackupLocation;
use crate::archive::{ArchiveError, ArchiveIndex, ForwardReader};
use crate::{Failure, File};

/// A reader of the licenses of a backup.
pub(super) struct ArchiveSource<F> {
    file: F,
    location: BackupLocation,
    forward: ForwardReader,
    /// The offset of the local header of the next license.
    offset: u64,
}

impl<F: File> ArchiveSource<F> {
    pub(super) fn new(file: F, location: BackupLocation) -> Self {
        Self {
            file,
            location,
            forward: ForwardReader::new(0),
            offset: 0,
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
        self.offset = self.content_start(contents, next) + u64::from(contents.license(next).size);
    }

    fn content_start(&self, contents: &ArchiveIndex, next: usize) -> u64 {
        self.offset + contents.entry(next, self.offset).local_header_length()
    }
}
