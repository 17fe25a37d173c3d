//! A listing of one directory, with the names exactly as the file system has them.
//!
//! A lookup does not return how a name is spelt: on a file system that folds case, `a.lic` finds
//! `A.lic`. A listing does.

use std::mem;

use crate::directory::{FsError, MAX_CONSECUTIVE_ERRORS};
use crate::temporary::{is_temporary_name, temporary_number};
use crate::{Directory, Entries, EntryKind};

/// A listing of a directory, held compactly, since there may be a million names.
pub(super) struct DirListing<E> {
    /// The names still to be read, or `None` if all are read.
    entries: Option<E>,
    errors_in_a_row: usize,
    /// The error of a name that could not be read, if there was one.
    unread: Option<FsError>,
    text: String,
    /// The start and end of each name in `text`, in order of name once all are read.
    ranges: Vec<(usize, usize)>,
    /// The numbers of the temporary files, whose names are not in `text`.
    temporaries: Vec<u32>,
    age: Age,
}

/// How old a listing may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Another program may have changed the directory since it was listed.
    First,
    /// The directory was listed again because a name was missing. That is not done twice because
    /// of other programs: one that keeps changing the directory would keep the restore running.
    Repeated,
    /// As [`Age::Repeated`], but after that this restore has created a directory in the directory.
    Outdated,
}

impl<E: Entries> DirListing<E> {
    /// Begins to list a directory.
    pub(super) fn new<D: Directory<Entries = E>>(directory: &D) -> Result<Self, FsError> {
        Ok(Self {
            entries: Some(directory.entries()?),
            ..Self::empty()
        })
    }

    /// Creates a listing without names.
    pub(super) fn empty() -> Self {
        Self {
            entries: None,
            errors_in_a_row: 0,
            unread: None,
            text: String::new(),
            ranges: Vec::new(),
            temporaries: Vec::new(),
            age: Age::First,
        }
    }

    /// Begins to list the directory again because a name is missing.
    pub(super) fn repeat<D: Directory<Entries = E>>(
        &mut self,
        directory: &D,
    ) -> Result<(), FsError> {
        self.age = Age::Repeated;
        self.renew(directory)
    }

    /// Begins to list the directory again because this restore has created files in it.
    pub(super) fn renew<D: Directory<Entries = E>>(
        &mut self,
        directory: &D,
    ) -> Result<(), FsError> {
        *self = Self {
            age: self.age,
            ..Self::new(directory)?
        };
        Ok(())
    }

    /// Returns `true` if another program may have created a name since the directory was listed,
    /// and the directory should be listed again for that.
    pub(super) fn may_lack_a_name(&self) -> bool {
        self.age == Age::First
    }

    /// Returns `true` if a directory may exist that is not listed, because another program or this
    /// restore may have created it, and the directory should be listed again for that.
    pub(super) fn may_lack_a_directory(&self) -> bool {
        self.age != Age::Repeated
    }

    /// Notes that this restore has created a directory in the directory.
    pub(super) fn note_created_directory(&mut self) {
        if self.age == Age::Repeated {
            self.age = Age::Outdated;
        }
    }

    /// Reads one name. Returns `false` if all names were read already.
    pub(super) fn read_next(&mut self) -> bool {
        let Some(entries) = self.entries.as_mut() else {
            return false;
        };
        match entries.next_entry() {
            Ok(Some(entry)) => {
                self.errors_in_a_row = 0;
                self.temporaries.extend(temporary_number(&entry.name));
                if entry.kind != EntryKind::File || !is_temporary_name(&entry.name) {
                    self.ranges
                        .push((self.text.len(), self.text.len() + entry.name.len()));
                    self.text.push_str(&entry.name);
                }
            }
            Ok(None) => self.finish(),
            // No name of a backup is not UTF-8, and a file that has disappeared is skipped.
            Err(FsError::IllegalName | FsError::NoEntry) => {}
            Err(error) => {
                self.unread = Some(error);
                self.errors_in_a_row += 1;
                if self.errors_in_a_row == MAX_CONSECUTIVE_ERRORS {
                    self.finish();
                }
            }
        }
        true
    }

    fn finish(&mut self) {
        self.entries = None;
        let text = &self.text;
        self.ranges
            .sort_unstable_by(|one, other| text[one.0..one.1].cmp(&text[other.0..other.1]));
        self.temporaries.sort_unstable();
    }

    /// Returns `true` if the directory has exactly this name. All names must have been read.
    ///
    /// # Errors
    ///
    /// The error of a name that could not be read, if the name is not among the others.
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
        mem::take(&mut self.temporaries)
    }
}
