//! The functional core of `license-backup`: the license formats and their rights gate, the archive format, and the
//! operations on them.
//!
//! There is no I/O, no clock and no concurrency in this crate. An operation is a state machine over the [`Directory`]
//! trait: each call of [`Operation::step`] does a bounded piece of work and appends what there is to tell to a list of
//! events. Cancelling an operation is to call [`Operation::cancel`] in between. The WebAssembly
//! components put `wasi:filesystem` behind the trait; the tests put a directory in memory there that can be made to fail.

mod archive;
mod backup;
mod crc32;
mod directory;
mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod ledger;
mod license;
mod list;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "fuzzing needs a part of what the tests need"
    )
)]
mod memory;
mod operation;
mod paths;
mod publication;
pub mod report;
mod restore;
mod status;
mod store;
mod temporary;
mod verify;
mod visible;
mod zip;

pub use backup::{Backup, BackupSummary};
pub use directory::{
    Directory, Entries, EntryKind, File, FsError, Metadata, NamedEntry, Read, Timestamp,
};
pub use failure::{ErrorCode, Failure};
pub use license::{Appraisal, Verdict, appraise};
pub use list::{List, ListSummary, Listing, Standing};
pub use operation::Operation;
pub use paths::{OpenedDirectories, Opener, Resolved, STORE};
pub use restore::{Restore, RestoreFlags, RestoreSummary};
pub use status::{Format, Identity, Progress, Restricted, Restriction, Stage, Status};
pub use verify::{Verify, VerifySummary};
