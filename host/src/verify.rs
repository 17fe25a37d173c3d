//! The options of a verification, and the call `verify-backup`.

use license_backup_core::{BackupRestoreStatus, Failure, VerifySummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::bindings::exports::license_backup::management::types;
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VerifyOptions {
    from: BackupLocation,
    #[cfg_attr(feature = "serde", serde(default))]
    expected_blake3: Option<String>,
    #[cfg_attr(feature = "serde", serde(default))]
    generation: Option<String>,
}

impl VerifyOptions {
    /// Verifies the newest backup in the directory `from`, which is opened for reading only.
    #[must_use]
    pub fn new(from: impl Into<BackupLocation>) -> Self {
        Self {
            from: from.into(),
            expected_blake3: None,
            generation: None,
        }
    }

    /// Sets the expected [`VerifySummary::blake3`], as from an earlier verification: 64 hexadecimal
    /// digits. A backup with another hash is reported as corrupt.
    #[must_use]
    pub fn expected_blake3(self, hash: impl Into<String>) -> Self {
        Self {
            expected_blake3: Some(hash.into()),
            ..self
        }
    }

    /// Sets the name of the backup file, such as `licenses-20261125T224500Z.zip`.
    #[must_use]
    pub fn generation(self, name: impl Into<String>) -> Self {
        Self {
            generation: Some(name.into()),
            ..self
        }
    }
}

impl Call for VerifyOptions {
    const KIND: &'static str = "verify";

    type WireEvent = types::BackupRestoreStatus;
    type Event = BackupRestoreStatus;
    type WireSummary = management::VerifySummary;
    type Summary = VerifySummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        Ok(vec![Preopen::backup(&self.from, Access::Read, shares)?])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::VerifyOptions {
            expected_blake3: self.expected_blake3.clone(),
            generation: self.generation.clone(),
        };
        let result = guest
            .call_verify_backup(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::VerifyOperation {
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
