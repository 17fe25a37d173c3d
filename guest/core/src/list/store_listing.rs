//! The listing of a store: each file with its identifiers, and whether it may be backed up.

use super::listing::{LicenseListing, LicenseStanding, ListSummary};
use crate::budget::{Budget, LICENSE};
use crate::catalogue::{Catalogue, FileId};
use crate::directory::FsError;
use crate::license::Verdict;
use crate::skipped::{SkippedFiles, unreadable};
use crate::store::{
    BackupName, Examined, ReadError, StoreReader, Walk, examine, malformed, name_in_backup,
    shadowed, too_long,
};
use crate::{BackupRestoreStatus, Directory, Restriction};

/// A running listing of a store.
pub(super) struct StoreListing<D: Directory> {
    phase: Phase<D>,
    summary: ListSummary,
}

/// The phase of a listing.
enum Phase<D: Directory> {
    /// Find the files of the store.
    Walk {
        walk: Walk<D>,
        skipped: SkippedFiles,
        /// The events about the skipped files.
        events: Vec<BackupRestoreStatus>,
    },
    /// Read the files, and list each skipped file in its place among them.
    Read(Reading<D>),
}

/// The files of a store, and the files that the walk skipped, both in byte order of path.
struct Reading<D: Directory> {
    reader: StoreReader<D>,
    catalogue: Catalogue,
    next: FileId,
    skipped: Vec<LicenseListing>,
    next_skipped: usize,
}

impl<D: Directory> StoreListing<D> {
    pub(super) fn new(store: D) -> Result<Self, FsError> {
        Ok(Self {
            phase: Phase::Walk {
                walk: Walk::new(store)?,
                skipped: SkippedFiles::default(),
                events: Vec::new(),
            },
            summary: ListSummary::default(),
        })
    }

    /// Lists some files. Returns the totals after the last one.
    pub(super) fn step(&mut self, listings: &mut Vec<LicenseListing>) -> Option<ListSummary> {
        match &mut self.phase {
            Phase::Walk {
                walk,
                skipped,
                events,
            } => {
                let (store, catalogue) = walk.step(None, &mut skipped.reporter(events))?;
                self.phase = Phase::Read(Reading {
                    reader: StoreReader::new(store),
                    catalogue,
                    next: 0,
                    skipped: skipped_listings(std::mem::take(events)),
                    next_skipped: 0,
                });
                None
            }
            Phase::Read(reading) => {
                let first = listings.len();
                let is_last = reading.step(listings);
                self.summary.add(&listings[first..]);
                is_last.then(|| self.summary.clone())
            }
        }
    }
}

impl<D: Directory> Reading<D> {
    /// Lists some files. Returns `true` after the last one.
    fn step(&mut self, listings: &mut Vec<LicenseListing>) -> bool {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            budget.spend(LICENSE);
            let file =
                (self.next < self.catalogue.len()).then(|| self.catalogue.file_path(self.next));
            let is_due =
                |skipped: &&LicenseListing| file.as_ref().is_none_or(|path| skipped.path < *path);
            if let Some(skipped) = self.skipped.get(self.next_skipped).filter(is_due) {
                listings.push(skipped.clone());
                self.next_skipped += 1;
            } else if let Some(path) = file {
                listings.extend(self.list_file(self.next, path));
                budget.spend_bytes(self.reader.take_bytes_read());
                self.next += 1;
            } else {
                return true;
            }
        }
        false
    }

    /// Lists one file. Returns `None` if it has disappeared, or if another file contains the same
    /// license under the name that the license has in a backup.
    fn list_file(&mut self, file: FileId, path: String) -> Option<LicenseListing> {
        let examined = match self.reader.read(&self.catalogue, file) {
            Ok(content) => examine(self.catalogue.file_name(file), content),
            Err(ReadError::Unusable(failure)) => {
                return Some(LicenseListing::of_failure(path, failure));
            }
            Err(ReadError::Io(FsError::NoEntry)) => return None,
            Err(ReadError::Io(FsError::Link)) => {
                return Some(LicenseListing::new(
                    path,
                    LicenseStanding::Restricted(Restriction::NotARegularFile),
                ));
            }
            Err(ReadError::Io(error)) => {
                let failure = unreadable(path.clone(), error);
                return Some(LicenseListing::of_failure(path, failure));
            }
        };
        let listing = match &examined.verdict {
            Verdict::Allowed => match self.backup_name(&path, &examined) {
                BackupName::Free => LicenseListing {
                    size: Some(examined.document.len() as u64),
                    ..LicenseListing::new(path, LicenseStanding::Allowed)
                },
                // The file that has the same bytes is listed.
                BackupName::Same => return None,
                BackupName::Taken => {
                    let failure = shadowed(path.clone(), &name_in_backup(&path));
                    LicenseListing::of_failure(path, failure)
                }
                BackupName::TooLong => LicenseListing::of_failure(path.clone(), too_long(path)),
            },
            Verdict::Restricted(reason) => {
                LicenseListing::new(path, LicenseStanding::Restricted(*reason))
            }
            Verdict::Malformed(fault) => {
                LicenseListing::of_failure(path.clone(), malformed(path, fault))
            }
        };
        let Examined {
            identity, entry, ..
        } = examined;
        Some(LicenseListing {
            identity,
            entry: entry.map(str::to_owned),
            ..listing
        })
    }

    /// Looks up the name that a license has in a backup.
    fn backup_name(&mut self, path: &str, examined: &Examined) -> BackupName {
        if examined.entry.is_none() {
            return BackupName::Free;
        }
        let (name, files) = (name_in_backup(path), self.catalogue.len());
        let is_skipped = |path: &str| {
            self.skipped
                .binary_search_by(|skipped| skipped.path.as_str().cmp(path))
                .is_ok()
        };
        BackupName::look_up(
            &name,
            &examined.document,
            &mut self.reader,
            &self.catalogue,
            files,
            is_skipped,
        )
    }
}

/// Returns the listings of the files that the walk skipped, in byte order of path.
fn skipped_listings(events: Vec<BackupRestoreStatus>) -> Vec<LicenseListing> {
    let mut listings: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            BackupRestoreStatus::RestrictedLicense(restricted) => {
                Some(LicenseListing::of_restricted(restricted))
            }
            BackupRestoreStatus::Error(failure) => {
                Some(LicenseListing::of_failure(failure.path.clone()?, failure))
            }
            BackupRestoreStatus::Begin
            | BackupRestoreStatus::Progress(_)
            | BackupRestoreStatus::End => None,
        })
        .collect();
    listings.sort_by(|one, other| one.path.cmp(&other.path));
    listings
}
