//! The options of a check, and its summary.

/// The options of a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct CheckOptions {
    /// The largest permitted age of the backup in seconds.
    pub max_age: u64,
    /// The current time in seconds since the Unix epoch.
    pub now: u64,
    /// Whether to verify every byte of the backup.
    pub verify: bool,
}

/// The result of a check that found nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CheckSummary {
    /// The name of the newest backup file.
    pub file: String,
    /// The time at which the store was last backed up, in seconds since the Unix epoch: that of the
    /// last run that succeeded, even if nothing had changed. Without `last-run.json`, the time of
    /// the newest backup.
    pub time: u64,
    /// The age in seconds.
    pub age: u64,
    /// The BLAKE3 of the file, as 64 lower-case hexadecimal digits, if it was verified.
    pub blake3: Option<String>,
    /// Whether it was verified without its content, as described for
    /// [`VerifySummary::encrypted`](crate::VerifySummary::encrypted).
    pub encrypted: bool,
    /// The error message of the last run, if it failed. The backup is recent nevertheless.
    pub last_failure: Option<String>,
}
