//! The restore operation, as a state machine.
//!
//! The backup is verified before anything in the store is touched. Then every license that is not there is written under a
//! temporary name in its directory, all of them are made durable, and each is given its name: with the first name the
//! restore is committed. What is there already stays, and is reported as a conflict if it is not the license itself.

mod budget;
mod conflict;
mod job;
mod names;
mod placing;
mod source;
mod syncing;
mod target;
mod temporaries;
#[cfg(test)]
mod tests;
mod undoing;
mod writing;

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use job::Job;
use placing::Committing;
use source::Source;
use syncing::Syncing;
use undoing::Undoing;
use writing::Writing;

use crate::verify::{Inspection, Verified};
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation};

/// How a restore goes about it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Replace a file of the store that has the name of a license and other content. Without it such a file is kept, and
    /// reported as a conflict. Only a regular file with exactly this name is ever replaced, and not one that has a newer
    /// version of the same LCP license, or one that cannot be compared.
    pub overwrite: bool,
    /// Change nothing, and tell what a restore would do. What the file system makes of a name that is not there yet is
    /// found out only by restoring.
    pub dry_run: bool,
}

/// What a restore did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreSummary {
    /// The number of licenses that were put into the store, those that replaced another file included.
    pub restored: u64,
    /// The number of bytes of these.
    pub bytes: u64,
    /// The number of licenses that were there already, with the same content.
    pub present: u64,
    /// The number of licenses that were not restored because of what is there, or because the store cannot hold their name.
    pub conflicts: u64,
}

/// A restore that goes on step by step.
pub struct Restore<D: Directory> {
    store: Rc<D>,
    phase: Phase<D>,
}

/// What a restore does next.
enum Phase<D: Directory> {
    /// Verifying the backup.
    Verify {
        inspection: Box<Inspection<D::File>>,
        path: String,
        flags: RestoreOptions,
    },
    /// Writing licenses under temporary names.
    Write(Writing<D>),
    /// Making them durable.
    Sync(Syncing<D>),
    /// Giving them their names.
    Place(Committing<D>),
    /// Removing all that was made.
    Undo(Undoing<D>),
}

impl<D: Directory> Restore<D> {
    /// Begins to restore the backup in `directory`, which the caller knows as `path`, into `store`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if the directory is the store, [`ErrorCode::PathNotFound`] if there is no backup,
    /// [`ErrorCode::BackupCorrupt`] if the file does not end as one does, otherwise what keeps it from being read.
    pub fn start(
        store: D,
        directory: &D,
        path: &str,
        flags: RestoreOptions,
    ) -> Result<Self, Failure> {
        if store.is_same_object(directory) {
            let message =
                format!("{path} is the license store itself: give the directory of a backup");
            return Err(Failure::at(ErrorCode::InvalidArgument, path, message));
        }
        let inspection = Box::new(Inspection::open(directory, path)?);
        Ok(Self {
            store: Rc::new(store),
            phase: Phase::Verify {
                inspection,
                path: path.to_owned(),
                flags,
            },
        })
    }

    /// Goes on with a phase, or undoes the restore because that has failed.
    fn go_on(store: Rc<D>, phase: Result<Phase<D>, (Job, Failure)>) -> Self {
        let phase = phase.unwrap_or_else(|(job, failure)| {
            Phase::Undo(Undoing::new(Rc::clone(&store), job, failure))
        });
        Self { store, phase }
    }
}

impl<D: Directory> Operation for Restore<D> {
    type Event = BackupRestoreStatus;
    type Summary = RestoreSummary;

    /// A failure leaves the store as it was, unless its message says otherwise.
    fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<RestoreSummary, Failure>, Self> {
        let Self { store, phase } = self;
        let phase = match phase {
            Phase::Verify {
                inspection,
                path,
                flags,
            } => match inspection.step(events) {
                Continue(inspection) => Ok(Phase::Verify {
                    inspection: Box::new(inspection),
                    path,
                    flags,
                }),
                Break(Err(failure)) => return Break(Err(failure)),
                Break(Ok(Verified { file, contents, .. })) => {
                    let job = Job::new(contents, flags);
                    match Writing::new(Rc::clone(&store), Source::new(file, path), job) {
                        Ok(writing) => Ok(Phase::Write(writing)),
                        Err(failure) => return Break(Err(failure)),
                    }
                }
            },
            Phase::Write(mut writing) => match writing.step(events) {
                Ok(false) => Ok(Phase::Write(writing)),
                Ok(true) => {
                    let job = writing.into_job();
                    if job.pending.is_empty() {
                        return Break(Ok(job.summary));
                    }
                    Ok(Phase::Sync(Syncing::new(Rc::clone(&store), job)))
                }
                Err(failure) => Err((writing.into_job(), failure)),
            },
            Phase::Sync(mut syncing) => match syncing.step(events) {
                Ok(false) => Ok(Phase::Sync(syncing)),
                Ok(true) => Ok(Phase::Place(Committing::new(
                    Rc::clone(&store),
                    syncing.into_job(),
                ))),
                Err(failure) => Err((syncing.into_job(), failure)),
            },
            Phase::Place(mut placing) => match placing.step(events) {
                Ok(false) => Ok(Phase::Place(placing)),
                Ok(true) => return Break(placing.into_outcome()),
                Err(failure) => Err((placing.into_job(), failure)),
            },
            Phase::Undo(mut undoing) => {
                if undoing.step() {
                    return Break(Err(undoing.into_failure()));
                }
                Ok(Phase::Undo(undoing))
            }
        };
        Continue(Self::go_on(store, phase))
    }

    /// Has the restore undone, unless some license has its name already.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        let message = "the restore was cancelled, and the store is as it was: nothing was restored";
        let failure = Failure::new(ErrorCode::Cancelled, message);
        let Self { store, phase } = self;
        let phase = match phase {
            Phase::Verify { .. } => return Break(failure),
            Phase::Write(writing) => Err((writing.into_job(), failure)),
            Phase::Sync(syncing) => Err((syncing.into_job(), failure)),
            Phase::Place(placing) if !placing.is_committed() => Err((placing.into_job(), failure)),
            phase @ (Phase::Place(_) | Phase::Undo(_)) => Ok(phase),
        };
        Continue(Self::go_on(store, phase))
    }
}
