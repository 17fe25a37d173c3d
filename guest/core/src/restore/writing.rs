//! The first phase of a restore: looking where each license goes, and writing those that are to be restored under
//! temporary names. Directories that are missing are created.

use std::rc::Rc;

use super::budget::{Budget, LICENSE, LOOK, SYNC};
use super::conflict::Conflict;
use super::job::{Job, Pending, but_left, remove_unused, undone};
use super::names::Names;
use super::source::Source;
use super::target::{Finding, is_of_the_name, newer_version};
use super::temporaries::Temporaries;
use crate::dir_stack::{DirStack, Step};
use crate::directory::FsError;
use crate::store::{Catalogue, DirectoryId};
use crate::temporary::sync_names;
use crate::{BackupRestoreStatus, Directory, Failure, Progress, Stage};

/// The phase, as far as it has come.
pub(super) struct Writing<D: Directory> {
    job: Job,
    source: Source<D::File>,
    directories: DirStack<Level<D>>,
    /// The next license.
    next: usize,
    /// The size of those before it.
    bytes: u64,
}

/// A directory on the trail.
struct Level<D: Directory> {
    place: Place<D>,
    /// The names in it; none if it was not there.
    names: Names<D::Entries>,
    /// Whether a directory was created in it after it was listed.
    is_outdated: bool,
    /// Whether it was listed anew because a name was missing: another program may change it meanwhile.
    is_relisted: bool,
    temporaries: Option<Temporaries>,
    /// The number of licenses that were pending when it was entered.
    pending_before: usize,
    /// Whether some license in it or below was there already.
    has_present: bool,
}

/// What a directory of the backup is in the store.
enum Place<D> {
    /// It was there.
    Found(Rc<D>),
    /// This run has created it.
    Created(Rc<D>),
    /// It is not there, and is not created, since this is a dry run.
    Missing,
    /// What is in it cannot be restored.
    Blocked(Conflict),
}

impl<D: Directory> Writing<D> {
    pub(super) fn new(store: Rc<D>, source: Source<D::File>, job: Job) -> Result<Self, Failure> {
        let root = Level::new(Place::Found(store), 0);
        let root =
            root.map_err(|error| undone(job.directory_path(Catalogue::ROOT), "listing", error))?;
        Ok(Self {
            job,
            source,
            directories: DirStack::new(root),
            next: 0,
            bytes: 0,
        })
    }

    /// Goes on for a step. Gives whether all is written.
    pub(super) fn step(&mut self, events: &mut Vec<BackupRestoreStatus>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        events.push(self.progress());
        while budget.is_left() {
            budget.spend(LOOK);
            let level = self.directories.current_mut();
            if level.names.read_next() || level.remove_next_stale() {
                continue;
            }
            let is_last = self.next == self.job.contents.len();
            let target = if is_last {
                Catalogue::ROOT
            } else {
                self.job.directory_of(self.next)
            };
            match self
                .directories
                .next_step_to(target, self.job.contents.catalogue())
            {
                Step::Enter(id) => self.enter(id)?,
                Step::Leave => self.leave(&mut budget)?,
                Step::Arrived if is_last => {
                    let settled = self.directories.current().settle(&self.job, &mut budget);
                    settled.map_err(|error| self.undone(Catalogue::ROOT, "syncing", error))?;
                    events.push(self.progress());
                    return Ok(true);
                }
                Step::Arrived => self.deal_with_next(&mut budget, events)?,
            }
        }
        Ok(false)
    }

    pub(super) fn into_job(self) -> Job {
        self.job
    }

    fn progress(&self) -> BackupRestoreStatus {
        let total = self.job.contents.len();
        BackupRestoreStatus::Progress(Progress {
            stage: Stage::Writing,
            done: self.next as u64,
            total: Some(total as u64),
            bytes: self.bytes,
            path: if self.next < total {
                self.job.contents.path(self.next)
            } else {
                String::new()
            },
        })
    }

    /// Opens a directory in the innermost one, or creates it.
    fn enter(&mut self, id: DirectoryId) -> Result<(), Failure> {
        let place = self.directories.current_mut().child(id, &mut self.job);
        let pending = self.job.pending.len();
        match place.and_then(|place| place.map(|place| Level::new(place, pending)).transpose()) {
            Ok(Some(level)) => self.directories.enter(id, level),
            Ok(None) => {}
            Err(error) => return Err(self.undone(id, "entering", error)),
        }
        Ok(())
    }

    /// Leaves the innermost directory.
    fn leave(&mut self, budget: &mut Budget) -> Result<(), Failure> {
        let Some((id, level)) = self.directories.leave() else {
            return Ok(());
        };
        let parent = self.directories.current_mut();
        parent.has_present |= level.has_present;
        let is_needed = self.job.pending.len() > level.pending_before;
        if is_needed || !matches!(level.place, Place::Created(_)) {
            let settled = level.settle(&self.job, budget);
            return settled.map_err(|error| self.undone(id, "syncing", error));
        }
        // Nothing of what it was created for could be written. Some systems remove no directory that is open.
        drop(level);
        if let Some(parent) = parent.directory() {
            let removed = remove_unused(&**parent, self.job.directory_name(id));
            removed.map_err(|error| self.undone(id, "removing", error))?;
        }
        self.job.created.pop();
        Ok(())
    }

    fn deal_with_next(
        &mut self,
        budget: &mut Budget,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> Result<(), Failure> {
        let license = self.next;
        let level = self.directories.current_mut();
        let finding = level.look(&self.job, license, budget);
        let mut finding = finding.map_err(|error| self.job.undone(license, "looking at", error))?;
        budget.spend(LICENSE);
        if matches!(finding, Finding::Conflict(Conflict::OtherName)) && !level.is_relisted {
            return level
                .list_anew()
                .map_err(|error| self.job.undone(license, "looking at", error));
        }
        if matches!(
            finding,
            Finding::Replaceable | Finding::Conflict(Conflict::OtherContent)
        ) && let Some(directory) = level.directory()
        {
            let document = self.source.read(&self.job.contents, license)?;
            let kept = newer_version(&**directory, self.job.name(license), &document, budget);
            if let Some(conflict) =
                kept.map_err(|error| self.job.undone(license, "looking at", error))?
            {
                finding = Finding::Conflict(conflict);
            }
        }
        match finding {
            Finding::Present => {
                level.has_present = true;
                self.job.summary.present += 1;
            }
            Finding::Conflict(conflict) => self.job.tell_conflict(conflict, license, events),
            Finding::Free | Finding::Replaceable => match level.directory().cloned() {
                Some(directory) if !self.job.flags.dry_run => {
                    let content = self.source.read(&self.job.contents, license)?;
                    budget.spend_bytes(content.len());
                    let temporary = level.write(&directory, &content, |what, error| {
                        self.job.undone(license, what, error)
                    })?;
                    self.job.pending.push(Pending { license, temporary });
                }
                _ => self.job.count_restored(license),
            },
        }
        self.source.pass(&self.job.contents, license);
        self.bytes += u64::from(self.job.contents.license(license).size);
        self.next += 1;
        Ok(())
    }

    fn undone(&self, directory: DirectoryId, doing: &str, error: FsError) -> Failure {
        undone(self.job.directory_path(directory), doing, error)
    }
}

impl<D: Directory> Level<D> {
    /// Begins to list a directory that is being entered.
    fn new(place: Place<D>, pending_before: usize) -> Result<Self, FsError> {
        let names = match &place {
            Place::Found(directory) => Names::of(&**directory)?,
            Place::Created(_) | Place::Missing | Place::Blocked(_) => Names::none(),
        };
        Ok(Self {
            place,
            names,
            is_outdated: false,
            is_relisted: false,
            temporaries: None,
            pending_before,
            has_present: false,
        })
    }

    fn directory(&self) -> Option<&Rc<D>> {
        match &self.place {
            Place::Found(directory) | Place::Created(directory) => Some(directory),
            Place::Missing | Place::Blocked(_) => None,
        }
    }

    /// Removes a temporary file that a killed run has left behind here, if this run makes some here, too. Gives whether
    /// there was one left to look at.
    fn remove_next_stale(&mut self) -> bool {
        match (&self.place, &mut self.temporaries) {
            (Place::Found(directory), Some(temporaries)) => {
                temporaries.remove_next_stale(&**directory)
            }
            _ => false,
        }
    }

    /// What a directory in this one is, after it was created if need be. Nothing if this one is listed anew before that
    /// can be told.
    fn child(&mut self, id: DirectoryId, job: &mut Job) -> Result<Option<Place<D>>, FsError> {
        let directory = match &self.place {
            Place::Found(directory) | Place::Created(directory) => Rc::clone(directory),
            Place::Missing => return Ok(Some(Place::Missing)),
            Place::Blocked(conflict) => return Ok(Some(Place::Blocked(*conflict))),
        };
        let name = job.directory_name(id);
        Ok(Some(match directory.open_directory(name) {
            Ok(opened) if self.names.has(name)? => Place::Found(Rc::new(opened)),
            // Creating another directory may have made one of exactly this name, as creating `d.` makes `d` on FAT; or
            // another program has made it.
            Ok(_) if self.is_outdated || !self.is_relisted => {
                self.list_anew()?;
                return Ok(None);
            }
            Ok(_) => Place::Blocked(Conflict::OtherDirectory(id)),
            Err(FsError::NoEntry) if job.flags.dry_run => Place::Missing,
            Err(FsError::NoEntry) => return self.create_child(&directory, id, job),
            Err(FsError::NotDirectory | FsError::Link) => Place::Blocked(Conflict::NoDirectory(id)),
            Err(error) if is_of_the_name(error) => Place::Blocked(Conflict::UnfitDirectory(id)),
            Err(error) => return Err(error),
        }))
    }

    /// Creates a directory in this one. Nothing if it is there by now, and this one is listed anew.
    fn create_child(
        &mut self,
        directory: &D,
        id: DirectoryId,
        job: &mut Job,
    ) -> Result<Option<Place<D>>, FsError> {
        match directory.create_directory(job.directory_name(id)) {
            Ok(()) => {
                job.created.push(id);
                self.is_outdated = true;
                let created = directory.open_directory(job.directory_name(id))?;
                Ok(Some(Place::Created(Rc::new(created))))
            }
            Err(FsError::Exist) if !self.is_relisted => self.list_anew().map(|()| None),
            Err(FsError::Exist) => Ok(Some(Place::Blocked(Conflict::OtherDirectory(id)))),
            // A name is to blame only if the directory takes another one: it could be read-only.
            Err(error) if is_of_the_name(error) && self.takes_a_name(directory) => {
                Ok(Some(Place::Blocked(Conflict::UnfitDirectory(id))))
            }
            Err(error) => Err(error),
        }
    }

    fn list_anew(&mut self) -> Result<(), FsError> {
        (self.is_outdated, self.is_relisted) = (false, true);
        if let Some(directory) = self.directory() {
            self.names = Names::of(&**directory)?;
        }
        Ok(())
    }

    fn takes_a_name(&mut self, directory: &D) -> bool {
        self.temporaries()
            .create(directory)
            .and_then(|temporary| temporary.remove(directory))
            .is_ok()
    }

    fn temporaries(&mut self) -> &mut Temporaries {
        let names = &mut self.names;
        self.temporaries
            .get_or_insert_with(|| Temporaries::new(names.take_temporaries()))
    }

    /// Looks where a license in this directory goes.
    fn look(&self, job: &Job, license: usize, budget: &mut Budget) -> Result<Finding, FsError> {
        match &self.place {
            Place::Found(directory) => job.target(&**directory, &self.names, license).look(budget),
            Place::Created(_) | Place::Missing => Ok(Finding::Free),
            Place::Blocked(conflict) => Ok(Finding::Conflict(*conflict)),
        }
    }

    /// Writes a license under a temporary name, and gives the number of that.
    fn write(
        &mut self,
        directory: &D,
        content: &[u8],
        failure: impl Fn(&str, FsError) -> Failure,
    ) -> Result<u32, Failure> {
        let created = self.temporaries().create(directory);
        let temporary = created.map_err(|error| failure("creating a temporary file for", error))?;
        temporary.write(content).map_err(|error| {
            let failure = failure("writing", error);
            match temporary.remove(directory) {
                Ok(()) => failure,
                Err(error) => but_left(
                    failure,
                    &format!("{} in its directory", temporary.name()),
                    error,
                ),
            }
        })?;
        Ok(temporary.number)
    }

    /// Sees to it that what was there already is durable, if no later phase will come back here: the run that put it there
    /// may have been killed before it could.
    fn settle(&self, job: &Job, budget: &mut Budget) -> Result<(), FsError> {
        match &self.place {
            Place::Found(directory)
                if self.has_present
                    && self.pending_before == job.pending.len()
                    && !job.flags.dry_run =>
            {
                budget.spend(SYNC);
                sync_names(&**directory)
            }
            _ => Ok(()),
        }
    }
}
