//! The second phase of a restore: making the staged licenses durable before any of them is
//! committed.

use std::rc::Rc;

use super::plan::{RestorePlan, StagedLicense};
use crate::budget::{Budget, LOOK, SYNC};
use crate::catalogue::DirectoryId;
use crate::dir_stack::{DirStack, Step};
use crate::{BackupRestoreStatus, Directory, Failure, Stage};

/// A phase that syncs the temporary files.
pub(super) struct Syncing<D> {
    plan: RestorePlan,
    directories: DirStack<Rc<D>>,
    /// The number of staged licenses that are synced.
    next: usize,
    /// The size of these licenses.
    bytes: u64,
}

impl<D: Directory> Syncing<D> {
    pub(super) fn new(store: Rc<D>, plan: RestorePlan) -> Self {
        Self {
            plan,
            directories: DirStack::new(store),
            next: 0,
            bytes: 0,
        }
    }

    /// Does one step. Returns `true` if all staged licenses are durable.
    pub(super) fn step(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        events.push(self.progress());
        while budget.is_left() {
            budget.spend(LOOK);
            let Some(staged) = self.plan.staged.get(self.next).copied() else {
                events.push(self.progress());
                return Ok(true);
            };
            let target = self.plan.directory_of(staged.license);
            match self.directories.next_step_to(target, self.plan.catalogue()) {
                Step::Leave => drop(self.directories.leave()),
                Step::Enter(id) => self.enter(id)?,
                Step::Arrived => self.sync(staged, &mut budget)?,
            }
        }
        Ok(false)
    }

    pub(super) fn into_plan(self) -> RestorePlan {
        self.plan
    }

    fn progress(&self) -> BackupRestoreStatus {
        self.plan.progress(Stage::Syncing, self.next, self.bytes)
    }

    fn enter(&mut self, id: DirectoryId) -> Result<(), Failure> {
        let parent = self.directories.current();
        let opened = parent
            .open_directory(self.plan.directory_name(id))
            .map_err(|error| self.plan.directory_failure(id, "open", error))?;
        self.directories.enter(id, Rc::new(opened));
        Ok(())
    }

    fn sync(&mut self, staged: StagedLicense, budget: &mut Budget) -> Result<(), Failure> {
        budget.spend(SYNC);
        let directory = self.directories.current();
        directory
            .sync_file(&staged.temporary_name())
            .map_err(|error| self.plan.license_failure(staged.license, "sync", error))?;
        self.bytes += self.plan.size(staged.license);
        self.next += 1;
        Ok(())
    }
}
