//! Backs up the licenses of a local license store into one file, and verifies, restores and lists
//! such backups. Only licenses that permit it are copied; the rest are reported with a reason.
//!
//! # Overview
//!
//! A WebAssembly component, which this library contains, does the work. It runs in a sandbox and
//! reaches only the directories that an operation names. It can write to the directory of a backup
//! that it creates and to the store of a restore; all else is read-only.
//!
//! - [`LicenseManager`] holds the compiled component and starts operations. Create one and share
//!   it.
//! - [`BackupOptions`], [`VerifyOptions`], [`RestoreOptions`] and [`ListOptions`] describe an
//!   operation.
//! - An [`Operation`] runs on a thread of its own. It has a stream of events, a future of the
//!   outcome, and a [`CancellationCookie`]. Dropping it does not cancel it.
//! - A [`Callback`] receives the events and the outcome instead.
//! - [`OperationError`] has a [code](OperationError::code) for programs and a message for people.
//!
//! All futures and streams work with any executor, and without one through [`block_on`],
//! [`Events::wait_next`] and [`Operation::wait`].
//!
//! The interface follows `IWMDRMLicenseManagement::BackupLicenses` of the Windows Media DRM SDK.
//!
//! # Quick start
//!
//! ```
//! use license_backup::{BackupOptions, LicenseManager};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let manager = LicenseManager::new()?;
//! let summary = manager.backup_blocking(&BackupOptions::new(&store, &backup))?;
//! println!("{} licenses are backed up", summary.licenses);
//! # Ok(())
//! # }
//! ```
//!
//! ## Events
//!
//! ```
//! use license_backup::{BackupOptions, BackupRestoreStatus, LicenseManager, block_on};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! # std::fs::write(store.join("notes.txt"), "no license")?;
//! let manager = LicenseManager::new()?;
//! let mut operation = block_on(manager.backup(&BackupOptions::new(&store, &backup)))?;
//! while let Some(event) = operation.events.wait_next() {
//!     if let BackupRestoreStatus::RestrictedLicense(license) = event {
//!         println!("skipped: {:?} ({})", license.path, license.reason.name());
//!     }
//! }
//! let summary = block_on(operation.completed)?;
//! # assert_eq!((summary.licenses, summary.restricted), (0, 1));
//! # Ok(())
//! # }
//! ```
//!
//! ## Callbacks
//!
//! ```
//! use std::sync::mpsc;
//!
//! use license_backup::{
//!     BackupOptions, BackupRestoreStatus, BackupSummary, Callback, LicenseManager, OperationError,
//!     block_on,
//! };
//!
//! struct Listener(mpsc::Sender<bool>);
//!
//! impl Callback<BackupRestoreStatus, BackupSummary> for Listener {
//!     // `event` does nothing by default.
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
//! let (sender, is_backed_up) = mpsc::channel();
//! let options = BackupOptions::new(&store, &backup);
//! block_on(LicenseManager::new()?.backup_with_callback(&options, Listener(sender)))?;
//! assert!(is_backed_up.recv()?);
//! # Ok(())
//! # }
//! ```
//!
//! ## Cancellation
//!
//! A cookie cancels from any thread. A backup that is committed stays: a request that comes too
//! late has no effect. [`CancellationCookie::cancel_on_drop`] ties an operation to a scope.
//!
//! ```
//! use license_backup::{BackupOptions, ErrorCode, LicenseManager, block_on};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let manager = LicenseManager::new()?;
//! let operation = block_on(manager.backup(&BackupOptions::new(&store, &backup)))?;
//! let cookie = operation.cookie.clone();
//! std::thread::spawn(move || cookie.cancel());
//! match operation.wait() {
//!     Ok(summary) => println!("{} licenses are backed up", summary.licenses),
//!     Err(error) if error.code() == ErrorCode::Cancelled => println!("nothing was changed"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ## UNC shares
//!
//! ```
//! use license_backup::{BackupOptions, LicenseManager};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let manager = LicenseManager::new()?.with_share(r"\\nas\backups", &backup)?;
//! manager.backup_blocking(&BackupOptions::new(&store, r"\\NAS\backups"))?;
//! assert!(backup.join("licenses.zip").exists());
//! # Ok(())
//! # }
//! ```
//!
//! ## Another component
//!
//! With the feature `compile`:
//!
//! ```
//! # #[cfg(feature = "compile")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use license_backup::LicenseManager;
//!
//! # let component = std::fs::read("component/license-backup.wasm")?;
//! // This is machine code: keep it where nobody else can write.
//! let compiled = LicenseManager::compile(&component)?;
//! // SAFETY: it comes from `LicenseManager::compile`, and nobody else has accessed it since.
//! let manager = unsafe { LicenseManager::from_compiled(&compiled)? };
//! # let _ = manager;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "compile"))]
//! # fn main() {}
//! ```
//!
//! # Crate features
//!
//! No feature is enabled by default.
//!
//! - `age`: encrypts backups for recipients of age, and opens them with identities.
//! - `compile`: compiles other components at run time, with `LicenseManager::from_component` and
//!   `LicenseManager::compile`. The embedded component needs no compiler at run time: the build
//!   script compiles it, so wasmtime's compiler is a build-dependency.
//! - `s3`: accepts `s3://` URLs in `BackupLocation::parse`, with the credentials of the usual
//!   `AWS_*` variables and profile.
//! - `serde`: implements `Serialize` and `Deserialize` for the options, the events and the
//!   summaries.
//! - `sftp`: accepts `sftp://` URLs in `BackupLocation::parse`. It runs the program `ssh`, which
//!   must be on the `PATH`.
//!
//! # Limits
//!
//! [`LicenseManager::with_memory_limit`] limits the memory of an operation, 1 GiB by default.
//! [`LicenseManager::with_deadline`] limits its time, even if its thread is stuck in a system call.
//!
//! ```
//! use std::time::Duration;
//!
//! use license_backup::{BackupOptions, LicenseManager};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let (store, backup) = (directory.path().join("store"), directory.path().join("backup"));
//! # std::fs::create_dir_all(&store)?;
//! # std::fs::create_dir_all(&backup)?;
//! let manager = LicenseManager::new()?
//!     .with_memory_limit(64 << 20)
//!     .with_deadline(Duration::from_secs(60));
//! manager.backup_blocking(&BackupOptions::new(&store, &backup))?;
//! # Ok(())
//! # }
//! ```
//!
//! An operation has one thread for itself, one for its deadline if it has one, one for its callback
//! if it has one, and one that reads ahead, for at most four operations of a process at once. It
//! has at most 256 files open, and some 80 more for reading ahead. Operations do not wait for
//! each other, so for many stores, run a limited number of them at once, as the example
//! `many_stores` does.
//!
//! # Tracing
//!
//! The library emits [`tracing`](https://docs.rs/tracing) events with targets that begin with
//! `license_backup`. Each operation has a span `operation` with the fields `kind` and `deadline`,
//! and the subscriber of the thread that started it.
//!
//! - error: the component failed.
//! - warn: an operation was refused or failed, with its code; its deadline passed.
//! - info: an operation was accepted or finished; its cancellation was requested.
//! - debug: an operation started; its directories and error messages, which contain paths;
//!   prefetching is disabled; the component is compiled, since it is not precompiled; the processor
//!   lacks instructions of x86-64-v2.
//!
//! No event has the contents of a license.
//!
//! # Semver
//!
//! The public API follows [Semantic Versioning](https://semver.org): before 1.0.0 a new minor
//! version may change it, and a patch does not.
//!
//! [`OperationError`], [`LicenseManagerError`], [`ShareError`] and [`DirectoryRole`] are
//! `#[non_exhaustive]`, and a patch may extend them. The types of the component's interface are
//! exhaustive: [`BackupRestoreStatus`], [`ErrorCode`], [`LicenseFormat`], [`LicenseStanding`],
//! [`Restriction`], [`Stage`] and the structs that events and summaries consist of. A new case or
//! field of them is a new version of that interface and a new minor version of this library. They
//! are exhaustive because the component, the command lines and this library convert them case by
//! case, and the compiler has to report a missing case; for the same reason an embedder can choose
//! to handle all of them.
//!
//! The minimum Rust version is the `rust-version` of the package; a new minor version may raise it.
//! `futures_core` is a public dependency, since [`Events`] implements its [`Stream`], which is
//! re-exported here. Types of wasmtime, tokio and tracing are not part of the API.

mod backup;
mod bindings;
mod block_on;
mod callbacks;
mod check;
mod convert;
mod deadline;
mod diff;
#[cfg(feature = "age")]
mod encryption;
mod engine;
mod error;
mod events;
mod forget;
mod generations;
mod license_manager;
mod list;
#[cfg_attr(
    not(all(feature = "age", feature = "s3", feature = "sftp")),
    allow(dead_code, reason = "each of these features uses a part")
)]
mod location;
mod operation;
mod operation_span;
mod precompiled;
mod private_directory;
mod restore;
mod run;
mod umask;
mod unc;
mod verify;

pub use backup::BackupOptions;
pub use block_on::block_on;
pub use callbacks::Callback;
pub use check::CheckOptions;
pub use diff::DiffOptions;
#[cfg(feature = "age")]
pub use encryption::{Identities, KeyFileError, Recipient, RecipientError, Recipients};
pub use error::{DirectoryRole, LicenseManagerError, OperationError, ShareError};
pub use events::Events;
pub use forget::ForgetOptions;
pub use futures_core::Stream;
pub use generations::GenerationsOptions;
pub use license_backup_core::{
    BackupRestoreStatus, BackupSummary, CheckSummary, DiffSummary, ErrorCode, Failure,
    ForgetSummary, Generation, GenerationDecision, GenerationsSummary, InvalidKeepWithin,
    KeepWithin, LicenseChange, LicenseDifference, LicenseFilter, LicenseFormat, LicenseIdentity,
    LicenseListing, LicenseStanding, ListSummary, Progress, RestoreSummary, RestrictedLicense,
    Restriction, RetentionPolicy, Rule, Shrinkage, Stage, VerifySummary,
};
pub use license_manager::LicenseManager;
pub use list::ListOptions;
pub use location::{BackupLocation, LocationError};
pub use operation::{
    BackupOperation, CancelOnDrop, CancellationCookie, CheckOperation, Completion, DiffOperation,
    ForgetOperation, GenerationsOperation, ListOperation, Operation, RestoreOperation,
    VerifyOperation,
};
pub use precompiled::{COMPONENT_SHA256, COMPONENT_VERSION};
pub use private_directory::create_private_directory;
pub use restore::RestoreOptions;
pub use verify::VerifyOptions;

/// Runs the examples of the README as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
