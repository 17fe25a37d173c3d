//! The listing of a store: each file with what it says of itself, and whether it may be backed up.

use super::{BYTES_PER_STEP, LISTINGS_PER_STEP, LicenseListing, LicenseStanding, ListSummary};
use crate::catalogue::{Catalogue, FileId};
use crate::directory::FsError;
use crate::license::Verdict;
use crate::skipped::SkippedFiles;
use crate::store::{
    BackupName, Examined, StoreReader, Unread, Walk, examine, malformed, name_in_backup, shadowed,
    too_long,
};
use crate::{BackupRestoreStatus, Directory, Failure, Restriction};

/// A listing of a store.
pub(super) struct StoreListing<D: Directory> {
    phase: Phase<D>,
    skipped: SkippedFiles,
    summary: ListSummary,
}

/// What a listing does next.
enum Phase<D: Directory> {
    /// Finding out what is in the store.
    Walk(Walk<D>),
    /// Reading the files, and telling in its place what the walk could not look into.
    Read(Reading<D>),
}

/// The files of a store, and what the walk has skipped, both in byte order of path.
struct Reading<D: Directory> {
    reader: StoreReader<D>,
    catalogue: Catalogue,
    next: FileId,
    skipped: Vec<LicenseListing>,
    next_skipped: usize,
}

impl<D: Directory> StoreListing<D> {
    pub(super) fn new(store: D) -> Result<Self, FsError> {
        let summary = ListSummary {
            licenses: 0,
            bytes: 0,
            skipped: 0,
            program: None,
        };
        Ok(Self {
            phase: Phase::Walk(Walk::new(store)?),
            skipped: SkippedFiles::default(),
            summary,
        })
    }

    /// Goes on for some names or files; gives the totals when all was listed.
    pub(super) fn advance(&mut self, found: &mut Vec<LicenseListing>) -> Option<ListSummary> {
        match &mut self.phase {
            Phase::Walk(walk) => {
                let (store, catalogue) = walk.step(None, &mut self.skipped)?;
                let skipped = listings(&mut self.skipped);
                let reader = StoreReader::new(store);
                self.phase = Phase::Read(Reading {
                    reader,
                    catalogue,
                    next: 0,
                    skipped,
                    next_skipped: 0,
                });
                None
            }
            Phase::Read(reading) => {
                let first = found.len();
                let is_last = reading.step(found);
                self.summary.add(&found[first..]);
                is_last.then(|| self.summary.clone())
            }
        }
    }
}

impl<D: Directory> Reading<D> {
    /// Lists some files. Returns `true` after the last one.
    fn step(&mut self, found: &mut Vec<LicenseListing>) -> bool {
        let read_before = self.reader.bytes_read();
        for _ in 0..LISTINGS_PER_STEP {
            if self.reader.bytes_read() - read_before >= BYTES_PER_STEP {
                break;
            }
            let file =
                (self.next < self.catalogue.len()).then(|| self.catalogue.file_path(self.next));
            let is_due =
                |skipped: &&LicenseListing| file.as_ref().is_none_or(|path| skipped.path < *path);
            if let Some(skipped) = self.skipped.get(self.next_skipped).filter(is_due) {
                found.push(skipped.clone());
                self.next_skipped += 1;
            } else if let Some(path) = file {
                found.extend(self.look(self.next, path));
                self.next += 1;
            } else {
                return true;
            }
        }
        false
    }

    /// Looks at one file. Returns `None` if it is no longer there, or if its license is that of another file.
    fn look(&mut self, file: FileId, path: String) -> Option<LicenseListing> {
        let examined = match self.reader.read(&self.catalogue, file) {
            Ok(content) => examine(self.catalogue.file_name(file), content),
            Err(Unread::Incompatible(failure)) => {
                return Some(LicenseListing::of_failure(path, failure));
            }
            Err(Unread::Refused(FsError::NoEntry)) => return None,
            Err(Unread::Refused(FsError::Link)) => {
                return Some(LicenseListing::new(
                    path,
                    LicenseStanding::Restricted(Restriction::NotARegularFile),
                ));
            }
            Err(Unread::Refused(error)) => {
                let message = format!("{path} cannot be read: {error}");
                let failure = Failure::at(error.code(), path.clone(), message);
                return Some(LicenseListing::of_failure(path, failure));
            }
        };
        let listing = match &examined.verdict {
            Verdict::Allowed => match self.backup_name(&path, &examined) {
                BackupName::Free => {
                    let size = Some(examined.document.len() as u64);
                    LicenseListing {
                        size,
                        ..LicenseListing::new(path, LicenseStanding::Allowed)
                    }
                }
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

    /// Returns what the store has under the name that a license has in a backup.
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

/// Returns what the walk has skipped, in byte order of path.
fn listings(skipped: &mut SkippedFiles) -> Vec<LicenseListing> {
    let mut events = Vec::new();
    skipped.take_events(&mut events);
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

impl ListSummary {
    fn add(&mut self, listings: &[LicenseListing]) {
        for listing in listings {
            match listing.standing {
                LicenseStanding::Allowed | LicenseStanding::BackedUp => {
                    self.licenses += 1;
                    self.bytes += listing.size.unwrap_or_default();
                }
                LicenseStanding::Restricted(_) | LicenseStanding::Failed(_) => self.skipped += 1,
            }
        }
    }
}
