//! The rollback of a restore that has not committed any license: it removes the temporary files,
//! and then the directories that were created.

use std::rc::Rc;

use super::failures::with_leftovers;
use super::plan::RestorePlan;
use crate::budget::{Budget, LICENSE, LOOK};
use crate::catalogue::{Catalogue, DirectoryId};
use crate::dir_stack::{DirStack, Step};
use crate::directory::FsError;
use crate::{Directory, Failure};

/// A phase that rolls a restore back. The plan holds the files and directories still to be removed.
pub(super) struct Rollback<D> {
    plan: RestorePlan,
    /// The open directories, or the error of one that cannot be opened.
    directories: DirStack<Result<Rc<D>, FsError>>,
    /// The failure that is the reason for the rollback.
    failure: Failure,
    leftovers: Leftovers,
}

/// The files and directories that could not be removed.
#[derive(Default)]
struct Leftovers {
    count: u64,
    /// The path of the first one, and the error.
    first: Option<(String, FsError)>,
}

impl<D: Directory> Rollback<D> {
    pub(super) fn new(store: Rc<D>, plan: RestorePlan, failure: Failure) -> Self {
        Self {
            plan,
            directories: DirStack::new(Ok(store)),
            failure,
            leftovers: Leftovers::default(),
        }
    }

    /// Does one step. Returns `true` if the rollback is finished.
    pub(super) fn step(&mut self) -> bool {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            budget.spend(LOOK);
            let target = match (self.plan.staged.last(), self.plan.created.last()) {
                (Some(staged), _) => self.plan.directory_of(staged.license),
                (None, Some(created)) => self.parent(*created),
                (None, None) => return true,
            };
            match self.directories.next_step_to(target, self.plan.catalogue()) {
                Step::Leave => drop(self.directories.leave()),
                Step::Enter(id) => self.enter(id),
                Step::Arrived => self.remove_next(&mut budget),
            }
        }
        false
    }

    /// Returns the failure of the restore, with the files that could not be removed.
    pub(super) fn into_failure(self) -> Failure {
        let Some((path, error)) = self.leftovers.first else {
            return self.failure;
        };
        let what = match self.leftovers.count {
            1 => format!("{path} in the store"),
            count => format!("{path} and {} more in the store", count - 1),
        };
        with_leftovers(self.failure, &what, error)
    }

    fn parent(&self, id: DirectoryId) -> DirectoryId {
        match self.plan.catalogue().lineage(id).as_slice() {
            [.., parent, _] => *parent,
            _ => Catalogue::ROOT,
        }
    }

    fn enter(&mut self, id: DirectoryId) {
        let name = self.plan.directory_name(id);
        let opened = match self.directories.current() {
            Ok(parent) => parent.open_directory(name).map(Rc::new),
            Err(error) => Err(*error),
        };
        self.directories.enter(id, opened);
    }

    /// Removes the last temporary file, or the last directory if no temporary file is left.
    fn remove_next(&mut self, budget: &mut Budget) {
        budget.spend(LICENSE);
        let directory = self.directories.current().as_ref().map_err(|error| *error);
        let (path, removed) = if let Some(staged) = self.plan.staged.pop() {
            let removed = directory
                .and_then(|directory| self.plan.remove_temporary(&**directory, staged, budget));
            (self.plan.temporary_path(staged), removed)
        } else if let Some(created) = self.plan.created.pop() {
            let name = self.plan.directory_name(created);
            let removed = directory.and_then(|directory| directory.remove_directory(name));
            (self.plan.directory_path(created), removed)
        } else {
            return;
        };
        match removed {
            // It does not exist any more, or the directory that it was in does not.
            Ok(()) | Err(FsError::NoEntry) => {}
            Err(error) => self.leftovers.add(path, error),
        }
    }
}

impl Leftovers {
    fn add(&mut self, path: String, error: FsError) {
        self.count += 1;
        self.first.get_or_insert((path, error));
    }
}
