//! The part of a backup up to the commit, as a state machine.

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use super::copying::Copying;
use super::destination::Destination;
use super::sealed::Sealed;
use super::shrink_guard::{ShrinkGuard, Shrinkage, Step};
use super::{BackupOptions, BackupSummary};
use crate::archive::{
    ArchiveFinisher, ArchiveIndex, ArchiveWriter, FORMAT_VERSION, FileComparison, ManifestHead,
    Output, PROGRAM, SkippedEntry,
};
use crate::skipped::{SkippedFile, SkippedFiles};
use crate::store::Walk;
use crate::temporary::Temporary;
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, File, Progress};

/// A backup that is being written.
pub(super) struct Writing<D: Directory> {
    destination: Destination<D>,
    temporary: Temporary<D::File>,
    skipped: SkippedFiles,
    phase: Phase<D>,
}

/// The outcome of [`Writing`], with the destination for further work.
pub(super) struct Written<D: Directory> {
    pub(super) destination: Destination<D>,
    pub(super) outcome: Result<BackupSummary, Failure>,
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
    Complete(Complete<D::File>),
    /// Compare the licenses with those of the earlier backup.
    Compare {
        guard: ShrinkGuard<D::File>,
        complete: Complete<D::File>,
    },
    /// Make the temporary file durable.
    Sync(Complete<D::File>),
    /// Make the temporary file the backup. That is a step of its own, so that a cancellation takes
    /// effect until right before it.
    Commit { summary: BackupSummary },
    /// Compare the archive with a generation of its name, which another run has made.
    CompareFiles {
        comparison: FileComparison<D::File>,
        summary: BackupSummary,
    },
    /// Remove the temporary file, since the backup exists.
    Keep { summary: BackupSummary },
}

/// A complete archive.
struct Complete<F> {
    output: Output<F>,
    licenses: ArchiveIndex,
    summary: BackupSummary,
}

impl<D: Directory> Writing<D> {
    /// Starts a backup; see [`Backup::start`](super::Backup::start).
    pub(super) fn start(
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

    /// Does one step. The last step is the commit, before which a failure leaves the directory
    /// unchanged.
    pub(super) fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Written<D>, Self> {
        let Self {
            destination,
            mut temporary,
            mut skipped,
            phase,
        } = self;
        let advanced = match phase {
            // In one step with the commit, so that a cancelled backup leaves no pin.
            Phase::Commit { summary } => match destination
                .pin_if(summary.shrunk.is_some(), &temporary)
                .and_then(|()| destination.commit(temporary))
            {
                Ok(None) => return destination.end(Ok(summary)),
                Ok(Some(remaining)) => {
                    temporary = remaining;
                    let comparison = destination.compare_with_generation(&temporary);
                    comparison.map(|comparison| Phase::CompareFiles {
                        comparison,
                        summary,
                    })
                }
                Err(failure) => return destination.end(Err(failure)),
            },
            Phase::Keep { summary } => {
                let kept = destination.keep(&temporary).map(|()| summary);
                return destination.end(kept);
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
            Err(failure) => {
                let failure = destination.discard(&temporary, failure);
                destination.end(Err(failure))
            }
        }
    }

    /// Ends the backup without a commit. Returns the failure to report.
    pub(super) fn cancel(self) -> (Destination<D>, Failure) {
        let message =
            "the backup was cancelled; no backup was made, and the directory is unchanged";
        let failure = Failure::new(ErrorCode::Cancelled, message);
        let failure = self.destination.discard(&self.temporary, failure);
        (self.destination, failure)
    }
}

impl<D: Directory> Destination<D> {
    fn end(self, outcome: Result<BackupSummary, Failure>) -> ControlFlow<Written<D>, Writing<D>> {
        Break(Written {
            destination: self,
            outcome,
        })
    }
}

impl<D: Directory> Phase<D> {
    /// Returns the output, to let it copy an earlier archive.
    fn output_mut(&mut self) -> Option<&mut Output<D::File>> {
        match self {
            Self::Copy(copying) => Some(copying.output_mut()),
            Self::Finish { archive, .. } => Some(archive.output_mut()),
            Self::Compare { complete, .. } | Self::Sync(complete) => Some(&mut complete.output),
            Self::List { .. }
            | Self::Walk { .. }
            | Self::Complete(_)
            | Self::Commit { .. }
            | Self::CompareFiles { .. }
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
                    Self::Complete(Complete::new(archive, summary, destination.name()))
                } else {
                    Self::Finish { archive, summary }
                }
            }
            Self::Complete(complete) => complete.keep_or_compare(destination)?,
            Self::Compare {
                mut guard,
                complete,
            } => match destination.compare(&mut guard, &complete.licenses)? {
                Step::End(shrunk) => Self::Sync(complete.shrunk(shrunk)),
                Step::Continue => Self::Compare { guard, complete },
            },
            Self::Sync(mut complete) => {
                complete.output.sync().map_err(write_failure)?;
                let summary = complete.summary;
                Self::Commit { summary }
            }
            Self::CompareFiles {
                mut comparison,
                summary,
            } => {
                if destination.compare_files(&mut comparison)? {
                    let unchanged = true;
                    let summary = BackupSummary {
                        unchanged,
                        ..summary
                    };
                    Self::Keep { summary }
                } else {
                    Self::CompareFiles {
                        comparison,
                        summary,
                    }
                }
            }
            last @ (Self::Commit { .. } | Self::Keep { .. }) => last,
        })
    }
}

impl<F: File> Complete<F> {
    /// Takes the archive from its writer. `file` is the name of the new backup.
    fn new(archive: ArchiveFinisher<F>, mut summary: BackupSummary, file: &str) -> Self {
        let (output, licenses) = archive.into_parts();
        file.clone_into(&mut summary.file);
        summary.size = output.position();
        Self {
            output,
            licenses,
            summary,
        }
    }

    /// Records how the backup has shrunk.
    fn shrunk(mut self, shrunk: Option<Shrinkage>) -> Self {
        self.summary.shrunk = shrunk;
        self
    }

    /// Returns the phase that keeps the earlier backup, if the archive equals it, and otherwise the
    /// one that compares their licenses.
    fn keep_or_compare<D: Directory<File = F>>(
        mut self,
        destination: &Destination<D>,
    ) -> Result<Phase<D>, Failure> {
        let equal = self
            .output
            .equal_archive()
            .map_err(|error| destination.failure("write the backup", error))?;
        let is_unchanged = equal.is_some_and(|earlier| destination.is_durable(earlier));
        self.summary.blake3 = self.output.blake3().map(|hash| hash.to_hex().to_string());
        // After the earlier backup was found durable, nothing else looks at it.
        let sealed = if is_unchanged {
            None
        } else {
            destination.sealed()
        };
        let is_recorded = |sealed: &Sealed<F>| {
            sealed.is_recorded_as(&self.summary) && destination.is_durable(sealed.file())
        };
        if is_unchanged || sealed.as_ref().is_some_and(is_recorded) {
            let summary = BackupSummary {
                file: destination.earlier().unwrap_or_default().to_owned(),
                unchanged: true,
                ..self.summary
            };
            return Ok(Phase::Keep { summary });
        }
        destination.check_name()?;
        self.output.start_to_copy();
        if let Some(sealed) = sealed {
            let shrunk = destination.compare_counts(&sealed, self.summary.licenses)?;
            return Ok(Phase::Sync(self.shrunk(shrunk)));
        }
        Ok(match destination.shrink_guard(&self.licenses)? {
            Some(guard) => Phase::Compare {
                guard,
                complete: self,
            },
            None => Phase::Sync(self),
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
        file: String::new(),
        size: 0,
        unchanged: false,
        shrunk: None,
        blake3: None,
        removed: 0,
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
