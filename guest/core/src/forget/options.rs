//! The options of a forget operation, its events and its summary.

use crate::{RetentionPolicy, Rule};

/// The options of a forget operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct ForgetOptions {
    /// The policy. It must have a rule, unless `unpin` names a generation; then nothing is removed
    /// but pins.
    pub policy: RetentionPolicy,
    /// The names of generations that are no longer pinned. Each must be pinned. The pins are removed
    /// first.
    pub unpin: Vec<String>,
    /// The current time in seconds since the Unix epoch. Generations with a later time are kept and
    /// do not count for the policy.
    pub now: u64,
    /// Whether to remove nothing, and report what would be removed.
    pub dry_run: bool,
}

/// A decision about one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GenerationDecision {
    /// The name of the file.
    pub file: String,
    /// The time of the backup in seconds since the Unix epoch.
    pub time: u64,
    /// The rules that keep it. If there are none, it was removed, or would be by a dry run.
    pub rules: Vec<Rule>,
}

/// The summary of a forget operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForgetSummary {
    /// The number of generations that were kept.
    pub kept: u64,
    /// The number of generations that were removed, or would be by a dry run.
    pub removed: u64,
    /// The size of these in bytes.
    pub removed_bytes: u64,
    /// The number of pins that were removed, or would be by a dry run.
    pub unpinned: u64,
}
