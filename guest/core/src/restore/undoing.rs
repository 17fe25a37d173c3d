//! What takes back a restore that has given no license its name: the temporary files are removed, and the directories that
//! were created.

use std::rc::Rc;

use super::budget::{Budget, LICENSE, LOOK};
use super::job::{Job, but_left};
use crate::dir_stack::{DirStack, Step};
use crate::directory::FsError;
use crate::store::{Catalogue, DirectoryId};
use crate::temporary::temporary_name;
use crate::{Directory, Failure};

/// The undoing, as far as it has come: what is left to remove is left in the job.
pub(super) struct Undoing<D> {
    job: Job,
    /// The directories that lead to what is removed next, or why one cannot be opened.
    directories: DirStack<Result<Rc<D>, FsError>>,
    /// Why it is undone.
    failure: Failure,
    left: Left,
}

/// What could not be removed.
#[derive(Default)]
struct Left {
    count: u64,
    first: Option<(String, FsError)>,
}

impl<D: Directory> Undoing<D> {
    pub(super) fn new(store: Rc<D>, job: Job, failure: Failure) -> Self {
        Self {
            job,
            directories: DirStack::new(Ok(store)),
            failure,
            left: Left::default(),
        }
    }

    /// Goes on for a step. Gives whether all is undone.
    pub(super) fn step(&mut self) -> bool {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            budget.spend(LOOK);
            let target = match (self.job.pending.last(), self.job.created.last()) {
                (Some(pending), _) => self.job.directory_of(pending.license),
                (None, Some(created)) => self.parent(*created),
                (None, None) => return true,
            };
            match self
                .directories
                .next_step_to(target, self.job.contents.catalogue())
            {
                Step::Leave => drop(self.directories.leave()),
                Step::Enter(id) => self.enter(id),
                Step::Arrived => self.remove_next(&mut budget),
            }
        }
        false
    }

    /// What to tell of the restore.
    pub(super) fn into_failure(self) -> Failure {
        match self.left.first {
            None => self.failure,
            Some((path, error)) if self.left.count == 1 => {
                but_left(self.failure, &format!("{path} in the store"), error)
            }
            Some((path, error)) => {
                let what = format!("{path} and {} more in the store", self.left.count - 1);
                but_left(self.failure, &what, error)
            }
        }
    }

    fn parent(&self, id: DirectoryId) -> DirectoryId {
        match self.job.contents.catalogue().lineage(id).as_slice() {
            [.., parent, _] => *parent,
            _ => Catalogue::ROOT,
        }
    }

    fn enter(&mut self, id: DirectoryId) {
        let name = self.job.directory_name(id);
        let opened = match self.directories.current() {
            Ok(parent) => parent.open_directory(name).map(Rc::new),
            Err(error) => Err(*error),
        };
        self.directories.enter(id, opened);
    }

    /// Removes the last temporary file, or after these the last directory.
    fn remove_next(&mut self, budget: &mut Budget) {
        budget.spend(LICENSE);
        let directory = self.directories.current().as_ref().map_err(|error| *error);
        let (path, removed) = if let Some(pending) = self.job.pending.pop() {
            let id = self.job.directory_of(pending.license);
            let path = self
                .job
                .contents
                .catalogue()
                .path_in(id, &temporary_name(pending.temporary));
            (
                path,
                directory
                    .and_then(|directory| self.job.remove_temporary(&**directory, pending, budget)),
            )
        } else if let Some(created) = self.job.created.pop() {
            let name = self.job.directory_name(created);
            (
                self.job.directory_path(created),
                directory.and_then(|directory| directory.remove_directory(name)),
            )
        } else {
            return;
        };
        match removed {
            // It is gone, or the directory that it was in.
            Ok(()) | Err(FsError::NoEntry) => {}
            Err(error) => self.left.add(path, error),
        }
    }
}

impl Left {
    fn add(&mut self, path: String, error: FsError) {
        self.count += 1;
        self.first.get_or_insert((path, error));
    }
}
