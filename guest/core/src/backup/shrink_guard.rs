//! The shrink guard: it compares a new backup with the earlier one before the commit.
//!
//! If most licenses of the earlier backup are missing, the store was probably emptied, replaced or
//! not mounted. The new backup then does not replace the earlier one.

use std::cmp::Ordering;

use crate::File;
use crate::archive::{ArchiveError, ArchiveIndex, ArchiveReader};
use crate::budget::{Budget, LINE};
use crate::entry_names::LICENSES;

/// The number of missing licenses below which a backup has not shrunk as long as any are left: a
/// person who deletes a few licenses of a small store should not be stopped.
const MIN_MISSING: u64 = 10;

/// A running comparison of a new backup with an earlier one. It reads the central directory of the
/// earlier one and nothing else.
pub(super) struct ShrinkGuard<F> {
    earlier: ArchiveReader<F>,
    /// The name of the entry of the earlier backup to look for next.
    name: Option<String>,
    /// The number of the license of the new backup to compare next. The licenses of both are in
    /// byte order of their paths.
    next: usize,
    comparison: Shrinkage,
}

/// The result of a step.
pub(super) enum Step {
    /// There are licenses left to compare.
    Continue,
    /// All licenses were compared: the backup has shrunk in this way, or has not.
    End(Option<Shrinkage>),
}

/// The number of licenses that an earlier backup has, and how many of them are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shrinkage {
    /// The number of licenses in the earlier backup.
    pub earlier: u64,
    /// The number of these that the new backup has, too, by path.
    pub left: u64,
}

impl Shrinkage {
    /// Returns `true` if no license is left, or fewer than half are and at least ten are missing.
    pub(super) fn is_alarming(self) -> bool {
        let missing = self.earlier - self.left;
        let is_empty = self.left == 0 && self.earlier > 0;
        is_empty || (self.left < missing && missing >= MIN_MISSING)
    }
}

impl<F: File> ShrinkGuard<F> {
    /// Starts to compare a new backup with `earlier`.
    pub(super) fn new(earlier: F) -> Result<Self, ArchiveError> {
        Ok(Self {
            earlier: ArchiveReader::open(earlier)?,
            name: None,
            next: 0,
            comparison: Shrinkage::default(),
        })
    }

    /// Compares some licenses.
    pub(super) fn step(&mut self, licenses: &ArchiveIndex) -> Result<Step, ArchiveError> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            budget.spend(LINE);
            let Some(name) = &self.name else {
                let Some(entry) = self.earlier.next_entry()? else {
                    let shrinkage = self.comparison;
                    return Ok(Step::End(shrinkage.is_alarming().then_some(shrinkage)));
                };
                if entry.name.starts_with(LICENSES) {
                    self.comparison.earlier += 1;
                    self.name = Some(entry.name);
                }
                continue;
            };
            let order = if self.next < licenses.len() {
                licenses.name(self.next).as_str().cmp(name)
            } else {
                Ordering::Greater
            };
            match order {
                Ordering::Less => self.next += 1,
                Ordering::Equal => {
                    self.comparison.left += 1;
                    self.name = None;
                }
                Ordering::Greater => self.name = None,
            }
        }
        Ok(Step::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_has_shrunk_if_none_or_less_than_half_is_left() {
        let is_shrunk = |left, earlier| Shrinkage { earlier, left }.is_alarming();
        for (left, earlier) in [(0, 1), (0, 4231), (4, 14), (9, 19), (49, 100)] {
            assert!(is_shrunk(left, earlier), "{left} of {earlier}");
        }
        for (left, earlier) in [(0, 0), (1, 1), (1, 10), (9, 18), (10, 20), (50, 100)] {
            assert!(!is_shrunk(left, earlier), "{left} of {earlier}");
        }
    }
}
