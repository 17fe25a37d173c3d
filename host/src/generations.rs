//! The options of listing the backups of a directory, and the call `list-generations`.

use license_backup_core::{Failure, Generation, GenerationsSummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest};
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of listing the backups of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GenerationsOptions {
    from: BackupLocation,
    #[cfg_attr(feature = "serde", serde(default))]
    hash: bool,
}

impl GenerationsOptions {
    /// Lists the backups in the directory `from`, which is opened for reading only: `licenses.zip` and
    /// the generations, the oldest first.
    #[must_use]
    pub fn new(from: impl Into<BackupLocation>) -> Self {
        Self {
            from: from.into(),
            hash: false,
        }
    }

    /// Sets whether to read each file to compute its BLAKE3.
    #[must_use]
    pub fn hash(self, hash: bool) -> Self {
        Self { hash, ..self }
    }
}

impl Call for GenerationsOptions {
    const KIND: &'static str = "generations";

    type WireEvent = management::Generation;
    type Event = Generation;
    type WireSummary = management::GenerationsSummary;
    type Summary = GenerationsSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        Ok(vec![Preopen::backup(&self.from, Access::Read, shares)?])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::GenerationsOptions { hash: self.hash };
        let result = guest
            .call_list_generations(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::GenerationsOperation {
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
