//! What is known of an encrypted file without an identity: that it is one, and its size.
//!
//! A file of age consists of a header, a nonce of 16 bytes, and chunks of 64 KiB, the last of which
//! is shorter. Each chunk has 16 bytes more than its plaintext. The header is text; its last line
//! begins with `---` (<https://c2sp.org/age>).

use std::io;

use crate::run::filesystem::remote::{File, Metadata};

/// The first line of the header.
const FIRST_LINE: &[u8] = b"age-encryption.org/v1\n";
/// The start of the last line of the header.
const LAST_LINE: &[u8] = b"\n--- ";
/// The number of bytes of a header that are read at first: those of some recipients.
const FIRST_READ: usize = 4 << 10;
/// The largest size of a header in bytes.
const MAX_HEADER: usize = 1 << 20;
/// The largest number of recipients. Each takes at most 800 bytes of the header.
pub(super) const MAX_RECIPIENTS: usize = 1000;

const NONCE_SIZE: u64 = 16;
const CHUNK_SIZE: u64 = 64 << 10;
const TAG_SIZE: u64 = 16;

/// The format of a file, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// It is not encrypted.
    Plain,
    /// It is encrypted. Header and nonce have this size in bytes.
    Sealed(u64),
    /// It begins like an encrypted file, but has no valid header.
    Damaged,
}

impl Format {
    /// Returns the format of a file.
    pub(super) fn of(file: &dyn File) -> io::Result<Self> {
        let start = file.read(0, FIRST_READ)?;
        match Self::of_start(&start) {
            Self::Damaged if start.len() == FIRST_READ => {
                Ok(Self::of_start(&file.read(0, MAX_HEADER)?))
            }
            format => Ok(format),
        }
    }

    /// Returns the format of a file with this start, or all of it.
    fn of_start(start: &[u8]) -> Self {
        if !start.starts_with(FIRST_LINE) {
            return Self::Plain;
        }
        let last_line = start
            .windows(LAST_LINE.len())
            .position(|window| window == LAST_LINE)
            .map(|position| position + 1);
        let end = last_line.and_then(|line| {
            let length = start[line..].iter().position(|byte| *byte == b'\n')?;
            Some(line + length + 1)
        });
        end.map_or(Self::Damaged, |end| Self::Sealed(end as u64 + NONCE_SIZE))
    }

    /// Returns the size of the plaintext of a file with this stored size. Returns `None` for a file
    /// that is not encrypted, or to which something was added or of which something is missing.
    pub(super) fn plain_size(self, stored: u64) -> Option<u64> {
        let Self::Sealed(header) = self else {
            return None;
        };
        let chunks_size = stored.checked_sub(header)?;
        let chunks = chunks_size.div_ceil(CHUNK_SIZE + TAG_SIZE).max(1);
        let last_chunk = chunks_size.checked_sub((chunks - 1) * (CHUNK_SIZE + TAG_SIZE))?;
        // Only the only chunk may be empty.
        let shortest = if chunks == 1 { TAG_SIZE } else { TAG_SIZE + 1 };
        (last_chunk >= shortest).then(|| chunks_size - chunks * TAG_SIZE)
    }

    /// Returns metadata with the size of the plaintext, if that is known.
    pub(super) fn with_plain_size(self, metadata: Metadata) -> Metadata {
        Metadata {
            size: self.plain_size(metadata.size).unwrap_or(metadata.size),
            ..metadata
        }
    }
}
