//! The licenses of a backup, without their contents: the headers of the central directory, and the
//! lines of `B3SUMS`, which are in the same order.

use super::side::BackedUpLicense;
use crate::archive::backup_file::BackupLocation;
use crate::archive::{
    ArchiveError, ArchiveReader, Entry, EntryLines, ManifestReader, parse_checksum,
};
use crate::budget::{Budget, LICENSE, LINE};
use crate::entry_names::{CHECKSUMS_ENTRY, LICENSES, MANIFEST_ENTRY};
use crate::license::MAX_DOCUMENT_SIZE;
use crate::{Failure, File, LicenseIdentity, license};

/// A reader of the licenses of a backup.
pub(super) struct BackupSide<F> {
    licenses: Licenses<F>,
    location: BackupLocation,
}

/// The same without the location, which only messages need.
struct Licenses<F> {
    archive: ArchiveReader<F>,
    lines: EntryLines,
    /// The number of the current line, from 1.
    line_number: u64,
    /// The entries that follow the licenses.
    text_entries: [Entry<String>; 2],
    /// The name of the license before the current one.
    previous: String,
}

impl<F: File> BackupSide<F> {
    /// Opens a backup, and checks that its format is known.
    pub(super) fn open(file: F, location: BackupLocation) -> Result<Self, Failure> {
        let licenses = Licenses::open(file).map_err(|error| location.failure(&error))?;
        Ok(Self { licenses, location })
    }

    /// Returns the name of the backup file.
    pub(super) fn name(&self) -> &str {
        &self.location.name
    }

    /// Returns the next license, or `None` after the last one.
    pub(super) fn next_license(
        &mut self,
        budget: &mut Budget,
    ) -> Result<Option<BackedUpLicense>, Failure> {
        let license = self.licenses.next_license(budget);
        license.map_err(|error| self.location.failure(&error))
    }

    /// Reads a license, which must be the one that `B3SUMS` describes, and returns its identifiers.
    pub(super) fn read_identity(
        &mut self,
        license: &BackedUpLicense,
        budget: &mut Budget,
    ) -> Result<LicenseIdentity, Failure> {
        let identity = self.licenses.read_identity(license, budget);
        identity.map_err(|error| self.location.failure(&error))
    }
}

impl<F: File> Licenses<F> {
    fn open(file: F) -> Result<Self, ArchiveError> {
        let archive = ArchiveReader::open(file)?;
        let text_entries = archive.text_entries()?;
        for entry in &text_entries {
            archive.check_bounds(entry)?;
        }
        let [checksums, manifest] = &text_entries;
        ManifestReader::open(archive.file(), manifest, |_| {})
            .map_err(|error| error.in_entry(MANIFEST_ENTRY))?;
        let (lines, _) = EntryLines::open(archive.file(), checksums)
            .map_err(|error| error.in_entry(CHECKSUMS_ENTRY))?;
        Ok(Self {
            archive,
            lines,
            line_number: 0,
            text_entries,
            previous: String::new(),
        })
    }

    fn next_license(
        &mut self,
        budget: &mut Budget,
    ) -> Result<Option<BackedUpLicense>, ArchiveError> {
        budget.spend(LINE);
        self.line_number += 1;
        let line = self.lines.next_line(self.archive.file());
        let Some(line) = line.map_err(|error| error.in_entry(CHECKSUMS_ENTRY))? else {
            return self.end().map(|()| None);
        };
        // The header of the central directory has about the same length.
        budget.spend_bytes(2 * line.len());
        let number = self.line_number;
        let corrupt_line = |what: &str| {
            ArchiveError::Corrupt(format!("line {number} of {CHECKSUMS_ENTRY} {what}"))
        };
        let (hash, name) = parse_checksum(line).ok_or_else(|| corrupt_line("is malformed"))?;
        let entry = self.archive.next_entry()?;
        let entry = entry
            .filter(|entry| entry.name == name)
            .ok_or_else(|| corrupt_line("does not name the license of its position"))?;
        let corrupt = |what: &str| ArchiveError::Corrupt(what.to_owned()).in_entry(&name);
        let path = name
            .strip_prefix(LICENSES)
            .ok_or_else(|| corrupt("a backup has no such entry"))?
            .to_owned();
        if entry.size > MAX_DOCUMENT_SIZE {
            return Err(corrupt("the content is larger than a license can be"));
        }
        if name <= self.previous {
            return Err(corrupt("it is a duplicate or out of order by name"));
        }
        self.previous = name;
        Ok(Some(BackedUpLicense { path, hash, entry }))
    }

    /// Checks that the central directory ends after the licenses that have a line.
    fn end(&mut self) -> Result<(), ArchiveError> {
        for expected in &self.text_entries {
            match self.archive.next_entry()? {
                Some(entry) if entry == *expected => {}
                Some(entry) => {
                    let cause = format!("there is no line for it in {CHECKSUMS_ENTRY}");
                    return Err(ArchiveError::Corrupt(cause).in_entry(&entry.name));
                }
                None => {
                    let cause = "the central directory ends too early".to_owned();
                    return Err(ArchiveError::Corrupt(cause));
                }
            }
        }
        match self.archive.next_entry()? {
            None => Ok(()),
            Some(entry) => {
                let cause = format!("it is out of order, after {MANIFEST_ENTRY}");
                Err(ArchiveError::Corrupt(cause).in_entry(&entry.name))
            }
        }
    }

    fn read_identity(
        &mut self,
        license: &BackedUpLicense,
        budget: &mut Budget,
    ) -> Result<LicenseIdentity, ArchiveError> {
        budget.spend(LICENSE);
        let document = self.archive.content(&license.entry)?;
        budget.spend_bytes(document.len());
        if *blake3::hash(&document).as_bytes() != license.hash {
            let cause = format!("the content does not match the BLAKE3 in {CHECKSUMS_ENTRY}");
            return Err(ArchiveError::Corrupt(cause).in_entry(&license.entry.name));
        }
        Ok(license::evaluate(&document).identity)
    }
}
