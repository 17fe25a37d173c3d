//! The backup operation, as a state machine.

mod copying;
mod destination;
mod options;
mod shrink_guard;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use copying::Copying;
use destination::Destination;
pub use options::BackupOptions;
use shrink_guard::ShrinkGuard;

use crate::archive::{
    ArchiveFinisher, ArchiveIndex, ArchiveWriter, FORMAT_VERSION, ManifestHead, Output, PROGRAM,
    SkippedEntry,
};
use crate::skipped::{SkippedFile, SkippedFiles};
use crate::store::Walk;
use crate::temporary::Temporary;
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation, Progress};

/// The summary of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackupSummary {
    /// The number of license documents in the backup.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of files that were skipped because they may not be backed up or are not licenses.
    pub restricted: u64,
    /// The number of files or names that could not be read.
    pub errors: u64,
    /// The size of the backup file in bytes.
    pub size: u64,
    /// Whether the earlier backup would have been replaced by the same bytes, and was kept.
    pub unchanged: bool,
}

/// A running backup.
pub struct Backup<D: Directory> {
    destination: Destination<D>,
    temporary: Temporary<D::File>,
    skipped: SkippedFiles,
    phase: Phase<D>,
}

/// The phase of a backup.
enum Phase<D: Directory> {
    /// Start to list the store. That is a step, since the call takes long in a large store.
    List { store: D, file: Rc<D::File> },
    /// Find the files of the store.
    Walk { walk: Walk<D>, file: Rc<D::File> },
    /// Read licenses, and write those that may be backed up.
    Copy(Copying<D>),
    /// Write the entries after the licenses and the central directory.
    Finish {
        archive: ArchiveFinisher<D::File>,
        summary: BackupSummary,
    },
    /// Keep the earlier backup if the archive equals it.
    Complete {
        licenses: ArchiveIndex,
        output: Output<D::File>,
        summary: BackupSummary,
    },
    /// Compare the licenses with those of the earlier backup.
    Compare {
        guard: ShrinkGuard<D::File>,
        licenses: ArchiveIndex,
        output: Output<D::File>,
        summary: BackupSummary,
    },
    /// Make the temporary file durable.
    Sync {
        output: Output<D::File>,
        summary: BackupSummary,
    },
    /// Make the temporary file the backup. That is a step of its own, so that a cancellation takes
    /// effect until right before it.
    Commit { summary: BackupSummary },
    /// Remove the temporary file, since the earlier backup is unchanged.
    Keep { summary: BackupSummary },
}

impl<D: Directory> Backup<D> {
    /// Starts a backup of `store` into `directory`, whose path is `path` to the caller.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::BackupExists`] if there is a backup and `overwrite` is false,
    /// [`ErrorCode::InvalidArgument`] if the directory is the store or contains a directory of the
    /// name of a backup, the code of the error of the file system if the temporary file cannot be
    /// created.
    pub fn start(
        store: D,
        directory: D,
        path: &str,
        options: BackupOptions,
    ) -> Result<Self, Failure> {
        if store.is_same_object(&directory) {
            let message = format!(
                "cannot back up into {path}: it is the license store itself; back up into another directory"
            );
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

    /// Does one step. The last step is the commit, before which a failure leaves the directory
    /// unchanged.
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
            Phase::Keep { summary } => {
                return Break(destination.keep(&temporary).map(|()| summary));
            }
            phase => phase.advance(&destination, &mut skipped, events),
        };
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
        let message =
            "the backup was cancelled; no backup was made, and the directory is unchanged";
        Break(
            self.destination
                .discard(&self.temporary, Failure::new(ErrorCode::Cancelled, message)),
        )
    }
}

impl<D: Directory> Phase<D> {
    /// Returns the output, to let it copy an earlier archive.
    fn output_mut(&mut self) -> Option<&mut Output<D::File>> {
        match self {
            Self::Copy(copying) => Some(copying.output_mut()),
            Self::Finish { archive, .. } => Some(archive.output_mut()),
            Self::Compare { output, .. } | Self::Sync { output, .. } => Some(output),
            Self::List { .. }
            | Self::Walk { .. }
            | Self::Complete { .. }
            | Self::Commit { .. }
            | Self::Keep { .. } => None,
        }
    }

    fn advance(
        mut self,
        destination: &Destination<D>,
        skipped: &mut SkippedFiles,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<Self, Failure> {
        let write_failure = |error| destination.failure("write the backup", error);
        if let Some(output) = self.output_mut()
            && output.copy_some().map_err(write_failure)?
        {
            return Ok(self);
        }
        Ok(match self {
            Self::List { store, file } => {
                let walk = Walk::new(store).map_err(|error| {
                    let message =
                        format!("cannot list the license store: {error}; no backup was made");
                    Failure::new(error.code(), message)
                })?;
                Self::Walk { walk, file }
            }
            Self::Walk { mut walk, file } => {
                match walk.step(Some(destination.directory()), &mut skipped.reporter(events)) {
                    None => {
                        events.push(BackupRestoreStatus::Progress(Progress::default()));
                        Self::Walk { walk, file }
                    }
                    Some((store, catalogue)) => {
                        skipped.end_walk();
                        Self::Copy(Copying::new(store, catalogue, destination.output(file)))
                    }
                }
            }
            Self::Copy(mut copying) => {
                if copying.step(destination, &mut skipped.reporter(events))? {
                    events.push(copying.progress());
                    finish(copying.into_archive(), skipped)
                } else {
                    Self::Copy(copying)
                }
            }
            Self::Finish {
                mut archive,
                summary,
            } => {
                if archive.step().map_err(write_failure)? {
                    let (output, licenses) = archive.into_parts();
                    let summary = BackupSummary {
                        size: output.position(),
                        ..summary
                    };
                    Self::Complete {
                        licenses,
                        output,
                        summary,
                    }
                } else {
                    Self::Finish { archive, summary }
                }
            }
            Self::Complete {
                licenses,
                mut output,
                summary,
            } => {
                let earlier = output.equal_archive().map_err(write_failure)?;
                if earlier.is_some_and(|earlier| destination.is_durable(earlier)) {
                    return Ok(Self::Keep {
                        summary: BackupSummary {
                            unchanged: true,
                            ..summary
                        },
                    });
                }
                output.start_to_copy();
                match destination.shrink_guard(&licenses)? {
                    Some(guard) => Self::Compare {
                        guard,
                        licenses,
                        output,
                        summary,
                    },
                    None => Self::Sync { output, summary },
                }
            }
            Self::Compare {
                mut guard,
                licenses,
                output,
                summary,
            } => {
                if destination.compare(&mut guard, &licenses)? {
                    Self::Sync { output, summary }
                } else {
                    Self::Compare {
                        guard,
                        licenses,
                        output,
                        summary,
                    }
                }
            }
            Self::Sync {
                mut output,
                summary,
            } => {
                output.sync().map_err(write_failure)?;
                Self::Commit { summary }
            }
            last @ (Self::Commit { .. } | Self::Keep { .. }) => last,
        })
    }
}

/// Proceeds to the entries after the licenses.
fn finish<D: Directory>(archive: ArchiveWriter<D::File>, skipped: &mut SkippedFiles) -> Phase<D> {
    let (licenses, bytes) = (archive.licenses(), archive.bytes());
    let (restricted, errors) = (skipped.restricted_count(), skipped.error_count());
    let head = ManifestHead {
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
        unchanged: false,
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
