//! The listing of a backup: what is in it, then what was left out and why.

use super::{BYTES_PER_STEP, LISTINGS_PER_STEP, LicenseListing, LicenseStanding, ListSummary};
use crate::archive::{ArchiveFault, ArchiveReader, Entry, RecordLine, RecordReader};
use crate::entry_names::{LICENSES, RECORD_ENTRY, SUMS_ENTRY};
use crate::license::MAX_DOCUMENT_SIZE;
use crate::{File, license};

/// A listing of a backup.
pub(super) struct BackupListing<F> {
    archive: ArchiveReader<F>,
    phase: Phase,
    /// What was listed so far.
    summary: ListSummary,
}

/// What a listing does next.
enum Phase {
    /// Going through the licenses in the backup.
    Licenses { record: Option<Entry<String>> },
    /// Going through what was left out.
    Skipped(RecordReader),
}

impl<F: File> BackupListing<F> {
    pub(super) fn new(file: F) -> Result<Self, ArchiveFault> {
        let summary = ListSummary {
            licenses: 0,
            bytes: 0,
            skipped: 0,
            program: None,
        };
        Ok(Self {
            archive: ArchiveReader::open(file)?,
            phase: Phase::Licenses { record: None },
            summary,
        })
    }

    /// Goes on for some lines; gives the totals when all was listed.
    pub(super) fn advance(
        &mut self,
        found: &mut Vec<LicenseListing>,
    ) -> Result<Option<ListSummary>, ArchiveFault> {
        match &mut self.phase {
            Phase::Licenses { record } => {
                let mut bytes = 0;
                for _ in 0..LISTINGS_PER_STEP {
                    if bytes >= BYTES_PER_STEP {
                        break;
                    }
                    let Some(entry) = self.archive.next_entry()? else {
                        let record = open_record(&self.archive, record.take())?;
                        self.summary.program = Some(record.head().program.clone().into_owned());
                        self.phase = Phase::Skipped(record);
                        break;
                    };
                    match entry.name.as_str() {
                        SUMS_ENTRY => {}
                        RECORD_ENTRY => *record = Some(entry),
                        _ => {
                            found.push(listing(&mut self.archive, &entry)?);
                            bytes += entry.size;
                            self.summary.licenses += 1;
                            self.summary.bytes += entry.size;
                        }
                    }
                }
                Ok(None)
            }
            Phase::Skipped(record) => {
                for _ in 0..LISTINGS_PER_STEP {
                    let line = record.next_line(self.archive.file(), |_| {});
                    match line.map_err(|fault| fault.of_entry(RECORD_ENTRY))? {
                        Some(RecordLine::SkippedEntry(skipped)) => {
                            found.push(LicenseListing::of_skipped(skipped))
                        }
                        Some(RecordLine::Broken) => {
                            let line = self.summary.skipped + 2;
                            return Err(ArchiveFault::Corrupt(format!(
                                "line {line} of {RECORD_ENTRY} is broken"
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

/// Looks at one license in the backup.
fn listing(
    archive: &mut ArchiveReader<impl File>,
    entry: &Entry<String>,
) -> Result<LicenseListing, ArchiveFault> {
    let corrupt = |what: &str| ArchiveFault::Corrupt(format!("entry {} {what}", entry.name));
    let path = entry
        .name
        .strip_prefix(LICENSES)
        .ok_or_else(|| corrupt("does not belong in a backup"))?;
    if entry.size > MAX_DOCUMENT_SIZE {
        return Err(corrupt("is larger than a license can be"));
    }
    let identity = license::evaluate(&archive.content(entry)?).identity;
    let listing = LicenseListing::new(path.to_owned(), LicenseStanding::BackedUp);
    Ok(LicenseListing {
        identity,
        size: Some(entry.size),
        ..listing
    })
}

/// Opens the backup's own record.
fn open_record(
    archive: &ArchiveReader<impl File>,
    entry: Option<Entry<String>>,
) -> Result<RecordReader, ArchiveFault> {
    let entry = entry.ok_or_else(|| ArchiveFault::Corrupt(format!("{RECORD_ENTRY} is missing")))?;
    archive.locate(&entry)?;
    RecordReader::open(archive.file(), &entry, |_| {}).map_err(|fault| fault.of_entry(RECORD_ENTRY))
}
