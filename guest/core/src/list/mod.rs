//! The listing of a store or of a backup, as a state machine.

mod backup;
mod store;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};

use backup::BackupListing;
use store::StoreListing;

use crate::archive::{SkippedEntry, backup_file};
use crate::reason::Reason;
use crate::{
    Directory, ErrorCode, Failure, LicenseIdentity, Operation, RestrictedLicense, Restriction,
};

/// How many lines one step gives at most.
const LISTINGS_PER_STEP: usize = 64;
/// How many bytes of licenses one step reads, give or take the last license.
const BYTES_PER_STEP: u64 = 256 << 10;

/// What becomes of one file of a store in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum LicenseStanding {
    /// It is in the store, and may be backed up.
    Allowed,
    /// It is in the backup.
    BackedUp,
    /// It is left out, for this reason.
    Restricted(Restriction),
    /// It could not be read, for this reason.
    Failed(ErrorCode),
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LicenseListing {
    /// The path below the store, with `/` between its parts, as the file system has it: whoever shows it has to escape it.
    pub path: String,
    /// What the document says of itself.
    pub identity: LicenseIdentity,
    /// The size in bytes of a license that may be backed up, or is in the backup; nothing for all else.
    pub size: Option<u64>,
    /// The name of the entry that holds the license, if the file is a publication of the store.
    pub entry: Option<String>,
    /// Whether it is in the backup, or may be backed up, and why not.
    pub standing: LicenseStanding,
    /// What is wrong with a file of a store that is [`LicenseStanding::Failed`]. A backup does not record it.
    pub message: Option<String>,
}

/// The totals of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListSummary {
    /// The number of license documents that are in the backup, or may be backed up.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of files that are left out, whatever the reason.
    pub skipped: u64,
    /// The program that wrote the backup, and its version; nothing for a store.
    pub program: Option<String>,
}

/// A listing that goes on step by step.
pub struct List<D: Directory>(Source<D>);

/// What is listed.
enum Source<D: Directory> {
    Store(StoreListing<D>),
    Backup {
        listing: BackupListing<D::File>,
        /// The backup directory as its caller knows it.
        path: String,
    },
}

impl<D: Directory> List<D> {
    /// Begins a listing of `store`.
    ///
    /// # Errors
    ///
    /// What keeps the store from being listed.
    pub fn of_store(store: D) -> Result<Self, Failure> {
        let listing = StoreListing::new(store).map_err(|error| {
            Failure::new(
                error.code(),
                format!("the license store cannot be listed: {error}"),
            )
        })?;
        Ok(Self(Source::Store(listing)))
    }

    /// Begins a listing of the backup in `directory`, which the caller knows as `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PathNotFound`] if there is no backup, [`ErrorCode::BackupCorrupt`] if the file does not end as one
    /// does, otherwise what keeps it from being read.
    pub fn of_backup(directory: &D, path: &str) -> Result<Self, Failure> {
        let file = backup_file::open(directory, path)?;
        let listing =
            BackupListing::new(file).map_err(|fault| backup_file::failure(path, &fault))?;
        Ok(Self(Source::Backup {
            listing,
            path: path.to_owned(),
        }))
    }
}

impl<D: Directory> Operation for List<D> {
    type Event = LicenseListing;
    type Summary = ListSummary;

    fn step(
        mut self,
        found: &mut Vec<LicenseListing>,
    ) -> ControlFlow<Result<ListSummary, Failure>, Self> {
        let advanced = match &mut self.0 {
            Source::Store(listing) => Ok(listing.advance(found)),
            Source::Backup { listing, path } => listing
                .advance(found)
                .map_err(|fault| backup_file::failure(path, &fault)),
        };
        match advanced {
            Ok(None) => Continue(self),
            Ok(Some(summary)) => Break(Ok(summary)),
            Err(failure) => Break(Err(failure)),
        }
    }

    fn cancel(self) -> ControlFlow<Failure, Self> {
        Break(Failure::new(
            ErrorCode::Cancelled,
            "the listing was cancelled",
        ))
    }
}

impl LicenseListing {
    /// A file of which nothing more is known.
    #[must_use]
    pub fn new(path: String, standing: LicenseStanding) -> Self {
        Self {
            path,
            identity: LicenseIdentity::default(),
            size: None,
            entry: None,
            standing,
            message: None,
        }
    }

    fn of_failure(path: String, failure: Failure) -> Self {
        Self {
            message: Some(failure.message),
            ..Self::new(path, LicenseStanding::Failed(failure.code))
        }
    }

    fn of_restricted(restricted: RestrictedLicense) -> Self {
        Self {
            identity: restricted.identity,
            ..Self::new(
                restricted.path,
                LicenseStanding::Restricted(restricted.reason),
            )
        }
    }

    fn of_skipped(skipped: SkippedEntry) -> Self {
        let standing = match skipped.reason {
            Reason::Restricted(restriction) => LicenseStanding::Restricted(restriction),
            Reason::Failed(code) => LicenseStanding::Failed(code),
        };
        Self {
            identity: skipped.clone().identity(),
            ..Self::new(skipped.path, standing)
        }
    }
}
