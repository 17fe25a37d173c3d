//! An encrypted file that is open for reading.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex};

use age::stream::StreamReader;
use age::{DecryptError, Decryptor};

use super::format::Format;
use super::stored::Stored;
use super::{damaged, lock};
use crate::encryption::Identities;
use crate::run::filesystem::remote::{File, Metadata, SealError};

/// An encrypted file that is open for reading.
pub(super) struct SealedFile {
    inner: Arc<dyn File>,
    format: Format,
    /// The size as it is stored, when the file was opened.
    stored_size: u64,
    identities: Identities,
    /// The decrypting reader. There is none before the first read, and after an error.
    reader: Mutex<Option<StreamReader<Stored>>>,
}

impl SealedFile {
    /// Returns an open file of this format.
    pub(super) fn new(
        inner: Box<dyn File>,
        format: Format,
        identities: Identities,
    ) -> io::Result<Self> {
        Ok(Self {
            stored_size: inner.metadata()?.size,
            inner: inner.into(),
            format,
            identities,
            reader: Mutex::new(None),
        })
    }

    /// Returns a reader, after the last chunk was decrypted: otherwise a file that was truncated
    /// between two chunks would be shorter without an error.
    fn reader(&self) -> io::Result<StreamReader<Stored>> {
        let stored = Stored::new(Arc::clone(&self.inner), self.stored_size);
        let mut reader = Decryptor::new_buffered(stored)
            .and_then(|decryptor| decryptor.decrypt(self.identities.keys()))
            .map_err(|error| match error {
                DecryptError::NoMatchingKeys => io::Error::other(SealError::IdentityMissing),
                DecryptError::Io(error) => in_file(error),
                _ => damaged("its header is invalid, or was changed"),
            })?;
        reader.seek(SeekFrom::End(0)).map_err(in_file)?;
        Ok(reader)
    }

    fn read_with(
        reader: &mut StreamReader<Stored>,
        offset: u64,
        length: usize,
    ) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        reader.seek(SeekFrom::Start(offset)).map_err(in_file)?;
        reader.read_exact(&mut bytes).map_err(in_file)?;
        Ok(bytes)
    }
}

impl File for SealedFile {
    fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.format.with_plain_size(self.inner.metadata()?))
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let size = match self.format {
            Format::Plain => return Err(damaged("it is not a file of age")),
            Format::Damaged => return Err(damaged("its header has no end")),
            Format::Sealed(_) => self
                .format
                .plain_size(self.stored_size)
                .ok_or_else(|| damaged("a part of it is missing, or something was added"))?,
        };
        let rest = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut opened = lock(&self.reader);
        let mut reader = match opened.take() {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let bytes = match length.min(rest) {
            0 => Vec::new(),
            length => Self::read_with(&mut reader, offset, length)?,
        };
        *opened = Some(reader);
        Ok(bytes)
    }

    fn append(&self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.inner.sync()
    }
}

/// Returns an error of a reader: that of age says that the file is damaged, all others are those of
/// the inner file.
fn in_file(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::InvalidData => damaged("a part of it was changed, added or removed"),
        io::ErrorKind::UnexpectedEof => damaged("its end is missing"),
        _ => error,
    }
}
