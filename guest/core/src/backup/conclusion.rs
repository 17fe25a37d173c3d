//! The end of a backup that is a generation or encrypted: it removes older generations by the
//! retention policy, and records the run in `last-run.json`.

use std::ops::ControlFlow::{self, Break, Continue};

use super::BackupSummary;
use super::destination::Destination;
use crate::forget::Forgetting;
use crate::generations::LastRun;
use crate::{Directory, Failure, ForgetOptions};

/// The end of a backup, after the new generation is durable or the backup has failed.
pub(super) struct Conclusion<D> {
    destination: Destination<D>,
    outcome: Result<BackupSummary, Failure>,
    phase: Phase,
}

/// The phase of a conclusion.
enum Phase {
    /// Start to remove generations.
    Start(ForgetOptions),
    /// Remove generations.
    Forget(Forgetting),
    /// Record the run.
    Record,
}

impl<D: Directory> Conclusion<D> {
    /// Starts the end of a backup with this outcome.
    pub(super) fn new(
        destination: Destination<D>,
        outcome: Result<BackupSummary, Failure>,
    ) -> Self {
        let phase = match (&outcome, destination.forget_options()) {
            (Ok(BackupSummary { shrunk: None, .. }), Some(options)) => Phase::Start(options),
            _ => Phase::Record,
        };
        Self {
            destination,
            outcome,
            phase,
        }
    }

    /// Does one step.
    pub(super) fn step(self) -> ControlFlow<Result<BackupSummary, Failure>, Self> {
        let Self {
            destination,
            outcome,
            phase,
        } = self;
        let directory = destination.directory();
        let stepped = match phase {
            Phase::Start(options) => {
                let started = Forgetting::start(directory, destination.path(), options);
                started.map_or_else(|failure| Break(Err(failure)), Continue)
            }
            Phase::Forget(forgetting) => forgetting.step(directory, &mut Vec::new()),
            Phase::Record => return Break(record(&destination, outcome)),
        };
        let (outcome, phase) = match stepped {
            Continue(forgetting) => (outcome, Phase::Forget(forgetting)),
            Break(Ok(forgotten)) => {
                let outcome = outcome.map(|summary| BackupSummary {
                    removed: forgotten.removed,
                    ..summary
                });
                (outcome, Phase::Record)
            }
            Break(Err(failure)) => (Err(destination.after_backup(failure)), Phase::Record),
        };
        Continue(Self {
            destination,
            outcome,
            phase,
        })
    }
}

/// Records a run, and returns its outcome.
fn record<D: Directory>(
    destination: &Destination<D>,
    outcome: Result<BackupSummary, Failure>,
) -> Result<BackupSummary, Failure> {
    let directory = destination.directory();
    let (time, pinned) = (destination.time(), destination.earlier());
    let run = LastRun::new(
        directory,
        time,
        &outcome,
        pinned,
        destination.is_encrypted(),
    );
    match (run.write(directory), outcome) {
        (Ok(()), outcome) => outcome,
        (Err(error), Ok(_)) => Err(destination.record_failure(error)),
        (Err(error), Err(failure)) => {
            let message = format!("{}; cannot write last-run.json: {error}", failure.message);
            Err(Failure { message, ..failure })
        }
    }
}
