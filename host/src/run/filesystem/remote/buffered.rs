//! An open file of a backup directory, as a component reads and writes it: in small pieces, of
//! which each would be a round trip.

use std::io;
use std::sync::Arc;

use super::read_ahead::ReadAhead;
use super::{File, Metadata};

/// The largest number of bytes that are read at once.
const MAX_BLOCK: usize = 4 << 20;
/// The number of bytes that are read at a position that is not the end of the block before. It
/// doubles with each block that follows.
const FIRST_BLOCK: usize = 128 << 10;

/// A file whose reads are served from blocks, and whose writes are collected to blocks.
pub(crate) struct BufferedFile {
    file: Arc<dyn File>,
    /// The offset of the first byte of `block`.
    start: u64,
    /// The bytes that were read last.
    block: Vec<u8>,
    /// The number of bytes to read if the next block follows this one.
    next_length: usize,
    /// The block that follows, once blocks follow one another.
    ahead: Option<ReadAhead>,
    /// The number of bytes that were appended to the file, without those that wait.
    appended: u64,
    /// The bytes that wait to be appended.
    waiting: Vec<u8>,
}

impl BufferedFile {
    pub(super) fn new(file: Box<dyn File>) -> Self {
        Self {
            file: file.into(),
            start: 0,
            block: Vec::new(),
            next_length: FIRST_BLOCK,
            ahead: None,
            appended: 0,
            waiting: Vec::new(),
        }
    }

    /// Returns up to `length` bytes from `offset` on, and whether they reach the end of the file.
    pub(super) fn read(&mut self, offset: u64, length: usize) -> io::Result<(Vec<u8>, bool)> {
        self.flush()?;
        if self.in_block(offset).is_none() {
            self.read_block(offset, length)?;
        }
        let bytes = self.in_block(offset).unwrap_or_default();
        let bytes = bytes.get(..length).unwrap_or(bytes).to_vec();
        let is_end = bytes.is_empty() && length > 0;
        Ok((bytes, is_end))
    }

    /// Returns the bytes of the block from `offset` on, or `None` if there are none.
    fn in_block(&self, offset: u64) -> Option<&[u8]> {
        let index = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.block.get(index..).filter(|bytes| !bytes.is_empty())
    }

    /// Reads the block that begins at `offset`.
    fn read_block(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let end = self.start + self.block.len() as u64;
        let follows = offset == end && !self.block.is_empty();
        self.next_length = if follows {
            (2 * self.next_length).min(MAX_BLOCK)
        } else {
            FIRST_BLOCK
        };
        // Frees the memory of the last block first.
        self.block = Vec::new();
        let requested = self.next_length.max(length);
        let ahead = self.ahead.take().filter(|ahead| ahead.offset() == offset);
        self.block = match ahead {
            Some(ahead) => ahead.finish()?,
            None => self.file.read(offset, requested)?,
        };
        self.start = offset;
        if follows && self.block.len() == requested {
            let length = (2 * self.next_length).min(MAX_BLOCK);
            self.ahead = ReadAhead::start(&self.file, offset + requested as u64, length);
        }
        Ok(())
    }

    /// Appends bytes, which must begin at the end of the file.
    ///
    /// # Errors
    ///
    /// Returns [`io::ErrorKind::NotSeekable`] for another offset.
    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if offset != self.length() {
            return Err(io::ErrorKind::NotSeekable.into());
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= self.file.append_size() {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes the file durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync()
    }

    /// Returns the metadata, with the size of a file to which bytes wait to be appended.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        let metadata = self.file.metadata()?;
        Ok(Metadata {
            size: metadata.size.max(self.length()),
            ..metadata
        })
    }

    /// Returns the number of bytes that were written.
    fn length(&self) -> u64 {
        self.appended + self.waiting.len() as u64
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            self.file.append(&self.waiting)?;
            self.appended += self.waiting.len() as u64;
            self.waiting.clear();
            // It may have been the end of the file.
            self.block.clear();
            self.ahead = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::super::EntryKind;
    use super::*;

    /// A file in memory, and the calls that reached it.
    #[derive(Clone, Default)]
    struct MemoryFile(Arc<Mutex<(Vec<u8>, Vec<String>)>>);

    impl MemoryFile {
        fn with<T>(&self, change: impl FnOnce(&mut (Vec<u8>, Vec<String>)) -> T) -> T {
            change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        fn calls(&self) -> Vec<String> {
            self.with(|(_, calls)| std::mem::take(calls))
        }
    }

    impl File for MemoryFile {
        fn metadata(&self) -> io::Result<Metadata> {
            Ok(Metadata {
                kind: EntryKind::File,
                size: self.with(|(content, _)| content.len() as u64),
                modified: None,
                id: 0,
            })
        }

        fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
            self.with(|(content, calls)| {
                calls.push(format!("read {offset} {length}"));
                let start = usize::try_from(offset).expect("the file is small");
                let rest = content.get(start..).unwrap_or_default();
                Ok(rest.get(..length).unwrap_or(rest).to_vec())
            })
        }

        fn append(&self, bytes: &[u8]) -> io::Result<()> {
            self.with(|(content, calls)| {
                calls.push(format!("append {}", bytes.len()));
                content.extend_from_slice(bytes);
                Ok(())
            })
        }

        fn sync(&self) -> io::Result<()> {
            self.with(|(_, calls)| {
                calls.push("sync".to_owned());
                Ok(())
            })
        }
    }

    fn with_content(length: usize) -> (MemoryFile, Vec<u8>) {
        let content: Vec<u8> = (0..length)
            .map(|index| (index / 251).to_le_bytes()[0] ^ index.to_le_bytes()[0])
            .collect();
        let file = MemoryFile::default();
        file.with(|(bytes, _)| bytes.clone_from(&content));
        (file, content)
    }

    #[test]
    fn a_file_is_read_in_growing_blocks() {
        let (file, content) = with_content(700 << 10);
        let mut buffered = BufferedFile::new(Box::new(file.clone()));
        let mut read = Vec::new();
        loop {
            let (bytes, is_end) = buffered
                .read(read.len() as u64, 64 << 10)
                .expect("memory can be read");
            read.extend(bytes);
            if is_end {
                break;
            }
        }
        assert!(read == content);
        assert_eq!(
            file.calls(),
            [
                "read 0 131072",
                "read 131072 262144",
                "read 393216 524288",
                "read 716800 1048576"
            ]
        );
    }

    #[test]
    fn the_block_that_follows_two_others_is_read_before_it_is_needed() {
        let (file, _) = with_content(2 << 20);
        let mut buffered = BufferedFile::new(Box::new(file.clone()));
        let offsets = [0, FIRST_BLOCK as u64];
        for offset in offsets {
            let _ = buffered.read(offset, 10).expect("memory can be read");
        }
        // Waits for the read.
        drop(buffered);
        assert_eq!(
            file.calls(),
            ["read 0 131072", "read 131072 262144", "read 393216 524288"]
        );
    }

    #[test]
    fn another_position_is_read_in_a_small_block() {
        let (file, content) = with_content(700 << 10);
        let mut buffered = BufferedFile::new(Box::new(file.clone()));
        for offset in [600 << 10, 5, 100, 300 << 10] {
            let (bytes, _) = buffered.read(offset, 7).expect("memory can be read");
            let start = usize::try_from(offset).expect("the file is small");
            assert_eq!(bytes, content[start..start + 7]);
        }
        assert_eq!(
            file.calls(),
            ["read 614400 131072", "read 5 131072", "read 307200 131072"]
        );
    }

    #[test]
    fn writes_are_collected_until_a_block_is_full_or_the_file_is_synced() {
        let (file, _) = with_content(0);
        let mut buffered = BufferedFile::new(Box::new(file.clone()));
        let mut offset = 0;
        for _ in 0..65 {
            let piece = vec![7; 64 << 10];
            buffered.write(&piece, offset).expect("memory is writable");
            offset += piece.len() as u64;
        }
        assert_eq!(
            buffered.metadata().expect("memory has metadata").size,
            offset
        );
        buffered.sync().expect("memory can be synced");
        assert_eq!(file.calls(), ["append 4194304", "append 65536", "sync"]);
        assert_eq!(file.with(|(content, _)| content.len() as u64), offset);
    }

    #[test]
    fn only_the_end_of_a_file_is_written() {
        let (file, _) = with_content(0);
        let mut buffered = BufferedFile::new(Box::new(file));
        buffered.write(b"abc", 0).expect("memory is writable");
        for offset in [0, 2, 4] {
            let error = buffered.write(b"x", offset).expect_err("it is not the end");
            assert_eq!(error.kind(), io::ErrorKind::NotSeekable);
        }
    }

    #[test]
    fn written_bytes_can_be_read() {
        let (file, _) = with_content(0);
        let mut buffered = BufferedFile::new(Box::new(file));
        buffered.write(b"abc", 0).expect("memory is writable");
        let read = buffered.read(1, 10).expect("memory can be read");
        assert_eq!(read, (b"bc".to_vec(), false));
    }
}
