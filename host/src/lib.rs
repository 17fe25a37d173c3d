//! Backs up the licenses of a local license store, after `IWMDRMLicenseManagement::BackupLicenses` of the Windows Media
//! DRM SDK: only those licenses that allow it, into one file, and telling of all others why not.
//!
//! The work is done by a WebAssembly component that is embedded in this library. It runs in a sandbox of its own and
//! reaches the directories that an operation names, and nothing else: the store it can only read.
//!
//! - [`Runtime`] holds the compiled component: make one, share it.
//! - [`Runtime::backup`] starts a backup. It resolves as soon as the backup is accepted, to a [`BackupOperation`]: a
//!   stream of [`Status`] events, a future of the outcome, and a [`CancellationCookie`].
//! - [`Runtime::backup_with`] does the same for those who prefer to be called: see [`BackupCallback`].
//! - [`Runtime::list`] tells what a backup holds, and what it left out and why.
//!
//! An operation runs on a thread of its own. All that this library hands out works with any executor, and without one
//! through [`wait`], [`Events::wait_next`] and [`BackupOperation::wait`]. A deadline is a matter of the caller: a future that
//! is given up returns at once, even if the thread behind it is stuck in a system call.
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
mod convert;
mod error;
mod events;
mod list;
mod operation;
mod run;
mod runtime;
mod umask;
mod wait;

pub use backup::{BackupOperation, BackupOptions};
pub use callbacks::BackupCallback;
pub use error::{OperationError, RuntimeError};
pub use events::Events;
pub use license_backup_core::{
    BackupSummary, ErrorCode, Failure, Format, Identity, ListSummary, Listing, Progress, Restricted, Restriction,
    Standing, Status,
};
pub use list::ListOperation;
pub use operation::{CancellationCookie, Completion};
pub use runtime::Runtime;
pub use wait::wait;

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
