//! The options of a backup, and the call `backup-licenses`.

use std::path::PathBuf;
use std::time::SystemTime;

use license_backup_core::{
    BACKUP_FILE, BackupRestoreStatus, BackupSummary, Failure, RetentionPolicy, generation_name,
};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::convert::unix_seconds;
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackupOptions {
    store: PathBuf,
    to: BackupLocation,
    #[cfg_attr(feature = "serde", serde(default))]
    overwrite: bool,
    #[cfg_attr(feature = "serde", serde(default))]
    allow_shrink: bool,
    #[cfg_attr(feature = "serde", serde(default))]
    generation: Option<SystemTime>,
    #[cfg_attr(feature = "serde", serde(default))]
    retention: Option<RetentionPolicy>,
}

impl BackupOptions {
    /// Backs up the license store in the directory `store` into the directory `to`. Both must
    /// exist. If there is a backup in `to`, the operation fails with
    /// [`ErrorCode::BackupExists`](crate::ErrorCode::BackupExists).
    #[must_use]
    pub fn new(store: impl Into<PathBuf>, to: impl Into<BackupLocation>) -> Self {
        Self {
            store: store.into(),
            to: to.into(),
            overwrite: false,
            allow_shrink: false,
            generation: None,
            retention: None,
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

    /// Makes the backup a generation: a file with this time in its name, which is never replaced.
    /// [`overwrite`](Self::overwrite) then has no effect. Pass [`SystemTime::now`].
    ///
    /// If most licenses of the newest backup are missing, that backup is pinned and
    /// [`BackupSummary::shrunk`] is set, unless [`allow_shrink`](Self::allow_shrink) is.
    #[must_use]
    pub fn generation(self, time: SystemTime) -> Self {
        Self {
            generation: Some(time),
            ..self
        }
    }

    /// Sets the policy by which generations are removed after the backup has succeeded, unless it
    /// has shrunk. It requires [`generation`](Self::generation).
    #[must_use]
    pub fn retention(self, policy: RetentionPolicy) -> Self {
        Self {
            retention: Some(policy),
            ..self
        }
    }

    /// Returns the name of the file that the backup creates.
    fn archive(&self) -> String {
        self.generation
            .and_then(|time| generation_name(unix_seconds(time)))
            .unwrap_or_else(|| BACKUP_FILE.to_owned())
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
            Preopen::backup(&self.to, Access::ReadAndWrite, shares)?.for_archive(self.archive()),
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
            generation: self.generation.map(unix_seconds),
            encrypted: self
                .to
                .is_encrypted()
                .then(|| unix_seconds(SystemTime::now())),
            retention: self.retention.map(types::RetentionPolicy::from),
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
