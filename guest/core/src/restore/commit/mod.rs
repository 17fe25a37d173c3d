//! The last phase of a restore: giving each staged license its name, and making the names durable.
//!
//! No license ever replaces another one, also on a file system that takes the name of one license
//! for that of another. How that is achieved is described in [`state`].

mod commit_point;
mod directory;
mod license;
mod state;

use std::rc::Rc;

use commit_point::CommitPoint;
use directory::CommitDir;
use license::CommitResult;
use state::Task;

use super::conflict::Conflict;
use super::failures::{after_commit, before_commit, with_leftovers};
use super::options::RestoreSummary;
use super::plan::{RestorePlan, StagedLicense, remove_unused};
use crate::budget::{Budget, LICENSE, LOOK, SYNC};
use crate::catalogue::DirectoryId;
use crate::dir_stack::{DirStack, Step};
use crate::directory::FsError;
use crate::temporary::{sync_names, unlink};
use crate::{BackupRestoreStatus, Directory, Failure, Stage};

/// A phase that commits the staged licenses.
pub(super) struct Committing<D: Directory> {
    plan: RestorePlan,
    directories: DirStack<CommitDir<D>>,
    /// The number of staged licenses that are committed or postponed.
    next: usize,
    /// The size of these licenses.
    bytes: u64,
    commit_point: CommitPoint,
}

impl<D: Directory> Committing<D> {
    pub(super) fn new(store: Rc<D>, mut plan: RestorePlan) -> Self {
        plan.order_for_commit();
        Self {
            plan,
            directories: DirStack::new(CommitDir::new(store)),
            next: 0,
            bytes: 0,
            commit_point: CommitPoint::default(),
        }
    }

    /// Returns `true` if a license has its name, so that the restore is not rolled back any more.
    pub(super) fn is_committed(&self) -> bool {
        self.commit_point.is_passed()
    }

    /// Does one step. Returns `true` if the restore is finished.
    ///
    /// # Errors
    ///
    /// A failure before the commit point.
    pub(super) fn step(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        events.push(self.progress());
        while budget.is_left() {
            budget.spend(LOOK);
            if self.directories.current_mut().read_next_name() {
                continue;
            }
            let next = self.plan.staged.get(self.next).copied();
            let target = self.plan.directory_of_staged(self.next);
            let step = self.directories.next_step_to(target, self.plan.catalogue());
            match (step, next) {
                (Step::Enter(id), _) => {
                    if self.finish_licenses(&mut budget, events)? {
                        self.enter(id);
                    }
                }
                (Step::Arrived, Some(staged)) => {
                    if self.commit(staged, &mut budget, events)? {
                        self.next += 1;
                        self.bytes += self.plan.size(staged.license);
                    }
                }
                (Step::Leave, _) => {
                    if self.finish_directory(&mut budget, events)? {
                        self.leave(events)?;
                    }
                }
                (Step::Arrived, None) => {
                    if self.finish_directory(&mut budget, events)? {
                        events.push(self.progress());
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    pub(super) fn into_plan(self) -> RestorePlan {
        self.plan
    }

    /// Returns the result of the restore, which is finished.
    pub(super) fn into_result(self) -> Result<RestoreSummary, Failure> {
        let licenses = self.plan.contents.len();
        self.commit_point.into_result(self.plan.summary, licenses)
    }

    fn progress(&self) -> BackupRestoreStatus {
        self.plan.progress(Stage::Committing, self.next, self.bytes)
    }

    fn enter(&mut self, id: DirectoryId) {
        let entered = self.directories.current().child(id, &self.plan);
        self.directories.enter(id, entered);
    }

    /// Commits or postpones a license of the current directory. Returns `false` if the directory
    /// has to be listed again first, which has begun.
    fn commit(
        &mut self,
        staged: StagedLicense,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<bool, Failure> {
        budget.spend(LICENSE);
        let current = self.directories.current_mut();
        let mut result = current.commit(&self.plan, staged, budget);
        if matches!(result, Ok(CommitResult::Conflict(Conflict::OtherName))) {
            match current.relist_once() {
                Ok(true) => return Ok(false),
                Ok(false) => {}
                Err(error) => result = Err(error),
            }
        }
        let result = match result {
            Ok(CommitResult::Present) if current.state.postpone(staged) => return Ok(true),
            Ok(result) => result,
            Err(error) => return self.skip(staged, error, budget, events).map(|()| true),
        };
        let removed = match (result, current.directory()) {
            (CommitResult::Renamed | CommitResult::Replaced, _) | (_, None) => Ok(()),
            (CommitResult::Linked, Some(directory)) => {
                unlink(&**directory, &staged.temporary_name())
            }
            (CommitResult::Present | CommitResult::Conflict(_), Some(directory)) => {
                self.plan.remove_temporary(&**directory, staged, budget)
            }
        };
        match result {
            CommitResult::Linked | CommitResult::Renamed => {
                self.commit_point.pass();
                current.state.note_named(staged.license);
            }
            // The name is not checked: it was listed already, and removing it would not bring back
            // the file that had it.
            CommitResult::Replaced => {
                self.commit_point.pass();
                current.is_kept = true;
                self.plan.count_restored(staged.license);
            }
            CommitResult::Present => self.plan.summary.present += 1,
            CommitResult::Conflict(conflict) => {
                self.plan.report_conflict(conflict, staged.license, events);
            }
        }
        if let Err(error) = removed {
            let path = self.plan.contents.path(staged.license);
            let verb = format!("remove the temporary file {} of", staged.temporary_name());
            self.commit_point.fail(path, &verb, error, events)?;
        }
        Ok(true)
    }

    /// Skips a license that cannot be committed, if the restore cannot be rolled back any more.
    fn skip(
        &mut self,
        staged: StagedLicense,
        error: FsError,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        let path = self.plan.contents.path(staged.license);
        if !self.is_committed() {
            return Err(before_commit(path, "commit", error));
        }
        let failure = after_commit(path, "commit", error);
        let removed = match self.directories.current().directory() {
            Some(directory) => self.plan.remove_temporary(&**directory, staged, budget),
            None => Err(error),
        };
        let failure = match removed {
            // It does not exist any more, or the directory that it was in does not.
            Ok(()) | Err(FsError::NoEntry) => failure,
            Err(error) => {
                let what = format!("{} in the store", self.plan.temporary_path(staged));
                with_leftovers(failure, &what, error)
            }
        };
        self.commit_point.report_license(failure, events);
        Ok(())
    }

    /// Does the next task of the current directory. Returns `true` if its licenses are done.
    fn finish_licenses(
        &mut self,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<bool, Failure> {
        let current = self.directories.current_mut();
        match current.state.next_task() {
            None => return Ok(true),
            Some(Task::List) => {
                if let Err(error) = current.relist() {
                    current.state.skip_checks();
                    current.is_kept = true;
                    let path = self.plan.directory_path(self.directories.current_id());
                    self.commit_point.fail(path, "list", error, events)?;
                }
            }
            Some(Task::Check(license)) => self.check(license, events)?,
            Some(Task::Commit(staged)) => {
                if !self.commit(staged, budget, events)? {
                    self.directories.current_mut().state.put_back(staged);
                }
            }
        }
        Ok(false)
    }

    /// Makes the names in the current directory durable, once its licenses are done. Returns
    /// `true` if they are.
    fn finish_directory(
        &mut self,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<bool, Failure> {
        if !self.finish_licenses(budget, events)? {
            return Ok(false);
        }
        let Some(directory) = self.directories.current().unblocked() else {
            return Ok(true);
        };
        budget.spend(SYNC);
        if let Err(error) = sync_names(&**directory) {
            let path = self.plan.directory_path(self.directories.current_id());
            self.commit_point.fail_sync(path, error, events)?;
        }
        Ok(true)
    }

    /// Looks for exactly the name of a committed license, and removes the license if the file
    /// system has given it another name, which other programs could use for another file.
    fn check(
        &mut self,
        license: usize,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        let name = self.plan.name(license);
        let current = self.directories.current_mut();
        let checked = current.has_name(name).and_then(|has_name| {
            match current.unblocked() {
                Some(directory) if !has_name => unlink(&**directory, name)?,
                _ => {}
            }
            Ok(has_name)
        });
        match checked {
            Ok(true) => {
                current.is_kept = true;
                self.plan.count_restored(license);
                Ok(())
            }
            Ok(false) => {
                let conflict = Conflict::OtherName;
                self.plan.report_conflict(conflict, license, events);
                Ok(())
            }
            Err(error) => {
                current.is_kept = true;
                let path = self.plan.contents.path(license);
                self.commit_point
                    .fail(path, "check the name of", error, events)
            }
        }
    }

    /// Leaves the current directory, and removes it if this restore has created it for nothing.
    fn leave(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<(), Failure> {
        // Some systems do not remove an open directory, and so nothing else of it is held.
        let Some((id, CommitDir { is_kept, .. })) = self.directories.leave() else {
            return Ok(());
        };
        let parent = self.directories.current_mut();
        parent.is_kept |= is_kept;
        if is_kept || !self.plan.has_created(id) {
            return Ok(());
        }
        let Some(parent) = parent.directory() else {
            return Ok(());
        };
        remove_unused(&**parent, self.plan.directory_name(id)).or_else(|error| {
            let path = self.plan.directory_path(id);
            self.commit_point.fail(path, "remove", error, events)
        })
    }
}
