//! The files and directories of the store that could not be read. A license of the backup that one
//! of them may hold is not reported as removed.

use crate::ErrorCode;
use crate::catalogue::Catalogue;
use crate::store::{StoreFile, name_in_backup};

/// A file or directory that could not be read. In any case it is reported instead of the license of
/// its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    path: String,
    /// Whether it may be a publication or a directory, and so hold licenses of other paths.
    may_hold_others: bool,
}

impl Unread {
    /// Returns what `file`, which failed with `code`, may hold.
    pub(super) fn new(file: &StoreFile, code: ErrorCode) -> Self {
        let is_document = file.entry.is_none() && file.identity.format.is_some();
        let may_hold_others = match code {
            // A backup cannot hold what is in it, or another entry has the name of its license, or it
            // is a document.
            ErrorCode::IllegalName | ErrorCode::Shadowed | ErrorCode::TooLarge => false,
            _ => !is_document,
        };
        Self {
            path: file.path.clone(),
            may_hold_others,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns `true` if it is the store itself, of which a name could not be read.
    pub(super) fn may_hold_all(&self) -> bool {
        self.path == Catalogue::ROOT_PATH && self.may_hold_others
    }

    /// Returns `true` if it may be or contain the license of this path.
    fn may_hold(&self, path: &str) -> bool {
        match path.strip_prefix(&self.path) {
            None => false,
            Some("") => true,
            Some(below) => {
                self.may_hold_others
                    && (below.starts_with('/') || name_in_backup(&self.path) == path)
            }
        }
    }
}

/// The unread files whose path is the start of the current path, the longest last. The current path
/// only increases, in byte order, and all paths with the same start follow one another, so that no
/// other ones are needed.
#[derive(Debug, Default)]
pub(super) struct UnreadFiles(Vec<Unread>);

impl UnreadFiles {
    /// Proceeds to an unread file.
    pub(super) fn add(&mut self, unread: Unread) {
        self.proceed_to(&unread.path);
        // A directory fails once for each of its names that cannot be read.
        if self.0.last() != Some(&unread) {
            self.0.push(unread);
        }
    }

    /// Proceeds to the path of a license of the backup. Returns `true` if an unread file may hold it.
    pub(super) fn may_hold(&mut self, path: &str) -> bool {
        self.proceed_to(path);
        self.0.iter().any(|unread| unread.may_hold(path))
    }

    fn proceed_to(&mut self, path: &str) {
        while self
            .0
            .pop_if(|last| !path.starts_with(&last.path))
            .is_some()
        {}
    }
}
