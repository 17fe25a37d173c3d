//! The backup operation, as a state machine.

mod destination;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use destination::Destination;

use crate::archive::{ArchiveFinisher, ArchiveWriter, FORMAT_VERSION, Output, PROGRAM, RecordHead};
use crate::directory::FsError;
use crate::ledger::Ledger;
use crate::license::{self, Appraisal, Verdict};
use crate::store::{FileId, StoreReader, Unread, Walk};
use crate::temporary::Temporary;
use crate::{Directory, ErrorCode, Failure, File, Operation, Progress, Restricted, Stage, Status};

/// How many licenses one step reads at most.
const LICENSES_PER_STEP: usize = 64;
/// How many bytes one step reads from the store, give or take the last license.
const BYTES_PER_STEP: u64 = 256 << 10;

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// The number of license documents in the backup.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of files left out because they may not be backed up, or are no license.
    pub restricted: u64,
    /// The number of files or names that could not be read.
    pub errors: u64,
    /// The size of the backup file in bytes.
    pub size: u64,
}

/// A backup that goes on step by step.
pub struct Backup<D: Directory> {
    destination: Destination<D>,
    temporary: Temporary<D::File>,
    ledger: Ledger,
    phase: Phase<D>,
}

/// What a backup does next.
enum Phase<D: Directory> {
    /// Listing the store itself, which is one call however large it is, and so not a matter of the start.
    List { store: D, file: Rc<D::File> },
    /// Finding out what is in the store.
    Walk { walk: Walk<D>, file: Rc<D::File> },
    /// Reading licenses and writing those that may be backed up.
    Copy { reader: StoreReader<D>, archive: ArchiveWriter<D::File>, next: FileId },
    /// Writing what follows the licenses.
    Finish { archive: ArchiveFinisher<D::File>, summary: BackupSummary },
    /// Making the temporary file durable.
    Sync { output: Output<D::File>, summary: BackupSummary },
    /// Making it the backup. This is a step of its own, so that a cancellation is heard right before it.
    Commit { summary: BackupSummary },
}

impl<D: Directory> Backup<D> {
    /// Begins a backup of `store` into `directory`, which the caller knows as `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BackupExists`] if there is a backup and `overwrite` is false; [`ErrorCode::InvalidArgument`] if the
    /// directory is the store; otherwise what keeps the directory from being written to.
    pub fn start(store: D, directory: D, path: &str, overwrite: bool) -> Result<Self, Failure> {
        if store.is_same_object(&directory) {
            let message = format!("{path} is the license store itself: back up into another directory");
            return Err(Failure::at(ErrorCode::InvalidArgument, path, message));
        }
        let destination = Destination::new(directory, path.to_owned(), overwrite)?;
        let temporary = destination.create_temporary()?;
        let file = Rc::clone(&temporary.file);
        Ok(Self { destination, temporary, ledger: Ledger::default(), phase: Phase::List { store, file } })
    }
}

impl<D: Directory> Operation for Backup<D> {
    type Event = Status;
    type Summary = BackupSummary;

    /// The last step does nothing but the commit. A failure before it leaves the directory as it was.
    fn step(self, events: &mut Vec<Status>) -> ControlFlow<Result<BackupSummary, Failure>, Self> {
        let Self { destination, temporary, mut ledger, phase } = self;
        let advanced = match phase {
            Phase::Commit { summary } => return Break(destination.commit(&temporary).map(|()| summary)),
            phase => phase.advance(&destination, &mut ledger),
        };
        ledger.take_events(events);
        match advanced {
            Ok(phase) => Continue(Self { destination, temporary, ledger, phase }),
            Err(failure) => Break(Err(destination.discard(&temporary, failure))),
        }
    }

    /// Ends the backup without a commit.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        let message = "the backup was cancelled, and what was in the directory is as it was: no backup was made";
        Break(self.destination.discard(&self.temporary, Failure::new(ErrorCode::Cancelled, message)))
    }
}

impl<D: Directory> Phase<D> {
    fn advance(self, destination: &Destination<D>, ledger: &mut Ledger) -> Result<Self, Failure> {
        let writing = |error| destination.failure("writing", error);
        Ok(match self {
            Self::List { store, file } => {
                let walk = Walk::new(store).map_err(|error| {
                    let message = format!("the license store cannot be listed: {error}; no backup was made");
                    Failure::new(error.code(), message)
                })?;
                Self::Walk { walk, file }
            }
            Self::Walk { mut walk, file } => match walk.step(Some(destination.directory()), ledger) {
                None => {
                    ledger.tell(Status::Information(Progress::default()));
                    Self::Walk { walk, file }
                }
                Some((store, catalogue)) => {
                    let archive = ArchiveWriter::new(Output::new(file), catalogue);
                    Self::Copy { reader: StoreReader::new(store), archive, next: 0 }
                }
            },
            Self::Copy { mut reader, mut archive, next } => {
                let next = copy(&mut reader, &mut archive, next, destination, ledger)?;
                if next < archive.catalogue().len() {
                    Self::Copy { reader, archive, next }
                } else {
                    finish(archive, ledger)
                }
            }
            Self::Finish { mut archive, summary } => {
                if archive.step().map_err(writing)? {
                    Self::Sync { output: archive.into_output(), summary }
                } else {
                    Self::Finish { archive, summary }
                }
            }
            Self::Sync { mut output, summary } => {
                output.sync().map_err(writing)?;
                Self::Commit { summary: BackupSummary { size: output.position(), ..summary } }
            }
            Self::Commit { summary } => Self::Commit { summary },
        })
    }
}

/// Copies some licenses from `next` on, and gives the one to go on with. An error is one of the destination.
fn copy<D: Directory>(
    reader: &mut StoreReader<D>,
    archive: &mut ArchiveWriter<D::File>,
    mut next: FileId,
    destination: &Destination<D>,
    ledger: &mut Ledger,
) -> Result<FileId, Failure> {
    let total = archive.catalogue().len();
    let last = total.min(next + LICENSES_PER_STEP);
    let read_before = reader.bytes_read();
    ledger.tell(Status::Information(Progress {
        stage: Stage::Copying,
        done: next as u64,
        total: Some(total as u64),
        bytes: archive.bytes(),
        path: if next < last { archive.catalogue().file_path(next) } else { String::new() },
    }));
    while next < last && reader.bytes_read() - read_before < BYTES_PER_STEP {
        match reader.read(archive.catalogue(), next) {
            Ok(document) => {
                let copied = copy_license(archive, next, &document, ledger);
                copied.map_err(|error| destination.failure("writing", error))?;
            }
            // A store that is being taken away must not cost the backup of it that was made before.
            Err(Unread::Refused(FsError::NoEntry)) => {
                let path = archive.catalogue().file_path(next);
                let message = format!(
                    "{path} was in the store and is gone; no backup was made: see that the store is whole and that \
                     nothing removes licenses, and back up again"
                );
                return Err(Failure::at(ErrorCode::PathNotFound, path, message));
            }
            Err(Unread::Refused(error)) => ledger.unreadable(archive.catalogue().file_path(next), error),
            Err(Unread::Unfit(failure)) => ledger.failed(failure),
        }
        next += 1;
    }
    Ok(next)
}

/// Puts a document through the rights gate and, if it may be backed up, into the archive.
fn copy_license<F: File>(
    archive: &mut ArchiveWriter<F>,
    file: FileId,
    document: &[u8],
    ledger: &mut Ledger,
) -> Result<(), FsError> {
    let Appraisal { identity, verdict } = license::appraise(document);
    match verdict {
        Verdict::Allowed => archive.add(file, document)?,
        Verdict::Restricted(reason) => {
            ledger.restricted(Restricted { path: archive.catalogue().file_path(file), identity, reason });
        }
        Verdict::Malformed(fault) => {
            let path = archive.catalogue().file_path(file);
            let message = format!("{path} is a broken license: {fault}; get it anew from where it was issued");
            ledger.broken(Failure::at(ErrorCode::Malformed, path, message), identity);
        }
    }
    Ok(())
}

/// Goes over from the licenses to what follows them.
fn finish<D: Directory>(archive: ArchiveWriter<D::File>, ledger: &mut Ledger) -> Phase<D> {
    let total = archive.catalogue().len() as u64;
    let (licenses, bytes) = (archive.licenses(), archive.bytes());
    let (restricted, errors) = (ledger.restricted_count(), ledger.error_count());
    let progress = Progress { stage: Stage::Copying, done: total, total: Some(total), bytes, path: String::new() };
    ledger.tell(Status::Information(progress));
    let head = RecordHead { format: FORMAT_VERSION, program: PROGRAM.into(), licenses, bytes, restricted, errors };
    let summary = BackupSummary { licenses, bytes, restricted, errors, size: 0 };
    Phase::Finish { archive: archive.finish(head, ledger.take_record()), summary }
}
