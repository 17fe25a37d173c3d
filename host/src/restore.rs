//! The call `restore-licenses`.

use std::path::PathBuf;

use license_backup_core::{BackupRestoreStatus, Failure, RestoreSummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::run::{Access, Begun, Call, CallResult, Directory, State};
use crate::unc::Shares;

/// What to restore, where to, and how.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    from: PathBuf,
    store: PathBuf,
    overwrite: bool,
    dry_run: bool,
}

impl RestoreOptions {
    /// Restores the backup in the directory `from`, which is opened for reading only, into the license store in the directory
    /// `store`. Both must exist. What is in the store is kept.
    #[must_use]
    pub fn new(from: impl Into<PathBuf>, store: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            store: store.into(),
            overwrite: false,
            dry_run: false,
        }
    }

    /// Whether a file of the store that has the name of a license, and other bytes, is replaced. It is kept otherwise, and
    /// reported as a conflict. A newer version of the same LCP license is always kept.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }

    /// Whether nothing is changed, and only told what a restore would do. The store is then opened for reading only.
    #[must_use]
    pub fn dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }
}

impl Call for RestoreOptions {
    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::RestoreSummary;
    type Summary = RestoreSummary;

    fn directories(&self, shares: &Shares) -> Result<Vec<Directory>, Failure> {
        let access = if self.dry_run {
            Access::Read
        } else {
            Access::ReadAndWrite
        };
        let store = Directory::store(self.store.clone(), access);
        Ok(vec![
            store,
            Directory::backup(self.from.clone(), Access::Read, shares)?,
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
        };
        let result = guest
            .call_restore_licenses(accessor, Directory::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::RestoreOperation {
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
