//! The licenses of the store, with the paths that they have in a backup.
//!
//! The path of the license in a publication may sort after files that sort after the publication:
//! `a` and `a-b` are followed by `a.lcpl`. Such a license waits for its turn. Its document is not
//! kept, only its hash and its identifiers, of which an LCP license has one.

use super::side::{Head, Newer, StoredLicense};
use super::unread::Unread;
use crate::Directory;
use crate::budget::Budget;
use crate::directory::FsError;
use crate::store::{FileState, StoreFile, StoreFiles, StoreSearch, name_in_backup};

/// A reader of the licenses of a store.
pub(super) enum StoreSide<D: Directory> {
    /// Find the files of the store.
    Search(StoreSearch<D>),
    /// Read the files.
    Read(Reading<D>),
}

/// The files of a store, of which some were read.
pub(super) struct Reading<D: Directory> {
    files: StoreFiles<D>,
    /// Whether a name in the store itself could not be read, which may be that of any license.
    is_incomplete: bool,
    /// The next file.
    next: Head<Next>,
    /// The licenses that wait for their turn. The last one is the next: the path of each
    /// publication begins with the path before it, and continues with a suffix that sorts before
    /// `.lcpl`.
    waiting: Vec<StoredLicense>,
}

/// A file that was read.
struct Next {
    /// The path of the file, which may be a publication.
    path: String,
    item: Newer,
}

impl<D: Directory> StoreSide<D> {
    pub(super) fn new(store: D) -> Result<Self, FsError> {
        StoreSearch::new(store).map(Self::Search)
    }

    /// Reads the next item, or a part of what has to be read before it.
    pub(super) fn advance(&mut self, budget: &mut Budget) -> Head<Newer> {
        match self {
            Self::Search(search) => {
                if let Some(files) = search.step() {
                    *self = Self::Read(Reading::new(files));
                }
                // The search has done the work of a step.
                budget.spend(usize::MAX);
                Head::Pending
            }
            Self::Read(reading) => reading.advance(budget),
        }
    }

    /// Returns `true` if a name in the store itself could not be read. It may be that of any license
    /// that was not found. Known before the first item.
    pub(super) fn is_incomplete(&self) -> bool {
        match self {
            Self::Search(_) => false,
            Self::Read(reading) => reading.is_incomplete,
        }
    }
}

impl<D: Directory> Reading<D> {
    fn new(files: StoreFiles<D>) -> Self {
        let may_hold_all = |file: &StoreFile| match &file.state {
            FileState::Failed(failure) => Unread::new(file, failure.code).may_hold_all(),
            FileState::Allowed(_) | FileState::Restricted(_) | FileState::Absent => false,
        };
        Self {
            is_incomplete: files.skipped().iter().any(may_hold_all),
            files,
            next: Head::Pending,
            waiting: Vec::new(),
        }
    }

    fn advance(&mut self, budget: &mut Budget) -> Head<Newer> {
        if matches!(self.next, Head::Pending) {
            self.next = match self.files.next_file(budget, |_| true) {
                Some(file) => next(file).map_or(Head::Pending, Head::Item),
                None => Head::End,
            };
        }
        match std::mem::replace(&mut self.next, Head::Pending) {
            Head::Pending => Head::Pending,
            Head::Item(next) => {
                if let Some(due) = self.waiting.pop_if(|license| license.path < next.path) {
                    self.next = Head::Item(next);
                    return Head::Item(Newer::Stored(due));
                }
                match next.item {
                    Newer::Stored(license) if license.path != next.path => {
                        self.waiting.push(license);
                        Head::Pending
                    }
                    item => Head::Item(item),
                }
            }
            Head::End => {
                self.next = Head::End;
                let due = self.waiting.pop().map(Newer::Stored);
                due.map_or(Head::End, Head::Item)
            }
        }
    }
}

/// Returns a file as an item, unless a backup would not contain it and nothing failed.
fn next(file: StoreFile) -> Option<Next> {
    let item = match &file.state {
        FileState::Allowed(document) => Newer::Stored(StoredLicense {
            path: match file.entry {
                Some(_) => name_in_backup(&file.path),
                None => file.path.clone(),
            },
            hash: *blake3::hash(document).as_bytes(),
            identity: file.identity,
        }),
        FileState::Failed(failure) => {
            Newer::Unreadable(Unread::new(&file, failure.code), failure.clone())
        }
        FileState::Restricted(_) | FileState::Absent => return None,
    };
    Some(Next {
        path: file.path,
        item,
    })
}
