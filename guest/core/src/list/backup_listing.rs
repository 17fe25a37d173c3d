//! The listing of a backup: its licenses, then the skipped files with the reason for each.

use super::listing::{LicenseListing, LicenseStanding, ListSummary};
use crate::archive::backup_file::BackupLocation;
use crate::archive::{ArchiveError, ArchiveReader, Entry, ManifestLine, ManifestReader};
use crate::budget::{Budget, LICENSE};
use crate::entry_names::{CHECKSUMS_ENTRY, LICENSES, MANIFEST_ENTRY};
use crate::license::MAX_DOCUMENT_SIZE;
use crate::{File, license};

/// A running listing of a backup.
pub(super) struct BackupListing<F> {
    archive: ArchiveReader<F>,
    phase: Phase,
    /// The totals so far.
    summary: ListSummary,
}

/// The phase of a listing.
enum Phase {
    /// List the licenses.
    Licenses { record: Option<Entry<String>> },
    /// List the skipped files.
    Skipped(ManifestReader),
}

impl<F: File> BackupListing<F> {
    pub(super) fn new(file: F, location: &BackupLocation) -> Result<Self, ArchiveError> {
        Ok(Self {
            archive: ArchiveReader::open(file)?,
            phase: Phase::Licenses { record: None },
            summary: ListSummary {
                file: Some(location.name.clone()),
                ..ListSummary::default()
            },
        })
    }

    /// Lists some files. Returns the totals after the last one.
    pub(super) fn step(
        &mut self,
        listings: &mut Vec<LicenseListing>,
    ) -> Result<Option<ListSummary>, ArchiveError> {
        let mut budget = Budget::of_a_step();
        match &mut self.phase {
            Phase::Licenses { record } => {
                while budget.is_left() {
                    budget.spend(LICENSE);
                    let Some(entry) = self.archive.next_entry()? else {
                        let record = open_record(&self.archive, record.take())?;
                        self.summary.program = Some(record.head().program.clone().into_owned());
                        self.phase = Phase::Skipped(record);
                        break;
                    };
                    match entry.name.as_str() {
                        CHECKSUMS_ENTRY => {}
                        MANIFEST_ENTRY => *record = Some(entry),
                        _ => {
                            listings.push(listing(&mut self.archive, &entry)?);
                            budget.spend_bytes(usize::try_from(entry.size).unwrap_or(usize::MAX));
                            self.summary.licenses += 1;
                            self.summary.bytes += entry.size;
                        }
                    }
                }
                Ok(None)
            }
            Phase::Skipped(record) => {
                while budget.is_left() {
                    budget.spend(LICENSE);
                    let line = record.next_line(self.archive.file(), |_| {});
                    match line.map_err(|fault| fault.in_entry(MANIFEST_ENTRY))? {
                        Some(ManifestLine::SkippedEntry(skipped)) => {
                            listings.push(LicenseListing::of_skipped(skipped));
                        }
                        Some(ManifestLine::Malformed) => {
                            let line = self.summary.skipped + 2;
                            return Err(ArchiveError::Corrupt(format!(
                                "line {line} of {MANIFEST_ENTRY} is malformed"
                            )));
                        }
                        None => return Ok(Some(self.summary.clone())),
                    }
                    self.summary.skipped += 1;
                }
                Ok(None)
            }
        }
    }
}

/// Returns the listing of one license.
fn listing(
    archive: &mut ArchiveReader<impl File>,
    entry: &Entry<String>,
) -> Result<LicenseListing, ArchiveError> {
    let corrupt = |what: &str| ArchiveError::Corrupt(what.to_owned()).in_entry(&entry.name);
    let path = entry
        .name
        .strip_prefix(LICENSES)
        .ok_or_else(|| corrupt("a backup has no such entry"))?;
    if entry.size > MAX_DOCUMENT_SIZE {
        return Err(corrupt("the content is larger than a license can be"));
    }
    let identity = license::evaluate(&archive.content(entry)?).identity;
    Ok(LicenseListing {
        identity,
        size: Some(entry.size),
        ..LicenseListing::new(path.to_owned(), LicenseStanding::BackedUp)
    })
}

/// Opens the manifest.
fn open_record(
    archive: &ArchiveReader<impl File>,
    entry: Option<Entry<String>>,
) -> Result<ManifestReader, ArchiveError> {
    let entry =
        entry.ok_or_else(|| ArchiveError::Corrupt(format!("{MANIFEST_ENTRY} is missing")))?;
    archive.check_bounds(&entry)?;
    ManifestReader::open(archive.file(), &entry, |_| {})
        .map_err(|fault| fault.in_entry(MANIFEST_ENTRY))
}
