//! The bytes of an encrypted file as they are stored, as a buffered reader.

use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::run::filesystem::remote::File;
use crate::run::filesystem::remote::read_ahead::ReadAhead;

/// The number of bytes that are read at a position that is not the end of the block before. It
/// doubles with each block that follows: a server may be far away.
const FIRST_BLOCK: usize = 256 << 10;
/// The largest number of bytes that are read at once.
const MAX_BLOCK: usize = 4 << 20;

/// The number of blocks that are kept: the end of an archive is read in turn with its start, and
/// each chunk may lie in two blocks.
const BLOCKS: usize = 3;

/// A buffered reader of a file.
pub(super) struct Stored {
    file: Arc<dyn File>,
    size: u64,
    position: u64,
    /// The last one used comes first.
    blocks: [Block; BLOCKS],
    /// The length of the block that was read last.
    length: usize,
    /// The block that follows, once blocks follow one another: it is read while the one before is
    /// decrypted.
    ahead: Option<ReadAhead>,
}

/// A part of the file.
#[derive(Default)]
struct Block {
    /// Its position in the file.
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    /// Returns the position of its end in the file.
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Returns the bytes from this position in the file on.
    fn from(&self, position: u64) -> &[u8] {
        let skipped = position.checked_sub(self.start);
        skipped
            .and_then(|skipped| self.bytes.get(usize::try_from(skipped).ok()?..))
            .unwrap_or_default()
    }
}

impl Stored {
    /// Returns a reader of a file of this size.
    pub(super) fn new(file: Arc<dyn File>, size: u64) -> Self {
        Self {
            file,
            size,
            position: 0,
            blocks: Default::default(),
            length: 0,
            ahead: None,
        }
    }

    /// Reads the block at the position into the place of the oldest one.
    fn read_block(&mut self) -> io::Result<()> {
        let precedes = |block: &Block| !block.bytes.is_empty() && block.end() == self.position;
        let follows = self.blocks.iter().any(precedes);
        self.length = if follows {
            (2 * self.length).clamp(FIRST_BLOCK, MAX_BLOCK)
        } else {
            FIRST_BLOCK
        };
        self.blocks.rotate_right(1);
        // Frees the memory of the oldest block first.
        self.blocks[0] = Block::default();
        let bytes = match self.ahead.take_if(|ahead| ahead.offset() == self.position) {
            Some(ahead) => ahead.finish()?,
            None => self.file.read(self.position, self.length)?,
        };
        let next = self.position + bytes.len() as u64;
        if follows && next < self.size {
            let length = (2 * self.length).min(MAX_BLOCK);
            self.ahead = ReadAhead::start(&self.file, next, length);
        }
        self.blocks[0] = Block {
            start: self.position,
            bytes,
        };
        Ok(())
    }
}

impl BufRead for Stored {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position < self.size {
            let known = |block: &Block| !block.from(self.position).is_empty();
            match self.blocks.iter().position(known) {
                // The last one used comes first.
                Some(place) => self.blocks[..=place].rotate_right(1),
                None => self.read_block()?,
            }
        }
        Ok(self.blocks[0].from(self.position))
    }

    fn consume(&mut self, count: usize) {
        self.position += count as u64;
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl Seek for Stored {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
