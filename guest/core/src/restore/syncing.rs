//! The second phase of a restore: making what was written durable, before any of it gets its name.

use std::rc::Rc;

use super::budget::{Budget, LOOK, SYNC};
use super::job::{Job, undone};
use crate::dir_stack::{DirStack, Step};
use crate::temporary::temporary_name;
use crate::{BackupRestoreStatus, Directory, Failure, Stage};

/// The phase, as far as it has come.
pub(super) struct Syncing<D> {
    job: Job,
    directories: DirStack<Rc<D>>,
    /// The next pending license.
    next: usize,
    /// The size of those before it.
    bytes: u64,
}

impl<D: Directory> Syncing<D> {
    pub(super) fn new(store: Rc<D>, job: Job) -> Self {
        Self {
            job,
            directories: DirStack::new(store),
            next: 0,
            bytes: 0,
        }
    }

    /// Goes on for a step. Gives whether all is durable.
    pub(super) fn step(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        events.push(self.job.progress(Stage::Syncing, self.next, self.bytes));
        while budget.is_left() {
            budget.spend(LOOK);
            let Some(pending) = self.job.pending.get(self.next).copied() else {
                events.push(self.job.progress(Stage::Syncing, self.next, self.bytes));
                return Ok(true);
            };
            let target = self.job.directory_of(pending.license);
            match self
                .directories
                .next_step_to(target, self.job.contents.catalogue())
            {
                Step::Leave => drop(self.directories.leave()),
                Step::Enter(id) => {
                    let opened = self
                        .directories
                        .current()
                        .open_directory(self.job.directory_name(id));
                    let opened = opened
                        .map_err(|error| undone(self.job.directory_path(id), "entering", error))?;
                    self.directories.enter(id, Rc::new(opened));
                }
                Step::Arrived => {
                    budget.spend(SYNC);
                    let synced = self
                        .directories
                        .current()
                        .sync_file(&temporary_name(pending.temporary));
                    synced.map_err(|error| self.job.undone(pending.license, "syncing", error))?;
                    self.bytes += u64::from(self.job.contents.license(pending.license).size);
                    self.next += 1;
                }
            }
        }
        Ok(false)
    }

    pub(super) fn into_job(self) -> Job {
        self.job
    }
}
