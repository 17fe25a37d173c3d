//! The functional core of `license-backup`: the license formats and their rights gate,
//! the archive format, and the operations on them.
//!
//! This crate has no I/O, no clock and no concurrency. An operation is a state machine
//! over the [`Directory`] trait: each call of [`Operation::step`] does a bounded amount
//! of work and appends the events to emit to a list. Between two steps,
//! [`Operation::cancel`] cancels the operation. The WebAssembly components implement the
//! trait with `wasi:filesystem`; the tests implement it with a directory in memory into
//! which they inject faults.

mod archive;
mod backup;
mod budget;
mod case_name;
mod catalogue;
mod check;
mod crc32;
mod diff;
mod dir_stack;
mod directory;
mod entry_names;
mod escape;
mod exit_code;
mod failure;
mod filter;
mod forget;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod generations;
mod hresult;
mod license;
mod list;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "the fuzz targets use only a part of it"
    )
)]
mod memory_fs;
mod operation;
mod paths;
mod publication;
mod reason;
mod restore;
mod retention;
mod skipped;
mod status;
mod store;
mod stored_archive;
mod temporary;
mod verify;
mod zip;

pub use backup::{Backup, BackupOptions, BackupSummary, Shrinkage};
pub use case_name::UnknownCaseName;
pub use check::{Check, CheckOptions, CheckSummary};
pub use diff::{Diff, DiffSummary, LicenseChange, LicenseDifference};
pub use directory::{
    Directory, Entries, EntryKind, File, FileId, FsError, Metadata, NamedEntry, Read, Timestamp,
};
pub use entry_names::BACKUP_FILE;
pub use escape::{escape, escape_json};
pub use exit_code::ExitCode;
pub use failure::{ErrorCode, Failure};
pub use filter::LicenseFilter;
pub use forget::{Forget, ForgetOptions, ForgetSummary, GenerationDecision};
pub use generations::{
    Generation, GenerationsOptions, GenerationsSummary, ListGenerations, generation_name,
    generation_time, utc_time,
};
pub use hresult::{S_FALSE, S_OK};
pub use license::{Evaluation, Verdict, evaluate};
pub use list::{LicenseListing, LicenseStanding, List, ListSummary};
pub use operation::Operation;
pub use paths::{HintFor, OpenedDirectories, Resolved, STORE};
pub use reason::Reason;
pub use restore::{Restore, RestoreOptions, RestoreSummary};
pub use retention::{InvalidKeepWithin, KeepWithin, RetentionPolicy, Rule};
pub use status::{
    BackupRestoreStatus, LicenseFormat, LicenseIdentity, Progress, RestrictedLicense, Restriction,
    Stage,
};
pub use verify::{Verify, VerifyOptions, VerifySummary};
