//! The first phase of a restore: looking for an existing entry under the name of each license, and
//! writing the licenses that are to be restored to temporary files. Missing directories are
//! created.

mod directory;

use std::rc::Rc;

use directory::{DirState, Holding, StageDir};

use super::archive_source::ArchiveSource;
use super::conflict::Conflict;
use super::existing::{Existing, newer_version};
use super::plan::{RestorePlan, remove_unused};
use crate::budget::{Budget, LICENSE, LOOK};
use crate::catalogue::{Catalogue, DirectoryId};
use crate::dir_stack::{DirStack, Step};
use crate::{BackupRestoreStatus, Directory, Failure, Progress, Stage};

/// A phase that stages licenses.
pub(super) struct Staging<D: Directory> {
    plan: RestorePlan,
    source: ArchiveSource<D::File>,
    directories: DirStack<StageDir<D>>,
    /// The number of licenses of the backup that are done.
    next: usize,
    /// The size of these licenses.
    bytes: u64,
}

impl<D: Directory> Staging<D> {
    pub(super) fn new(
        store: Rc<D>,
        source: ArchiveSource<D::File>,
        plan: RestorePlan,
    ) -> Result<Self, Failure> {
        let root = StageDir::new(DirState::Existing(store))
            .map_err(|error| plan.directory_failure(Catalogue::ROOT, "list", error))?;
        Ok(Self {
            plan,
            source,
            directories: DirStack::new(root),
            next: 0,
            bytes: 0,
        })
    }

    /// Does one step. Returns `true` if all licenses are staged.
    pub(super) fn step(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        events.push(self.progress());
        while budget.is_left() {
            budget.spend(LOOK);
            if self.directories.current_mut().prepare_next() {
                continue;
            }
            let is_last = self.next == self.plan.contents.len();
            let target = if is_last {
                Catalogue::ROOT
            } else {
                self.plan.directory_of(self.next)
            };
            match self.directories.next_step_to(target, self.plan.catalogue()) {
                Step::Enter(id) => self.enter(id)?,
                Step::Leave => self.leave(&mut budget)?,
                Step::Arrived if is_last => {
                    self.sync_present(Catalogue::ROOT, self.directories.current(), &mut budget)?;
                    events.push(self.progress());
                    return Ok(true);
                }
                Step::Arrived => self.stage_next(&mut budget, events)?,
            }
        }
        Ok(false)
    }

    pub(super) fn into_plan(self) -> RestorePlan {
        self.plan
    }

    fn progress(&self) -> BackupRestoreStatus {
        let total = self.plan.contents.len();
        BackupRestoreStatus::Progress(Progress {
            stage: Stage::Writing,
            done: self.next as u64,
            total: Some(total as u64),
            bytes: self.bytes,
            path: if self.next < total {
                self.plan.contents.path(self.next)
            } else {
                String::new()
            },
        })
    }

    /// Opens or creates a directory in the current one and enters it, unless the current one has
    /// to be listed again first.
    fn enter(&mut self, id: DirectoryId) -> Result<(), Failure> {
        let state = self.directories.current_mut().child(id, &mut self.plan);
        let entered = state
            .and_then(|state| state.map(StageDir::new).transpose())
            .map_err(|error| self.plan.directory_failure(id, "open", error))?;
        if let Some(entered) = entered {
            self.directories.enter(id, entered);
        }
        Ok(())
    }

    /// Leaves the current directory, and removes it if this restore has created it for nothing.
    fn leave(&mut self, budget: &mut Budget) -> Result<(), Failure> {
        let Some((id, left)) = self.directories.leave() else {
            return Ok(());
        };
        self.directories.current_mut().note(left.holding());
        if !left.is_unused() {
            return self.sync_present(id, &left, budget);
        }
        // Some systems do not remove an open directory.
        drop(left);
        if let Some(parent) = self.directories.current().directory() {
            remove_unused(&**parent, self.plan.directory_name(id))
                .map_err(|error| self.plan.directory_failure(id, "remove", error))?;
        }
        self.plan.created.pop();
        Ok(())
    }

    fn sync_present(
        &self,
        id: DirectoryId,
        directory: &StageDir<D>,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        directory
            .sync_present(&self.plan, budget)
            .map_err(|error| self.plan.directory_failure(id, "sync", error))
    }

    /// Stages the next license, unless the current directory has to be listed again first.
    fn stage_next(
        &mut self,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        let license = self.next;
        let Some(existing) = self.find(license, budget)? else {
            return Ok(());
        };
        let current = self.directories.current_mut();
        match existing {
            Existing::Present => {
                current.note(Holding::Present);
                self.plan.summary.present += 1;
            }
            Existing::Conflict(conflict) => self.plan.report_conflict(conflict, license, events),
            Existing::Nothing | Existing::Replaceable => match current.directory().cloned() {
                Some(directory) if !self.plan.options.dry_run => {
                    let content = self.source.read(&self.plan.contents, license)?;
                    budget.spend_bytes(content.len());
                    let staged = current.write(&*directory, &self.plan, license, &content)?;
                    current.note(Holding::Staged);
                    self.plan.staged.push(staged);
                }
                _ => self.plan.count_restored(license),
            },
        }
        self.source.skip(&self.plan.contents, license);
        self.bytes += self.plan.size(license);
        self.next += 1;
        Ok(())
    }

    /// Looks for an entry of the name of a license. Returns `None` if the current directory has to
    /// be listed again first, which has begun.
    fn find(&mut self, license: usize, budget: &mut Budget) -> Result<Option<Existing>, Failure> {
        let current = self.directories.current_mut();
        let failure = |error| self.plan.license_failure(license, "read", error);
        let existing = current.find(&self.plan, license, budget).map_err(failure)?;
        budget.spend(LICENSE);
        match existing {
            Existing::Conflict(Conflict::OtherName)
                if current.relist_once().map_err(failure)? =>
            {
                return Ok(None);
            }
            Existing::Replaceable | Existing::Conflict(Conflict::OtherContent) => {
                if let Some(directory) = current.directory() {
                    let document = self.source.read(&self.plan.contents, license)?;
                    let name = self.plan.name(license);
                    let newer =
                        newer_version(&**directory, name, &document, budget).map_err(failure)?;
                    return Ok(Some(newer.map_or(existing, Existing::Conflict)));
                }
            }
            _ => {}
        }
        Ok(Some(existing))
    }
}
