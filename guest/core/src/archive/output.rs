//! The file into which an archive is written, from its start to its end.
//!
//! An output can be compared with an earlier archive. As long as both are equal, nothing is
//! written. At the first difference, the equal part is copied from the earlier archive, and the
//! output is written from then on.

use std::rc::Rc;

use super::comparison::has_at;
use crate::budget::Budget;
use crate::directory::{FsError, READ_LENGTH};
use crate::{File, Metadata};

/// The number of bytes that are collected before they are written.
///
/// The archives of the tests are small.
const BUFFER_LENGTH: usize = if cfg!(test) { 1 << 10 } else { 256 << 10 };
/// The number of written bytes that are released at once: enough for the file system to
/// allocate them in one piece.
const RELEASE_LENGTH: u64 = 8 << 20;

/// A buffered file that is written from its start to its end.
pub(crate) struct Output<F> {
    file: Rc<F>,
    buffer: Vec<u8>,
    /// The offset of the buffer in the file.
    start: u64,
    /// The number of bytes that were written and released.
    released: u64,
    mode: Mode<F>,
    hasher: Option<OutputHasher>,
}

/// A hasher of all bytes that are put.
struct OutputHasher {
    hasher: Box<blake3::Hasher>,
    /// The number of bytes at the start of the buffer that were hashed.
    hashed: usize,
}

/// What an output does with the bytes that are put.
enum Mode<F> {
    /// Write them.
    Write,
    /// Compare them with an earlier archive, which all bytes before the buffer equal.
    Compare(Earlier<F>),
    /// Keep them in the buffer until the bytes before it have been copied from an earlier archive.
    Copy {
        earlier: Earlier<F>,
        /// The number of bytes that were copied.
        copied: u64,
    },
}

/// An earlier archive, with its metadata before it was read.
struct Earlier<F> {
    file: F,
    metadata: Metadata,
}

impl<F: File> Output<F> {
    /// Creates an output that is written to `file`.
    pub(crate) fn new(file: Rc<F>) -> Self {
        Self::with_mode(file, Mode::Write)
    }

    /// Creates an output that is written to `file` unless it equals `earlier`. If `earlier` cannot
    /// be read, the output is written.
    pub(crate) fn compared_with(earlier: F, file: Rc<F>) -> Self {
        let mode = match earlier.metadata() {
            Ok(metadata) => Mode::Compare(Earlier {
                file: earlier,
                metadata,
            }),
            Err(_) => Mode::Write,
        };
        Self::with_mode(file, mode)
    }

    fn with_mode(file: Rc<F>, mode: Mode<F>) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BUFFER_LENGTH),
            start: 0,
            released: 0,
            mode,
            hasher: None,
        }
    }

    /// Also computes the BLAKE3 of the bytes that are put.
    pub(crate) fn hashed(self) -> Self {
        let hasher = Some(OutputHasher {
            hasher: Box::new(blake3::Hasher::new()),
            hashed: 0,
        });
        Self { hasher, ..self }
    }

    /// Returns the BLAKE3 of the bytes put so far, if it is computed.
    pub(crate) fn blake3(&mut self) -> Option<blake3::Hash> {
        self.hash_buffer();
        Some(self.hasher.as_ref()?.hasher.finalize())
    }

    /// Returns the number of bytes put so far.
    pub(crate) fn position(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    /// Returns the earlier archive if the output, which is complete, equals it.
    pub(crate) fn equal_archive(&mut self) -> Result<Option<&F>, FsError> {
        self.flush()?;
        if let Mode::Compare(earlier) = &self.mode
            && earlier.metadata.size != self.start
        {
            self.start_to_copy();
        }
        Ok(match &self.mode {
            Mode::Compare(earlier) => {
                earlier.check()?;
                Some(&earlier.file)
            }
            Mode::Write | Mode::Copy { .. } => None,
        })
    }

    /// Writes the output although it equals the earlier archive.
    pub(crate) fn start_to_copy(&mut self) {
        self.mode = match std::mem::replace(&mut self.mode, Mode::Write) {
            Mode::Compare(earlier) => Mode::Copy { earlier, copied: 0 },
            mode => mode,
        };
    }

    /// Copies a part of the earlier archive, if it has to be copied. Returns `false` if nothing is
    /// left to copy.
    pub(crate) fn copy_some(&mut self) -> Result<bool, FsError> {
        let Mode::Copy { earlier, copied } = &mut self.mode else {
            return Ok(false);
        };
        let mut budget = Budget::of_a_step();
        while *copied < self.start && budget.is_left() {
            let rest = usize::try_from(self.start - *copied).unwrap_or(usize::MAX);
            let bytes = earlier.file.read(rest.min(READ_LENGTH), *copied)?.bytes;
            if bytes.is_empty() {
                return Err(FsError::Other("the earlier backup was truncated"));
            }
            self.file.write_all_at(&bytes, *copied)?;
            *copied += bytes.len() as u64;
            budget.spend_bytes(bytes.len());
        }
        if *copied == self.start {
            earlier.check()?;
            self.mode = Mode::Write;
            self.flush()?;
        }
        Ok(true)
    }

    /// Writes the buffer and makes the file durable. Everything must have been copied.
    pub(crate) fn sync(&mut self) -> Result<(), FsError> {
        self.flush()?;
        self.file.sync()
    }

    pub(super) fn put(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Result<(), FsError> {
        append(&mut self.buffer);
        if self.buffer.len() >= BUFFER_LENGTH {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn hash_buffer(&mut self) {
        if let Some(OutputHasher { hasher, hashed }) = &mut self.hasher {
            hasher.update(&self.buffer[*hashed..]);
            *hashed = self.buffer.len();
        }
    }

    /// Ends with the buffer, whose bytes were written or compared.
    fn advance(&mut self) {
        self.start += self.buffer.len() as u64;
        self.buffer.clear();
        if let Some(hasher) = &mut self.hasher {
            hasher.hashed = 0;
        }
    }

    fn flush(&mut self) -> Result<(), FsError> {
        self.hash_buffer();
        match &self.mode {
            Mode::Write => {
                self.file.write_all_at(&self.buffer, self.start)?;
                self.advance();
                self.release();
            }
            Mode::Compare(earlier) => {
                // An earlier archive that cannot be read is replaced.
                if has_at(&earlier.file, &self.buffer, self.start) == Ok(true) {
                    self.advance();
                } else {
                    self.start_to_copy();
                }
            }
            Mode::Copy { .. } => {}
        }
        Ok(())
    }

    fn release(&mut self) {
        let length = self.start - self.released;
        if length >= RELEASE_LENGTH {
            self.file.release(self.released, length);
            self.released = self.start;
        }
    }
}

impl<F: File> Earlier<F> {
    /// Returns an error if the file has changed since it was opened. Its start may then differ from
    /// the output, although it was equal when it was compared.
    fn check(&self) -> Result<(), FsError> {
        if self.file.metadata()? == self.metadata {
            Ok(())
        } else {
            Err(FsError::Other("the earlier backup has changed"))
        }
    }
}
