//! A reader of the lines of a text entry, one at a time: there may be as many as
//! licenses.

use super::error::ArchiveError;
use super::forward_reader::ForwardReader;
use super::zip_headers::Entry;
use crate::File;
use crate::crc32::Crc32;

/// The length of a line in bytes, at most. A line of `backup.json` has a path of at most
/// 64 KiB and 128 IDs of at most 256 bytes, of which JSON escapes each byte as at most
/// six; a line of `B3SUMS` is shorter.
const MAX_LINE_LENGTH: u64 = 1 << 20;
/// The number of bytes in which the end of a line is searched at first; it doubles until
/// the end is found.
const FIRST_LOOK_AHEAD: u64 = 4 << 10;

/// A reader of the lines of an entry.
pub(crate) struct EntryLines {
    reader: ForwardReader,
    /// The number of bytes not read yet.
    remaining: u64,
    /// The CRC-32 of the lines read and of the bytes after them that were computed ahead.
    crc32: Crc32,
    /// The number of these bytes. The CRC-32 of a buffer takes less time than those of its lines.
    ahead: usize,
    expected_crc32: u32,
}

impl EntryLines {
    /// Checks the local header of an entry, and returns a reader at the first line and
    /// the header.
    pub(crate) fn open<N: AsRef<str>>(
        file: &impl File,
        entry: &Entry<N>,
    ) -> Result<(Self, Vec<u8>), ArchiveError> {
        let mut reader = ForwardReader::new(entry.offset);
        let header = reader.read_local_header(file, entry)?;
        let lines = Self {
            reader,
            remaining: entry.size,
            crc32: Crc32::new(),
            ahead: 0,
            expected_crc32: entry.crc32,
        };
        Ok((lines, header))
    }

    /// Returns the next line with its line feed. After the last line, checks the CRC-32
    /// of the whole content and returns `None`.
    pub(crate) fn next_line(&mut self, file: &impl File) -> Result<Option<&[u8]>, ArchiveError> {
        if self.remaining == 0 {
            return if self.crc32.value() == self.expected_crc32 {
                Ok(None)
            } else {
                Err(ArchiveError::crc32_mismatch())
            };
        }
        let length = self.find_line_end(file)?;
        if self.ahead < length {
            let buffered = self.reader.peek(file, length)?;
            let remaining = usize::try_from(self.remaining).unwrap_or(usize::MAX);
            let end = buffered.len().min(remaining);
            self.crc32.update(&buffered[self.ahead..end]);
            self.ahead = end;
        }
        self.ahead -= length;
        self.remaining -= length as u64;
        self.reader.read(file, length).map(Some)
    }

    /// Returns the length of the next line.
    fn find_line_end(&mut self, file: &impl File) -> Result<usize, ArchiveError> {
        let max = self.remaining.min(MAX_LINE_LENGTH);
        let (mut searched, mut length) = (0, max.min(FIRST_LOOK_AHEAD));
        loop {
            let window = usize::try_from(length).unwrap_or(usize::MAX);
            let ahead = self.reader.peek(file, window)?;
            if let Some(at) = memchr::memchr(b'\n', &ahead[searched..window]) {
                return Ok(searched + at + 1);
            }
            if length == max {
                return Err(ArchiveError::Corrupt(format!(
                    "a line does not end with a line feed, or is longer than {MAX_LINE_LENGTH} bytes"
                )));
            }
            searched = window;
            length = max.min(length * 2);
        }
    }
}
