//! The diff operation, as a state machine: it compares two backups, or a backup with the store.
//!
//! Both sides are read in byte order of path and merged. Of a backup, only the documents that differ
//! are read, for their identifiers: the hashes in `B3SUMS` show which ones are equal.

mod backup_side;
mod difference;
mod side;
mod store_side;
#[cfg(test)]
mod tests;
mod unread;

use std::cmp::Ordering;
use std::ops::ControlFlow::{self, Break, Continue};

use backup_side::BackupSide;
pub use difference::{DiffSummary, LicenseChange, LicenseDifference};
use side::{BackedUpLicense, Head, Newer};
use store_side::StoreSide;
use unread::UnreadFiles;

use crate::archive::backup_file;
use crate::budget::Budget;
use crate::{Directory, ErrorCode, Failure, LicenseIdentity, Operation};

/// A running comparison of two backups, or of a backup with the store.
///
/// Its events are the differences from the older to the newer side, in byte order of path. They are
/// final only if the comparison succeeds: damage of a backup may be found after the first event.
pub struct Diff<D: Directory> {
    older: BackupSide<D::File>,
    newer: NewerSide<D>,
    older_head: Head<BackedUpLicense>,
    newer_head: Head<Newer>,
    unread: UnreadFiles,
    summary: DiffSummary,
}

/// The newer side of a comparison.
enum NewerSide<D: Directory> {
    Backup(BackupSide<D::File>),
    Store(StoreSide<D>),
}

impl<D: Directory> Diff<D> {
    /// Starts to compare two backups in `directory`, whose path is `path` to the caller. The newer
    /// side is the one in the file `generation`, or the newest one. The older side is the one in the
    /// file `against`, or the one right before the newer side in the history of the directory.
    ///
    /// # Errors
    ///
    /// - [`ErrorCode::InvalidArgument`] if `generation` or `against` is not the name of a backup.
    /// - [`ErrorCode::PathNotFound`] if one of the backups does not exist.
    /// - [`ErrorCode::BackupCorrupt`] if a file does not end as a backup does, or has another format.
    /// - The code of the error of the file system if a file or the directory cannot be read.
    pub fn of_backups(
        directory: &D,
        path: &str,
        generation: Option<&str>,
        against: Option<&str>,
    ) -> Result<Self, Failure> {
        let newer = open(directory, path, generation)?;
        let earlier = match against {
            Some(against) => against.to_owned(),
            None => backup_file::earlier_than(directory, path, newer.name())?,
        };
        let older = open(directory, path, Some(&earlier))?;
        Ok(Self::new(older, NewerSide::Backup(newer)))
    }

    /// Starts to compare a backup in `directory`, whose path is `path` to the caller, with `store`.
    /// The older side is the backup in the file `generation`, or the newest one. The newer side is
    /// the store: the licenses that a backup of it would contain.
    ///
    /// # Errors
    ///
    /// - [`ErrorCode::InvalidArgument`] if `generation` is not the name of a backup.
    /// - [`ErrorCode::PathNotFound`] if there is no backup.
    /// - [`ErrorCode::BackupCorrupt`] if the file does not end as a backup does, or has another
    ///   format.
    /// - The code of the error of the file system if the file cannot be read, or the store cannot be
    ///   listed.
    pub fn of_store(
        store: D,
        directory: &D,
        path: &str,
        generation: Option<&str>,
    ) -> Result<Self, Failure> {
        let older = open(directory, path, generation)?;
        let newer = StoreSide::new(store).map_err(|error| {
            let message = format!("cannot list the license store: {error}");
            Failure::new(error.code(), message)
        })?;
        Ok(Self::new(older, NewerSide::Store(newer)))
    }

    fn new(older: BackupSide<D::File>, newer: NewerSide<D>) -> Self {
        let summary = DiffSummary {
            old: older.name().to_owned(),
            new: newer.name().map(str::to_owned),
            ..DiffSummary::default()
        };
        Self {
            older,
            newer,
            older_head: Head::Pending,
            newer_head: Head::Pending,
            unread: UnreadFiles::default(),
            summary,
        }
    }

    /// Compares some licenses. Returns `true` after the last one.
    fn compare(&mut self, differences: &mut Vec<LicenseDifference>) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            let older = std::mem::replace(&mut self.older_head, Head::Pending);
            let newer = std::mem::replace(&mut self.newer_head, Head::Pending);
            let difference = match (older, newer) {
                (Head::Pending, newer) => {
                    let license = self.older.next_license(&mut budget)?;
                    self.older_head = license.map_or(Head::End, Head::Item);
                    self.newer_head = newer;
                    continue;
                }
                (older, Head::Pending) => {
                    self.older_head = older;
                    self.newer_head = self.newer.advance(&mut budget)?;
                    continue;
                }
                (Head::End, Head::End) => return Ok(true),
                (Head::Item(older), Head::End) => {
                    self.newer_head = Head::End;
                    self.removed(&older, &mut budget)?
                }
                (Head::End, Head::Item(newer)) => {
                    self.older_head = Head::End;
                    Some(self.added(newer, &mut budget)?)
                }
                (Head::Item(older), Head::Item(newer)) => {
                    self.compare_items(older, newer, &mut budget)?
                }
            };
            if let Some(difference) = difference {
                self.summary.count(difference.change);
                differences.push(difference);
            }
        }
        Ok(false)
    }

    /// Compares the next items of both sides, and keeps the one whose turn has not come.
    fn compare_items(
        &mut self,
        older: BackedUpLicense,
        newer: Newer,
        budget: &mut Budget,
    ) -> Result<Option<LicenseDifference>, Failure> {
        let turn = match older.path.as_str().cmp(newer.path()) {
            // The unread file is reported, and then holds the license of its path.
            Ordering::Equal if matches!(newer, Newer::Unreadable(..)) => Ordering::Greater,
            ordering => ordering,
        };
        match turn {
            Ordering::Less => {
                self.newer_head = Head::Item(newer);
                self.removed(&older, budget)
            }
            Ordering::Greater => {
                self.older_head = Head::Item(older);
                self.added(newer, budget).map(Some)
            }
            Ordering::Equal if newer.hash() == Some(older.hash) => {
                self.summary.unchanged += 1;
                Ok(None)
            }
            Ordering::Equal => {
                let difference = self.added(newer, budget)?;
                Ok(Some(LicenseDifference {
                    change: LicenseChange::Changed,
                    ..difference
                }))
            }
        }
    }

    /// Returns the difference of a license of the older side only, or `None` if a file that was not
    /// read may hold it.
    fn removed(
        &mut self,
        license: &BackedUpLicense,
        budget: &mut Budget,
    ) -> Result<Option<LicenseDifference>, Failure> {
        if self.newer.is_incomplete() || self.unread.may_hold(&license.path) {
            return Ok(None);
        }
        Ok(Some(LicenseDifference {
            path: license.path.clone(),
            change: LicenseChange::Removed,
            identity: self.older.read_identity(license, budget)?,
            message: None,
        }))
    }

    /// Returns the difference of an item of the newer side only.
    fn added(&mut self, item: Newer, budget: &mut Budget) -> Result<LicenseDifference, Failure> {
        let (path, change, identity, message) = match item {
            Newer::BackedUp(license) => {
                let identity = self.newer.read_identity(&license, budget)?;
                (license.path, LicenseChange::Added, identity, None)
            }
            Newer::Stored(license) => (license.path, LicenseChange::Added, license.identity, None),
            Newer::Unreadable(unread, failure) => {
                let path = unread.path().to_owned();
                self.unread.add(unread);
                let identity = LicenseIdentity::default();
                (
                    path,
                    LicenseChange::Unreadable,
                    identity,
                    Some(failure.message),
                )
            }
        };
        Ok(LicenseDifference {
            path,
            change,
            identity,
            message,
        })
    }
}

impl<D: Directory> NewerSide<D> {
    /// Returns the name of the backup file, or `None` for the store.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Backup(backup) => Some(backup.name()),
            Self::Store(_) => None,
        }
    }

    /// Reads the next item, or a part of what has to be read before it.
    fn advance(&mut self, budget: &mut Budget) -> Result<Head<Newer>, Failure> {
        match self {
            Self::Backup(backup) => {
                let license = backup.next_license(budget)?;
                Ok(license.map_or(Head::End, |license| Head::Item(Newer::BackedUp(license))))
            }
            Self::Store(store) => Ok(store.advance(budget)),
        }
    }

    /// Returns the identifiers of a license of the backup.
    fn read_identity(
        &mut self,
        license: &BackedUpLicense,
        budget: &mut Budget,
    ) -> Result<LicenseIdentity, Failure> {
        match self {
            Self::Backup(backup) => backup.read_identity(license, budget),
            Self::Store(_) => Ok(LicenseIdentity::default()),
        }
    }

    /// Returns `true` if any license that was not found may exist nevertheless.
    fn is_incomplete(&self) -> bool {
        match self {
            Self::Backup(_) => false,
            Self::Store(store) => store.is_incomplete(),
        }
    }
}

impl<D: Directory> Operation for Diff<D> {
    type Event = LicenseDifference;
    type Summary = DiffSummary;

    fn step(
        mut self,
        differences: &mut Vec<LicenseDifference>,
    ) -> ControlFlow<Result<DiffSummary, Failure>, Self> {
        match self.compare(differences) {
            Ok(false) => Continue(self),
            Ok(true) => Break(Ok(self.summary)),
            Err(failure) => Break(Err(failure)),
        }
    }

    fn cancel(self) -> ControlFlow<Failure, Self> {
        Break(Failure::new(
            ErrorCode::Cancelled,
            "the comparison was cancelled",
        ))
    }
}

/// Opens the backup of this name, or the newest one.
fn open<D: Directory>(
    directory: &D,
    path: &str,
    name: Option<&str>,
) -> Result<BackupSide<D::File>, Failure> {
    let (file, location) = backup_file::open(directory, path, name)?;
    BackupSide::open(file, location)
}
