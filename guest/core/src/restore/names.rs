//! The names in one directory, exactly as the file system has them.
//!
//! Looking a name up does not say how it is spelt: `a.lic` finds `A.lic` on a file system that folds case. A listing does.

use crate::directory::{ERRORS_IN_A_ROW, FsError};
use crate::temporary::{is_temporary_name, temporary_number};
use crate::{Directory, Entries, EntryKind};

/// A listing of a directory, held compactly: there may be a million names.
pub(super) struct Names<E> {
    /// The listing, as long as it is not at its end.
    listing: Option<E>,
    errors_in_a_row: usize,
    /// Why some name could not be read, if that is so.
    unread: Option<FsError>,
    text: String,
    /// Where the names start and end in the text; in order of name once all are read.
    ranges: Vec<(usize, usize)>,
    /// The numbers of the temporary files, which are not among the names.
    temporaries: Vec<u32>,
}

impl<E: Entries> Names<E> {
    /// Begins to list a directory.
    pub(super) fn of<D: Directory<Entries = E>>(directory: &D) -> Result<Self, FsError> {
        Ok(Self {
            listing: Some(directory.entries()?),
            ..Self::none()
        })
    }

    /// No names.
    pub(super) fn none() -> Self {
        Self {
            listing: None,
            errors_in_a_row: 0,
            unread: None,
            text: String::new(),
            ranges: Vec::new(),
            temporaries: Vec::new(),
        }
    }

    /// Reads one name, if there are more. Gives whether there was one left to read.
    pub(super) fn read_next(&mut self) -> bool {
        let Some(listing) = self.listing.as_mut() else {
            return false;
        };
        match listing.next_entry() {
            Ok(Some(entry)) => {
                self.errors_in_a_row = 0;
                self.temporaries.extend(temporary_number(&entry.name));
                if entry.kind != EntryKind::File || !is_temporary_name(&entry.name) {
                    self.ranges
                        .push((self.text.len(), self.text.len() + entry.name.len()));
                    self.text.push_str(&entry.name);
                }
            }
            Ok(None) => self.end(),
            // A name that is not UTF-8 is none of a backup's; one that is gone by now is none at all.
            Err(FsError::IllegalName | FsError::NoEntry) => {}
            Err(error) => {
                self.unread = Some(error);
                self.errors_in_a_row += 1;
                if self.errors_in_a_row == ERRORS_IN_A_ROW {
                    self.end();
                }
            }
        }
        true
    }

    fn end(&mut self) {
        self.listing = None;
        let text = &self.text;
        self.ranges
            .sort_unstable_by(|one, other| text[one.0..one.1].cmp(&text[other.0..other.1]));
        self.temporaries.sort_unstable();
    }

    /// Whether there is exactly this name; an error if it could be among those that could not be read. All must be read by
    /// then.
    pub(super) fn has(&self, name: &str) -> Result<bool, FsError> {
        match self
            .ranges
            .binary_search_by(|(start, end)| self.text[*start..*end].cmp(name))
        {
            Ok(_) => Ok(true),
            Err(_) => self.unread.map_or(Ok(false), Err),
        }
    }

    /// Takes the numbers of the temporary files, in order.
    pub(super) fn take_temporaries(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.temporaries)
    }
}
