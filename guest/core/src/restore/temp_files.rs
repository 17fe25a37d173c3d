//! The temporary files that a restore creates in one directory.

use crate::directory::FsError;
use crate::temporary::{Temporary, remove_if_stale, temporary_name};
use crate::{Directory, Timestamp};

/// The numbers of the temporary files in a directory.
pub(super) struct TempFiles {
    /// The numbers of the files of other runs, in order.
    taken: Vec<u32>,
    /// The number of them, from the first on, that were not checked for being stale.
    unchecked: usize,
    /// The next number to try.
    next: u32,
    /// When this restore created its first file, if it has.
    first_created: Option<Timestamp>,
}

impl TempFiles {
    /// Creates an account of a directory in which these numbers, in order, are taken.
    pub(super) fn new(taken: Vec<u32>) -> Self {
        Self {
            unchecked: taken.len(),
            taken,
            next: 0,
            first_created: None,
        }
    }

    /// Creates a temporary file.
    pub(super) fn create<D: Directory>(
        &mut self,
        directory: &D,
    ) -> Result<Temporary<D::File>, FsError> {
        while self.taken.binary_search(&self.next).is_ok() {
            self.next = self.next.saturating_add(1);
        }
        let temporary = Temporary::create(directory, self.next)?;
        self.next = temporary.number.saturating_add(1);
        if self.first_created.is_none() {
            self.first_created = temporary.modified();
        }
        Ok(temporary)
    }

    /// Checks one file of another run, and removes it if it is stale: if that run was killed long
    /// before this restore created its first file. Returns `false` if there is none to check.
    pub(super) fn remove_next_stale<D: Directory>(&mut self, directory: &D) -> bool {
        let (Some(now), Some(next)) = (self.first_created, self.unchecked.checked_sub(1)) else {
            return false;
        };
        if let Some(number) = self.taken.get(next) {
            remove_if_stale(directory, &temporary_name(*number), now);
        }
        self.unchecked = next;
        true
    }
}
