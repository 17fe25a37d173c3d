//! The compiled component, from which every operation gets an instance of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use license_backup_core::{BackupSummary, RestoreSummary, VerifySummary};
use wasmtime::component::Component;

use crate::bindings::ServicePre;
use crate::run::{self, Call, State};
use crate::unc::Shares;
use crate::{
    BackupOperation, BackupOptions, Callback, CancellationCookie, LicenseManagerError,
    ListOperation, ListOptions, Operation, OperationError, RestoreOperation, RestoreOptions,
    ShareError, VerifyOperation, VerifyOptions, callbacks,
};

/// Bytes of memory that one operation may use, unless another limit is set. An operation keeps the paths of a store and
/// what it left out in memory, so that this is far from what any store takes that people have, and near enough that a
/// defect does not starve the machine.
const MEMORY_LIMIT: usize = 1024 * 1024 * 1024;

/// The compiled component.
///
/// Making one takes some milliseconds, cloning it none; it can be shared between threads. Each operation gets an instance
/// of its own, with its own memory and with no more than the directories that it names.
#[derive(Clone)]
pub struct LicenseManager {
    component: Arc<ServicePre<State>>,
    limits: Limits,
    shares: Arc<Shares>,
}

/// What one operation may take at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of memory.
    pub(crate) memory: usize,
    pub(crate) time: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: MEMORY_LIMIT,
            time: None,
        }
    }
}

impl LicenseManager {
    pub(crate) fn link(component: &Component) -> Result<Self, LicenseManagerError> {
        let component =
            run::link(component).map_err(|error| LicenseManagerError::Link(error.into()))?;
        Ok(Self {
            component: Arc::new(component),
            limits: Limits::default(),
            shares: Arc::default(),
        })
    }

    /// The same, with another limit on the memory of each operation, in bytes. The default is 1 GiB: a store of an
    /// extraordinary number of licenses may need more, and little should need as much.
    ///
    /// An operation that reaches it ends with [`OperationError::OutOfMemory`].
    #[must_use]
    pub fn with_memory_limit(self, bytes: usize) -> Self {
        Self {
            limits: Limits {
                memory: bytes,
                ..self.limits
            },
            ..self
        }
    }

    /// The same, with a limit on the time of each operation, from the call to its outcome and the last of its events. There is
    /// none otherwise.
    ///
    /// When the time is up, the call, the [`Completion`](crate::Completion) and the [`Events`](crate::Events) end at once, the
    /// former two with [`OperationError::DeadlineExceeded`], even if the operation is stuck in the file system. From then on it
    /// begins nothing more. A call of the file system that it is in the middle of may still have its effect, and a thread
    /// stays until that returns. To have an operation end in good order, cancel it first.
    #[must_use]
    pub fn with_deadline(self, limit: Duration) -> Self {
        Self {
            limits: Limits {
                time: Some(limit),
                ..self.limits
            },
            ..self
        }
    }

    /// The same, with a UNC share that stands for a directory of the host. From then on a backup directory that is given to
    /// an operation as a path on this share, such as `\\nas\backups\laptop` for the share `\\nas\backups`, is looked for in
    /// that directory. A share that is mapped already is mapped anew.
    ///
    /// Of several shares that cover a path the longest one counts. Slashes count as backslashes do, `\\?\UNC\` may come
    /// first, and server and share are compared without case. `//server/share` is a UNC path if such a share is mapped, and
    /// otherwise an ordinary one. With any share mapped, a path that begins with `\\` and that no share covers is
    /// `PathNotFound`; a UNC path with a `..`, and a device path such as `\\?\C:\backup`, are `InvalidArgument`. Without any,
    /// every path is one of the host's own.
    ///
    /// An operation reaches the directory that it names, and not the rest of the share. No link below the share is followed.
    ///
    /// # Errors
    ///
    /// [`ShareError`] when `share` does not name a server and a share.
    pub fn with_share(
        mut self,
        share: &str,
        directory: impl Into<PathBuf>,
    ) -> Result<Self, ShareError> {
        Arc::make_mut(&mut self.shares).map(share, directory.into())?;
        Ok(self)
    }

    /// Starts a backup. The future resolves as soon as the backup is accepted, and its work goes on in the background, on
    /// a thread of its own that begins when the future is first polled.
    ///
    /// Dropping is not cancelling: when this future, the [`BackupOperation`] or any part of it is dropped, the backup
    /// still runs to its end. [`CancellationCookie::cancel`] cancels it.
    ///
    /// The backup file is its owner's alone on Linux, whatever the umask. On other Unixes the umask of the process
    /// decides: set it to 077.
    ///
    /// # Errors
    ///
    /// All that can be told at once: whatever keeps the component from being started or breaks it down, as [`OperationError`] has
    /// it, and of the codes of [`OperationError::Failure`] `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupExists`, and
    /// `DiskFull`, `OutOfMemory` or `Io` if no temporary file can be created. All later trouble arrives through
    /// [`Operation::completed`].
    pub fn backup(
        &self,
        options: &BackupOptions,
    ) -> impl Future<Output = Result<BackupOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Starts a backup as [`LicenseManager::backup`] does, and calls `callback` with what happens.
    ///
    /// # Errors
    ///
    /// Those of [`LicenseManager::backup`]; the callback is then not called at all.
    pub fn backup_with_callback<C: Callback<BackupSummary> + 'static>(
        &self,
        options: &BackupOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts to verify a backup, in the same way as [`LicenseManager::backup`] starts one: every byte is read, and each fault is an
    /// event. The outcome of a backup with any fault is `BackupCorrupt`.
    ///
    /// # Errors
    ///
    /// All that can be told at once: whatever keeps the component from being started or breaks it down, as [`OperationError`] has
    /// it, and of the codes of [`OperationError::Failure`] `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt`,
    /// `OutOfMemory` and `Io`.
    pub fn verify(
        &self,
        options: &VerifyOptions,
    ) -> impl Future<Output = Result<VerifyOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Starts a verification as [`LicenseManager::verify`] does, and calls `callback` with what happens.
    ///
    /// # Errors
    ///
    /// Those of [`LicenseManager::verify`]; the callback is then not called at all.
    pub fn verify_with_callback<C: Callback<VerifySummary> + 'static>(
        &self,
        options: &VerifyOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts to restore a backup, in the same way as [`LicenseManager::backup`] starts one. The backup is verified first, and
    /// nothing is changed if it has a fault. Each conflict is an event, and does not keep the rest from being restored.
    ///
    /// What is restored is its owner's alone, as a backup file is.
    ///
    /// # Errors
    ///
    /// All that can be told at once: whatever keeps the component from being started or breaks it down, as [`OperationError`] has
    /// it, and of the codes of [`OperationError::Failure`] `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt`,
    /// `OutOfMemory` and `Io`.
    pub fn restore(
        &self,
        options: &RestoreOptions,
    ) -> impl Future<Output = Result<RestoreOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Starts a restore as [`LicenseManager::restore`] does, and calls `callback` with what happens.
    ///
    /// # Errors
    ///
    /// Those of [`LicenseManager::restore`]; the callback is then not called at all.
    pub fn restore_with_callback<C: Callback<RestoreSummary> + 'static>(
        &self,
        options: &RestoreOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts to list a store or a backup: each license, what is left out and why. The future resolves as soon as the listing
    /// is accepted. The directory is opened for reading only.
    ///
    /// # Errors
    ///
    /// All that can be told at once: whatever keeps the component from being started or breaks it down, as [`OperationError`] has
    /// it, and of the codes of [`OperationError::Failure`] `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt`,
    /// `OutOfMemory` and `Io`. All later trouble arrives through [`ListOperation::completed`].
    pub fn list(
        &self,
        options: &ListOptions,
    ) -> impl Future<Output = Result<ListOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    fn start<C: Call>(
        &self,
        options: &C,
    ) -> impl Future<Output = Result<Operation<C::Event, C::Summary>, OperationError>> + Send + use<C>
    {
        run::start(self.clone(), options.clone())
    }

    pub(crate) fn component(&self) -> Arc<ServicePre<State>> {
        Arc::clone(&self.component)
    }

    pub(crate) fn shares(&self) -> &Shares {
        &self.shares
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }
}

impl std::fmt::Debug for LicenseManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LicenseManager")
            .field("limits", &self.limits)
            .field("shares", &self.shares)
            .finish_non_exhaustive()
    }
}
