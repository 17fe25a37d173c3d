//! The parts of an inspection, one after the other, from the central directory to the end of the file.
//!
//! When the central directory is sound, it says that the entries lie one after the other from the start of the file up to
//! itself, and it is, byte for byte, what the writer makes of them. So the file is read once, forward, up to there.

use std::ops::ControlFlow::{self, Break, Continue};

use super::VerifySummary;
use super::faults::Faults;
use super::licenses::Licenses;
use super::record::Record;
use super::structure::{Layout, Structure};
use super::sums::Sums;
use crate::archive::{ArchiveReader, CentralDirectory, Contents, backup_file};
use crate::directory::FsError;
use crate::entry_names::{RECORD_ENTRY, SUMS_ENTRY};
use crate::{BackupRestoreStatus, Directory, Failure, File};

/// How many headers one step of the last part makes at most.
const HEADERS_PER_STEP: usize = 1024;
/// How many bytes of headers one step makes, give or take the last one.
const BYTES_PER_STEP: usize = 256 << 10;

/// An inspection that goes on step by step.
pub(crate) struct Inspection<F> {
    reader: ArchiveReader<F>,
    /// The backup directory as its caller knows it.
    path: String,
    faults: Faults,
    whole: blake3::Hasher,
    phase: Phase,
}

/// A backup that was read to its end, and has no fault.
pub(crate) struct Verified<F> {
    pub(crate) file: F,
    pub(crate) contents: Contents,
    pub(crate) hash: blake3::Hash,
    size: u64,
    skipped: u64,
    program: String,
}

/// What an inspection does next.
enum Phase {
    /// Reading the central directory. If that is not sound, nothing can be said of the rest.
    Structure(Structure),
    /// Reading the licenses.
    Licenses(Licenses, Layout),
    /// Reading the sums.
    Sums(Sums, Layout),
    /// Reading the record.
    Record(Record, Layout),
    /// Taking the central directory into the hash of the whole.
    End(End),
}

/// Where a step has led to.
enum Step {
    Next(Phase),
    /// What follows cannot be read for the faults that were told.
    Broken,
    /// Everything was read.
    Read(End),
}

/// What is left when all entries were read.
struct End {
    record: Record,
    layout: Layout,
    /// The next license in the central directory, and where it starts.
    next: usize,
    offset: u64,
}

impl<F: File> Inspection<F> {
    /// Begins an inspection of the backup in `directory`, which the caller knows as `path`.
    pub(crate) fn open<D: Directory<File = F>>(directory: &D, path: &str) -> Result<Self, Failure> {
        let file = backup_file::open(directory, path)?;
        let reader =
            ArchiveReader::open(file).map_err(|fault| backup_file::failure(path, &fault))?;
        let phase = Phase::Structure(Structure::new());
        Ok(Self {
            reader,
            path: path.to_owned(),
            faults: Faults::default(),
            whole: blake3::Hasher::new(),
            phase,
        })
    }

    /// Does a bounded piece of work and appends what there is to tell. Gives the inspection to go on with, or what was
    /// verified: nothing is, unless every byte was read and is as it should be.
    pub(crate) fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<Verified<F>, Failure>, Self> {
        let Self {
            mut reader,
            path,
            mut faults,
            mut whole,
            phase,
        } = self;
        let advanced = phase.advance(&mut reader, &mut faults, &mut whole, events);
        faults.take_events(events);
        match advanced {
            Ok(Step::Next(phase)) => Continue(Self {
                reader,
                path,
                faults,
                whole,
                phase,
            }),
            Ok(Step::Read(end)) if faults.is_empty() => Break(Ok(end.verified(reader, &whole))),
            Ok(Step::Read(_) | Step::Broken) => Break(Err(faults.failure(&path))),
            Err(error) => Break(Err(backup_file::refused(&path, error))),
        }
    }
}

impl Phase {
    fn advance<F: File>(
        self,
        reader: &mut ArchiveReader<F>,
        faults: &mut Faults,
        whole: &mut blake3::Hasher,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<Step, FsError> {
        Ok(Step::Next(match self {
            Self::Structure(mut structure) => {
                if structure.step(reader, faults)? {
                    return Ok(
                        match structure.layout(faults).filter(|_| faults.is_empty()) {
                            Some(layout) => Step::Next(Self::Licenses(Licenses::new(), layout)),
                            None => Step::Broken,
                        },
                    );
                }
                Self::Structure(structure)
            }
            Self::Licenses(mut licenses, mut layout) => {
                events.push(licenses.progress(&layout.contents));
                if licenses.step(reader.file(), &mut layout.contents, whole, faults)? {
                    events.push(licenses.progress(&layout.contents));
                    return Self::open_sums(reader, layout, faults, whole);
                }
                Self::Licenses(licenses, layout)
            }
            Self::Sums(mut sums, layout) => {
                if sums.step(reader.file(), &layout.contents, whole, faults)? {
                    return Self::open_record(reader, layout, faults, whole);
                }
                Self::Sums(sums, layout)
            }
            Self::Record(mut record, layout) => {
                if record.step(reader.file(), &layout.contents, whole, faults)? {
                    return Ok(Step::Next(Self::End(End {
                        record,
                        layout,
                        next: 0,
                        offset: 0,
                    })));
                }
                Self::Record(record, layout)
            }
            Self::End(mut end) => {
                if end.step(reader.directory(), whole) {
                    return Ok(Step::Read(end));
                }
                Self::End(end)
            }
        }))
    }

    fn open_sums<F: File>(
        reader: &ArchiveReader<F>,
        layout: Layout,
        faults: &mut Faults,
        whole: &mut blake3::Hasher,
    ) -> Result<Step, FsError> {
        match Sums::open(reader.file(), &layout.sums, whole) {
            Ok(sums) => Ok(Step::Next(Self::Sums(sums, layout))),
            Err(fault) => {
                faults.tell_of_entry(SUMS_ENTRY, fault)?;
                Self::open_record(reader, layout, faults, whole)
            }
        }
    }

    fn open_record<F: File>(
        reader: &ArchiveReader<F>,
        layout: Layout,
        faults: &mut Faults,
        whole: &mut blake3::Hasher,
    ) -> Result<Step, FsError> {
        match Record::open(reader.file(), &layout.record, whole) {
            Ok(record) => Ok(Step::Next(Self::Record(record, layout))),
            Err(fault) => faults
                .tell_of_entry(RECORD_ENTRY, fault)
                .map(|()| Step::Broken),
        }
    }
}

impl End {
    /// Goes on for some headers. Gives whether the file is at its end.
    fn step(&mut self, directory: CentralDirectory, whole: &mut blake3::Hasher) -> bool {
        let Layout {
            contents,
            sums,
            record,
        } = &self.layout;
        let last = contents.len().min(self.next + HEADERS_PER_STEP);
        let mut bytes = Vec::new();
        while self.next < last && bytes.len() < BYTES_PER_STEP {
            let entry = contents.entry(self.next, self.offset);
            entry.write_central_header(&mut bytes);
            self.offset += entry.local_header_length() + entry.size;
            self.next += 1;
        }
        let is_last = self.next == contents.len();
        if is_last {
            sums.write_central_header(&mut bytes);
            record.write_central_header(&mut bytes);
            directory.write_end(&mut bytes);
        }
        whole.update(&bytes);
        is_last
    }

    fn verified<F: File>(self, reader: ArchiveReader<F>, whole: &blake3::Hasher) -> Verified<F> {
        let Self {
            record,
            layout: Layout { contents, .. },
            ..
        } = self;
        let (skipped, program) = (record.skipped(), record.program().to_owned());
        let (size, hash) = (whole.count(), whole.finalize());
        Verified {
            file: reader.into_file(),
            contents,
            hash,
            size,
            skipped,
            program,
        }
    }
}

impl<F> Verified<F> {
    pub(super) fn summary(&self) -> VerifySummary {
        let (licenses, bytes) = (self.contents.len() as u64, self.contents.bytes());
        let (blake3, program) = (self.hash.to_hex().to_string(), self.program.clone());
        VerifySummary {
            licenses,
            bytes,
            skipped: self.skipped,
            size: self.size,
            blake3,
            program,
        }
    }
}
