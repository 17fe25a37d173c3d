//! The options of a backup.

use crate::{ErrorCode, Failure, RetentionPolicy};

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
    ///
    /// Each run also leaves `last-run.json` in the directory.
    pub generation: Option<u64>,
    /// The time of the backup in seconds since the Unix epoch, if the directory encrypts what is
    /// written to it. Each run then leaves `last-run.json`, which contains no path and no ID: with
    /// it, an earlier backup that no identity opens is compared with the new one, by its hash and
    /// the number of its licenses.
    pub encrypted: Option<u64>,
    /// The policy by which generations are removed after the backup has succeeded and has not
    /// shrunk, at the time of the new generation. It requires `generation`.
    pub retention: Option<RetentionPolicy>,
}

impl BackupOptions {
    /// Returns an error if the retention policy has no rule, or is not for a generation.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let cause = match self.retention {
            Some(policy) if policy.is_empty() => "has no rule; use a rule such as keep-last",
            Some(_) if self.generation.is_none() => "is for generations; back up as a generation",
            _ => return Ok(()),
        };
        let message = format!("no backup was made: the retention policy {cause}");
        Err(Failure::new(ErrorCode::InvalidArgument, message))
    }
}
