//! Reading a file from some place on, in pieces of any length, with few calls.

use super::ArchiveFault;
use crate::File;
use crate::directory::READ_LENGTH;

/// A place in a file that moves forward. The file itself is given with each call.
#[derive(Debug)]
pub(crate) struct Forward {
    /// The bytes read, those from `start` on not yet taken.
    buffer: Vec<u8>,
    start: usize,
    /// Where in the file the buffer ends.
    read_to: u64,
}

impl Forward {
    /// Starts at `offset`.
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            read_to: offset,
        }
    }

    /// The offset in the file of what is taken next.
    pub(crate) fn position(&self) -> u64 {
        self.read_to - (self.buffer.len() - self.start) as u64
    }

    /// Goes to another place, and keeps what was read of it already.
    pub(crate) fn go_to(&mut self, offset: u64) {
        let ahead = offset
            .checked_sub(self.position())
            .and_then(|ahead| usize::try_from(ahead).ok());
        match ahead.filter(|ahead| *ahead <= self.buffer.len() - self.start) {
            Some(ahead) => self.start += ahead,
            None => *self = Self::new(offset),
        }
    }

    /// Takes the next `length` bytes. All of them are held in memory, so that the caller sees to it that there are not too
    /// many.
    pub(crate) fn take(&mut self, file: &impl File, length: usize) -> Result<&[u8], ArchiveFault> {
        self.peek(file, length)?;
        let start = self.start;
        self.start += length;
        Ok(&self.buffer[start..self.start])
    }

    /// Looks at the next `length` bytes, and perhaps some more, without taking them.
    pub(crate) fn peek(&mut self, file: &impl File, length: usize) -> Result<&[u8], ArchiveFault> {
        while self.buffer.len() - self.start < length {
            self.buffer.drain(..self.start);
            self.start = 0;
            let more = file.read(READ_LENGTH, self.read_to)?.bytes;
            if more.is_empty() {
                return Err(ArchiveFault::Corrupt("it ends before it should".to_owned()));
            }
            self.read_to += more.len() as u64;
            self.buffer.extend_from_slice(&more);
        }
        Ok(&self.buffer[self.start..])
    }
}
