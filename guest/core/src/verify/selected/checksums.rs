//! The second phase: compares the licenses that a filter includes with their lines in `B3SUMS`.

use crate::File;
use crate::archive::{ArchiveError, ArchiveIndex, Entry, EntryLines, write_checksum};
use crate::budget::Budget;
use crate::directory::FsError;
use crate::entry_names::CHECKSUMS_ENTRY;
use crate::verify::findings::Reporter;

/// The length of a BLAKE3 in hexadecimal.
const HASH_LENGTH: usize = 64;

/// A comparison of some licenses with the checksums. Lines and licenses are both in byte order of the
/// names. Lines of other licenses are only part of the CRC-32.
pub(super) struct SelectedChecksums {
    lines: EntryLines,
    /// The number of the license whose line is next.
    next: usize,
    /// The line that this license should have, or nothing after the last license.
    expected: Vec<u8>,
}

impl SelectedChecksums {
    pub(super) fn open(
        file: &impl File,
        entry: &Entry<String>,
        index: &ArchiveIndex,
    ) -> Result<Self, ArchiveError> {
        let (lines, _header) = EntryLines::open(file, entry)?;
        let mut checksums = Self {
            lines,
            next: 0,
            expected: Vec::new(),
        };
        checksums.expect_next(index);
        Ok(checksums)
    }

    /// Reads some lines, and returns `true` after the last one.
    pub(super) fn step(
        &mut self,
        file: &impl File,
        index: &ArchiveIndex,
        reporter: &mut Reporter<'_>,
    ) -> Result<bool, FsError> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            match self.lines.next_line(file) {
                Ok(Some(line)) => {
                    budget.spend_bytes(line.len());
                    if !has_name_of(line, &self.expected) {
                        continue;
                    }
                    if line != self.expected {
                        let cause =
                            format!("the content does not match the BLAKE3 in {CHECKSUMS_ENTRY}");
                        reporter.report_entry(&index.name(self.next), &cause);
                    }
                    self.next += 1;
                    self.expect_next(index);
                }
                Ok(None) => {
                    // The licenses after this one have none because their lines were not looked for.
                    if self.next < index.len() {
                        let cause = format!("there is no line for it in {CHECKSUMS_ENTRY}");
                        reporter.report_entry(&index.name(self.next), &cause);
                    }
                    return Ok(true);
                }
                Err(error) => {
                    reporter.report_entry_error(CHECKSUMS_ENTRY, error)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn expect_next(&mut self, index: &ArchiveIndex) {
        self.expected.clear();
        if self.next < index.len() {
            let hash = &index.license(self.next).hash;
            write_checksum(hash, &index.name(self.next), &mut self.expected);
        }
    }
}

/// Returns `true` if two lines differ at most in the hash.
fn has_name_of(line: &[u8], expected: &[u8]) -> bool {
    // The backslash that an escaped name has at the start of its line.
    let start = usize::from(expected.starts_with(b"\\"));
    line.len() == expected.len()
        && line.get(..start) == expected.get(..start)
        && line.get(start + HASH_LENGTH..) == expected.get(start + HASH_LENGTH..)
}
