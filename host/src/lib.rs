//! Backs up the licenses of a local license store, after `IWMDRMLicenseManagement::BackupLicenses` of the Windows Media
//! DRM SDK: only those licenses that allow it, into one file, and telling of all others why not. Verifies such backups,
//! restores and lists them.
//!
//! The work is done by a WebAssembly component that is embedded in this library. It runs in a sandbox of its own and
//! reaches the directories that an operation names, and nothing else. It can write to the directory of a backup that it
//! makes, and to the store of a restore; all else it can only read.
//!
//! - [`LicenseManager`] holds the compiled component: make one, share it. The embedded one is compiled when this library is built;
//!   [`LicenseManager::compile`] and [`LicenseManager::from_compiled`] do the same for another one.
//! - [`LicenseManager::backup`], [`LicenseManager::verify`] and [`LicenseManager::restore`] start an operation. They resolve as soon as it is
//!   accepted, to an [`Operation`]: a stream of [`BackupRestoreStatus`] events, a future of the outcome, and a [`CancellationCookie`].
//! - [`LicenseManager::backup_with_callback`] and its like do the same for those who prefer to be called: see [`Callback`].
//! - [`LicenseManager::list`] tells what a store or a backup holds, and what is left out and why.
//! - [`LicenseManager::with_share`] maps a UNC share, such as `\\nas\backups`, to a directory that stands for it.
//!
//! An operation runs on a thread of its own. All that this library hands out works with any executor, and without one
//! through [`block_on`], [`Events::wait_next`] and [`Operation::wait`]. What an operation may take is limited by
//! [`LicenseManager::with_memory_limit`] and [`LicenseManager::with_deadline`]; the latter holds even if the thread behind an operation is
//! stuck in a system call.
//!
//! # Example
//!
//! ```
//! use license_backup::{BackupOptions, LicenseManager, BackupRestoreStatus, block_on};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! # std::fs::write(store.join("notes.txt"), "no license")?;
//! let runtime = LicenseManager::new()?;
//! let mut operation = block_on(runtime.backup(&BackupOptions::new(&store, &backup)))?;
//! while let Some(status) = operation.events.wait_next() {
//!     if let BackupRestoreStatus::RestrictedLicense(license) = status {
//!         println!("left out: {:?} ({})", license.path, license.reason.name());
//!     }
//! }
//! let summary = block_on(operation.completed)?;
//! println!("{} licenses are safe", summary.licenses);
//! # assert_eq!((summary.licenses, summary.restricted), (0, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Being called back
//!
//! ```
//! use license_backup::{BackupOptions, BackupSummary, Callback, OperationError, LicenseManager, BackupRestoreStatus, block_on};
//!
//! struct Listener(std::sync::mpsc::Sender<bool>);
//!
//! impl Callback<BackupSummary> for Listener {
//!     fn progress(&mut self, status: BackupRestoreStatus) {
//!         println!("{status:?}");
//!     }
//!
//!     fn completed(&mut self, outcome: Result<BackupSummary, OperationError>) {
//!         let _ = self.0.send(outcome.is_ok());
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let (sender, is_safe) = std::sync::mpsc::channel();
//! block_on(LicenseManager::new()?.backup_with_callback(&BackupOptions::new(&store, &backup), Listener(sender)))?;
//! assert!(is_safe.recv()?);
//! # Ok(())
//! # }
//! ```
//!
//! # Cancelling from another thread
//!
//! What is committed by then stays: a cookie that comes too late has no effect.
//!
//! ```
//! use license_backup::{BackupOptions, ErrorCode, LicenseManager, block_on};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let operation = block_on(LicenseManager::new()?.backup(&BackupOptions::new(&store, &backup)))?;
//! let cookie = operation.cookie.clone();
//! std::thread::spawn(move || cookie.cancel());
//! match operation.wait() {
//!     Ok(summary) => println!("{} licenses are safe", summary.licenses),
//!     Err(error) if error.code() == ErrorCode::Cancelled => println!("the directory is as it was"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # A UNC share, and limits
//!
//! ```
//! use std::time::Duration;
//!
//! use license_backup::{BackupOptions, LicenseManager, block_on};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let runtime = LicenseManager::new()?
//!     .with_share(r"\\nas\backups", &backup)?
//!     .with_memory_limit(64 << 20)
//!     .with_deadline(Duration::from_secs(60));
//! let operation = block_on(runtime.backup(&BackupOptions::new(&store, r"\\NAS\backups")))?;
//! assert_eq!(operation.wait()?.licenses, 0);
//! assert!(backup.join("licenses.zip").exists());
//! # Ok(())
//! # }
//! ```
//!
//! # A component of your own, compiled ahead
//!
//! ```
//! use license_backup::LicenseManager;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let component = std::fs::read("component/license-backup.wasm")?;
//! let compiled = LicenseManager::compile(&component)?; // machine code: keep it where nobody else can write
//! // SAFETY: it comes from `LicenseManager::compile`, and nobody else has had it since.
//! let runtime = unsafe { LicenseManager::from_compiled(&compiled)? };
//! # let _ = runtime;
//! # Ok(())
//! # }
//! ```
//!
//! # Several at once
//!
//! Operations of one runtime do not wait for one another.
//!
//! ```
//! use license_backup::{BackupOptions, LicenseManager, block_on};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let other = directory.path().join("other");
//! # std::fs::create_dir_all(&other)?;
//! let runtime = LicenseManager::new()?;
//! let [one, two] = [&backup, &other].map(|to| block_on(runtime.backup(&BackupOptions::new(&store, to))));
//! let (one, two) = (one?, two?); // both are at work
//! assert_eq!(one.wait()?, two.wait()?);
//! # Ok(())
//! # }
//! ```
//!
//! # Versions
//!
//! What is public here follows [Semantic Versioning](https://semver.org): before 1.0.0 a new minor version may change it, a
//! patch does not. A new case of [`LicenseFormat`], [`Restriction`], [`ErrorCode`] or [`BackupRestoreStatus`] is such a change. Types of wasmtime and
//! tokio are no part of it.
//!
//! With `default-features = false` the library comes without the program's command line. The minimum Rust version is the
//! `rust-version` of the package; a new minor version may raise it.

mod backup;
mod bindings;
mod block_on;
mod callbacks;
mod convert;
mod engine;
mod error;
mod events;
mod list;
mod operation;
mod precompiled;
mod restore;
mod run;
mod runtime;
mod umask;
mod unc;
mod verify;

pub use backup::BackupOptions;
pub use block_on::block_on;
pub use callbacks::Callback;
pub use error::{LicenseManagerError, OperationError, ShareError};
pub use events::Events;
pub use license_backup_core::{
    BackupRestoreStatus, BackupSummary, ErrorCode, Failure, LicenseFormat, LicenseIdentity,
    LicenseListing, LicenseStanding, ListSummary, Progress, RestoreSummary, RestrictedLicense,
    Restriction, Stage, VerifySummary,
};
pub use list::ListOptions;
pub use operation::{
    BackupOperation, CancellationCookie, Completion, ListOperation, Operation, RestoreOperation,
    VerifyOperation,
};
pub use precompiled::{COMPONENT_SHA256, COMPONENT_VERSION};
pub use restore::RestoreOptions;
pub use runtime::LicenseManager;
pub use verify::VerifyOptions;

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
