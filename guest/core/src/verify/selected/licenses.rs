//! The first phase: finds the licenses that a filter includes in the central directory, and checks
//! each of them.

use crate::archive::{
    ArchiveError, ArchiveIndex, ArchiveReader, CentralDirectory, Entry, ForwardReader,
    StoredLicense, check_format,
};
use crate::budget::{Budget, LICENSE};
use crate::catalogue::Catalogue;
use crate::crc32::crc32;
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, MANIFEST_ENTRY};
use crate::filter::Filter;
use crate::license::{self, MAX_DOCUMENT_SIZE};
use crate::verify::entry_order::{self, EntryKind, LicenseOrder};
use crate::verify::findings::Reporter;
use crate::verify::licenses::check_document;
use crate::zip::CENTRAL_HEADER_LENGTH;
use crate::{BackupRestoreStatus, File, Progress, Stage};

/// The number of entries that are no licenses.
const OTHER_ENTRIES: u64 = 2;

/// The licenses that a filter includes, as far as the central directory was read.
pub(super) struct LicenseSelection {
    /// The order of all licenses, so that none has two entries.
    order: LicenseOrder,
    /// The number of licenses read, whether included or not.
    done: u64,
    checksums: Option<Entry<String>>,
    manifest: Option<Entry<String>>,
    contents: ForwardReader,
    selection: Selection,
    /// The offset at which the previous included license ends.
    end: u64,
}

/// Licenses of a backup, and the offset of the local header of each.
pub(super) struct Selection {
    pub(super) index: ArchiveIndex,
    pub(super) offsets: Vec<u64>,
}

/// The result of a step.
pub(super) enum Step {
    /// There are headers left.
    Next,
    /// Because of a finding, the rest cannot be read.
    Aborted,
    /// All headers were read.
    Finished,
}

/// The next entry of the central directory.
enum Next {
    /// A license that is included by its path, or perhaps by its IDs.
    Candidate {
        entry: Entry<String>,
        is_included: bool,
    },
    /// An entry whose content is not needed.
    Other,
    /// An entry that a backup cannot have there.
    Invalid,
    /// The end of the central directory.
    End,
}

impl LicenseSelection {
    pub(super) fn new() -> Self {
        Self {
            order: LicenseOrder::default(),
            done: 0,
            checksums: None,
            manifest: None,
            contents: ForwardReader::new(0),
            selection: Selection {
                index: ArchiveIndex::new(Catalogue::new()),
                offsets: Vec::new(),
            },
            end: 0,
        }
    }

    /// Reads some headers, and checks the licenses among them that the filter includes.
    pub(super) fn step<F: File>(
        &mut self,
        reader: &mut ArchiveReader<F>,
        filter: &Filter,
        reporter: &mut Reporter<'_>,
    ) -> Result<Step, FsError> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            match self.next(reader, filter, &mut budget, reporter) {
                Ok(Next::Candidate { entry, is_included }) => {
                    budget.spend(LICENSE);
                    budget.spend_bytes(usize::try_from(entry.size).unwrap_or(usize::MAX));
                    if let Err(error) = self.check(&entry, is_included, reader, filter, reporter) {
                        reporter.report_entry_error(&entry.name, error)?;
                    }
                }
                Ok(Next::Other) => {}
                Ok(Next::Invalid) => return Ok(Step::Aborted),
                Ok(Next::End) => return Ok(Step::Finished),
                Err(error) => {
                    reporter.report_archive_error(error)?;
                    return Ok(Step::Aborted);
                }
            }
        }
        Ok(Step::Next)
    }

    /// Returns the progress in a central directory.
    pub(super) fn progress(&self, directory: CentralDirectory) -> BackupRestoreStatus {
        let path = if self.checksums.is_none() {
            self.order.previous().to_owned()
        } else {
            String::new()
        };
        BackupRestoreStatus::Progress(Progress {
            stage: Stage::Verifying,
            done: self.done,
            total: Some(directory.entries.saturating_sub(OTHER_ENTRIES)),
            bytes: self.selection.index.bytes(),
            path,
        })
    }

    /// Returns the licenses and the entry of the checksums, or `None` if that or the manifest is
    /// missing.
    pub(super) fn into_layout<F: File>(
        self,
        reader: &ArchiveReader<F>,
        reporter: &mut Reporter<'_>,
    ) -> Result<Option<(Selection, Entry<String>)>, FsError> {
        let Some(checksums) = self.checksums else {
            reporter.report(CHECKSUMS_ENTRY, format!("{CHECKSUMS_ENTRY} is missing"));
            return Ok(None);
        };
        let Some(manifest) = self.manifest else {
            reporter.report(MANIFEST_ENTRY, format!("{MANIFEST_ENTRY} is missing"));
            return Ok(None);
        };
        // The meaning of another format is unknown. Other faults of the manifest do not matter.
        if reader.check_bounds(&manifest).is_ok()
            && let Err(error) = check_format(reader.file(), &manifest)
        {
            reporter.report_entry_error(MANIFEST_ENTRY, error)?;
        }
        if checksums.offset < self.end {
            reporter.report_entry(CHECKSUMS_ENTRY, "it starts within a license");
        }
        if let Err(error) = reader.check_bounds(&checksums) {
            reporter.report_archive_error(error)?;
        }
        Ok(Some((self.selection, checksums)))
    }

    /// Reads the next header of the central directory.
    fn next<F: File>(
        &mut self,
        reader: &mut ArchiveReader<F>,
        filter: &Filter,
        budget: &mut Budget,
        reporter: &mut Reporter<'_>,
    ) -> Result<Next, ArchiveError> {
        let Some(entry) = reader.next_header()? else {
            return Ok(Next::End);
        };
        let name = entry.name;
        budget.spend_bytes(CENTRAL_HEADER_LENGTH + name.len());
        let placed = entry_order::kind_of(name, self.checksums.is_some(), self.manifest.is_some())
            .and_then(|kind| match kind {
                EntryKind::License => {
                    let path = entry_order::path_of(name)?;
                    self.order.add(path).map(|()| Some(path))
                }
                EntryKind::Checksums => {
                    self.checksums = Some(entry.to_owned());
                    Ok(None)
                }
                EntryKind::Manifest => {
                    self.manifest = Some(entry.to_owned());
                    Ok(None)
                }
            });
        match placed {
            Ok(Some(path)) => {
                self.done += 1;
                let is_included = filter.includes_path(path);
                if is_included || filter.has_ids() {
                    let entry = entry.to_owned();
                    return Ok(Next::Candidate { entry, is_included });
                }
                Ok(Next::Other)
            }
            Ok(None) => Ok(Next::Other),
            Err(cause) => {
                reporter.report_entry(name, &cause);
                Ok(Next::Invalid)
            }
        }
    }

    /// Checks a license that is included by its path or by its IDs, and adds it.
    fn check<F: File>(
        &mut self,
        entry: &Entry<String>,
        mut is_included: bool,
        reader: &ArchiveReader<F>,
        filter: &Filter,
        reporter: &mut Reporter<'_>,
    ) -> Result<(), ArchiveError> {
        let corrupt = ArchiveError::Corrupt;
        let mut warn = |cause: &str| {
            let message = format!("{cause}; whether its IDs match is unknown");
            reporter.warn_entry(&entry.name, &message);
        };
        let (has_header, document) = match read(&mut self.contents, reader, entry) {
            Err(ArchiveError::Corrupt(cause)) if !is_included => {
                warn(&cause);
                return Ok(());
            }
            read => read?,
        };
        let evaluation = license::evaluate(document);
        is_included |= filter.includes_ids(&evaluation.identity);
        if !is_included {
            if crc32(document) != entry.crc32 {
                warn("the content does not match the CRC-32 of its header");
            }
            return Ok(());
        }
        let path = entry_order::path_of(&entry.name).map_err(corrupt)?;
        let size = entry_order::check_license(path, entry.size).map_err(corrupt)?;
        if entry.offset < self.end {
            let cause = "it starts before the end of another license";
            return Err(corrupt(cause.to_owned()));
        }
        if !has_header {
            return Err(ArchiveError::local_header_mismatch());
        }
        check_document(document, entry.crc32, || evaluation.verdict)?;
        self.end = entry.end().unwrap_or(u64::MAX);
        let Selection { index, offsets } = &mut self.selection;
        let file = index.catalogue_mut().add_path(path);
        index.add(StoredLicense {
            file,
            size,
            crc32: entry.crc32,
            hash: *blake3::hash(document).as_bytes(),
        });
        offsets.push(entry.offset);
        Ok(())
    }
}

/// Reads a license. Returns whether its local header matches the central directory, and the
/// document.
fn read<'a, F: File>(
    contents: &'a mut ForwardReader,
    reader: &ArchiveReader<F>,
    entry: &Entry<String>,
) -> Result<(bool, &'a [u8]), ArchiveError> {
    reader.check_bounds(entry)?;
    let size = usize::try_from(entry.size)
        .ok()
        .filter(|_| entry.size <= MAX_DOCUMENT_SIZE);
    let size = size.ok_or_else(|| {
        ArchiveError::Corrupt("the content is larger than a license can be".to_owned())
    })?;
    let mut expected = Vec::new();
    entry.write_local_header(&mut expected);
    contents.seek_forward(entry.offset);
    let has_header = contents.read(reader.file(), expected.len())? == expected;
    Ok((has_header, contents.read(reader.file(), size)?))
}
