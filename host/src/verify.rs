//! The call `verify-backup`.

use std::path::PathBuf;

use license_backup_core::{Failure, Status, VerifySummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::licenses::management::management::{self, Guest};
use crate::bindings::exports::licenses::management::types::BackupRestoreStatus;
use crate::run::{Access, Begun, Call, CallResult, Directory, State};
use crate::shares::Shares;

/// Which backup to verify, and what it is expected to be.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    from: PathBuf,
    expected_hash: Option<String>,
}

impl VerifyOptions {
    /// Verifies the backup in the directory `from`, which is opened for reading only.
    #[must_use]
    pub fn new(from: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            expected_hash: None,
        }
    }

    /// The [`VerifySummary::hash`] of an earlier verification, 64 hexadecimal digits. A backup that has another one is not the
    /// one that it was, and told as corrupt.
    #[must_use]
    pub fn expected_hash(self, hash: impl Into<String>) -> Self {
        Self {
            expected_hash: Some(hash.into()),
            ..self
        }
    }
}

impl Call for VerifyOptions {
    type WireEvent = BackupRestoreStatus;
    type Event = Status;
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
        let (directory, expected_hash) = (Directory::BACKUP.to_owned(), self.expected_hash.clone());
        let result = guest
            .call_verify_backup(accessor, directory, expected_hash)
            .await?;
        Ok(result.map(
            |management::VerifyOperation {
                 cookie,
                 progress,
                 completed,
             }| Begun {
                cookie,
                events: progress,
                completed,
            },
        ))
    }
}
