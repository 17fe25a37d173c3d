//! The backup operation, as a state machine.

mod copying;
mod destination;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use copying::Copying;
use destination::Destination;

use crate::archive::{ArchiveFinisher, FORMAT_VERSION, Output, PROGRAM, RecordHead, SkippedEntry};
use crate::skipped::{SkippedFile, SkippedFiles};
use crate::store::Walk;
use crate::temporary::Temporary;
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation, Progress};

/// Options of a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct BackupOptions {
    /// Replace an existing backup. If false, it is never modified.
    pub overwrite: bool,
}

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    skipped: SkippedFiles,
    phase: Phase<D>,
}

/// What a backup does next.
enum Phase<D: Directory> {
    /// Listing the store itself, which is one call however large it is, and so not a matter of the start.
    List { store: D, file: Rc<D::File> },
    /// Finding out what is in the store.
    Walk { walk: Walk<D>, file: Rc<D::File> },
    /// Reading licenses and writing those that may be backed up.
    Copy(Copying<D>),
    /// Writing what follows the licenses.
    Finish {
        archive: ArchiveFinisher<D::File>,
        summary: BackupSummary,
    },
    /// Making the temporary file durable.
    Sync {
        output: Output<D::File>,
        summary: BackupSummary,
    },
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
    pub fn start(
        store: D,
        directory: D,
        path: &str,
        options: BackupOptions,
    ) -> Result<Self, Failure> {
        if store.is_same_object(&directory) {
            let message =
                format!("{path} is the license store itself: back up into another directory");
            return Err(Failure::at(ErrorCode::InvalidArgument, path, message));
        }
        let destination = Destination::new(directory, path.to_owned(), options)?;
        let temporary = destination.create_temporary()?;
        let file = Rc::clone(&temporary.file);
        Ok(Self {
            destination,
            temporary,
            skipped: SkippedFiles::default(),
            phase: Phase::List { store, file },
        })
    }
}

impl<D: Directory> Operation for Backup<D> {
    type Event = BackupRestoreStatus;
    type Summary = BackupSummary;

    /// The last step does nothing but the commit. A failure before it leaves the directory as it was.
    fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<BackupSummary, Failure>, Self> {
        let Self {
            destination,
            temporary,
            mut skipped,
            phase,
        } = self;
        let advanced = match phase {
            Phase::Commit { summary } => {
                return Break(destination.commit(&temporary).map(|()| summary));
            }
            phase => phase.advance(&destination, &mut skipped),
        };
        skipped.take_events(events);
        match advanced {
            Ok(phase) => Continue(Self {
                destination,
                temporary,
                skipped,
                phase,
            }),
            Err(failure) => Break(Err(destination.discard(&temporary, failure))),
        }
    }

    /// Ends the backup without a commit.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        let message = "the backup was cancelled, and what was in the directory is as it was: no backup was made";
        Break(
            self.destination
                .discard(&self.temporary, Failure::new(ErrorCode::Cancelled, message)),
        )
    }
}

impl<D: Directory> Phase<D> {
    fn advance(
        self,
        destination: &Destination<D>,
        skipped: &mut SkippedFiles,
    ) -> Result<Self, Failure> {
        let writing = |error| destination.failure("writing", error);
        Ok(match self {
            Self::List { store, file } => {
                let walk = Walk::new(store).map_err(|error| {
                    let message =
                        format!("the license store cannot be listed: {error}; no backup was made");
                    Failure::new(error.code(), message)
                })?;
                Self::Walk { walk, file }
            }
            Self::Walk { mut walk, file } => {
                match walk.step(Some(destination.directory()), skipped) {
                    None => {
                        skipped.tell(BackupRestoreStatus::Progress(Progress::default()));
                        Self::Walk { walk, file }
                    }
                    Some((store, catalogue)) => {
                        skipped.end_walk();
                        Self::Copy(Copying::new(store, catalogue, Output::new(file)))
                    }
                }
            }
            Self::Copy(mut copying) => {
                if copying.step(destination, skipped)? {
                    finish(copying, skipped)
                } else {
                    Self::Copy(copying)
                }
            }
            Self::Finish {
                mut archive,
                summary,
            } => {
                if archive.step().map_err(writing)? {
                    Self::Sync {
                        output: archive.into_output(),
                        summary,
                    }
                } else {
                    Self::Finish { archive, summary }
                }
            }
            Self::Sync {
                mut output,
                summary,
            } => {
                output.sync().map_err(writing)?;
                Self::Commit {
                    summary: BackupSummary {
                        size: output.position(),
                        ..summary
                    },
                }
            }
            Self::Commit { summary } => Self::Commit { summary },
        })
    }
}

/// Goes over from the licenses to what follows them.
fn finish<D: Directory>(copying: Copying<D>, skipped: &mut SkippedFiles) -> Phase<D> {
    skipped.tell(copying.progress());
    let archive = copying.into_archive();
    let (licenses, bytes) = (archive.licenses(), archive.bytes());
    let (restricted, errors) = (skipped.restricted_count(), skipped.error_count());
    let head = RecordHead {
        format: FORMAT_VERSION,
        program: PROGRAM.into(),
        licenses,
        bytes,
        restricted,
        errors,
    };
    let summary = BackupSummary {
        licenses,
        bytes,
        restricted,
        errors,
        size: 0,
    };
    Phase::Finish {
        archive: archive.finish(head, entries(skipped.take_files())),
        summary,
    }
}

/// Returns the entries of the manifest for the skipped files.
fn entries(files: Vec<SkippedFile>) -> Vec<SkippedEntry> {
    files
        .into_iter()
        .map(|file| SkippedEntry::new(file.path, file.identity, file.reason))
        .collect()
}
