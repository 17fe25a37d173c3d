//! The phases of a verification, one after the other, from the central directory to the
//! end of the file.
//!
//! A valid central directory proves that the entries follow one another from the start of
//! the file to the central directory, and is, byte for byte, what the writer derives from
//! them. So the entries are read once, in one forward pass, and the central directory is
//! hashed as the writer would write it.

use std::ops::ControlFlow::{self, Break, Continue};

use super::central_directory::{CentralDirectoryCheck, Layout};
use super::checksums::ChecksumCheck;
use super::file_hasher::FileHasher;
use super::findings::{Findings, Reporter};
use super::licenses::LicenseCheck;
use super::manifest::ManifestCheck;
use crate::archive::backup_file::{self, BackupLocation};
use crate::archive::{ArchiveIndex, ArchiveReader, CentralDirectory};
use crate::budget::{Budget, LINE};
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, MANIFEST_ENTRY};
use crate::{BackupRestoreStatus, Directory, Failure, File};

/// A verification that proceeds step by step.
pub(crate) struct Verifier<F> {
    reader: ArchiveReader<F>,
    location: BackupLocation,
    findings: Findings,
    /// The hasher of the whole backup file.
    hasher: FileHasher,
    phase: Phase,
}

/// A backup that was read to its end, without findings.
pub(crate) struct Verified<F> {
    pub(crate) file: F,
    pub(crate) location: BackupLocation,
    pub(crate) index: ArchiveIndex,
    /// The BLAKE3 of the backup file.
    pub(super) hash: blake3::Hash,
    /// The size of the backup file in bytes.
    pub(super) size: u64,
    /// The number of skipped files.
    pub(super) skipped: u64,
    /// The program that wrote the backup.
    pub(super) program: String,
}

/// The current phase of a verification.
enum Phase {
    /// Checking the central directory. If it is invalid, the entries cannot be checked.
    CentralDirectory(CentralDirectoryCheck),
    /// Checking the licenses.
    Licenses(LicenseCheck, Layout),
    /// Checking the checksums.
    Checksums(ChecksumCheck, Layout),
    /// Checking the manifest.
    Manifest(ManifestCheck, Layout),
    /// Hashing the central directory.
    Tail(Tail),
}

/// The result of a step.
enum Step {
    /// The verification continues with this phase.
    Next(Phase),
    /// The verification ends early: because of a finding, it cannot read the rest.
    Aborted,
    /// Everything was read.
    Finished(Tail),
}

/// The part of the file after the entries, which is hashed as the writer would write it.
struct Tail {
    manifest: ManifestCheck,
    layout: Layout,
    /// The number of the next license in the central directory.
    next: usize,
    /// The offset of its local header.
    offset: u64,
}

impl<F: File> Verifier<F> {
    /// Opens the backup of this name in `directory`, which the caller knows as `path`; without a
    /// name, the newest one.
    pub(crate) fn open<D: Directory<File = F>>(
        directory: &D,
        path: &str,
        name: Option<&str>,
    ) -> Result<Self, Failure> {
        let (file, location) = backup_file::open(directory, path, name)?;
        let reader = ArchiveReader::open(file).map_err(|error| location.failure(&error))?;
        Ok(Self::new(reader, location))
    }

    /// Starts the verification of an open backup.
    pub(super) fn new(reader: ArchiveReader<F>, location: BackupLocation) -> Self {
        Self {
            reader,
            findings: Findings::new(&location),
            location,
            hasher: FileHasher::default(),
            phase: Phase::CentralDirectory(CentralDirectoryCheck::new()),
        }
    }

    /// Does a bounded amount of work and appends its events. Returns the verifier for the
    /// next step, or the verified backup if every byte was read and nothing was found.
    pub(crate) fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<Verified<F>, Failure>, Self> {
        let Self {
            mut reader,
            location,
            mut findings,
            mut hasher,
            phase,
        } = self;
        match phase.advance(&mut reader, &mut hasher, &mut findings.reporter(events)) {
            Ok(Step::Next(phase)) => Continue(Self {
                reader,
                location,
                findings,
                hasher,
                phase,
            }),
            Ok(Step::Finished(tail)) if findings.is_empty() => {
                Break(Ok(tail.verified(reader, location, hasher)))
            }
            Ok(Step::Finished(_) | Step::Aborted) => Break(Err(findings.failure(&location))),
            Err(error) => Break(Err(location.unreadable(error))),
        }
    }
}

impl Phase {
    fn advance<F: File>(
        self,
        reader: &mut ArchiveReader<F>,
        hasher: &mut FileHasher,
        reporter: &mut Reporter<'_>,
    ) -> Result<Step, FsError> {
        Ok(Step::Next(match self {
            Self::CentralDirectory(mut check) => {
                if check.step(reader, reporter)? {
                    let layout = check.into_layout(reporter);
                    return Ok(match layout.filter(|_| !reporter.has_findings()) {
                        Some(layout) => Step::Next(Self::Licenses(LicenseCheck::new(), layout)),
                        None => Step::Aborted,
                    });
                }
                Self::CentralDirectory(check)
            }
            Self::Licenses(mut check, mut layout) => {
                reporter.emit(check.progress(&layout.index));
                if check.step(reader.file(), &mut layout.index, hasher, reporter)? {
                    reporter.emit(check.progress(&layout.index));
                    return Self::open_checksums(reader, layout, hasher, reporter);
                }
                Self::Licenses(check, layout)
            }
            Self::Checksums(mut check, layout) => {
                if check.step(reader.file(), &layout.index, hasher, reporter)? {
                    return Self::open_manifest(reader, layout, hasher, reporter);
                }
                Self::Checksums(check, layout)
            }
            Self::Manifest(mut check, layout) => {
                if check.step(reader.file(), &layout.index, hasher, reporter)? {
                    return Ok(Step::Next(Self::Tail(Tail {
                        manifest: check,
                        layout,
                        next: 0,
                        offset: 0,
                    })));
                }
                Self::Manifest(check, layout)
            }
            Self::Tail(mut tail) => {
                if tail.step(reader.directory(), hasher) {
                    return Ok(Step::Finished(tail));
                }
                Self::Tail(tail)
            }
        }))
    }

    fn open_checksums<F: File>(
        reader: &ArchiveReader<F>,
        layout: Layout,
        hasher: &mut FileHasher,
        reporter: &mut Reporter<'_>,
    ) -> Result<Step, FsError> {
        match ChecksumCheck::open(reader.file(), &layout.checksums, hasher) {
            Ok(check) => Ok(Step::Next(Self::Checksums(check, layout))),
            Err(error) => {
                reporter.report_entry_error(CHECKSUMS_ENTRY, error)?;
                Self::open_manifest(reader, layout, hasher, reporter)
            }
        }
    }

    fn open_manifest<F: File>(
        reader: &ArchiveReader<F>,
        layout: Layout,
        hasher: &mut FileHasher,
        reporter: &mut Reporter<'_>,
    ) -> Result<Step, FsError> {
        match ManifestCheck::open(reader.file(), &layout.manifest, hasher) {
            Ok(check) => Ok(Step::Next(Self::Manifest(check, layout))),
            Err(error) => reporter
                .report_entry_error(MANIFEST_ENTRY, error)
                .map(|()| Step::Aborted),
        }
    }
}

impl Tail {
    /// Hashes some headers, and returns `true` if the hasher is at the end of the file.
    fn step(&mut self, directory: CentralDirectory, hasher: &mut FileHasher) -> bool {
        let Layout {
            index,
            checksums,
            manifest,
        } = &self.layout;
        let mut budget = Budget::of_a_step();
        let mut header = Vec::new();
        while self.next < index.len() && budget.is_left() {
            let entry = index.entry(self.next, self.offset);
            header.clear();
            entry.write_central_header(&mut header);
            hasher.update(&header);
            self.offset += entry.local_header_length() + entry.size;
            self.next += 1;
            budget.spend(LINE);
            budget.spend_bytes(header.len());
        }
        let is_last = self.next == index.len();
        if is_last {
            header.clear();
            checksums.write_central_header(&mut header);
            manifest.write_central_header(&mut header);
            directory.write_end(&mut header);
            hasher.update(&header);
        }
        is_last
    }

    fn verified<F: File>(
        self,
        reader: ArchiveReader<F>,
        location: BackupLocation,
        hasher: FileHasher,
    ) -> Verified<F> {
        let (hash, size) = hasher.finish();
        Verified {
            file: reader.into_file(),
            location,
            index: self.layout.index,
            hash,
            size,
            skipped: self.manifest.skipped(),
            program: self.manifest.program().to_owned(),
        }
    }
}
