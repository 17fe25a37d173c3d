//! The restore operation, as a state machine.
//!
//! The backup is verified before anything in the store is touched. Then every license that is not there is written under a
//! temporary name in its directory, all of them are made durable, and each is given its name: with the first name the
//! restore is committed. What is there already stays, and is reported as a conflict if it is not the license itself.

mod archive_source;
mod budget;
mod commit;
mod conflict;
mod dir_listing;
mod existing;
mod failures;
mod options;
mod plan;
mod rollback;
mod stage;
mod sync;
mod temp_files;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use archive_source::ArchiveSource;
use commit::Committing;
pub use options::{RestoreOptions, RestoreSummary};
use plan::RestorePlan;
use rollback::Rollback;
use stage::Staging;
use sync::Syncing;

use crate::verify::{Inspection, Verified};
use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation};

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
        options: RestoreOptions,
    },
    /// Staging licenses under temporary names.
    Stage(Staging<D>),
    /// Making them durable.
    Sync(Syncing<D>),
    /// Giving them their names.
    Commit(Committing<D>),
    /// Removing all that was made.
    Rollback(Rollback<D>),
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
        options: RestoreOptions,
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
                options,
            },
        })
    }

    /// Goes on with a phase, or undoes the restore because that has failed.
    fn go_on(store: Rc<D>, phase: Result<Phase<D>, (RestorePlan, Failure)>) -> Self {
        let phase = phase.unwrap_or_else(|(plan, failure)| {
            Phase::Rollback(Rollback::new(Rc::clone(&store), plan, failure))
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
                options,
            } => match inspection.step(events) {
                Continue(inspection) => Ok(Phase::Verify {
                    inspection: Box::new(inspection),
                    path,
                    options,
                }),
                Break(Err(failure)) => return Break(Err(failure)),
                Break(Ok(Verified { file, contents, .. })) => {
                    let plan = RestorePlan::new(contents, options);
                    match Staging::new(Rc::clone(&store), ArchiveSource::new(file, path), plan) {
                        Ok(staging) => Ok(Phase::Stage(staging)),
                        Err(failure) => return Break(Err(failure)),
                    }
                }
            },
            Phase::Stage(mut staging) => match staging.step(events) {
                Ok(false) => Ok(Phase::Stage(staging)),
                Ok(true) => {
                    let plan = staging.into_plan();
                    if plan.staged.is_empty() {
                        return Break(Ok(plan.summary));
                    }
                    Ok(Phase::Sync(Syncing::new(Rc::clone(&store), plan)))
                }
                Err(failure) => Err((staging.into_plan(), failure)),
            },
            Phase::Sync(mut syncing) => match syncing.step(events) {
                Ok(false) => Ok(Phase::Sync(syncing)),
                Ok(true) => Ok(Phase::Commit(Committing::new(
                    Rc::clone(&store),
                    syncing.into_plan(),
                ))),
                Err(failure) => Err((syncing.into_plan(), failure)),
            },
            Phase::Commit(mut committing) => match committing.step(events) {
                Ok(false) => Ok(Phase::Commit(committing)),
                Ok(true) => return Break(committing.into_result()),
                Err(failure) => Err((committing.into_plan(), failure)),
            },
            Phase::Rollback(mut rollback) => {
                if rollback.step() {
                    return Break(Err(rollback.into_failure()));
                }
                Ok(Phase::Rollback(rollback))
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
            Phase::Stage(staging) => Err((staging.into_plan(), failure)),
            Phase::Sync(syncing) => Err((syncing.into_plan(), failure)),
            Phase::Commit(committing) if !committing.is_committed() => {
                Err((committing.into_plan(), failure))
            }
            phase @ (Phase::Commit(_) | Phase::Rollback(_)) => Ok(phase),
        };
        Continue(Self::go_on(store, phase))
    }
}
