//! The walk over a store: every name in it, found in byte order of path before the first license is read.

use std::cmp::Ordering;

use crate::catalogue::Catalogue;
use crate::catalogue::DirectoryId;
use crate::directory::{FsError, MAX_CONSECUTIVE_ERRORS};
use crate::entry_names::{LICENSES, LONGEST_NAME, fault_of_parts};
use crate::skipped::SkippedFiles;
use crate::temporary::is_temporary_name;
use crate::{Directory, Entries, EntryKind, ErrorCode, Failure, NamedEntry, RestrictedLicense};

/// How many names one step deals with.
const NAMES_PER_STEP: usize = 1024;

/// A walk that goes on step by step.
pub(crate) struct Walk<D: Directory> {
    /// The directory that is being walked, behind those that it is in.
    open: Vec<Level<D>>,
    catalogue: Catalogue,
}

/// A directory that is being walked: first all its names are read, then they are dealt with in order.
struct Level<D: Directory> {
    directory: D,
    id: DirectoryId,
    /// The length in bytes of the path of a name in this directory, without the name.
    prefix_length: usize,
    listing: Option<D::Entries>,
    errors_in_a_row: usize,
    /// The names not yet dealt with, in the end in order, the last one being the next.
    names: Vec<NamedEntry>,
    /// How many of them, from the first on, may be of a kind that the listing did not tell.
    unresolved: usize,
}

impl<D: Directory> Walk<D> {
    /// Begins a walk of `store`.
    pub(crate) fn new(store: D) -> Result<Self, FsError> {
        let root = Level::new(store, Catalogue::ROOT, 0)?;
        Ok(Self {
            open: vec![root],
            catalogue: Catalogue::new(),
        })
    }

    /// Goes on for some names, leaving out the directory that is the same as `excluded`, if any. Gives the store and what is in
    /// it when all was walked.
    pub(crate) fn step(
        &mut self,
        excluded: Option<&D>,
        skipped: &mut SkippedFiles,
    ) -> Option<(D, Catalogue)> {
        for _ in 0..NAMES_PER_STEP {
            let level = self.open.last_mut()?;
            if level.listing.is_some() {
                level.list_next(&self.catalogue, skipped);
            } else if level.unresolved > 0 {
                level.resolve_next(&self.catalogue, skipped);
            } else if let Some(entry) = level.names.pop() {
                if let Some(deeper) =
                    level.deal_with(&entry, excluded, &mut self.catalogue, skipped)
                {
                    self.open.push(deeper);
                }
            } else {
                let walked = self.open.pop()?;
                if self.open.is_empty() {
                    return Some((
                        walked.directory,
                        std::mem::replace(&mut self.catalogue, Catalogue::new()),
                    ));
                }
            }
        }
        None
    }
}

impl<D: Directory> Level<D> {
    fn new(directory: D, id: DirectoryId, prefix_length: usize) -> Result<Self, FsError> {
        let listing = directory.entries()?;
        Ok(Self {
            directory,
            id,
            prefix_length,
            listing: Some(listing),
            errors_in_a_row: 0,
            names: Vec::new(),
            unresolved: 0,
        })
    }

    /// Reads one name.
    fn list_next(&mut self, catalogue: &Catalogue, skipped: &mut SkippedFiles) {
        let Some(listing) = self.listing.as_mut() else {
            return;
        };
        match listing.next_entry() {
            Ok(Some(entry)) => {
                self.errors_in_a_row = 0;
                self.names.push(entry);
            }
            Ok(None) => self.end_listing(),
            Err(FsError::IllegalName) => {
                let path = catalogue.directory_path(self.id);
                let message = format!(
                    "a name in {path} is not UTF-8 and cannot be backed up: rename the file"
                );
                skipped.failed(Failure::at(ErrorCode::IllegalName, path, message));
            }
            // It was removed between the listing and the look at it.
            Err(FsError::NoEntry) => {}
            Err(error) => {
                self.errors_in_a_row += 1;
                let path = catalogue.directory_path(self.id);
                let message = if self.errors_in_a_row < MAX_CONSECUTIVE_ERRORS {
                    format!("a name in {path} cannot be read: {error}")
                } else {
                    self.end_listing();
                    format!(
                        "the rest of {path} was given up after {MAX_CONSECUTIVE_ERRORS} unreadable names: {error}"
                    )
                };
                skipped.failed(Failure::at(error.code(), path, message));
            }
        }
    }

    /// Goes over from the names to their kinds. A listing may give a name twice while the directory changes.
    fn end_listing(&mut self) {
        self.listing = None;
        // Nearly the order in which they are dealt with, so that the next sort takes little time.
        self.names
            .sort_unstable_by(|one, other| other.name.cmp(&one.name));
        self.names.dedup_by(|one, other| one.name == other.name);
        self.unresolved = self.names.len();
        if self
            .names
            .iter()
            .all(|entry| entry.kind != EntryKind::Unknown)
        {
            self.end_resolving();
        }
    }

    /// Finds out the kind of one name; after the last one sorts them all, since their kinds decide about the order.
    fn resolve_next(&mut self, catalogue: &Catalogue, skipped: &mut SkippedFiles) {
        self.unresolved -= 1;
        let Some(entry) = self.names.get_mut(self.unresolved) else {
            return;
        };
        if entry.kind == EntryKind::Unknown {
            match self.directory.metadata(&entry.name) {
                Ok(metadata) => entry.kind = metadata.kind,
                Err(error) => {
                    let entry = self.names.swap_remove(self.unresolved);
                    skipped.unreadable(catalogue.path_in(self.id, &entry.name), error);
                }
            }
        }
        if self.unresolved == 0 {
            self.end_resolving();
        }
    }

    fn end_resolving(&mut self) {
        self.unresolved = 0;
        self.names
            .retain(|entry| entry.kind != EntryKind::File || !is_temporary_name(&entry.name));
        self.names
            .sort_unstable_by(|one, other| in_path_order(other, one));
    }

    /// Puts a file into the catalogue, or opens a directory to be walked next.
    fn deal_with(
        &self,
        entry: &NamedEntry,
        excluded: Option<&D>,
        catalogue: &mut Catalogue,
        skipped: &mut SkippedFiles,
    ) -> Option<Self> {
        let name = entry.name.as_str();
        if let Some(fault) = self.name_fault(name) {
            let path = catalogue.path_in(self.id, name);
            let message = format!("{path} cannot be in a backup: {fault}; rename it or move it");
            skipped.failed(Failure::at(ErrorCode::IllegalName, path, message));
            return None;
        }
        match entry.kind {
            EntryKind::File => {
                catalogue.add_file(self.id, name);
            }
            EntryKind::Directory => match self.open(name, excluded, catalogue) {
                Ok(deeper) => return deeper,
                Err(error) => skipped.unreadable(catalogue.path_in(self.id, name), error),
            },
            EntryKind::Other | EntryKind::Unknown => {
                skipped.restricted(RestrictedLicense::not_a_regular_file(
                    catalogue.path_in(self.id, name),
                ));
            }
        }
        None
    }

    /// What keeps a name out of an archive, if anything does.
    fn name_fault(&self, name: &str) -> Option<&'static str> {
        if LICENSES.len() + self.prefix_length + name.len() > LONGEST_NAME {
            return Some("its path is too long");
        }
        fault_of_parts(name)
    }

    fn open(
        &self,
        name: &str,
        excluded: Option<&D>,
        catalogue: &mut Catalogue,
    ) -> Result<Option<Self>, FsError> {
        let directory = self.directory.open_directory(name)?;
        if excluded.is_some_and(|excluded| directory.is_same_object(excluded)) {
            return Ok(None);
        }
        let id = catalogue.add_directory(self.id, name);
        Self::new(directory, id, self.prefix_length + name.len() + 1).map(Some)
    }
}

/// Orders the names of a directory so that the paths come out in byte order: what follows the name of a directory in a
/// path is a `/`, and `a-b` goes before `a/b` although `a` goes before `a-b`.
fn in_path_order(one: &NamedEntry, other: &NamedEntry) -> Ordering {
    fn bytes(entry: &NamedEntry) -> impl Iterator<Item = u8> + '_ {
        entry
            .name
            .bytes()
            .chain((entry.kind == EntryKind::Directory).then_some(b'/'))
    }
    bytes(one).cmp(bytes(other))
}
