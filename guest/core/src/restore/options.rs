//! The options of a restore and its summary.

use crate::LicenseFilter;

/// The options of a restore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct RestoreOptions {
    /// Replace a file of the store that has the name of a license and other content. Without this
    /// option such a file is kept and reported as a conflict. Only a regular file of exactly this
    /// name is ever replaced, and not a file with a newer version of the same LCP license, or with
    /// a version whose dates cannot be compared.
    pub overwrite: bool,
    /// Change nothing, and report what a restore would do. Whether the file system accepts a name
    /// that does not exist yet is only known after a real restore.
    pub dry_run: bool,
    /// Restore only these licenses. Unless the filter is empty, the restore verifies only them, so
    /// that they can be restored from a backup in which other licenses are damaged. It fails if it
    /// finds any fault in them, in the table of contents of the backup or in the CRC-32 of its
    /// checksums. If the filter has IDs, the restore reports each damaged license that does not
    /// match, and continues, since the damage may be in the IDs.
    pub filter: LicenseFilter,
}

/// What a restore did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RestoreSummary {
    /// The name of the backup file.
    pub file: String,
    /// The number of licenses written to the store, including those that replaced another file.
    pub restored: u64,
    /// The size of these licenses in bytes.
    pub bytes: u64,
    /// The number of licenses that the store had already, with the same content.
    pub present: u64,
    /// The number of licenses that were not restored because of an existing entry, or because the
    /// store cannot hold their name.
    pub conflicts: u64,
}
