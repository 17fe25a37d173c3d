//! The phase of a backup that reads the files of the store and writes the licenses that may be
//! backed up.
//!
//! The archive has its licenses in byte order of path. The name of the license in a publication is
//! derived from the name of the publication, and so may sort after files that sort after the
//! publication: `a` and `a-b` are followed by `a.lcpl`. Such a license waits for its turn, and is
//! read again then instead of being kept in memory, since it may wait for a million files, and
//! others with it.

use super::destination::Destination;
use crate::archive::{ArchiveWriter, Output};
use crate::budget::{Budget, LICENSE};
use crate::catalogue::{Catalogue, FileId};
use crate::directory::FsError;
use crate::license::Verdict;
use crate::skipped::SkipReporter;
use crate::store::{
    BackupName, Examined, ReadError, StoreReader, examine, malformed, name_in_backup, shadowed,
    too_long,
};
use crate::{
    BackupRestoreStatus, Directory, ErrorCode, Failure, Progress, RestrictedLicense, Stage,
};

/// The phase that copies licenses.
pub(super) struct Copying<D: Directory> {
    reader: StoreReader<D>,
    archive: ArchiveWriter<D::File>,
    /// The number of files in the store. The files after them in the catalogue are the names of
    /// licenses in publications.
    files: FileId,
    /// The next file of the store.
    next: FileId,
    /// The publications whose license waits for its turn. The license of the last one is the next:
    /// each path begins with the path before it, and continues with a suffix that sorts before
    /// `.lcpl`.
    waiting: Vec<FileId>,
}

/// The reason why a file is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The file is the next file of the store.
    Own,
    /// The file is a publication, and its license is the next one of the archive.
    Embedded,
}

impl<D: Directory> Copying<D> {
    pub(super) fn new(store: D, catalogue: Catalogue, output: Output<D::File>) -> Self {
        let files = catalogue.len();
        let archive = ArchiveWriter::new(output, catalogue);
        Self {
            reader: StoreReader::new(store),
            archive,
            files,
            next: 0,
            waiting: Vec::new(),
        }
    }

    /// Copies some licenses. Returns `true` after the last one.
    ///
    /// # Errors
    ///
    /// The failure of the destination, or [`ErrorCode::PathNotFound`] if a file of the store has
    /// disappeared.
    pub(super) fn step(
        &mut self,
        destination: &Destination<D>,
        reporter: &mut SkipReporter<'_>,
    ) -> Result<bool, Failure> {
        reporter.emit(self.progress());
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            budget.spend(LICENSE);
            if let Some(publication) = self.take_due() {
                self.copy(publication, Turn::Embedded, destination, reporter)?;
            } else if self.next < self.files {
                self.next += 1;
                self.copy(self.next - 1, Turn::Own, destination, reporter)?;
            } else {
                return Ok(true);
            }
            budget.spend_bytes(self.reader.take_bytes_read());
        }
        Ok(self.next == self.files && self.waiting.is_empty())
    }

    /// Returns the progress of the phase.
    pub(super) fn progress(&self) -> BackupRestoreStatus {
        let path = if self.next < self.files {
            self.archive.catalogue().file_path(self.next)
        } else {
            String::new()
        };
        BackupRestoreStatus::Progress(Progress {
            stage: Stage::Copying,
            done: self.next as u64,
            total: Some(self.files as u64),
            bytes: self.archive.bytes(),
            path,
        })
    }

    /// Returns the output of the archive, to let it copy an earlier archive.
    pub(super) fn output_mut(&mut self) -> &mut Output<D::File> {
        self.archive.output_mut()
    }

    /// Returns the archive, to which all licenses were added.
    pub(super) fn into_archive(self) -> ArchiveWriter<D::File> {
        self.archive
    }

    /// Takes the publication whose license sorts before the next file of the store, if any.
    fn take_due(&mut self) -> Option<FileId> {
        self.waiting.pop_if(|publication| {
            let catalogue = self.archive.catalogue();
            self.next == self.files
                || name_in_backup(&catalogue.file_path(*publication))
                    < catalogue.file_path(self.next)
        })
    }

    /// Copies the license of one file, or reports why that is not possible.
    fn copy(
        &mut self,
        file: FileId,
        turn: Turn,
        destination: &Destination<D>,
        reporter: &mut SkipReporter<'_>,
    ) -> Result<(), Failure> {
        let catalogue = self.archive.catalogue();
        match self.reader.read(catalogue, file) {
            Ok(content) => {
                let examined = examine(catalogue.file_name(file), content);
                let copied = self.copy_examined(file, turn, examined, reporter);
                copied.map_err(|error| destination.failure("write the backup", error))?;
            }
            // A store that is being removed must not replace an earlier, complete backup.
            Err(ReadError::Io(FsError::NoEntry)) => {
                let path = catalogue.file_path(file);
                let message = format!(
                    "cannot back up {path}: it was removed while the store was being read; no backup was made; \
                     make sure that the store is complete, and back up again"
                );
                return Err(Failure::at(ErrorCode::PathNotFound, path, message));
            }
            Err(ReadError::Io(error)) => reporter.unreadable(catalogue.file_path(file), error),
            Err(ReadError::Unusable(failure)) => reporter.failed(failure),
        }
        Ok(())
    }

    /// Adds a license to the archive if it may be backed up.
    fn copy_examined(
        &mut self,
        file: FileId,
        turn: Turn,
        examined: Examined,
        reporter: &mut SkipReporter<'_>,
    ) -> Result<(), FsError> {
        let path = || self.archive.catalogue().file_path(file);
        match examined.verdict {
            Verdict::Restricted(reason) => {
                reporter.restricted(RestrictedLicense {
                    path: path(),
                    identity: examined.identity,
                    reason,
                });
            }
            Verdict::Malformed(fault) => {
                reporter.failed_license(malformed(path(), &fault), examined.identity);
            }
            Verdict::Allowed if examined.entry.is_some() => {
                return self.copy_embedded(file, turn, examined, reporter);
            }
            // Files that sort after it were written already, so it cannot be added under its own path.
            Verdict::Allowed if turn == Turn::Embedded => {
                let path = path();
                let message = format!(
                    "cannot back up {path}: it changed while the store was being read; back up again"
                );
                reporter.failed(Failure::at(ErrorCode::Changed, path, message));
            }
            Verdict::Allowed => self.archive.add(file, &examined.document)?,
        }
        Ok(())
    }

    /// Adds the license in a publication to the archive if its name there is free and its turn has
    /// come.
    fn copy_embedded(
        &mut self,
        publication: FileId,
        turn: Turn,
        examined: Examined,
        reporter: &mut SkipReporter<'_>,
    ) -> Result<(), FsError> {
        let Examined {
            identity, document, ..
        } = examined;
        let catalogue = self.archive.catalogue();
        let path = catalogue.file_path(publication);
        let name = name_in_backup(&path);
        let is_skipped = |path: &str| reporter.skipped().has_skipped(path);
        match BackupName::look_up(
            &name,
            &document,
            &mut self.reader,
            catalogue,
            self.files,
            is_skipped,
        ) {
            BackupName::Same => {}
            BackupName::Taken => reporter.failed_license(shadowed(path, &name), identity),
            BackupName::TooLong => reporter.failed_license(too_long(path), identity),
            BackupName::Free
                if turn == Turn::Own
                    && self.next < self.files
                    && catalogue.file_path(self.next) < name =>
            {
                self.waiting.push(publication);
            }
            BackupName::Free => {
                let (directory, name) = (
                    catalogue.directory_of(publication),
                    name_in_backup(catalogue.file_name(publication)),
                );
                let license = self.archive.catalogue_mut().add_file(directory, &name);
                self.archive.add(license, &document)?;
            }
        }
        Ok(())
    }
}
