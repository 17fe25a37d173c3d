//! The temporary files that a restore makes in one directory.

use crate::directory::FsError;
use crate::temporary::{Temporary, remove_if_stale, temporary_name};
use crate::{Directory, Timestamp};

/// Which numbers of temporary files are taken in a directory, and which of those may be left over.
#[derive(Default)]
pub(super) struct Temporaries {
    /// The numbers that were taken before this run made any, in order.
    taken: Vec<u32>,
    /// How many of them, from the first on, were not yet looked at.
    unchecked: usize,
    /// The next number to try.
    next: u32,
    /// When this run made its first one.
    first_made: Option<Timestamp>,
}

impl Temporaries {
    pub(super) fn new(taken: Vec<u32>) -> Self {
        Self {
            unchecked: taken.len(),
            taken,
            ..Self::default()
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
        if self.first_made.is_none() {
            self.first_made = temporary.modified();
        }
        Ok(temporary)
    }

    /// Looks at one file that was there before the first of this run, and removes it if a killed run has left it behind.
    /// Gives whether there was one left to look at.
    pub(super) fn remove_next_stale<D: Directory>(&mut self, directory: &D) -> bool {
        let (Some(now), Some(next)) = (self.first_made, self.unchecked.checked_sub(1)) else {
            return false;
        };
        if let Some(number) = self.taken.get(next) {
            remove_if_stale(directory, &temporary_name(*number), now);
        }
        self.unchecked = next;
        true
    }
}
