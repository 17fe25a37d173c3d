//! The phase of a backup that reads the files of the store and writes the licenses that may be
//! backed up.
//!
//! The archive has its licenses in byte order of path. The license in a publication is called after
//! the publication, and so may belong after files that come after the publication: `a` and `a-b`
//! are followed by `a.lcpl`. Such a license waits for its turn. It is read again then, since it may
//! have to wait for a million files, and others with it.

use super::destination::Destination;
use crate::archive::{ArchiveWriter, Output};
use crate::catalogue::{Catalogue, FileId};
use crate::directory::FsError;
use crate::license::Verdict;
use crate::skipped::SkippedFiles;
use crate::store::{
    BackupName, Examined, StoreReader, Unread, examine, malformed, name_in_backup, shadowed,
    too_long,
};
use crate::{
    BackupRestoreStatus, Directory, ErrorCode, Failure, Progress, RestrictedLicense, Stage,
};

/// How many licenses one step reads at most.
const LICENSES_PER_STEP: usize = 64;
/// How many bytes one step reads from the store, not counting the last license.
const BYTES_PER_STEP: u64 = 256 << 10;

/// The phase, as far as it has come.
pub(super) struct Copying<D: Directory> {
    reader: StoreReader<D>,
    archive: ArchiveWriter<D::File>,
    /// The number of files in the store. Those after them in the catalogue are the names of licenses
    /// out of publications.
    files: FileId,
    /// The next file of the store.
    next: FileId,
    /// The publications whose license waits for its turn. The one whose turn comes next is the last:
    /// each begins with the path of the one before it, and what follows that sorts before `.lcpl`.
    waiting: Vec<FileId>,
}

/// How a file came to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It is the next file of the store.
    Own,
    /// It is a publication, and its license comes next in the archive.
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

    /// Copies some licenses. Returns `true` after the last one. An error is one of the destination.
    pub(super) fn step(
        &mut self,
        destination: &Destination<D>,
        skipped: &mut SkippedFiles,
    ) -> Result<bool, Failure> {
        let read_before = self.reader.bytes_read();
        skipped.tell(self.progress());
        for _ in 0..LICENSES_PER_STEP {
            if self.reader.bytes_read() - read_before >= BYTES_PER_STEP {
                break;
            }
            if let Some(publication) = self.take_due() {
                self.copy(publication, Turn::Embedded, destination, skipped)?;
            } else if self.next < self.files {
                self.next += 1;
                self.copy(self.next - 1, Turn::Own, destination, skipped)?;
            } else {
                return Ok(true);
            }
        }
        Ok(self.next == self.files && self.waiting.is_empty())
    }

    /// How far the phase has come.
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

    pub(super) fn into_archive(self) -> ArchiveWriter<D::File> {
        self.archive
    }

    /// Takes the publication whose license comes before the next file of the store.
    fn take_due(&mut self) -> Option<FileId> {
        let publication = self.waiting.pop_if(|publication| {
            let catalogue = self.archive.catalogue();
            self.next == self.files
                || name_in_backup(&catalogue.file_path(*publication))
                    < catalogue.file_path(self.next)
        })?;
        Some(publication)
    }

    fn copy(
        &mut self,
        file: FileId,
        turn: Turn,
        destination: &Destination<D>,
        skipped: &mut SkippedFiles,
    ) -> Result<(), Failure> {
        let catalogue = self.archive.catalogue();
        match self.reader.read(catalogue, file) {
            Ok(content) => {
                let examined = examine(catalogue.file_name(file), content);
                let copied = self.copy_examined(file, turn, examined, skipped);
                copied.map_err(|error| destination.failure("writing", error))?;
            }
            // A store that is being taken away must not cost the backup of it that was made before.
            Err(Unread::Refused(FsError::NoEntry)) => {
                let path = catalogue.file_path(file);
                let message = format!(
                    "{path} was in the store and is gone; no backup was made: see that the store is whole and that \
                     nothing removes licenses, and back up again"
                );
                return Err(Failure::at(ErrorCode::PathNotFound, path, message));
            }
            Err(Unread::Refused(error)) => skipped.unreadable(catalogue.file_path(file), error),
            Err(Unread::Incompatible(failure)) => skipped.failed(failure),
        }
        Ok(())
    }

    /// Puts a license into the archive if it may be backed up.
    fn copy_examined(
        &mut self,
        file: FileId,
        turn: Turn,
        examined: Examined,
        skipped: &mut SkippedFiles,
    ) -> Result<(), FsError> {
        let path = || self.archive.catalogue().file_path(file);
        match examined.verdict {
            Verdict::Restricted(reason) => {
                skipped.restricted(RestrictedLicense {
                    path: path(),
                    identity: examined.identity,
                    reason,
                });
            }
            Verdict::Malformed(fault) => {
                skipped.broken(malformed(path(), &fault), examined.identity)
            }
            Verdict::Allowed if examined.entry.is_some() => {
                return self.copy_embedded(file, turn, examined, skipped);
            }
            // Files that come after it are written already, so that it cannot be added under its own path.
            Verdict::Allowed if turn == Turn::Embedded => {
                let path = path();
                let message =
                    format!("{path} was changed while the store was being read: back up again");
                skipped.failed(Failure::at(ErrorCode::Changed, path, message));
            }
            Verdict::Allowed => self.archive.add(file, &examined.document)?,
        }
        Ok(())
    }

    /// Puts the license in a publication into the archive, if its name there is free and its turn
    /// has come.
    fn copy_embedded(
        &mut self,
        publication: FileId,
        turn: Turn,
        examined: Examined,
        skipped: &mut SkippedFiles,
    ) -> Result<(), FsError> {
        let Examined {
            identity, document, ..
        } = examined;
        let catalogue = self.archive.catalogue();
        let path = catalogue.file_path(publication);
        let name = name_in_backup(&path);
        let is_skipped = |path: &str| skipped.has_skipped(path);
        match BackupName::look_up(
            &name,
            &document,
            &mut self.reader,
            catalogue,
            self.files,
            is_skipped,
        ) {
            BackupName::Same => {}
            BackupName::Taken => skipped.broken(shadowed(path, &name), identity),
            BackupName::TooLong => skipped.broken(too_long(path), identity),
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
