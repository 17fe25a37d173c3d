//! The last phase of a restore: giving each license its name, and making the names durable.
//!
//! The first name that is given is the commit point. Trouble before it undoes the restore; trouble after it is told, and
//! the restore goes on to its end.
//!
//! A file system may take the name of one license for that of another. So the names that were given in a directory are
//! looked for before anything below it is looked at, and what has another name than its own is taken back; and a license that
//! is there already, to all appearances, is looked at once more after that, for it may have been such a file.

use std::mem;
use std::rc::Rc;

use super::RestoreSummary;
use super::budget::{Budget, LICENSE, LOOK, SYNC};
use super::conflict::Conflict;
use super::job::{Job, Pending, but_left, incomplete, remove_unused, undone};
use super::names::Names;
use super::target::{Finding, is_of_the_name, newer_version, read_document};
use crate::dir_stack::{DirStack, Step};
use crate::directory::FsError;
use crate::store::DirectoryId;
use crate::temporary::{put_in_place, sync_names, temporary_name, unlink};
use crate::{BackupRestoreStatus, Directory, Failure, Stage};

/// The phase, as far as it has come.
pub(super) struct Committing<D: Directory> {
    job: Job,
    directories: DirStack<Level<D>>,
    /// The next pending license.
    next: usize,
    /// The size of those before it.
    bytes: u64,
    /// Whether the commit point is passed.
    is_committed: bool,
    /// The number of licenses that could not be put in place.
    failed: u64,
    /// The first thing that went wrong after the commit point.
    first_failure: Option<Failure>,
}

/// A directory on the trail.
struct Level<D: Directory> {
    /// Nothing if it cannot be opened.
    directory: Option<Rc<D>>,
    /// What keeps all licenses in it from getting their names, and the names of what is below.
    hindrance: Option<Hindrance>,
    /// The names in it when it was entered; when it is being left, those that it has by then.
    names: Names<D::Entries>,
    /// Whether it was listed anew because a name was missing: another program may change it meanwhile.
    is_relisted: bool,
    /// The licenses that got new names in it, as long as these were not looked for.
    placed: Vec<usize>,
    /// Those that are being looked for, the first last.
    checking: Vec<usize>,
    /// The licenses that seemed to be there already, to be looked at once more.
    postponed: Vec<Pending>,
    /// Whether all others were seen to, so that none is postponed any more.
    is_settled: bool,
    /// Whether something of this run stays in it or below.
    is_kept: bool,
}

#[derive(Clone, Copy)]
enum Hindrance {
    Conflict(Conflict),
    Trouble(FsError),
}

/// What became of a license.
enum Placement {
    /// It has its name, and its temporary one besides.
    Linked,
    /// It has its name.
    Renamed,
    /// It has its name, which stood for another file.
    Replaced,
    /// It is there by now, whoever put it there.
    Present,
    Conflict(Conflict),
}

impl<D: Directory> Committing<D> {
    pub(super) fn new(store: Rc<D>, mut job: Job) -> Self {
        job.put_directories_last();
        let directories = DirStack::new(Level::new(Some(store), None));
        Self {
            job,
            directories,
            next: 0,
            bytes: 0,
            is_committed: false,
            failed: 0,
            first_failure: None,
        }
    }

    pub(super) fn is_committed(&self) -> bool {
        self.is_committed
    }

    /// Goes on for a step. Gives whether it is at its end. A failure is one before the commit point.
    pub(super) fn step(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        events.push(self.job.progress(Stage::Committing, self.next, self.bytes));
        while budget.is_left() {
            budget.spend(LOOK);
            if self.directories.current_mut().names.read_next() {
                continue;
            }
            let pending = self.job.pending.get(self.next).copied();
            let target = self.job.directory_of_pending(self.next);
            match (
                self.directories
                    .next_step_to(target, self.job.contents.catalogue()),
                pending,
            ) {
                (Step::Enter(id), _) => {
                    if self.settle(&mut budget, events)? {
                        self.enter(id);
                    }
                }
                (Step::Arrived, Some(pending)) => {
                    if self.place(pending, &mut budget, events)? {
                        self.next += 1;
                        self.bytes += u64::from(self.job.contents.license(pending.license).size);
                    }
                }
                (Step::Leave, _) => {
                    if self.close(&mut budget, events)? {
                        self.leave(events)?;
                    }
                }
                (Step::Arrived, None) => {
                    if self.close(&mut budget, events)? {
                        events.push(self.job.progress(Stage::Committing, self.next, self.bytes));
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    pub(super) fn into_job(self) -> Job {
        self.job
    }

    /// What to tell of the restore when it is at its end.
    pub(super) fn into_outcome(self) -> Result<RestoreSummary, Failure> {
        let Some(Failure {
            code,
            message,
            path,
        }) = self.first_failure
        else {
            return Ok(self.job.summary);
        };
        let message = match (self.failed, self.job.contents.len()) {
            (0, _) => format!("the licenses are in place, but not all went well: {message}"),
            (failed, all) => {
                format!(
                    "{failed} of {all} licenses could not be put in place, the first failure: {message}"
                )
            }
        };
        Err(Failure {
            path,
            ..Failure::new(code, message)
        })
    }

    /// Opens a directory in the innermost one.
    fn enter(&mut self, id: DirectoryId) {
        let level = self.directories.current().child(id, &self.job);
        self.directories.enter(id, level);
    }

    /// Gives a license its name. Gives whether that is done, or postponed.
    fn place(
        &mut self,
        pending: Pending,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<bool, Failure> {
        budget.spend(LICENSE);
        let level = self.directories.current_mut();
        let mut placement = level.place(&self.job, pending, budget);
        if matches!(placement, Ok(Placement::Conflict(Conflict::OtherName))) && !level.is_relisted {
            match level.list_anew() {
                // It is looked at again, with the names that there are by now.
                Ok(()) => return Ok(false),
                Err(error) => placement = Err(error),
            }
        }
        let placement = match placement {
            Ok(Placement::Present) if !level.is_settled => {
                level.postponed.push(pending);
                return Ok(true);
            }
            Ok(placement) => placement,
            Err(error) => return self.give_up(pending, error, budget, events).map(|()| true),
        };
        let removed = match (&placement, &level.directory) {
            (Placement::Renamed | Placement::Replaced, _) | (_, None) => Ok(()),
            (Placement::Linked, Some(directory)) => {
                unlink(&**directory, &temporary_name(pending.temporary))
            }
            (_, Some(directory)) => self.job.remove_temporary(&**directory, pending, budget),
        };
        match placement {
            Placement::Linked | Placement::Renamed => {
                self.is_committed = true;
                level.placed.push(pending.license);
            }
            // The name was listed already, exactly so, and taking it back would not bring back what had it.
            Placement::Replaced => {
                self.is_committed = true;
                level.is_kept = true;
                self.job.count_restored(pending.license);
            }
            Placement::Present => self.job.summary.present += 1,
            Placement::Conflict(conflict) => {
                self.job.tell_conflict(conflict, pending.license, events)
            }
        }
        if let Err(error) = removed {
            let doing = format!(
                "removing the temporary file {} of",
                temporary_name(pending.temporary)
            );
            self.trouble(
                self.job.contents.path(pending.license),
                &doing,
                error,
                events,
            )?;
        }
        Ok(true)
    }

    /// Goes on without a license, if all cannot be undone any more.
    fn give_up(
        &mut self,
        pending: Pending,
        error: FsError,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        let path = self.job.contents.path(pending.license);
        if !self.is_committed {
            return Err(undone(path, "placing", error));
        }
        self.failed += 1;
        let failure = incomplete(path, "placing", error);
        let removed = match &self.directories.current().directory {
            Some(directory) => self.job.remove_temporary(&**directory, pending, budget),
            None => Err(error),
        };
        let failure = match removed {
            // It is gone, or the directory that it was in.
            Ok(()) | Err(FsError::NoEntry) => failure,
            Err(error) => but_left(failure, &self.job.temporary_path(pending), error),
        };
        self.tell(failure, events);
        Ok(())
    }

    /// Looks for the names that were given in the innermost directory, and at what was postponed there. Gives whether that
    /// is done.
    fn settle(
        &mut self,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<bool, Failure> {
        let id = self.directories.current_id();
        let level = self.directories.current_mut();
        let (Some(directory), None) = (level.directory.clone(), level.hindrance) else {
            return Ok(true);
        };
        if let Some(license) = level.checking.pop() {
            self.check(&directory, license, events)?;
        } else if level.placed.is_empty() {
            level.is_settled = true;
            let Some(pending) = level.postponed.pop() else {
                return Ok(true);
            };
            if !self.place(pending, budget, events)? {
                self.directories.current_mut().postponed.push(pending);
            }
        } else {
            let mut placed = mem::take(&mut level.placed);
            match Names::of(&*directory) {
                Ok(names) => {
                    level.names = names;
                    placed.reverse();
                    level.checking = placed;
                }
                Err(error) => {
                    level.is_kept = true;
                    self.trouble(self.job.directory_path(id), "listing", error, events)?;
                }
            }
        }
        Ok(false)
    }

    /// Makes the names in the innermost directory durable, once all in it is settled. Gives whether that is done.
    fn close(
        &mut self,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<bool, Failure> {
        if !self.settle(budget, events)? {
            return Ok(false);
        }
        let level = self.directories.current();
        let (Some(directory), None) = (level.directory.clone(), level.hindrance) else {
            return Ok(true);
        };
        budget.spend(SYNC);
        if let Err(error) = sync_names(&*directory) {
            let doing = if self.is_committed {
                "what was restored is in place but perhaps not durable: syncing"
            } else {
                "syncing"
            };
            self.trouble(
                self.job.directory_path(self.directories.current_id()),
                doing,
                error,
                events,
            )?;
        }
        Ok(true)
    }

    /// Looks whether a license has exactly the name that it was given, and takes it back if not: the name would be
    /// another one's to other programs.
    fn check(
        &mut self,
        directory: &D,
        license: usize,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        let name = self.job.name(license);
        let level = self.directories.current_mut();
        let is_there = level.names.has(name);
        match is_there.and_then(|is_there| {
            if is_there {
                Ok(true)
            } else {
                unlink(directory, name).map(|()| false)
            }
        }) {
            Ok(true) => {
                level.is_kept = true;
                self.job.count_restored(license);
                Ok(())
            }
            Ok(false) => {
                self.job.tell_conflict(Conflict::OtherName, license, events);
                Ok(())
            }
            Err(error) => {
                level.is_kept = true;
                self.trouble(
                    self.job.contents.path(license),
                    "seeing to the name of",
                    error,
                    events,
                )
            }
        }
    }

    /// Leaves the innermost directory, and removes it if this run has created it for nothing.
    fn leave(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<(), Failure> {
        // Some systems remove no directory that is open, and so only this is kept of the level.
        let Some((id, Level { is_kept, .. })) = self.directories.leave() else {
            return Ok(());
        };
        let parent = self.directories.current_mut();
        parent.is_kept |= is_kept;
        let Some(parent) = parent
            .directory
            .as_ref()
            .filter(|_| !is_kept && self.job.has_created(id))
        else {
            return Ok(());
        };
        remove_unused(&**parent, self.job.directory_name(id))
            .or_else(|error| self.trouble(self.job.directory_path(id), "removing", error, events))
    }

    /// Ends the phase because of trouble, or after the commit point tells of it.
    fn trouble(
        &mut self,
        path: String,
        doing: &str,
        error: FsError,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        if !self.is_committed {
            return Err(undone(path, doing, error));
        }
        self.tell(incomplete(path, doing, error), events);
        Ok(())
    }

    fn tell(&mut self, failure: Failure, events: &mut Vec<BackupRestoreStatus>) {
        events.push(BackupRestoreStatus::Error(failure.clone()));
        self.first_failure.get_or_insert(failure);
    }
}

impl<D: Directory> Level<D> {
    /// Begins to list a directory that is being entered.
    fn new(directory: Option<Rc<D>>, hindrance: Option<Hindrance>) -> Self {
        let listed = match (&directory, hindrance) {
            (Some(directory), None) => Names::of(&**directory),
            _ => Ok(Names::none()),
        };
        let (names, hindrance) = match listed {
            Ok(names) => (names, hindrance),
            Err(error) => (Names::none(), Some(Hindrance::Trouble(error))),
        };
        Self {
            directory,
            hindrance,
            names,
            is_relisted: false,
            placed: Vec::new(),
            checking: Vec::new(),
            postponed: Vec::new(),
            is_settled: false,
            is_kept: false,
        }
    }

    /// Opens a directory in this one.
    fn child(&self, id: DirectoryId, job: &Job) -> Self {
        let name = job.directory_name(id);
        let mut hindrance = self.hindrance;
        if hindrance.is_none() && job.has_created(id) {
            hindrance = match self.names.has(name) {
                Ok(true) => None,
                Ok(false) => Some(Hindrance::Conflict(Conflict::OtherDirectory(id))),
                Err(error) => Some(Hindrance::Trouble(error)),
            };
        }
        match self
            .directory
            .as_ref()
            .map(|parent| parent.open_directory(name))
            .transpose()
        {
            Ok(directory) => Self::new(directory.map(Rc::new), hindrance),
            Err(error) => Self::new(None, hindrance.or(Some(Hindrance::Trouble(error)))),
        }
    }

    fn list_anew(&mut self) -> Result<(), FsError> {
        self.is_relisted = true;
        if let Some(directory) = &self.directory {
            self.names = Names::of(&**directory)?;
        }
        Ok(())
    }

    /// Gives a license its name in this directory.
    fn place(
        &self,
        job: &Job,
        pending: Pending,
        budget: &mut Budget,
    ) -> Result<Placement, FsError> {
        let directory = match (self.hindrance, &self.directory) {
            (None, Some(directory)) => &**directory,
            (Some(Hindrance::Conflict(conflict)), _) => return Ok(Placement::Conflict(conflict)),
            (Some(Hindrance::Trouble(error)), _) => return Err(error),
            (None, None) => return Err(FsError::NoEntry),
        };
        let target = job.target(directory, &self.names, pending.license);
        let finding = target.look(budget)?;
        match finding {
            Finding::Present => return Ok(Placement::Present),
            Finding::Conflict(conflict) => return Ok(Placement::Conflict(conflict)),
            Finding::Free | Finding::Replaceable => {}
        }
        match job.has_temporary(directory, pending, budget) {
            Ok(true) => {}
            Ok(false) => {
                return Err(FsError::Other(
                    "its temporary file has other content by now",
                ));
            }
            Err(FsError::NoEntry) => return Err(FsError::Other("its temporary file is gone")),
            Err(error) => return Err(error),
        }
        let (temporary, name) = (temporary_name(pending.temporary), job.name(pending.license));
        // A server can have done what it is asked for, and its answer be lost.
        let is_present = |budget: &mut Budget| matches!(target.look(budget), Ok(Finding::Present));
        if matches!(finding, Finding::Replaceable) {
            let document = read_document(directory, &temporary, budget)?.unwrap_or_default();
            if let Some(conflict) = newer_version(directory, name, &document, budget)? {
                return Ok(Placement::Conflict(conflict));
            }
            return match directory.rename(&temporary, name) {
                Err(error) if !is_present(budget) => Err(error),
                _ => Ok(Placement::Replaced),
            };
        }
        let placed = put_in_place(directory, &temporary, name);
        match placed.or_else(|error| {
            if is_linked(directory, &temporary, name) {
                Ok(true)
            } else {
                Err(error)
            }
        }) {
            Ok(true) => Ok(Placement::Linked),
            Ok(false) => Ok(Placement::Renamed),
            Err(FsError::Exist) => Ok(match target.look(budget)? {
                Finding::Present => Placement::Present,
                Finding::Conflict(conflict) => Placement::Conflict(conflict),
                Finding::Free | Finding::Replaceable => Placement::Conflict(Conflict::OtherName),
            }),
            // The temporary file is there still, so that it is not what the file system misses.
            Err(error) if is_of_the_name(error) && directory.metadata(&temporary).is_ok() => {
                Ok(Placement::Conflict(Conflict::Incompatible))
            }
            Err(error) => {
                if is_present(budget) {
                    Ok(Placement::Renamed)
                } else {
                    Err(error)
                }
            }
        }
    }
}

/// Whether two names stand for the same file.
fn is_linked<D: Directory>(directory: &D, one: &str, other: &str) -> bool {
    directory
        .open_file(one)
        .and_then(|file| directory.is_name_of(other, &file))
        == Ok(true)
}
