//! The counts of each command in its last JSON line: the fields of its summary.

use license_backup_core::{BackupSummary, ListSummary, RestoreSummary, VerifySummary};
use serde::Serialize;

#[derive(Serialize)]
#[serde(remote = "BackupSummary")]
struct BackupFields {
    licenses: u64,
    bytes: u64,
    restricted: u64,
    errors: u64,
    size: u64,
    unchanged: bool,
}

#[derive(Serialize)]
#[serde(remote = "VerifySummary")]
struct VerifyFields {
    licenses: u64,
    bytes: u64,
    skipped: u64,
    size: u64,
    blake3: String,
    program: String,
}

#[derive(Serialize)]
#[serde(remote = "RestoreSummary")]
struct RestoreFields {
    restored: u64,
    bytes: u64,
    present: u64,
    conflicts: u64,
}

#[derive(Serialize)]
#[serde(remote = "ListSummary")]
struct ListFields {
    licenses: u64,
    bytes: u64,
    skipped: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
}

/// The counts of `backup`.
#[derive(Serialize)]
pub(crate) struct BackupCounts<'a>(#[serde(with = "BackupFields")] pub(crate) &'a BackupSummary);

/// The counts of `verify`.
#[derive(Serialize)]
pub(crate) struct VerifyCounts<'a>(#[serde(with = "VerifyFields")] pub(crate) &'a VerifySummary);

/// The counts of `restore`.
#[derive(Serialize)]
pub(crate) struct RestoreCounts<'a> {
    #[serde(flatten, with = "RestoreFields")]
    pub(crate) summary: &'a RestoreSummary,
    pub(crate) dry_run: bool,
}

/// The counts of `list`.
#[derive(Serialize)]
pub(crate) struct ListCounts<'a>(#[serde(with = "ListFields")] pub(crate) &'a ListSummary);
