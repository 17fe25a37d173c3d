//! The options of a backup, and the call `backup-licenses`.

use std::path::PathBuf;

use license_backup_core::{BackupRestoreStatus, BackupSummary, Failure};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackupOptions {
    store: PathBuf,
    to: PathBuf,
    #[cfg_attr(feature = "serde", serde(default))]
    overwrite: bool,
    #[cfg_attr(feature = "serde", serde(default))]
    allow_shrink: bool,
}

impl BackupOptions {
    /// Backs up the license store in the directory `store` into the directory `to`. Both must
    /// exist. If there is a backup in `to`, the operation fails with
    /// [`ErrorCode::BackupExists`](crate::ErrorCode::BackupExists).
    #[must_use]
    pub fn new(store: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
            to: to.into(),
            overwrite: false,
            allow_shrink: false,
        }
    }

    /// Sets whether an existing backup is replaced (`WMDRM_BACKUP_OVERWRITE`). It is kept until the
    /// new one is complete.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }

    /// Sets whether an existing backup is replaced even if most of its licenses are missing from
    /// the new one. By default the operation fails with
    /// [`ErrorCode::Shrunk`](crate::ErrorCode::Shrunk).
    #[must_use]
    pub fn allow_shrink(self, allow_shrink: bool) -> Self {
        Self {
            allow_shrink,
            ..self
        }
    }
}

impl Call for BackupOptions {
    const KIND: &'static str = "backup";

    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::BackupSummary;
    type Summary = BackupSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        let store = Preopen::store(self.store.clone(), Access::Read);
        Ok(vec![
            store,
            Preopen::backup(self.to.clone(), Access::ReadAndWrite, shares)?,
        ])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::BackupOptions {
            overwrite: self.overwrite,
            allow_shrink: self.allow_shrink,
        };
        let result = guest
            .call_backup_licenses(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::BackupOperation {
                 cookie,
                 events,
                 completed,
             }| Accepted {
                cookie,
                events,
                completed,
            },
        ))
    }
}
