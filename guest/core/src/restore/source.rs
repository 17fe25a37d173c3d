//! The licenses of a verified backup, one after the other.

use crate::archive::{ArchiveFault, Contents, Forward, backup_file};
use crate::{Failure, File};

/// A backup that is being read.
pub(super) struct Source<F> {
    file: F,
    /// The backup directory as its caller knows it.
    path: String,
    forward: Forward,
    /// Where the next license starts, its local header first.
    offset: u64,
}

impl<F: File> Source<F> {
    pub(super) fn new(file: F, path: String) -> Self {
        Self {
            file,
            path,
            forward: Forward::new(0),
            offset: 0,
        }
    }

    /// Reads the content of the next license, and checks once more that it is what the backup says.
    pub(super) fn read(&mut self, contents: &Contents, next: usize) -> Result<Vec<u8>, Failure> {
        let (license, start) = (contents.license(next), self.content_start(contents, next));
        // Headers, and what is not restored, lie in between.
        self.forward.go_to(start);
        let fault = |fault: ArchiveFault| {
            backup_file::failure(&self.path, &fault.of_entry(&contents.name(next)))
        };
        let content = self
            .forward
            .take(&self.file, license.size as usize)
            .map_err(fault)?;
        if *blake3::hash(content).as_bytes() == license.hash {
            Ok(content.to_vec())
        } else {
            Err(fault(ArchiveFault::Corrupt(
                "was changed after it had been verified".to_owned(),
            )))
        }
    }

    /// Goes past the next license.
    pub(super) fn pass(&mut self, contents: &Contents, next: usize) {
        self.offset = self.content_start(contents, next) + u64::from(contents.license(next).size);
    }

    fn content_start(&self, contents: &Contents, next: usize) -> u64 {
        self.offset + contents.entry(next, self.offset).local_header_length()
    }
}
