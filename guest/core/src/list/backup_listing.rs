//! The listing of a backup: its licenses, then the skipped files with the reason for each.

use super::listing::{LicenseListing, LicenseStanding, ListSummary};
use crate::archive::backup_file::BackupLocation;
use crate::archive::{ArchiveError, ArchiveReader, Entry, ManifestLine, ManifestReader};
use crate::budget::{Budget, LICENSE};
use crate::entry_names::{CHECKSUMS_ENTRY, LICENSES, MANIFEST_ENTRY};
use crate::filter::Filter;
use crate::license::MAX_DOCUMENT_SIZE;
use crate::zip::CENTRAL_HEADER_LENGTH;
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
    /// List the skipped files. `lines` is the number of those read.
    Skipped { record: ManifestReader, lines: u64 },
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
        filter: &Filter,
        listings: &mut Vec<LicenseListing>,
    ) -> Result<Option<ListSummary>, ArchiveError> {
        let mut budget = Budget::of_a_step();
        match &mut self.phase {
            Phase::Licenses { record } => {
                while budget.is_left() {
                    let Some(entry) = self.archive.next_header()? else {
                        let record = open_record(&self.archive, record.take())?;
                        self.summary.program = Some(record.head().program.clone().into_owned());
                        self.phase = Phase::Skipped { record, lines: 0 };
                        break;
                    };
                    budget.spend_bytes(CENTRAL_HEADER_LENGTH + entry.name.len());
                    let path = match entry.name {
                        CHECKSUMS_ENTRY => continue,
                        MANIFEST_ENTRY => {
                            *record = Some(entry.to_owned());
                            continue;
                        }
                        name => path_of(name)?,
                    };
                    let is_included = filter.includes_path(path);
                    if is_included || filter.has_ids() {
                        let entry = entry.to_owned();
                        let listing = listing(&mut self.archive, &entry)?;
                        budget.spend(LICENSE);
                        budget.spend_bytes(usize::try_from(entry.size).unwrap_or(usize::MAX));
                        if is_included || filter.includes_ids(&listing.identity) {
                            self.summary.licenses += 1;
                            self.summary.bytes += entry.size;
                            listings.push(listing);
                        }
                    }
                }
                Ok(None)
            }
            Phase::Skipped { record, lines } => {
                while budget.is_left() {
                    budget.spend(LICENSE);
                    let line = record.next_line(self.archive.file(), |_| {});
                    match line.map_err(|fault| fault.in_entry(MANIFEST_ENTRY))? {
                        Some(ManifestLine::SkippedEntry(skipped)) => {
                            let listing = LicenseListing::of_skipped(skipped);
                            if filter.includes(&listing.path, &listing.identity) {
                                listings.push(listing);
                                self.summary.skipped += 1;
                            }
                        }
                        Some(ManifestLine::Malformed) => {
                            let line = *lines + 2;
                            return Err(ArchiveError::Corrupt(format!(
                                "line {line} of {MANIFEST_ENTRY} is malformed"
                            )));
                        }
                        None => return Ok(Some(self.summary.clone())),
                    }
                    *lines += 1;
                }
                Ok(None)
            }
        }
    }
}

/// Returns the path of the license that has this name in the archive.
fn path_of(name: &str) -> Result<&str, ArchiveError> {
    name.strip_prefix(LICENSES).ok_or_else(|| {
        ArchiveError::Corrupt("a backup has no such entry".to_owned()).in_entry(name)
    })
}

/// Returns the listing of one license.
fn listing(
    archive: &mut ArchiveReader<impl File>,
    entry: &Entry<String>,
) -> Result<LicenseListing, ArchiveError> {
    let corrupt = |what: &str| ArchiveError::Corrupt(what.to_owned()).in_entry(&entry.name);
    let path = path_of(&entry.name)?;
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
