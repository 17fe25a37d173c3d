//! The comparison of two files, byte for byte.

use std::rc::Rc;

use crate::File;
use crate::budget::Budget;
use crate::directory::{FsError, READ_LENGTH};

/// A running comparison of two files.
pub(crate) struct FileComparison<F> {
    one: Rc<F>,
    other: F,
    /// The number of bytes that are equal.
    equal: u64,
    /// The size of both files, or `None` if their sizes differ.
    size: Option<u64>,
}

impl<F: File> FileComparison<F> {
    /// Starts to compare two files.
    pub(crate) fn new(one: Rc<F>, other: F) -> Result<Self, FsError> {
        let sizes = [one.metadata()?.size, other.metadata()?.size];
        Ok(Self {
            one,
            other,
            equal: 0,
            size: (sizes[0] == sizes[1]).then_some(sizes[0]),
        })
    }

    /// Compares a part. Returns whether the files are equal, as soon as that is known.
    pub(crate) fn step(&mut self) -> Result<Option<bool>, FsError> {
        let Some(size) = self.size else {
            return Ok(Some(false));
        };
        let mut budget = Budget::of_a_step();
        while self.equal < size && budget.is_left() {
            let bytes = self.one.read(READ_LENGTH, self.equal)?.bytes;
            if bytes.is_empty() || !has_at(&self.other, &bytes, self.equal)? {
                return Ok(Some(false));
            }
            self.equal += bytes.len() as u64;
            budget.spend_bytes(2 * bytes.len());
        }
        Ok((self.equal == size).then_some(true))
    }
}

/// Returns `true` if a file has these bytes at `offset`.
pub(super) fn has_at(file: &impl File, bytes: &[u8], mut offset: u64) -> Result<bool, FsError> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let read = file.read(rest.len().min(READ_LENGTH), offset)?.bytes;
        let Some((head, tail)) = rest.split_at_checked(read.len()) else {
            return Ok(false);
        };
        if head.is_empty() || !are_equal(head, &read) {
            return Ok(false);
        }
        offset += head.len() as u64;
        rest = tail;
    }
    Ok(true)
}

/// Returns `true` if both have the same bytes. In WebAssembly, the comparison of slices of the
/// standard library compares one byte at a time; this one compares eight.
fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let (words, rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    let is_same =
        |one: &[u8; 8], other: &[u8; 8]| u64::from_ne_bytes(*one) == u64::from_ne_bytes(*other);
    one.len() == other.len()
        && words
            .iter()
            .zip(other_words)
            .all(|(one, other)| is_same(one, other))
        && rest == other_rest
}
