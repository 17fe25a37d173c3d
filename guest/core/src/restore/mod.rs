//! The restore operation, a state machine.
//!
//! A restore verifies the backup before it changes the store, or with a filter the licenses that the
//! filter includes. Then it stages every missing license
//! under a temporary name in its directory, makes all of them durable, and commits them: each
//! temporary file gets the name of its license. The first license that gets its name is the commit
//! point. A failure before it rolls the restore back. An existing entry of the store is kept, and
//! reported as a conflict if it is not the license itself.

mod archive_source;
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
mod verification;

use std::ops::ControlFlow::{self, Break, Continue};
use std::rc::Rc;

use commit::Committing;
pub use options::{RestoreOptions, RestoreSummary};
use plan::RestorePlan;
use rollback::Rollback;
use stage::Staging;
use sync::Syncing;
use verification::{Restorable, Verifying};

use crate::{BackupRestoreStatus, Directory, ErrorCode, Failure, Operation};

/// A restore that is done in steps.
pub struct Restore<D: Directory> {
    store: Rc<D>,
    phase: Phase<D>,
}

/// The phase of a restore.
enum Phase<D: Directory> {
    /// Verifying the backup.
    Verify(Verifying<D::File>),
    /// Writing the licenses to temporary files.
    Stage(Staging<D>),
    /// Making the temporary files durable.
    Sync(Syncing<D>),
    /// Giving the temporary files the names of the licenses.
    Commit(Committing<D>),
    /// Removing the files and directories that were created.
    Rollback(Rollback<D>),
}

impl<D: Directory> Restore<D> {
    /// Starts to restore a backup in `directory`, which the caller knows as `path`, to `store`: the
    /// one in the file `generation`, or the newest one.
    ///
    /// # Errors
    ///
    /// - [`ErrorCode::InvalidArgument`] if the directory is the store, `generation` is not the name
    ///   of a backup, or a pattern of the filter is invalid.
    /// - [`ErrorCode::PathNotFound`] if the directory has no backup.
    /// - [`ErrorCode::BackupCorrupt`] if the file does not end like a backup.
    /// - The code of the file system's error if the file cannot be read.
    pub fn start(
        store: D,
        directory: &D,
        path: &str,
        generation: Option<&str>,
        options: RestoreOptions,
    ) -> Result<Self, Failure> {
        if store.is_same_object(directory) {
            let message = format!(
                "{path} is the license store itself; restore from the directory of a backup"
            );
            return Err(Failure::at(ErrorCode::InvalidArgument, path, message));
        }
        let verifying = Verifying::open(directory, path, generation, options)?;
        Ok(Self {
            store: Rc::new(store),
            phase: Phase::Verify(verifying),
        })
    }

    /// Continues with a phase, or with the rollback if the phase has failed.
    fn continue_with(store: Rc<D>, phase: Result<Phase<D>, (RestorePlan, Failure)>) -> Self {
        let phase = phase.unwrap_or_else(|(plan, failure)| {
            Phase::Rollback(Rollback::new(Rc::clone(&store), plan, failure))
        });
        Self { store, phase }
    }
}

impl<D: Directory> Operation for Restore<D> {
    type Event = BackupRestoreStatus;
    type Summary = RestoreSummary;

    /// Does one step. The restore fails with [`ErrorCode::PathNotFound`] if no license of the backup
    /// matches the filter. If it fails, the store is unchanged unless the failure is one after
    /// the commit point, or its message names files that could not be removed.
    fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<RestoreSummary, Failure>, Self> {
        let Self { store, phase } = self;
        let phase = match phase {
            Phase::Verify(verifying) => match verifying.step(events) {
                Continue(verifying) => Ok(Phase::Verify(verifying)),
                Break(Err(failure)) => return Break(Err(failure)),
                Break(Ok(Restorable { source, plan })) => {
                    match Staging::new(Rc::clone(&store), source, plan) {
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
        Continue(Self::continue_with(store, phase))
    }

    /// Cancels the restore, which is then rolled back. After the commit point it continues.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        let message = "the restore was cancelled; nothing was restored and the store is unchanged";
        let failure = Failure::new(ErrorCode::Cancelled, message);
        let Self { store, phase } = self;
        let phase = match phase {
            Phase::Verify(_) => return Break(failure),
            Phase::Stage(staging) => Err((staging.into_plan(), failure)),
            Phase::Sync(syncing) => Err((syncing.into_plan(), failure)),
            Phase::Commit(committing) if !committing.is_committed() => {
                Err((committing.into_plan(), failure))
            }
            phase @ (Phase::Commit(_) | Phase::Rollback(_)) => Ok(phase),
        };
        Continue(Self::continue_with(store, phase))
    }
}
