//! A buffered reader that moves forward through a file, in pieces of any length.

use super::error::ArchiveError;
use super::zip_headers::Entry;
use crate::File;

/// The number of bytes that the first call reads: often only a header and a line are needed.
const FIRST_READ_LENGTH: usize = 4 << 10;
/// The number of bytes that one call reads at most: hosts of `wasi:filesystem` return at
/// most 64 KiB at a time.
const MAX_READ_LENGTH: usize = 64 << 10;

/// A buffer and a position in a file that moves forward. The file itself is passed to
/// each call.
#[derive(Debug)]
pub(crate) struct ForwardReader {
    /// The bytes read from the file. Those before `start` were returned already.
    buffer: Vec<u8>,
    start: usize,
    /// The offset in the file at which the buffer ends.
    buffer_end: u64,
    /// The number of bytes that the next call reads at most.
    read_length: usize,
}

impl ForwardReader {
    /// Creates a reader at `offset`.
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            buffer_end: offset,
            read_length: FIRST_READ_LENGTH,
        }
    }

    /// Returns the offset in the file at which the next read starts.
    pub(crate) fn position(&self) -> u64 {
        self.buffer_end - (self.buffer.len() - self.start) as u64
    }

    /// Moves to `offset`, and keeps the part of the buffer that follows it.
    pub(crate) fn seek_forward(&mut self, offset: u64) {
        let distance = offset
            .checked_sub(self.position())
            .and_then(|distance| usize::try_from(distance).ok());
        match distance.filter(|distance| *distance <= self.buffer.len() - self.start) {
            Some(distance) => self.start += distance,
            // The next bytes are usually needed, too, unless they are far away.
            None if distance.is_some_and(|distance| distance <= MAX_READ_LENGTH) => {
                *self = Self {
                    read_length: self.read_length,
                    ..Self::new(offset)
                }
            }
            None => *self = Self::new(offset),
        }
    }

    /// Reads the next `length` bytes. All of them are held in memory, so that the caller
    /// has to limit `length`.
    pub(crate) fn read(&mut self, file: &impl File, length: usize) -> Result<&[u8], ArchiveError> {
        self.peek(file, length)?;
        let start = self.start;
        self.start += length;
        Ok(&self.buffer[start..self.start])
    }

    /// Returns the next `length` bytes or more without moving past them.
    pub(crate) fn peek(&mut self, file: &impl File, length: usize) -> Result<&[u8], ArchiveError> {
        while self.buffer.len() - self.start < length {
            self.buffer.drain(..self.start);
            self.start = 0;
            let missing = length - self.buffer.len();
            let read_length = self.read_length.max(missing.min(MAX_READ_LENGTH));
            let more = file.read(read_length, self.buffer_end)?.bytes;
            self.read_length = MAX_READ_LENGTH;
            if more.is_empty() {
                return Err(ArchiveError::Corrupt("unexpected end of file".to_owned()));
            }
            self.buffer_end += more.len() as u64;
            self.buffer.extend_from_slice(&more);
        }
        Ok(&self.buffer[self.start..])
    }

    /// Reads the local header of `entry`, which must match the central directory, and
    /// returns it.
    pub(crate) fn read_local_header<N: AsRef<str>>(
        &mut self,
        file: &impl File,
        entry: &Entry<N>,
    ) -> Result<Vec<u8>, ArchiveError> {
        let mut expected = Vec::new();
        entry.write_local_header(&mut expected);
        if self.read(file, expected.len())? == expected {
            Ok(expected)
        } else {
            Err(ArchiveError::local_header_mismatch())
        }
    }
}
