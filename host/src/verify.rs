//! The call `verify-backup`.

use std::path::PathBuf;

use license_backup_core::{BackupRestoreStatus, Failure, VerifySummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::run::{Access, Begun, Call, CallResult, Directory, State};
use crate::unc::Shares;

/// Which backup to verify, and what it is expected to be.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    from: PathBuf,
    expected_blake3: Option<String>,
}

impl VerifyOptions {
    /// Verifies the backup in the directory `from`, which is opened for reading only.
    #[must_use]
    pub fn new(from: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            expected_blake3: None,
        }
    }

    /// The [`VerifySummary::hash`] of an earlier verification, 64 hexadecimal digits. A backup that has another one is not the
    /// one that it was, and told as corrupt.
    #[must_use]
    pub fn expected_blake3(self, hash: impl Into<String>) -> Self {
        Self {
            expected_blake3: Some(hash.into()),
            ..self
        }
    }
}

impl Call for VerifyOptions {
    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::VerifySummary;
    type Summary = VerifySummary;

    fn directories(&self, shares: &Shares) -> Result<Vec<Directory>, Failure> {
        Ok(vec![Directory::backup(
            self.from.clone(),
            Access::Read,
            shares,
        )?])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::VerifyOptions {
            expected_blake3: self.expected_blake3.clone(),
        };
        let result = guest
            .call_verify_backup(accessor, Directory::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::VerifyOperation {
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
