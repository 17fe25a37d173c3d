//! A directory of the store in which licenses are staged.

use std::rc::Rc;

use crate::budget::{Budget, SYNC};
use crate::catalogue::DirectoryId;
use crate::directory::FsError;
use crate::restore::conflict::Conflict;
use crate::restore::dir_listing::DirListing;
use crate::restore::existing::{Existing, is_name_rejected};
use crate::restore::failures::with_leftovers;
use crate::restore::plan::{RestorePlan, StagedLicense};
use crate::restore::temp_files::TempFiles;
use crate::temporary::sync_names;
use crate::{Directory, Failure, Timestamp};

/// A directory of the backup, as it is in the store.
pub(super) struct StageDir<D: Directory> {
    state: DirState<D>,
    /// The names in the directory, or no names if it did not exist.
    listing: DirListing<D::Entries>,
    /// The temporary files, once this restore has created one.
    temp_files: Option<TempFiles>,
    holding: Holding,
}

/// The state of a directory of the backup in the store.
pub(super) enum DirState<D> {
    /// The directory exists.
    Existing(Rc<D>),
    /// This restore has created the directory.
    Created(Rc<D>),
    /// The directory does not exist, and is not created, since this is a dry run.
    Missing,
    /// No license in the directory can be restored.
    Blocked(Conflict),
}

/// What a directory and the directories in it hold of the backup, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holding {
    Nothing,
    /// Licenses that the store had already.
    Present,
    /// Licenses that are staged, and perhaps licenses that the store had already.
    Staged,
}

impl<D: Directory> StageDir<D> {
    /// Begins to list a directory.
    pub(super) fn new(state: DirState<D>) -> Result<Self, FsError> {
        let listing = match &state {
            DirState::Existing(directory) => DirListing::new(&**directory)?,
            DirState::Created(_) | DirState::Missing | DirState::Blocked(_) => DirListing::empty(),
        };
        Ok(Self {
            state,
            listing,
            temp_files: None,
            holding: Holding::Nothing,
        })
    }

    /// Returns the opened directory, or `None` if it is missing or blocked.
    pub(super) fn directory(&self) -> Option<&Rc<D>> {
        match &self.state {
            DirState::Existing(directory) | DirState::Created(directory) => Some(directory),
            DirState::Missing | DirState::Blocked(_) => None,
        }
    }

    /// Notes that a license in the directory, or in one below it, is present or staged.
    pub(super) fn note(&mut self, holding: Holding) {
        self.holding = self.holding.max(holding);
    }

    pub(super) fn holding(&self) -> Holding {
        self.holding
    }

    /// Returns `true` if this restore has created the directory and staged no license in it or
    /// below it.
    pub(super) fn is_unused(&self) -> bool {
        matches!(self.state, DirState::Created(_)) && self.holding != Holding::Staged
    }

    /// Reads the next name of the listing, or else removes the next stale temporary file, if this
    /// restore creates temporary files in the directory too. Returns `false` if nothing is left to
    /// do.
    pub(super) fn prepare_next(&mut self) -> bool {
        if self.listing.read_next() {
            return true;
        }
        match (&self.state, &mut self.temp_files) {
            (DirState::Existing(directory), Some(files)) => files.remove_next_stale(&**directory),
            _ => false,
        }
    }

    /// Begins to list the directory again, unless that was done already. Returns `true` if it is
    /// listed again.
    pub(super) fn relist_once(&mut self) -> Result<bool, FsError> {
        if !self.listing.may_lack_a_name() {
            return Ok(false);
        }
        self.relist().map(|()| true)
    }

    fn relist(&mut self) -> Result<(), FsError> {
        if let DirState::Existing(directory) | DirState::Created(directory) = &self.state {
            self.listing.repeat(&**directory)?;
        }
        Ok(())
    }

    /// Opens a directory in this one, and creates it if it is missing. Returns `None` if this
    /// directory has to be listed again first, which has begun.
    pub(super) fn child(
        &mut self,
        id: DirectoryId,
        plan: &mut RestorePlan,
    ) -> Result<Option<DirState<D>>, FsError> {
        let directory = match &self.state {
            DirState::Existing(directory) | DirState::Created(directory) => Rc::clone(directory),
            DirState::Missing => return Ok(Some(DirState::Missing)),
            DirState::Blocked(conflict) => return Ok(Some(DirState::Blocked(*conflict))),
        };
        let name = plan.directory_name(id);
        Ok(Some(match directory.open_directory(name) {
            Ok(opened) if self.listing.has(name)? => DirState::Existing(Rc::new(opened)),
            // Another program may have created it. Or creating a directory of another name has
            // created one of exactly this name, as creating `d.` creates `d` on FAT.
            Ok(_) if self.listing.may_lack_a_directory() => {
                self.relist()?;
                return Ok(None);
            }
            Ok(_) => DirState::Blocked(Conflict::OtherDirectory(id)),
            Err(FsError::NoEntry) if plan.options.dry_run => DirState::Missing,
            Err(FsError::NoEntry) => return self.create_child(&directory, id, plan),
            Err(FsError::NotDirectory | FsError::Link) => {
                DirState::Blocked(Conflict::NotADirectory(id))
            }
            Err(error) if is_name_rejected(error) => {
                DirState::Blocked(Conflict::IncompatibleDirectory(id))
            }
            Err(error) => return Err(error),
        }))
    }

    fn create_child(
        &mut self,
        directory: &D,
        id: DirectoryId,
        plan: &mut RestorePlan,
    ) -> Result<Option<DirState<D>>, FsError> {
        match directory.create_directory(plan.directory_name(id)) {
            Ok(()) => {
                plan.created.push(id);
                self.listing.note_created_directory();
                let created = directory.open_directory(plan.directory_name(id))?;
                Ok(Some(DirState::Created(Rc::new(created))))
            }
            Err(FsError::Exist) if self.relist_once()? => Ok(None),
            Err(FsError::Exist) => Ok(Some(DirState::Blocked(Conflict::OtherDirectory(id)))),
            // The name is the reason only if the directory accepts another one: it may be
            // read-only.
            Err(error) if is_name_rejected(error) && self.accepts_a_name(directory) => {
                Ok(Some(DirState::Blocked(Conflict::IncompatibleDirectory(id))))
            }
            Err(error) => Err(error),
        }
    }

    fn accepts_a_name(&mut self, directory: &D) -> bool {
        self.temp_files()
            .create(directory)
            .and_then(|temporary| temporary.remove(directory))
            .is_ok()
    }

    fn temp_files(&mut self) -> &mut TempFiles {
        let listing = &mut self.listing;
        self.temp_files
            .get_or_insert_with(|| TempFiles::new(listing.take_temporaries()))
    }

    /// Looks for an entry of the name of a license.
    ///
    /// A name that is not listed is looked up only in a dry run. Otherwise the commit finds an
    /// entry that the file system takes for it, since no commit replaces a name unasked.
    pub(super) fn find(
        &self,
        plan: &RestorePlan,
        license: usize,
        budget: &mut Budget,
    ) -> Result<Existing, FsError> {
        match &self.state {
            DirState::Existing(_)
                if !plan.options.dry_run && self.listing.has(plan.name(license)) == Ok(false) =>
            {
                Ok(Existing::Nothing)
            }
            DirState::Existing(directory) => plan
                .target(&**directory, &self.listing, license)
                .find(budget),
            DirState::Created(_) | DirState::Missing => Ok(Existing::Nothing),
            DirState::Blocked(conflict) => Ok(Existing::Conflict(*conflict)),
        }
    }

    /// Writes a license to a temporary file in `directory`, which is this one.
    pub(super) fn write(
        &mut self,
        directory: &D,
        plan: &RestorePlan,
        license: usize,
        content: &[u8],
    ) -> Result<StagedLicense, Failure> {
        let temporary = self
            .temp_files()
            .create(directory)
            .map_err(|error| plan.license_failure(license, "create a temporary file for", error))?;
        if let Err(error) = temporary.write(content) {
            let failure = plan.license_failure(license, "write", error);
            return Err(match temporary.remove(directory) {
                Ok(()) => failure,
                Err(error) => with_leftovers(
                    failure,
                    &format!("{} in its directory", temporary.name()),
                    error,
                ),
            });
        }
        Ok(StagedLicense {
            license,
            temporary: temporary.number,
            written: temporary
                .modified()
                .and_then(Timestamp::nanoseconds_since_epoch),
        })
    }

    /// Makes the names of present licenses durable, if no license is staged in the directory or
    /// below it, so that no later phase does it: the restore that has written them may have been
    /// killed before it could.
    pub(super) fn sync_present(
        &self,
        plan: &RestorePlan,
        budget: &mut Budget,
    ) -> Result<(), FsError> {
        match &self.state {
            DirState::Existing(directory)
                if self.holding == Holding::Present && !plan.options.dry_run =>
            {
                budget.spend(SYNC);
                sync_names(&**directory)
            }
            _ => Ok(()),
        }
    }
}
