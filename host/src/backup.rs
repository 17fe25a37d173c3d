//! The operation `backup-licenses`.

use std::path::PathBuf;

use license_backup_core::{BackupSummary, Status};
use wasmtime::component::Accessor;

use crate::bindings::exports::licenses::management::management::{self, BackupFlags, Guest};
use crate::bindings::exports::licenses::management::types::BackupRestoreStatus;
use crate::run::{Access, Begun, CallResult, Directory, Operation, Running, State};
use crate::{CancellationCookie, Completion, Events, OperationError, wait};

/// What to back up, where to, and how.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    store: PathBuf,
    to: PathBuf,
    overwrite: bool,
}

impl BackupOptions {
    /// Backs up the license store in the directory `store` into the directory `to`. Both must exist. An existing backup is
    /// kept, and ends the operation.
    #[must_use]
    pub fn new(store: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        Self { store: store.into(), to: to.into(), overwrite: false }
    }

    /// Whether a backup that is in the directory is replaced (`WMDRM_BACKUP_OVERWRITE`). It is there until the new one is
    /// complete.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }
}

/// A backup that was accepted and goes on in the background.
#[derive(Debug)]
pub struct BackupOperation {
    /// What happens, as it happens: [`Status::Begin`] first and [`Status::End`] last. The backup never waits for a reader.
    /// What was not read yet is kept until this is dropped, and a thread with it.
    pub progress: Events<Status>,
    /// How it ended.
    pub completed: Completion<BackupSummary>,
    /// Cancels it.
    pub cookie: CancellationCookie,
}

impl BackupOperation {
    /// Waits for the end, whatever happens before. Blocks the calling thread, as [`wait`] does.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    pub fn wait(self) -> Result<BackupSummary, OperationError> {
        drop(self.progress);
        wait(self.completed)
    }
}

impl From<Running<Backup>> for BackupOperation {
    fn from(running: Running<Backup>) -> Self {
        let Running { events, completed, cookie } = running;
        Self { progress: events, completed, cookie }
    }
}

/// The call of the component.
pub(crate) struct Backup(BackupOptions);

impl Backup {
    pub(crate) fn new(options: &BackupOptions) -> Self {
        Self(options.clone())
    }
}

impl Operation for Backup {
    type WireEvent = BackupRestoreStatus;
    type Event = Status;
    type WireSummary = management::BackupSummary;
    type Summary = BackupSummary;

    fn directories(&self) -> Vec<Directory> {
        vec![Directory::store(self.0.store.clone()), Directory::backup(self.0.to.clone(), Access::ReadAndWrite)]
    }

    async fn call(&self, guest: &Guest, accessor: &Accessor<State>) -> wasmtime::Result<CallResult<Self>> {
        let flags = if self.0.overwrite { BackupFlags::OVERWRITE } else { BackupFlags::empty() };
        let result = guest.call_backup_licenses(accessor, Directory::BACKUP.to_owned(), flags).await?;
        Ok(result.map(|management::BackupOperation { cookie, progress, completed }| Begun {
            cookie,
            events: progress,
            completed,
        }))
    }
}
