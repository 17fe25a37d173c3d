//! The call `backup-licenses`.

use std::path::PathBuf;

use license_backup_core::{BackupRestoreStatus, BackupSummary, Failure};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::run::{Access, Begun, Call, CallResult, Directory, State};
use crate::unc::Shares;

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
        Self {
            store: store.into(),
            to: to.into(),
            overwrite: false,
        }
    }

    /// Whether a backup that is in the directory is replaced (`WMDRM_BACKUP_OVERWRITE`). It is there until the new one is
    /// complete.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }
}

impl Call for BackupOptions {
    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::BackupSummary;
    type Summary = BackupSummary;

    fn directories(&self, shares: &Shares) -> Result<Vec<Directory>, Failure> {
        let store = Directory::store(self.store.clone(), Access::Read);
        Ok(vec![
            store,
            Directory::backup(self.to.clone(), Access::ReadAndWrite, shares)?,
        ])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::BackupOptions {
            overwrite: self.overwrite,
        };
        let result = guest
            .call_backup_licenses(accessor, Directory::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::BackupOperation {
                 cookie,
                 events,
                 completed,
             }| Begun {
                cookie,
                events,
                completed,
            },
        ))
    }
}
