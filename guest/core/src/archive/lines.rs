//! The lines of an entry that is text, one after the other: there may be as many as licenses.

use super::format::Entry;
use super::forward::Forward;
use super::{ArchiveFault, reader};
use crate::File;
use crate::crc32::Crc32;

/// The longest line in bytes. In `backup.json` it has a path of at most 64 KiB and 128 IDs of at most 256 bytes, each byte
/// written as at most six; one in `B3SUMS` is shorter.
const LONGEST_LINE: u64 = 1 << 20;
/// How much further is looked for the end of a line at a time, in bytes.
const LOOK_AHEAD: u64 = 4 << 10;

/// The lines of an entry that were not read yet.
pub(crate) struct Lines {
    forward: Forward,
    /// The number of bytes not read yet.
    left: u64,
    crc32: Crc32,
    expected_crc32: u32,
}

impl Lines {
    /// Checks the local header of an entry, and starts with its first line. Gives the header as well.
    pub(crate) fn open<N: AsRef<str>>(
        file: &impl File,
        entry: &Entry<N>,
    ) -> Result<(Self, Vec<u8>), ArchiveFault> {
        let mut forward = Forward::new(entry.offset);
        let header = reader::take_local_header(file, &mut forward, entry)?;
        let lines = Self {
            forward,
            left: entry.size,
            crc32: Crc32::new(),
            expected_crc32: entry.crc32,
        };
        Ok((lines, header))
    }

    /// Takes the next line, with its line feed; nothing after the last, when the CRC-32 of all of them was checked.
    pub(crate) fn next_line(&mut self, file: &impl File) -> Result<Option<&[u8]>, ArchiveFault> {
        if self.left == 0 {
            return if self.crc32.value() == self.expected_crc32 {
                Ok(None)
            } else {
                Err(ArchiveFault::Corrupt(
                    "has another CRC-32 than its header says".to_owned(),
                ))
            };
        }
        let length = self.find_line_feed(file)?;
        self.left -= length as u64;
        let line = self.forward.take(file, length)?;
        self.crc32.update(line);
        Ok(Some(line))
    }

    /// The length of the next line.
    fn find_line_feed(&mut self, file: &impl File) -> Result<usize, ArchiveFault> {
        let most = self.left.min(LONGEST_LINE);
        let (mut looked, mut length) = (0, most.min(LOOK_AHEAD));
        loop {
            let wanted = usize::try_from(length).unwrap_or(usize::MAX);
            let ahead = self.forward.peek(file, wanted)?;
            if let Some(at) = ahead[looked..wanted].iter().position(|byte| *byte == b'\n') {
                return Ok(looked + at + 1);
            }
            if length == most {
                return Err(ArchiveFault::Corrupt(
                    "has a line that does not end".to_owned(),
                ));
            }
            looked = wanted;
            length = most.min(length * 2);
        }
    }
}
