//! The options of a restore, and the call `restore-licenses`.

use std::path::PathBuf;

use license_backup_core::{BackupRestoreStatus, Failure, LicenseFilter, RestoreSummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RestoreOptions {
    from: BackupLocation,
    store: PathBuf,
    #[cfg_attr(feature = "serde", serde(default))]
    overwrite: bool,
    #[cfg_attr(feature = "serde", serde(default))]
    dry_run: bool,
    #[cfg_attr(feature = "serde", serde(default))]
    generation: Option<String>,
    #[cfg_attr(feature = "serde", serde(default))]
    filter: LicenseFilter,
}

impl RestoreOptions {
    /// Restores the newest backup in the directory `from`, which is opened for reading only, into the
    /// license store in the directory `store`. Both must exist. Existing files of the store are
    /// kept.
    #[must_use]
    pub fn new(from: impl Into<BackupLocation>, store: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            store: store.into(),
            overwrite: false,
            dry_run: false,
            generation: None,
            filter: LicenseFilter::default(),
        }
    }

    /// Sets whether a file of the store that has the name of a license and other contents is
    /// replaced. Otherwise it is kept and reported as a conflict. A newer version of the same LCP
    /// license is always kept.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }

    /// Sets whether the restore only reports what it would do. The store is then opened for reading
    /// only.
    #[must_use]
    pub fn dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    /// Sets the name of the backup file, such as `licenses-20261125T224500Z.zip`.
    #[must_use]
    pub fn generation(self, name: impl Into<String>) -> Self {
        Self {
            generation: Some(name.into()),
            ..self
        }
    }

    /// Sets the licenses to restore. Only these are verified, so that they can be restored from a
    /// backup that is damaged elsewhere. If there are none, the operation fails with
    /// [`ErrorCode::PathNotFound`](crate::ErrorCode::PathNotFound).
    #[must_use]
    pub fn filter(self, filter: LicenseFilter) -> Self {
        Self { filter, ..self }
    }
}

impl Call for RestoreOptions {
    const KIND: &'static str = "restore";

    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::RestoreSummary;
    type Summary = RestoreSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        let access = if self.dry_run {
            Access::Read
        } else {
            Access::ReadAndWrite
        };
        let store = Preopen::store(self.store.clone(), access);
        Ok(vec![
            store,
            Preopen::backup(&self.from, Access::Read, shares)?,
        ])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::RestoreOptions {
            overwrite: self.overwrite,
            dry_run: self.dry_run,
            generation: self.generation.clone(),
            filter: self.filter.clone().into(),
        };
        let result = guest
            .call_restore_licenses(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::RestoreOperation {
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
