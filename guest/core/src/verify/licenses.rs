//! The second phase of a verification: checks each license against its headers and the
//! rights gate.

use super::file_hasher::FileHasher;
use super::findings::Reporter;
use crate::archive::{ArchiveError, ArchiveIndex, ForwardReader};
use crate::budget::{Budget, LICENSE};
use crate::crc32::crc32;
use crate::directory::FsError;
use crate::license::{self, Verdict};
use crate::{BackupRestoreStatus, File, Progress, Stage};

/// A check of the licenses in the order of the archive.
pub(super) struct LicenseCheck {
    reader: ForwardReader,
    /// The number of the next license.
    next: usize,
    /// The size of the licenses read so far, in bytes.
    bytes: u64,
}

impl LicenseCheck {
    pub(super) fn new() -> Self {
        Self {
            reader: ForwardReader::new(0),
            next: 0,
            bytes: 0,
        }
    }

    /// Checks some licenses, stores their hashes in `index`, and adds all bytes read to
    /// `hasher`. Returns `true` after the last license.
    pub(super) fn step(
        &mut self,
        file: &impl File,
        index: &mut ArchiveIndex,
        hasher: &mut FileHasher,
        reporter: &mut Reporter<'_>,
    ) -> Result<bool, FsError> {
        let mut budget = Budget::of_a_step();
        while self.next < index.len() && budget.is_left() {
            if let Err(error) = self.check_next(file, index, hasher, reporter) {
                reporter.report_entry_error(&index.name(self.next), error)?;
            }
            let size = index.license(self.next).size;
            budget.spend(LICENSE);
            budget.spend_bytes(size as usize);
            self.bytes += u64::from(size);
            self.next += 1;
        }
        Ok(self.next == index.len())
    }

    /// Returns the progress of the verification.
    pub(super) fn progress(&self, index: &ArchiveIndex) -> BackupRestoreStatus {
        let path = if self.next < index.len() {
            index.path(self.next)
        } else {
            String::new()
        };
        BackupRestoreStatus::Progress(Progress {
            stage: Stage::Verifying,
            done: self.next as u64,
            total: Some(index.len() as u64),
            bytes: self.bytes,
            path,
        })
    }

    fn check_next(
        &mut self,
        file: &impl File,
        index: &mut ArchiveIndex,
        hasher: &mut FileHasher,
        reporter: &mut Reporter<'_>,
    ) -> Result<(), ArchiveError> {
        let entry = index.entry(self.next, self.reader.position());
        let mut expected = Vec::new();
        entry.write_local_header(&mut expected);
        let header = self.reader.read(file, expected.len())?;
        hasher.update(header);
        if header != expected {
            // The content is read nevertheless, since the central directory has its
            // offset and size.
            reporter.report_entry_error(&entry.name, ArchiveError::local_header_mismatch())?;
        }
        let document = self
            .reader
            .read(file, index.license(self.next).size as usize)?;
        hasher.update(document);
        index.set_hash(self.next, *blake3::hash(document).as_bytes());
        check_document(document, entry.crc32, || {
            license::evaluate(document).verdict
        })
    }
}

/// Checks a document against the CRC-32 of its headers, then against the rights gate. `verdict`
/// returns the verdict of the gate.
pub(super) fn check_document(
    document: &[u8],
    expected_crc32: u32,
    verdict: impl FnOnce() -> Verdict,
) -> Result<(), ArchiveError> {
    if crc32(document) != expected_crc32 {
        return Err(ArchiveError::crc32_mismatch());
    }
    match verdict() {
        Verdict::Allowed => Ok(()),
        Verdict::Restricted(restriction) => Err(ArchiveError::Corrupt(format!(
            "the content may not be backed up ({})",
            restriction.name()
        ))),
        Verdict::Malformed(cause) => Err(ArchiveError::Corrupt(format!(
            "the content is a malformed license: {cause}"
        ))),
    }
}
