//! The counts of each command in its last JSON line: the fields of its summary.

use license_backup_core::{
    BackupSummary, CheckSummary, DiffSummary, ForgetSummary, GenerationsSummary, ListSummary,
    RestoreSummary, Shrinkage, VerifySummary,
};
use serde::{Serialize, Serializer};

#[derive(Serialize)]
#[serde(remote = "BackupSummary")]
struct BackupFields {
    licenses: u64,
    bytes: u64,
    restricted: u64,
    errors: u64,
    file: String,
    size: u64,
    unchanged: bool,
    #[serde(
        serialize_with = "serialize_shrinkage",
        skip_serializing_if = "Option::is_none"
    )]
    shrunk: Option<Shrinkage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blake3: Option<String>,
    removed: u64,
}

#[expect(
    clippy::ref_option,
    reason = "this is the signature that serde requires"
)]
fn serialize_shrinkage<S: Serializer>(
    shrunk: &Option<Shrinkage>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let counts = shrunk
        .iter()
        .flat_map(|Shrinkage { earlier, left }| [("earlier", earlier), ("left", left)]);
    serializer.collect_map(counts)
}

#[derive(Serialize)]
#[serde(remote = "VerifySummary")]
struct VerifyFields {
    licenses: u64,
    bytes: u64,
    skipped: u64,
    file: String,
    size: u64,
    blake3: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    encrypted: bool,
}

#[derive(Serialize)]
#[serde(remote = "RestoreSummary")]
struct RestoreFields {
    file: String,
    restored: u64,
    bytes: u64,
    present: u64,
    conflicts: u64,
}

#[derive(Serialize)]
#[serde(remote = "ListSummary")]
struct ListFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    licenses: u64,
    bytes: u64,
    skipped: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
}

#[derive(Serialize)]
#[serde(remote = "ForgetSummary")]
struct ForgetFields {
    kept: u64,
    removed: u64,
    removed_bytes: u64,
    unpinned: u64,
}

#[derive(Serialize)]
#[serde(remote = "DiffSummary")]
struct DiffFields {
    old: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    added: u64,
    removed: u64,
    changed: u64,
    unreadable: u64,
    unchanged: u64,
}

#[derive(Serialize)]
#[serde(remote = "GenerationsSummary")]
struct GenerationsFields {
    generations: u64,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(remote = "CheckSummary")]
struct CheckFields {
    file: String,
    time: u64,
    age: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    blake3: Option<String>,
    encrypted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

/// The counts of `diff`.
#[derive(Serialize)]
pub(crate) struct DiffCounts<'a>(#[serde(with = "DiffFields")] pub(crate) &'a DiffSummary);

/// The counts of `generations`.
#[derive(Serialize)]
pub(crate) struct GenerationsCounts<'a>(
    #[serde(with = "GenerationsFields")] pub(crate) &'a GenerationsSummary,
);

/// The counts of `check`.
#[derive(Serialize)]
pub(crate) struct CheckCounts<'a>(#[serde(with = "CheckFields")] pub(crate) &'a CheckSummary);

/// The counts of `forget`.
#[derive(Serialize)]
pub(crate) struct ForgetCounts<'a> {
    #[serde(flatten, with = "ForgetFields")]
    pub(crate) summary: &'a ForgetSummary,
    pub(crate) dry_run: bool,
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
