//! The list operation, as a state machine: it lists the files of a store or of a backup.

mod backup_listing;
mod listing;
mod store_listing;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};

use backup_listing::BackupListing;
pub use listing::{LicenseListing, LicenseStanding, ListSummary};
use store_listing::StoreListing;

use crate::archive::backup_file::{self, BackupLocation};
use crate::{Directory, ErrorCode, Failure, Operation};

/// A running list operation.
pub struct List<D: Directory>(Source<D>);

/// The files that are listed.
enum Source<D: Directory> {
    Store(StoreListing<D>),
    Backup {
        listing: BackupListing<D::File>,
        location: BackupLocation,
    },
}

impl<D: Directory> List<D> {
    /// Starts to list `store`.
    ///
    /// # Errors
    ///
    /// The code of the error of the file system if the store cannot be listed.
    pub fn of_store(store: D) -> Result<Self, Failure> {
        let listing = StoreListing::new(store).map_err(|error| {
            let message = format!("cannot list the license store: {error}");
            Failure::new(error.code(), message)
        })?;
        Ok(Self(Source::Store(listing)))
    }

    /// Starts to list a backup in `directory`, whose path is `path` to the caller: the one in the
    /// file `generation`, or the newest one.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if `generation` is not the name of a backup,
    /// [`ErrorCode::PathNotFound`] if there is no backup, [`ErrorCode::BackupCorrupt`] if the file
    /// does not end as a backup ends, the code of the error of the file system if it cannot be read.
    pub fn of_backup(directory: &D, path: &str, generation: Option<&str>) -> Result<Self, Failure> {
        let (file, location) = backup_file::open(directory, path, generation)?;
        let listing =
            BackupListing::new(file, &location).map_err(|error| location.failure(&error))?;
        Ok(Self(Source::Backup { listing, location }))
    }
}

impl<D: Directory> Operation for List<D> {
    type Event = LicenseListing;
    type Summary = ListSummary;

    fn step(
        mut self,
        listings: &mut Vec<LicenseListing>,
    ) -> ControlFlow<Result<ListSummary, Failure>, Self> {
        let advanced = match &mut self.0 {
            Source::Store(listing) => Ok(listing.step(listings)),
            Source::Backup { listing, location } => listing
                .step(listings)
                .map_err(|error| location.failure(&error)),
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
