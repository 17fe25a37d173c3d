//! Random access to a file, for readers that need only a few parts of it.

use super::error::PublicationError;
use crate::File;
use crate::directory::READ_LENGTH;

/// A reader of byte ranges of a file, which keeps the last bytes of the file in memory.
pub(crate) struct RandomReader<'f, F> {
    file: &'f F,
    size: u64,
    /// The last bytes of the file that were read so far.
    tail: Vec<u8>,
    bytes_read: u64,
}

impl<'f, F: File> RandomReader<'f, F> {
    /// Returns a reader of a file of `size` bytes.
    pub(crate) fn new(file: &'f F, size: u64) -> Self {
        Self {
            file,
            size,
            tail: Vec::new(),
            bytes_read: 0,
        }
    }

    /// Returns a reader of a file that was read already and consists of `bytes`.
    pub(crate) fn of_bytes(file: &'f F, bytes: Vec<u8>) -> Self {
        Self {
            file,
            size: bytes.len() as u64,
            tail: bytes,
            bytes_read: 0,
        }
    }

    /// Returns the number of bytes read from the file.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Returns the size of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns the last `length` bytes of the file, or all of it if it is shorter, and
    /// keeps them.
    pub(super) fn tail(&mut self, length: usize) -> Result<&[u8], PublicationError> {
        let length = usize::try_from(self.size).map_or(length, |size| size.min(length));
        if let Some(missing) = length
            .checked_sub(self.tail.len())
            .filter(|missing| *missing > 0)
        {
            let mut tail = self.read(self.size - length as u64, missing)?;
            tail.append(&mut self.tail);
            self.tail = tail;
        }
        Ok(&self.tail[self.tail.len() - length..])
    }

    /// Returns the `length` bytes at `offset`. The caller bounds `length`.
    ///
    /// # Errors
    ///
    /// [`PublicationError::Container`] if the file ends before the last of them.
    pub(super) fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, PublicationError> {
        const TRUNCATED: PublicationError = PublicationError::Container("it is truncated");
        let end = offset
            .checked_add(length as u64)
            .filter(|end| *end <= self.size)
            .ok_or(TRUNCATED)?;
        // The part that is in memory already is not read again.
        let tail_start = self.size - self.tail.len() as u64;
        let read_to = end.min(tail_start).max(offset);
        let mut bytes = Vec::with_capacity(length);
        while offset + (bytes.len() as u64) < read_to {
            let missing = read_to - offset - bytes.len() as u64;
            let wanted = usize::try_from(missing)
                .unwrap_or(READ_LENGTH)
                .min(READ_LENGTH);
            let read = self.file.read(wanted, offset + bytes.len() as u64)?.bytes;
            if read.is_empty() {
                return Err(TRUNCATED);
            }
            self.bytes_read += read.len() as u64;
            bytes.extend_from_slice(&read);
        }
        let in_tail = usize::try_from(read_to.saturating_sub(tail_start)).map_err(|_| TRUNCATED)?;
        let missing = length - bytes.len();
        bytes.extend_from_slice(self.tail.get(in_tail..in_tail + missing).ok_or(TRUNCATED)?);
        Ok(bytes)
    }
}
