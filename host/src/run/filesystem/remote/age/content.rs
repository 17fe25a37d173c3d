//! A small file whose content is known.

use std::io;

use crate::run::filesystem::remote::{EntryKind, File, Metadata};

/// A file that is open for reading.
pub(super) struct Content(pub(super) Vec<u8>);

impl File for Content {
    fn metadata(&self) -> io::Result<Metadata> {
        Ok(Metadata {
            kind: EntryKind::File,
            size: self.0.len() as u64,
            modified: None,
            id: 0,
        })
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.0.get(start..).unwrap_or_default();
        Ok(rest[..length.min(rest.len())].to_vec())
    }

    fn append(&self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
