//! The fourth phase of a verification: checks `backup.json` against the licenses and
//! against itself.

use super::file_hasher::FileHasher;
use super::findings::Reporter;
use crate::File;
use crate::archive::{
    ArchiveError, ArchiveIndex, Entry, ManifestLine, ManifestReader, SkippedEntry,
};
use crate::budget::{Budget, LINE};
use crate::directory::FsError;
use crate::entry_names::MANIFEST_ENTRY;
use crate::reason::Reason;

/// The name of a program that writes backups, up to its version.
const PROGRAM_PREFIX: &str = "license-backup ";

/// A check of the manifest.
pub(super) struct ManifestCheck {
    reader: ManifestReader,
    /// The number of the current line, from 1.
    line_number: u64,
    restricted: u64,
    errors: u64,
    /// Whether a line is malformed, so that the counts cannot be checked.
    has_malformed_lines: bool,
    /// The path of the previous skipped file.
    previous: String,
}

impl ManifestCheck {
    pub(super) fn open(
        file: &impl File,
        entry: &Entry<String>,
        hasher: &mut FileHasher,
    ) -> Result<Self, ArchiveError> {
        let reader = ManifestReader::open(file, entry, |bytes| {
            hasher.update(bytes);
        })?;
        Ok(Self {
            reader,
            line_number: 1,
            restricted: 0,
            errors: 0,
            has_malformed_lines: false,
            previous: String::new(),
        })
    }

    /// Returns the program that wrote the backup.
    pub(super) fn program(&self) -> &str {
        &self.reader.head().program
    }

    /// Returns the number of skipped files.
    pub(super) fn skipped(&self) -> u64 {
        self.restricted + self.errors
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
            let line = self.reader.next_line(file, |bytes| {
                budget.spend(LINE);
                budget.spend_bytes(bytes.len());
                hasher.update(bytes);
            });
            match line {
                Ok(Some(ManifestLine::SkippedEntry(skipped))) => {
                    self.check_skipped(skipped, index, reporter);
                }
                Ok(Some(ManifestLine::Malformed)) => {
                    self.has_malformed_lines = true;
                    self.report_line(reporter, "is malformed");
                }
                Ok(None) => {
                    self.check_head(index, reporter);
                    return Ok(true);
                }
                Err(error) => {
                    return reporter
                        .report_entry_error(MANIFEST_ENTRY, error)
                        .map(|()| true);
                }
            }
        }
        Ok(false)
    }

    fn check_skipped(
        &mut self,
        skipped: SkippedEntry,
        index: &ArchiveIndex,
        reporter: &mut Reporter<'_>,
    ) {
        let is_restricted = matches!(skipped.reason, Reason::Restricted(_));
        if is_restricted {
            self.restricted += 1;
        } else {
            self.errors += 1;
        }
        let path = skipped.path;
        // A directory can have several errors.
        if path < self.previous || (path == self.previous && is_restricted) {
            let what = format!("is a duplicate or out of order: {path}");
            self.report_line(reporter, &what);
        }
        if index.find(&path).is_some() {
            let what = format!("lists {path} as skipped, but it is in the backup");
            self.report_line(reporter, &what);
        }
        self.previous = path;
    }

    fn check_head(&self, index: &ArchiveIndex, reporter: &mut Reporter<'_>) {
        let head = self.reader.head();
        let are_lines_known = !self.has_malformed_lines;
        for (what, stated, found, is_known) in [
            ("licenses", head.licenses, index.len() as u64, true),
            ("bytes", head.bytes, index.bytes(), true),
            (
                "restricted",
                head.restricted,
                self.restricted,
                are_lines_known,
            ),
            ("errors", head.errors, self.errors, are_lines_known),
        ] {
            if is_known && stated != found {
                let cause = format!("\"{what}\" is {stated} instead of {found}");
                reporter.report_entry(MANIFEST_ENTRY, &cause);
            }
        }
        if !is_program(&head.program) {
            reporter.report_entry(MANIFEST_ENTRY, "\"program\" does not write backups");
        }
    }

    /// Reports a finding about the current line.
    fn report_line(&self, reporter: &mut Reporter<'_>, what: &str) {
        let message = format!("line {} of {MANIFEST_ENTRY} {what}", self.line_number);
        reporter.report(MANIFEST_ENTRY, message);
    }
}

/// Returns `true` if a program of this name and version can have written a backup.
fn is_program(name: &str) -> bool {
    name.strip_prefix(PROGRAM_PREFIX).is_some_and(|version| {
        !version.is_empty()
            && version
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
    })
}
