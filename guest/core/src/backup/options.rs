//! The options of a backup.

/// Options of a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct BackupOptions {
    /// Whether to replace an existing backup. If `false`, an existing backup is never modified.
    pub overwrite: bool,
    /// Whether to replace an existing backup even if most of its licenses are missing from the new
    /// one. If `false`, such a backup fails with [`ErrorCode::Shrunk`](crate::ErrorCode::Shrunk).
    pub allow_shrink: bool,
    /// The time of the backup in seconds since the Unix epoch. If it is set, the backup is a
    /// generation: a file of its own, whose name contains the time. No other backup is replaced,
    /// and `overwrite` has no effect. If most licenses of the newest backup are missing, that one
    /// is pinned.
    pub generation: Option<u64>,
}
