//! The walk over a store, which finds every name in it, in byte order of path, before the first
//! license is read.

use std::cmp::Ordering;

use crate::budget::{Budget, LOOK};
use crate::catalogue::{Catalogue, DirectoryId};
use crate::directory::{FsError, MAX_CONSECUTIVE_ERRORS};
use crate::entry_names::{LICENSES, MAX_NAME_LENGTH, validate_components};
use crate::skipped::SkipReporter;
use crate::temporary::is_temporary_name;
use crate::{Directory, Entries, EntryKind, ErrorCode, Failure, NamedEntry, RestrictedLicense};

/// A running walk.
pub(crate) struct Walk<D: Directory> {
    /// The directories from the store to the current one.
    open: Vec<OpenDirectory<D>>,
    catalogue: Catalogue,
}

/// An open directory of the walk. All its names are read first, then they are processed in order.
struct OpenDirectory<D: Directory> {
    directory: D,
    id: DirectoryId,
    /// The length in bytes of the path of a name in this directory, excluding the name.
    prefix_length: usize,
    /// The listing of the directory, until its end.
    listing: Option<D::Entries>,
    errors_in_a_row: usize,
    /// The names that were not processed yet. Once they are sorted, the last one is the next.
    names: Vec<NamedEntry>,
    /// The number of names, from the first, whose kind may be unknown.
    unresolved: usize,
}

impl<D: Directory> Walk<D> {
    /// Starts a walk of `store`.
    pub(crate) fn new(store: D) -> Result<Self, FsError> {
        let root = OpenDirectory::new(store, Catalogue::ROOT, 0)?;
        Ok(Self {
            open: vec![root],
            catalogue: Catalogue::new(),
        })
    }

    /// Processes some names, and skips the directory that is the same as `excluded`. Returns the
    /// store and its files after the last name.
    pub(crate) fn step(
        &mut self,
        excluded: Option<&D>,
        reporter: &mut SkipReporter<'_>,
    ) -> Option<(D, Catalogue)> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            budget.spend(LOOK);
            let directory = self.open.last_mut()?;
            if directory.listing.is_some() {
                directory.list_next(&self.catalogue, reporter);
            } else if directory.unresolved > 0 {
                directory.resolve_next(&self.catalogue, reporter);
            } else if let Some(entry) = directory.names.pop() {
                if let Some(child) =
                    directory.process(&entry, excluded, &mut self.catalogue, reporter)
                {
                    self.open.push(child);
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

impl<D: Directory> OpenDirectory<D> {
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
    fn list_next(&mut self, catalogue: &Catalogue, reporter: &mut SkipReporter<'_>) {
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
                    "cannot back up a file in {path}: its name is not UTF-8; rename the file"
                );
                reporter.failed(Failure::at(ErrorCode::IllegalName, path, message));
            }
            // The file was removed after the file system listed it.
            Err(FsError::NoEntry) => {}
            Err(error) => {
                self.errors_in_a_row += 1;
                let path = catalogue.directory_path(self.id);
                let message = if self.errors_in_a_row < MAX_CONSECUTIVE_ERRORS {
                    format!("cannot read a name in {path}: {error}")
                } else {
                    self.end_listing();
                    format!(
                        "cannot read the rest of {path}: {MAX_CONSECUTIVE_ERRORS} names in a row failed: {error}"
                    )
                };
                reporter.failed(Failure::at(error.code(), path, message));
            }
        }
    }

    /// Proceeds from the names to their kinds. A listing may return a name twice if the directory
    /// changes meanwhile.
    fn end_listing(&mut self) {
        self.listing = None;
        // This is nearly the final order, so that the next sort takes little time.
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

    /// Looks up the kind of one name. Sorts the names after the last one, since their order depends on
    /// their kinds.
    fn resolve_next(&mut self, catalogue: &Catalogue, reporter: &mut SkipReporter<'_>) {
        self.unresolved -= 1;
        let Some(entry) = self.names.get_mut(self.unresolved) else {
            return;
        };
        if entry.kind == EntryKind::Unknown {
            match self.directory.metadata(&entry.name) {
                Ok(metadata) => entry.kind = metadata.kind,
                Err(error) => {
                    let entry = self.names.swap_remove(self.unresolved);
                    reporter.unreadable(catalogue.path_in(self.id, &entry.name), error);
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

    /// Adds a file to the catalogue, or opens a directory, which is walked next.
    fn process(
        &self,
        entry: &NamedEntry,
        excluded: Option<&D>,
        catalogue: &mut Catalogue,
        reporter: &mut SkipReporter<'_>,
    ) -> Option<Self> {
        let name = entry.name.as_str();
        if let Err(cause) = self.validate_name(name) {
            let path = catalogue.path_in(self.id, name);
            let message = format!("cannot back up {path}: {cause}; rename it or move it");
            reporter.failed(Failure::at(ErrorCode::IllegalName, path, message));
            return None;
        }
        match entry.kind {
            EntryKind::File => {
                catalogue.add_file(self.id, name);
            }
            EntryKind::Directory => match self.open(name, excluded, catalogue) {
                Ok(child) => return child,
                Err(error) => reporter.unreadable(catalogue.path_in(self.id, name), error),
            },
            EntryKind::Other | EntryKind::Unknown => {
                reporter.restricted(RestrictedLicense::not_a_regular_file(
                    catalogue.path_in(self.id, name),
                ));
            }
        }
        None
    }

    /// Checks a name in this directory.
    ///
    /// # Errors
    ///
    /// The reason why an archive cannot hold the name.
    fn validate_name(&self, name: &str) -> Result<(), &'static str> {
        if LICENSES.len() + self.prefix_length + name.len() > MAX_NAME_LENGTH {
            return Err("its path is too long");
        }
        validate_components(name)
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

/// Compares the names of a directory so that paths are in byte order: a `/` follows the name of a
/// directory in a path, and `a-b` sorts before `a/b` although `a` sorts before `a-b`.
fn in_path_order(one: &NamedEntry, other: &NamedEntry) -> Ordering {
    fn bytes(entry: &NamedEntry) -> impl Iterator<Item = u8> + '_ {
        entry
            .name
            .bytes()
            .chain((entry.kind == EntryKind::Directory).then_some(b'/'))
    }
    bytes(one).cmp(bytes(other))
}
