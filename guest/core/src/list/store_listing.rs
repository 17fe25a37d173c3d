//! The listing of a store: each file with its identifiers, and whether it may be backed up.

use super::listing::{LicenseListing, ListSummary};
use crate::Directory;
use crate::budget::Budget;
use crate::directory::FsError;
use crate::filter::Filter;
use crate::store::{StoreFiles, StoreSearch};

/// A running listing of a store.
pub(super) struct StoreListing<D: Directory> {
    phase: Phase<D>,
    summary: ListSummary,
}

/// The phase of a listing.
enum Phase<D: Directory> {
    /// Find the files of the store.
    Search(StoreSearch<D>),
    /// Read the files, and list each skipped file in its place among them.
    Read(StoreFiles<D>),
}

impl<D: Directory> StoreListing<D> {
    pub(super) fn new(store: D) -> Result<Self, FsError> {
        Ok(Self {
            phase: Phase::Search(StoreSearch::new(store)?),
            summary: ListSummary::default(),
        })
    }

    /// Lists some files. Returns the totals after the last one.
    pub(super) fn step(
        &mut self,
        filter: &Filter,
        listings: &mut Vec<LicenseListing>,
    ) -> Option<ListSummary> {
        match &mut self.phase {
            Phase::Search(search) => {
                self.phase = Phase::Read(search.step()?);
                None
            }
            Phase::Read(files) => {
                let first = listings.len();
                let is_last = list(files, filter, listings);
                self.summary.add(&listings[first..]);
                is_last.then(|| self.summary.clone())
            }
        }
    }
}

/// Lists some files. Returns `true` after the last one.
fn list<D: Directory>(
    files: &mut StoreFiles<D>,
    filter: &Filter,
    listings: &mut Vec<LicenseListing>,
) -> bool {
    let is_read = |path: &str| filter.has_ids() || filter.includes_path(path);
    let mut budget = Budget::of_a_step();
    while budget.is_left() {
        let Some(file) = files.next_file(&mut budget, is_read) else {
            return true;
        };
        if filter.includes(&file.path, &file.identity) {
            listings.extend(LicenseListing::of_store_file(file));
        }
    }
    false
}
