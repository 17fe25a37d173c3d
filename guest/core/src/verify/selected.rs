//! The verification of a part of a backup: the licenses that a filter includes.
//!
//! It proves of each of these licenses what the verification of a whole backup proves: the path is
//! valid, both headers, the CRC-32 and the BLAKE3 in `B3SUMS` match, and the license permits backups.
//! Apart from them, only the headers of the central directory, with the order of their names, the
//! CRC-32 of `B3SUMS`, and the version of the format are checked. So undamaged licenses can be
//! restored although other licenses or the manifest are damaged.
//!
//! If the filter has IDs, the contents of all licenses are read, since IDs are nowhere else. A damaged
//! content whose IDs do not match is reported, since its IDs may be damaged.

mod checksums;
mod licenses;

use std::ops::ControlFlow::{self, Break, Continue};

use checksums::SelectedChecksums;
use licenses::{LicenseSelection, Selection, Step};

use super::findings::{Findings, Reporter};
use crate::archive::backup_file::{self, BackupLocation};
use crate::archive::{ArchiveIndex, ArchiveReader};
use crate::directory::FsError;
use crate::entry_names::CHECKSUMS_ENTRY;
use crate::filter::Filter;
use crate::{BackupRestoreStatus, Directory, Failure, File};

/// A verification of the licenses that a filter includes, which proceeds step by step.
pub(crate) struct SelectedVerifier<F> {
    reader: ArchiveReader<F>,
    location: BackupLocation,
    findings: Findings,
    filter: Filter,
    phase: Phase,
}

/// The licenses that a filter includes, of which everything was verified.
pub(crate) struct Selected<F> {
    pub(crate) file: F,
    pub(crate) location: BackupLocation,
    /// These licenses alone. There is at least one.
    pub(crate) index: ArchiveIndex,
    /// The offset of the local header of each license.
    pub(crate) offsets: Vec<u64>,
}

/// The current phase of a verification.
enum Phase {
    /// Reading the central directory, and checking each license that is included.
    Licenses(LicenseSelection),
    /// Comparing these licenses with the checksums.
    Checksums(SelectedChecksums, Selection),
}

/// The result of a phase's step.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Advanced {
    /// The verification continues with this phase.
    Next(Phase),
    /// The verification ends early because of a finding.
    Aborted,
    /// Everything was read.
    Finished(Selection),
}

impl<F: File> SelectedVerifier<F> {
    /// Opens the backup of this name in `directory`, which the caller knows as `path`; without a
    /// name, the newest one.
    pub(crate) fn open<D: Directory<File = F>>(
        directory: &D,
        path: &str,
        name: Option<&str>,
        filter: Filter,
    ) -> Result<Self, Failure> {
        let (file, location) = backup_file::open(directory, path, name)?;
        let reader = ArchiveReader::open(file).map_err(|error| location.failure(&error))?;
        Ok(Self {
            reader,
            findings: Findings::new(&location),
            location,
            filter,
            phase: Phase::Licenses(LicenseSelection::new()),
        })
    }

    /// Does a bounded amount of work and appends its events. Returns the verifier for the next
    /// step, or the licenses if nothing was found.
    pub(crate) fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<Selected<F>, Failure>, Self> {
        let Self {
            mut reader,
            location,
            mut findings,
            filter,
            phase,
        } = self;
        match phase.advance(&mut reader, &filter, &mut findings.reporter(events)) {
            Ok(Advanced::Next(phase)) => Continue(Self {
                reader,
                location,
                findings,
                filter,
                phase,
            }),
            Ok(Advanced::Finished(selection)) if findings.is_empty() => {
                if selection.index.len() == 0 {
                    return Break(Err(location.nothing_matches("license")));
                }
                Break(Ok(Selected {
                    file: reader.into_file(),
                    location,
                    index: selection.index,
                    offsets: selection.offsets,
                }))
            }
            Ok(Advanced::Finished(_) | Advanced::Aborted) => {
                Break(Err(findings.failure(&location)))
            }
            Err(error) => Break(Err(location.unreadable(error))),
        }
    }
}

impl Phase {
    fn advance<F: File>(
        self,
        reader: &mut ArchiveReader<F>,
        filter: &Filter,
        reporter: &mut Reporter<'_>,
    ) -> Result<Advanced, FsError> {
        match self {
            Self::Licenses(mut licenses) => {
                reporter.emit(licenses.progress(reader.directory()));
                match licenses.step(reader, filter, reporter)? {
                    Step::Next => Ok(Advanced::Next(Self::Licenses(licenses))),
                    Step::Aborted => Ok(Advanced::Aborted),
                    Step::Finished => {
                        reporter.emit(licenses.progress(reader.directory()));
                        Self::open_checksums(licenses, reader, reporter)
                    }
                }
            }
            Self::Checksums(mut checksums, selection) => {
                if checksums.step(reader.file(), &selection.index, reporter)? {
                    Ok(Advanced::Finished(selection))
                } else {
                    Ok(Advanced::Next(Self::Checksums(checksums, selection)))
                }
            }
        }
    }

    fn open_checksums<F: File>(
        licenses: LicenseSelection,
        reader: &ArchiveReader<F>,
        reporter: &mut Reporter<'_>,
    ) -> Result<Advanced, FsError> {
        let layout = licenses.into_layout(reader, reporter)?;
        let Some((selection, checksums)) = layout.filter(|_| !reporter.has_findings()) else {
            return Ok(Advanced::Aborted);
        };
        if selection.index.len() == 0 {
            return Ok(Advanced::Finished(selection));
        }
        match SelectedChecksums::open(reader.file(), &checksums, &selection.index) {
            Ok(checksums) => Ok(Advanced::Next(Self::Checksums(checksums, selection))),
            Err(error) => {
                reporter.report_entry_error(CHECKSUMS_ENTRY, error)?;
                Ok(Advanced::Aborted)
            }
        }
    }
}
