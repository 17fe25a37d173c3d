//! The differences that a comparison finds, and their totals.

use crate::LicenseIdentity;
use crate::case_name::case_names;

/// The kind of a difference between an older and a newer side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LicenseChange {
    /// Only the newer side has the license.
    Added,
    /// Only the older side has the license.
    Removed,
    /// Both sides have a license of this path, with different content.
    Changed,
    /// A file or directory of the store could not be read, or has a license that a backup could not
    /// contain. It was not compared, and licenses of the backup that it may be or contain are not
    /// reported as removed.
    Unreadable,
}

case_names! {
    LicenseChange {
        Added => "added",
        Removed => "removed",
        Changed => "changed",
        Unreadable => "unreadable",
    }
}

/// A license that differs between the two sides, or a file that was not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LicenseDifference {
    /// The path relative to the store, with `/` between its components, not escaped. It is the path
    /// in a backup: the license in the publication `book` has the path `book.lcpl`. A file that
    /// could not be read has its own path, and `.` is the store itself.
    pub path: String,
    /// The kind of the difference.
    pub change: LicenseChange,
    /// The identifiers in the newer document, or in the older one if the license was removed. Empty
    /// for a file that could not be read.
    pub identity: LicenseIdentity,
    /// The error message for a file that could not be read. `None` for a license.
    pub message: Option<String>,
}

/// The totals of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiffSummary {
    /// The name of the older backup file.
    pub old: String,
    /// The name of the newer backup file. `None` if the newer side is the store.
    pub new: Option<String>,
    /// The number of licenses that only the newer side has.
    pub added: u64,
    /// The number of licenses that only the older side has.
    pub removed: u64,
    /// The number of licenses with different content.
    pub changed: u64,
    /// The number of errors reading the store. A directory that could not be read counts once.
    pub unreadable: u64,
    /// The number of licenses with equal content.
    pub unchanged: u64,
}

impl DiffSummary {
    /// Counts a difference.
    pub(super) fn count(&mut self, change: LicenseChange) {
        let count = match change {
            LicenseChange::Added => &mut self.added,
            LicenseChange::Removed => &mut self.removed,
            LicenseChange::Changed => &mut self.changed,
            LicenseChange::Unreadable => &mut self.unreadable,
        };
        *count += 1;
    }
}
