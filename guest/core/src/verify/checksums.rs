//! The third phase of a verification: checks `B3SUMS` against the licenses.

use super::file_hasher::FileHasher;
use super::findings::Reporter;
use crate::File;
use crate::archive::{ArchiveError, ArchiveIndex, Entry, EntryLines, Hash, parse_checksum};
use crate::budget::{Budget, LINE};
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, LICENSES};

/// A check of the checksums. Lines and licenses are both in byte order of the names.
pub(super) struct ChecksumCheck {
    lines: EntryLines,
    /// The number of the current line, from 1.
    line_number: u64,
    /// The number of the license that the next line should be about.
    next: usize,
}

impl ChecksumCheck {
    pub(super) fn open(
        file: &impl File,
        entry: &Entry<String>,
        hasher: &mut FileHasher,
    ) -> Result<Self, ArchiveError> {
        let (lines, header) = EntryLines::open(file, entry)?;
        hasher.update(&header);
        Ok(Self {
            lines,
            line_number: 0,
            next: 0,
        })
    }

    /// Checks some lines, and returns `true` after the last one.
    pub(super) fn step(
        &mut self,
        file: &impl File,
        index: &ArchiveIndex,
        hasher: &mut FileHasher,
        reporter: &mut Reporter<'_>,
    ) -> Result<bool, FsError> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            self.line_number += 1;
            match self.lines.next_line(file) {
                Ok(Some(line)) => {
                    budget.spend(LINE);
                    budget.spend_bytes(line.len());
                    hasher.update(line);
                    let checksum = parse_checksum(line);
                    self.compare(checksum, index, reporter);
                }
                Ok(None) => {
                    self.report_missing(index.len(), index, reporter);
                    return Ok(true);
                }
                Err(error) => {
                    return reporter
                        .report_entry_error(CHECKSUMS_ENTRY, error)
                        .map(|()| true);
                }
            }
        }
        Ok(false)
    }

    fn compare(
        &mut self,
        checksum: Option<(Hash, String)>,
        index: &ArchiveIndex,
        reporter: &mut Reporter<'_>,
    ) {
        let Some((hash, name)) = checksum else {
            return self.report_line(reporter, "is malformed");
        };
        let license = name
            .strip_prefix(LICENSES)
            .and_then(|path| index.find(path));
        let Some(license) = license else {
            let what = format!("names an entry that is not in the backup: {name}");
            return self.report_line(reporter, &what);
        };
        if license < self.next {
            let what = format!("is a duplicate or out of order: {name}");
            return self.report_line(reporter, &what);
        }
        self.report_missing(license, index, reporter);
        self.next = license + 1;
        if index.license(license).hash != hash {
            let cause = format!("the content does not match the BLAKE3 in {CHECKSUMS_ENTRY}");
            reporter.report_entry(&name, &cause);
        }
    }

    /// Reports a finding about the current line.
    fn report_line(&self, reporter: &mut Reporter<'_>, what: &str) {
        let message = format!("line {} of {CHECKSUMS_ENTRY} {what}", self.line_number);
        reporter.report(CHECKSUMS_ENTRY, message);
    }

    /// Reports that the licenses from the next one up to `end` have no line.
    fn report_missing(&mut self, end: usize, index: &ArchiveIndex, reporter: &mut Reporter<'_>) {
        for license in self.next..end {
            reporter.report_entry(
                &index.name(license),
                &format!("there is no line for it in {CHECKSUMS_ENTRY}"),
            );
        }
        self.next = end;
    }
}
