//! The states of a directory in which licenses are committed.
//!
//! A file system may take the name of one license for that of another. So the names that licenses
//! got in a directory are looked for in a new listing, before any directory in it is entered, and
//! a license that got another name than its own is removed. A license that seemed to be present is
//! looked at again after that, since the entry may have been such a file.

use std::collections::VecDeque;
use std::mem;

use crate::restore::plan::StagedLicense;

/// The state of a directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommitState {
    /// The licenses of the directory are being committed.
    Committing {
        /// The licenses that got their names.
        named: VecDeque<usize>,
        /// The licenses that seem to be present.
        postponed: Vec<StagedLicense>,
    },
    /// The directory has to be listed again, so that the names can be looked for.
    Relisting {
        named: VecDeque<usize>,
        postponed: Vec<StagedLicense>,
    },
    /// The names are being looked for in a new listing.
    Checking {
        named: VecDeque<usize>,
        postponed: Vec<StagedLicense>,
    },
    /// The licenses that seemed to be present are being committed.
    Rechecking { postponed: Vec<StagedLicense> },
    /// All licenses of the directory are done.
    Done,
}

/// A task that has to be done before a directory is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// List the directory again.
    List,
    /// Look for the name of this license in the listing.
    Check(usize),
    /// Commit this license, which seemed to be present.
    Commit(StagedLicense),
}

impl CommitState {
    /// Creates the state of a directory in which no license is committed yet.
    pub(super) fn new() -> Self {
        Self::Committing {
            named: VecDeque::new(),
            postponed: Vec::new(),
        }
    }

    /// Notes that a license got its name, which then has to be looked for in a new listing.
    pub(super) fn note_named(&mut self, license: usize) {
        let (mut named, postponed) = match mem::replace(self, Self::Done) {
            Self::Committing {
                mut named,
                postponed,
            } => {
                named.push_back(license);
                *self = Self::Committing { named, postponed };
                return;
            }
            Self::Relisting { named, postponed } | Self::Checking { named, postponed } => {
                (named, postponed)
            }
            Self::Rechecking { postponed } => (VecDeque::new(), postponed),
            Self::Done => (VecDeque::new(), Vec::new()),
        };
        named.push_back(license);
        *self = Self::Relisting { named, postponed };
    }

    /// Postpones a license that seems to be present. Returns `false` if it need not be postponed,
    /// since the names of the other licenses were checked.
    pub(super) fn postpone(&mut self, license: StagedLicense) -> bool {
        match self {
            Self::Committing { postponed, .. } => {
                postponed.push(license);
                true
            }
            Self::Relisting { .. }
            | Self::Checking { .. }
            | Self::Rechecking { .. }
            | Self::Done => false,
        }
    }

    /// Returns the next task, or `None` if the directory is done. All its licenses must have been
    /// committed or postponed.
    pub(super) fn next_task(&mut self) -> Option<Task> {
        loop {
            *self = match mem::replace(self, Self::Done) {
                Self::Committing { named, postponed } if named.is_empty() => {
                    Self::Rechecking { postponed }
                }
                Self::Committing { named, postponed } | Self::Relisting { named, postponed } => {
                    *self = Self::Checking { named, postponed };
                    return Some(Task::List);
                }
                Self::Checking {
                    mut named,
                    postponed,
                } => match named.pop_front() {
                    Some(license) => {
                        *self = Self::Checking { named, postponed };
                        return Some(Task::Check(license));
                    }
                    None => Self::Rechecking { postponed },
                },
                Self::Rechecking { mut postponed } => {
                    let license = postponed.pop()?;
                    *self = Self::Rechecking { postponed };
                    return Some(Task::Commit(license));
                }
                Self::Done => return None,
            };
        }
    }

    /// Skips the checks of the names, since the directory could not be listed again.
    pub(super) fn skip_checks(&mut self) {
        if let Self::Checking { named, .. } = self {
            named.clear();
        }
    }

    /// Returns a license that [`CommitState::next_task`] has returned, to be committed later.
    pub(super) fn put_back(&mut self, license: StagedLicense) {
        match self {
            Self::Committing { postponed, .. }
            | Self::Relisting { postponed, .. }
            | Self::Checking { postponed, .. }
            | Self::Rechecking { postponed } => postponed.push(license),
            Self::Done => {
                *self = Self::Rechecking {
                    postponed: vec![license],
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(license: usize) -> StagedLicense {
        StagedLicense {
            license,
            temporary: 0,
            written: None,
        }
    }

    #[test]
    fn a_directory_without_licenses_is_done() {
        let mut state = CommitState::new();
        assert_eq!(state.next_task(), None);
        assert_eq!(state, CommitState::Done);
    }

    #[test]
    fn names_are_checked_before_postponed_licenses() {
        let mut state = CommitState::new();
        state.note_named(1);
        assert!(state.postpone(staged(2)));
        state.note_named(3);
        assert_eq!(state.next_task(), Some(Task::List));
        assert_eq!(state.next_task(), Some(Task::Check(1)));
        assert_eq!(state.next_task(), Some(Task::Check(3)));
        assert_eq!(state.next_task(), Some(Task::Commit(staged(2))));
        assert_eq!(state.next_task(), None);
    }

    #[test]
    fn a_license_is_postponed_once() {
        let mut state = CommitState::new();
        assert!(state.postpone(staged(1)));
        assert_eq!(state.next_task(), Some(Task::Commit(staged(1))));
        assert!(!state.postpone(staged(1)));
    }

    #[test]
    fn a_postponed_license_that_gets_its_name_is_checked_too() {
        let mut state = CommitState::new();
        assert!(state.postpone(staged(1)));
        assert!(state.postpone(staged(2)));
        assert_eq!(state.next_task(), Some(Task::Commit(staged(2))));
        state.note_named(2);
        assert_eq!(state.next_task(), Some(Task::List));
        assert_eq!(state.next_task(), Some(Task::Check(2)));
        assert_eq!(state.next_task(), Some(Task::Commit(staged(1))));
        assert_eq!(state.next_task(), None);
    }

    #[test]
    fn a_license_that_is_put_back_comes_again() {
        let mut state = CommitState::new();
        assert!(state.postpone(staged(1)));
        assert_eq!(state.next_task(), Some(Task::Commit(staged(1))));
        state.put_back(staged(1));
        assert_eq!(state.next_task(), Some(Task::Commit(staged(1))));
        assert_eq!(state.next_task(), None);
    }

    #[test]
    fn without_a_listing_no_name_is_checked() {
        let mut state = CommitState::new();
        state.note_named(1);
        assert!(state.postpone(staged(2)));
        assert_eq!(state.next_task(), Some(Task::List));
        state.skip_checks();
        assert_eq!(state.next_task(), Some(Task::Commit(staged(2))));
    }
}
