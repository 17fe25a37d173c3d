//! The license manager, which starts the operations.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use license_backup_core::{
    BackupRestoreStatus, BackupSummary, CheckSummary, DiffSummary, ForgetSummary, Generation,
    GenerationDecision, GenerationsSummary, LicenseDifference, LicenseListing, ListSummary,
    RestoreSummary, VerifySummary,
};
use wasmtime::component::Component;

use crate::bindings::ServicePre;
use crate::run::{self, Call, Limits, State};
use crate::unc::Shares;
use crate::{
    BackupOperation, BackupOptions, Callback, CancellationCookie, CheckOperation, CheckOptions,
    DiffOperation, DiffOptions, ForgetOperation, ForgetOptions, GenerationsOperation,
    GenerationsOptions, LicenseManagerError, ListOperation, ListOptions, Operation, OperationError,
    RestoreOperation, RestoreOptions, ShareError, VerifyOperation, VerifyOptions, block_on,
    callbacks,
};

/// A compiled component, with the limits and shares of its operations.
///
/// Creating one takes some milliseconds: see [`LicenseManager::new`]. Cloning is cheap, and threads
/// can share it. Each operation gets an instance of the component, with its own memory and with
/// access to the directories that the operation names and to nothing else.
///
/// Each operation can be started in three ways, here for a backup:
///
/// - [`LicenseManager::backup_blocking`] blocks the calling thread until the end and returns the
///   summary. It is the simplest one. Events are ignored.
/// - [`LicenseManager::backup`] returns a future of an [`Operation`]: a stream of events, a future
///   of the outcome, and a cookie for cancellation.
/// - [`LicenseManager::backup_with_callback`] calls a [`Callback`] with the events and the outcome.
#[derive(Clone)]
pub struct LicenseManager {
    component: Arc<ServicePre<State>>,
    limits: Limits,
    shares: Arc<Shares>,
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

    /// Sets the limit on the memory of each operation, in bytes. The default is 1 GiB; only a store
    /// with an extraordinary number of licenses needs more.
    ///
    /// An operation that exceeds the limit fails with [`OperationError::OutOfMemory`].
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

    /// Sets the limit on the time of each operation, from the call to its outcome and its last
    /// event. There is none by default.
    ///
    /// When the deadline passes, the call, the [`Completion`](crate::Completion) and the
    /// [`Events`](crate::Events) end at once, the former two with
    /// [`OperationError::DeadlineExceeded`], even if a file system call does not return. The
    /// operation then begins no further file system call. A call that is running may still have its
    /// effect, and a thread remains until it returns. To end an operation in good order, cancel it
    /// before the deadline.
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

    /// Maps a UNC share to a directory of the host. A backup directory on the share, such as
    /// `\\nas\backups\laptop` for the share `\\nas\backups`, is then resolved in that directory. A
    /// later mapping of the same share replaces an earlier one.
    ///
    /// If several shares contain a path, the longest one is used. Slashes are equivalent to
    /// backslashes, a path may begin with `\\?\UNC\`, and the case of server and share is ignored.
    /// `//server/share` is a UNC path if such a share is mapped, and otherwise an ordinary one.
    ///
    /// If any share is mapped, a path that begins with `\\` and that no share contains fails with
    /// `PathNotFound`, and a UNC path with a `..`, or on other systems than Windows a path such as
    /// `\\?\C:\backup`, fails with `InvalidArgument`. If none is mapped, every path is an ordinary
    /// one.
    ///
    /// An operation can reach the directory that it names, and not the rest of the share. Links
    /// below the share are not followed.
    ///
    /// # Errors
    ///
    /// Returns [`ShareError`] if `share` does not name a server and a share.
    pub fn with_share(
        mut self,
        share: &str,
        directory: impl Into<PathBuf>,
    ) -> Result<Self, ShareError> {
        Arc::make_mut(&mut self.shares).map(share, directory.into())?;
        Ok(self)
    }

    /// Starts a backup. The future resolves when the component has accepted it. The backup runs in
    /// the background, on a thread of its own that starts when the future is first polled.
    ///
    /// Dropping does not cancel: the backup runs to its end even if this future, the
    /// [`BackupOperation`] or any part of it is dropped. [`CancellationCookie::cancel`] cancels it;
    /// [`CancellationCookie::cancel_on_drop`] ties it to a scope.
    ///
    /// On Linux, only its owner can access the backup file, regardless of the umask. On Windows, that
    /// is the user of the process; on a share, the server decides. On other Unix systems the umask
    /// of the process decides: set it to 077.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied` and `BackupExists`, and `DiskFull`,
    /// `OutOfMemory` or `Io` if no temporary file can be created. [`Operation::completed`] returns
    /// all later errors.
    pub fn backup(
        &self,
        options: &BackupOptions,
    ) -> impl Future<Output = Result<BackupOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Backs up a store, and blocks the calling thread until the end, as [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn backup_blocking(
        &self,
        options: &BackupOptions,
    ) -> Result<BackupSummary, OperationError> {
        block_on(self.backup(options))?.wait()
    }

    /// Starts a backup as [`LicenseManager::backup`] does, and calls `callback` with its events and
    /// its outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::backup`]; the callback is then not called.
    pub fn backup_with_callback<C: Callback<BackupRestoreStatus, BackupSummary> + 'static>(
        &self,
        options: &BackupOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts a verification, as [`LicenseManager::backup`] starts a backup. It reads every byte of
    /// the backup and emits an event for each fault. With any fault, the outcome is
    /// `BackupCorrupt`.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt`, `OutOfMemory` and `Io`.
    /// [`Operation::completed`] returns all later errors.
    pub fn verify(
        &self,
        options: &VerifyOptions,
    ) -> impl Future<Output = Result<VerifyOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Verifies a backup, and blocks the calling thread until the end, as [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn verify_blocking(
        &self,
        options: &VerifyOptions,
    ) -> Result<VerifySummary, OperationError> {
        block_on(self.verify(options))?.wait()
    }

    /// Starts a verification as [`LicenseManager::verify`] does, and calls `callback` with its
    /// events and its outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::verify`]; the callback is then not called.
    pub fn verify_with_callback<C: Callback<BackupRestoreStatus, VerifySummary> + 'static>(
        &self,
        options: &VerifyOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts a restore, as [`LicenseManager::backup`] starts a backup. It verifies the backup
    /// first, and changes nothing if there is a fault. It emits an event for each conflict, and
    /// restores the other licenses.
    ///
    /// Only their owner can access restored files, as with a backup file.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt`, `OutOfMemory` and `Io`.
    /// [`Operation::completed`] returns all later errors.
    pub fn restore(
        &self,
        options: &RestoreOptions,
    ) -> impl Future<Output = Result<RestoreOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Restores a backup, and blocks the calling thread until the end, as [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn restore_blocking(
        &self,
        options: &RestoreOptions,
    ) -> Result<RestoreSummary, OperationError> {
        block_on(self.restore(options))?.wait()
    }

    /// Starts a restore as [`LicenseManager::restore`] does, and calls `callback` with its events
    /// and its outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::restore`]; the callback is then not called.
    pub fn restore_with_callback<C: Callback<BackupRestoreStatus, RestoreSummary> + 'static>(
        &self,
        options: &RestoreOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts to remove the generations that a retention policy does not keep: an event for each
    /// generation, with the rules that keep it. The future resolves when the component has accepted
    /// the operation. It ends early if the events are dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied` and `Io`. [`Operation::completed`] returns
    /// all later errors.
    pub fn forget(
        &self,
        options: &ForgetOptions,
    ) -> impl Future<Output = Result<ForgetOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Removes the generations that a retention policy does not keep, and blocks the calling thread
    /// until the end, as [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn forget_blocking(
        &self,
        options: &ForgetOptions,
    ) -> Result<(Vec<GenerationDecision>, ForgetSummary), OperationError> {
        block_on(self.forget(options))?.wait_with_events()
    }

    /// Starts to forget as [`LicenseManager::forget`] does, and calls `callback` with the decisions
    /// and the outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::forget`]; the callback is then not called.
    pub fn forget_with_callback<C: Callback<GenerationDecision, ForgetSummary> + 'static>(
        &self,
        options: &ForgetOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts a listing of a store or a backup: an event for each license, and for each skipped
    /// file with the reason. The future resolves when the component has accepted the listing. The
    /// directory is opened for reading only.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt`, `OutOfMemory` and `Io`.
    /// [`Operation::completed`] returns all later errors.
    pub fn list(
        &self,
        options: &ListOptions,
    ) -> impl Future<Output = Result<ListOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Lists a store or a backup, and blocks the calling thread until the end, as [`block_on`]
    /// does. Keeps all entries in memory; [`LicenseManager::list`] does not.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn list_blocking(
        &self,
        options: &ListOptions,
    ) -> Result<(Vec<LicenseListing>, ListSummary), OperationError> {
        block_on(self.list(options))?.wait_with_events()
    }

    /// Starts a listing as [`LicenseManager::list`] does, and calls `callback` with its events and
    /// its outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::list`]; the callback is then not called.
    pub fn list_with_callback<C: Callback<LicenseListing, ListSummary> + 'static>(
        &self,
        options: &ListOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts a comparison of a backup with an earlier one or with a store: an event for each
    /// difference. The future resolves when the component has accepted the operation. It ends early
    /// if the events are dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied`, `BackupCorrupt` and `Io`.
    /// [`Operation::completed`] returns all later errors.
    pub fn diff(
        &self,
        options: &DiffOptions,
    ) -> impl Future<Output = Result<DiffOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Compares a backup with an earlier one or with a store, and blocks the calling thread until the end, as
    /// [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn diff_blocking(
        &self,
        options: &DiffOptions,
    ) -> Result<(Vec<LicenseDifference>, DiffSummary), OperationError> {
        block_on(self.diff(options))?.wait_with_events()
    }

    /// Starts as [`LicenseManager::diff`] does, and calls `callback` with the events and the
    /// outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::diff`]; the callback is then not called.
    pub fn diff_with_callback<C: Callback<LicenseDifference, DiffSummary> + 'static>(
        &self,
        options: &DiffOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts a listing of the backups of a directory: an event for each, the oldest first. The
    /// future resolves when the component has accepted the operation. It ends early if the events
    /// are dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied` and `Io`.
    /// [`Operation::completed`] returns all later errors.
    pub fn generations(
        &self,
        options: &GenerationsOptions,
    ) -> impl Future<Output = Result<GenerationsOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Lists the backups of a directory, and blocks the calling thread until the end, as
    /// [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn generations_blocking(
        &self,
        options: &GenerationsOptions,
    ) -> Result<(Vec<Generation>, GenerationsSummary), OperationError> {
        block_on(self.generations(options))?.wait_with_events()
    }

    /// Starts as [`LicenseManager::generations`] does, and calls `callback` with the events and the
    /// outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::generations`]; the callback is then not called.
    pub fn generations_with_callback<C: Callback<Generation, GenerationsSummary> + 'static>(
        &self,
        options: &GenerationsOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    /// Starts a check: whether the store was backed up recently, and whether it has shrunk. With
    /// [`CheckOptions::verify`] it emits an event for each fault of the backup.
    ///
    /// # Errors
    ///
    /// Returns an error if the component cannot be started or fails at once, as
    /// [`OperationError`] describes, and [`OperationError::Failure`] with the codes
    /// `InvalidArgument`, `PathNotFound`, `AccessDenied`, `Malformed`, `Stale`, `Shrunk`,
    /// `BackupCorrupt` and `Io`.
    /// [`Operation::completed`] returns all later errors.
    pub fn check(
        &self,
        options: &CheckOptions,
    ) -> impl Future<Output = Result<CheckOperation, OperationError>> + Send + use<> {
        self.start(options)
    }

    /// Checks that there is a recent backup, and blocks the calling thread until the end, as
    /// [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn check_blocking(&self, options: &CheckOptions) -> Result<CheckSummary, OperationError> {
        block_on(self.check(options))?.wait()
    }

    /// Starts as [`LicenseManager::check`] does, and calls `callback` with the events and the
    /// outcome.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`LicenseManager::check`]; the callback is then not called.
    pub fn check_with_callback<C: Callback<BackupRestoreStatus, CheckSummary> + 'static>(
        &self,
        options: &CheckOptions,
        callback: C,
    ) -> impl Future<Output = Result<CancellationCookie, OperationError>> + Send + use<C> {
        callbacks::relay(self.start(options), callback)
    }

    fn start<C: Call>(
        &self,
        options: &C,
    ) -> impl Future<Output = Result<Operation<C::Event, C::Summary>, OperationError>> + Send + use<C>
    {
        run::start(
            Arc::clone(&self.component),
            self.limits,
            Arc::clone(&self.shares),
            options.clone(),
        )
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
