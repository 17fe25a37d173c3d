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
use crate::catalogue::Catalogue;
use crate::filter::Filter;
use crate::{Directory, ErrorCode, Failure, LicenseFilter, Operation};

/// A running list operation.
pub struct List<D: Directory> {
    source: Source<D>,
    filter: Filter,
}

/// The files that are listed.
enum Source<D: Directory> {
    Store(StoreListing<D>),
    Backup {
        listing: BackupListing<D::File>,
        location: BackupLocation,
    },
}

impl<D: Directory> List<D> {
    /// Starts to list the files of `store` that `filter` includes. Without IDs in the filter, no
    /// other file is opened.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if a pattern of the filter is invalid, the code of the error of
    /// the file system if the store cannot be listed.
    pub fn of_store(store: D, filter: &LicenseFilter) -> Result<Self, Failure> {
        let filter = Filter::new(filter)?;
        let listing = StoreListing::new(store).map_err(|error| {
            let message = format!("cannot list the license store: {error}");
            Failure::new(error.code(), message)
        })?;
        let source = Source::Store(listing);
        Ok(Self { source, filter })
    }

    /// Starts to list the files that `filter` includes of a backup in `directory`, whose path is
    /// `path` to the caller: the one in the file `generation`, or the newest one. Without IDs in the
    /// filter, the content of no other license is read.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if `generation` is not the name of a backup or a pattern of the
    /// filter is invalid, [`ErrorCode::PathNotFound`] if there is no backup, [`ErrorCode::BackupCorrupt`] if the file
    /// does not end as a backup ends, the code of the error of the file system if it cannot be read.
    pub fn of_backup(
        directory: &D,
        path: &str,
        generation: Option<&str>,
        filter: &LicenseFilter,
    ) -> Result<Self, Failure> {
        let filter = Filter::new(filter)?;
        let (file, location) = backup_file::open(directory, path, generation)?;
        let listing =
            BackupListing::new(file, &location).map_err(|error| location.failure(&error))?;
        let source = Source::Backup { listing, location };
        Ok(Self { source, filter })
    }
}

impl<D: Directory> List<D> {
    /// Returns `true` if the filter includes none of the files that were listed.
    fn matches_nothing(&self, summary: &ListSummary) -> bool {
        !self.filter.includes_all() && summary.licenses == 0 && summary.skipped == 0
    }
}

impl<D: Directory> Source<D> {
    /// Returns the failure of a listing whose filter includes none of the files.
    fn nothing_matches(&self) -> Failure {
        const FILE: &str = "license or skipped file";
        match self {
            Self::Store(_) => {
                let message = format!(
                    "no {FILE} in the license store matches; use list without a filter to see all"
                );
                Failure::at(ErrorCode::PathNotFound, Catalogue::ROOT_PATH, message)
            }
            Self::Backup { location, .. } => location.nothing_matches(FILE),
        }
    }
}

impl<D: Directory> Operation for List<D> {
    type Event = LicenseListing;
    type Summary = ListSummary;

    /// Lists some files. The listing fails with [`ErrorCode::PathNotFound`] if the filter includes
    /// none of them.
    fn step(
        mut self,
        listings: &mut Vec<LicenseListing>,
    ) -> ControlFlow<Result<ListSummary, Failure>, Self> {
        let advanced = match &mut self.source {
            Source::Store(listing) => Ok(listing.step(&self.filter, listings)),
            Source::Backup { listing, location } => listing
                .step(&self.filter, listings)
                .map_err(|error| location.failure(&error)),
        };
        match advanced {
            Ok(None) => Continue(self),
            Ok(Some(summary)) if self.matches_nothing(&summary) => {
                Break(Err(self.source.nothing_matches()))
            }
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
