//! Backs up the licenses of a local license store, after `IWMDRMLicenseManagement::BackupLicenses` of the Windows Media
//! DRM SDK: only those licenses that allow it, into one file, and telling of all others why not. Verifies such backups,
//! restores and lists them.
//!
//! The work is done by a WebAssembly component that is embedded in this library. It runs in a sandbox of its own and
//! reaches the directories that an operation names, and nothing else. It can write to the directory of a backup that it
//! makes, and to the store of a restore; all else it can only read.
//!
//! - [`Runtime`] holds the compiled component: make one, share it. The embedded one is compiled when this library is built;
//!   [`Runtime::compile`] and [`Runtime::from_compiled`] do the same for another one.
//! - [`Runtime::backup`], [`Runtime::verify`] and [`Runtime::restore`] start an operation. They resolve as soon as it is
//!   accepted, to an [`Operation`]: a stream of [`Status`] events, a future of the outcome, and a [`CancellationCookie`].
//! - [`Runtime::backup_with`] and its like do the same for those who prefer to be called: see [`Callback`].
//! - [`Runtime::list`] tells what a store or a backup holds, and what is left out and why.
//! - [`Runtime::with_share`] maps a UNC share, such as `\\nas\backups`, to a directory that stands for it.
//!
//! An operation runs on a thread of its own. All that this library hands out works with any executor, and without one
//! through [`wait`], [`Events::wait_next`] and [`Operation::wait`]. What an operation may take is limited by
//! [`Runtime::with_memory_limit`] and [`Runtime::with_deadline`]; the latter holds even if the thread behind an operation is
//! stuck in a system call.
//!
//! # Example
//!
//! ```
//! use license_backup::{BackupOptions, Runtime, Status, wait};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = std::env::temp_dir().join(format!("license-backup-example-{}", std::process::id()));
//! # let (store, backup) = (directory.join("store"), directory.join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! # std::fs::write(store.join("notes.txt"), "no license")?;
//! let runtime = Runtime::new()?;
//! let mut operation = wait(runtime.backup(&BackupOptions::new(&store, &backup)))?;
//! while let Some(status) = operation.progress.wait_next() {
//!     if let Status::RestrictedLicense(license) = status {
//!         println!("left out: {} ({})", license.path, license.reason.name());
//!     }
//! }
//! let summary = wait(operation.completed)?;
//! println!("{} licenses are safe", summary.licenses);
//! # assert_eq!((summary.licenses, summary.restricted), (0, 1));
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok(())
//! # }
//! ```

mod backup;
mod bindings;
mod callbacks;
mod compiled;
mod convert;
mod engine;
mod error;
mod events;
mod list;
mod operation;
mod restore;
mod run;
mod runtime;
mod shares;
mod umask;
mod verify;
mod wait;

pub use backup::BackupOptions;
pub use callbacks::Callback;
pub use error::{OperationError, RuntimeError, ShareError};
pub use events::Events;
pub use license_backup_core::{
    BackupSummary, ErrorCode, Failure, Format, Identity, ListSummary, Listing, Progress, RestoreSummary, Restricted,
    Restriction, Stage, Standing, Status, VerifySummary,
};
pub use list::{ListOperation, ListOptions};
pub use operation::{BackupOperation, CancellationCookie, Completion, Operation, RestoreOperation, VerifyOperation};
pub use restore::RestoreOptions;
pub use runtime::Runtime;
pub use verify::VerifyOptions;
pub use wait::wait;

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
