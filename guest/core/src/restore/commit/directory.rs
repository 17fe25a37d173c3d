//! A directory of the store in which licenses are committed.

use std::rc::Rc;

use super::license::{self, CommitResult};
use super::state::CommitState;
use crate::Directory;
use crate::budget::Budget;
use crate::catalogue::DirectoryId;
use crate::directory::FsError;
use crate::restore::conflict::Conflict;
use crate::restore::dir_listing::DirListing;
use crate::restore::plan::{RestorePlan, StagedLicense};

/// A directory in which licenses are committed.
pub(super) struct CommitDir<D: Directory> {
    access: Access<D>,
    pub(super) state: CommitState,
    /// Whether the directory has to stay, because it or a directory in it has a file of this
    /// restore.
    pub(super) is_kept: bool,
}

/// Whether licenses can be committed in a directory.
enum Access<D: Directory> {
    /// They can.
    Open {
        directory: Rc<D>,
        listing: DirListing<D::Entries>,
    },
    /// They cannot, and neither in the directories in it. The directory may be open all the same.
    Blocked {
        directory: Option<Rc<D>>,
        reason: Blocked,
    },
}

/// The reason why no license can be committed in a directory.
#[derive(Debug, Clone, Copy)]
enum Blocked {
    Conflict(Conflict),
    Error(FsError),
}

impl<D: Directory> CommitDir<D> {
    /// Begins to list an open directory.
    pub(super) fn new(directory: Rc<D>) -> Self {
        match DirListing::new(&*directory) {
            Ok(listing) => Self {
                access: Access::Open { directory, listing },
                state: CommitState::new(),
                is_kept: false,
            },
            Err(error) => Self::blocked(Some(directory), Blocked::Error(error)),
        }
    }

    fn blocked(directory: Option<Rc<D>>, reason: Blocked) -> Self {
        Self {
            access: Access::Blocked { directory, reason },
            state: CommitState::Done,
            is_kept: false,
        }
    }

    /// Opens a directory in this one.
    pub(super) fn child(&self, id: DirectoryId, plan: &RestorePlan) -> Self {
        let name = plan.directory_name(id);
        let reason = match &self.access {
            Access::Blocked { reason, .. } => Some(*reason),
            Access::Open { listing, .. } if plan.has_created(id) => match listing.has(name) {
                Ok(true) => None,
                Ok(false) => Some(Blocked::Conflict(Conflict::OtherDirectory(id))),
                Err(error) => Some(Blocked::Error(error)),
            },
            Access::Open { .. } => None,
        };
        let opened = self.directory().map(|parent| parent.open_directory(name));
        match (opened.transpose(), reason) {
            (Ok(Some(directory)), None) => Self::new(Rc::new(directory)),
            (Ok(directory), Some(reason)) => Self::blocked(directory.map(Rc::new), reason),
            (Ok(None), None) => Self::blocked(None, Blocked::Error(FsError::NoEntry)),
            (Err(error), reason) => Self::blocked(None, reason.unwrap_or(Blocked::Error(error))),
        }
    }

    /// Returns the directory if it is open, even if it is blocked.
    pub(super) fn directory(&self) -> Option<&Rc<D>> {
        match &self.access {
            Access::Open { directory, .. } => Some(directory),
            Access::Blocked { directory, .. } => directory.as_ref(),
        }
    }

    /// Returns the directory if licenses can be committed in it.
    pub(super) fn unblocked(&self) -> Option<&Rc<D>> {
        match &self.access {
            Access::Open { directory, .. } => Some(directory),
            Access::Blocked { .. } => None,
        }
    }

    /// Reads the next name of the listing. Returns `false` if all names were read already.
    pub(super) fn read_next_name(&mut self) -> bool {
        match &mut self.access {
            Access::Open { listing, .. } => listing.read_next(),
            Access::Blocked { .. } => false,
        }
    }

    /// Returns `true` if the listing has exactly this name.
    pub(super) fn has_name(&self, name: &str) -> Result<bool, FsError> {
        match &self.access {
            Access::Open { listing, .. } => listing.has(name),
            Access::Blocked { .. } => Ok(false),
        }
    }

    /// Begins to list the directory again, so that names of committed licenses are found.
    pub(super) fn relist(&mut self) -> Result<(), FsError> {
        match &mut self.access {
            Access::Open { directory, listing } => listing.renew(&**directory),
            Access::Blocked { .. } => Ok(()),
        }
    }

    /// Begins to list the directory again because a name is missing, unless that was done already.
    /// Returns `true` if it is listed again.
    pub(super) fn relist_once(&mut self) -> Result<bool, FsError> {
        match &mut self.access {
            Access::Open { directory, listing } if listing.may_lack_a_name() => {
                listing.repeat(&**directory).map(|()| true)
            }
            Access::Open { .. } | Access::Blocked { .. } => Ok(false),
        }
    }

    /// Commits a license in this directory.
    pub(super) fn commit(
        &self,
        plan: &RestorePlan,
        staged: StagedLicense,
        budget: &mut Budget,
    ) -> Result<CommitResult, FsError> {
        match &self.access {
            Access::Open { directory, listing } => {
                license::commit(&**directory, listing, plan, staged, budget)
            }
            Access::Blocked {
                reason: Blocked::Conflict(conflict),
                ..
            } => Ok(CommitResult::Conflict(*conflict)),
            Access::Blocked {
                reason: Blocked::Error(error),
                ..
            } => Err(*error),
        }
    }
}
