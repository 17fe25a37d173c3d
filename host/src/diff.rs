//! The options of a comparison, and the call `diff-backup`.

use std::path::PathBuf;

use license_backup_core::{DiffSummary, Failure, LicenseDifference};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, DiffAgainst, Guest};
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiffOptions {
    from: BackupLocation,
    #[cfg_attr(feature = "serde", serde(default))]
    generation: Option<String>,
    #[cfg_attr(feature = "serde", serde(default))]
    against: Against,
}

/// The other side of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
enum Against {
    #[default]
    Previous,
    Generation(String),
    Store(PathBuf),
}

impl DiffOptions {
    /// Compares the newest backup in the directory `from`, as the new side, with the backup before
    /// it, as the old side. Directories are opened for reading only.
    #[must_use]
    pub fn new(from: impl Into<BackupLocation>) -> Self {
        Self {
            from: from.into(),
            generation: None,
            against: Against::default(),
        }
    }

    /// Sets the name of the backup file that is compared, instead of the newest one.
    #[must_use]
    pub fn generation(self, name: impl Into<String>) -> Self {
        Self {
            generation: Some(name.into()),
            ..self
        }
    }

    /// Sets the name of the backup file that is the old side.
    #[must_use]
    pub fn against(self, name: impl Into<String>) -> Self {
        Self {
            against: Against::Generation(name.into()),
            ..self
        }
    }

    /// Sets a license store as the new side. The backup is then the old side.
    #[must_use]
    pub fn against_store(self, directory: impl Into<PathBuf>) -> Self {
        Self {
            against: Against::Store(directory.into()),
            ..self
        }
    }
}

impl Call for DiffOptions {
    const KIND: &'static str = "diff";

    type WireEvent = management::LicenseDifference;
    type Event = LicenseDifference;
    type WireSummary = management::DiffSummary;
    type Summary = DiffSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        let backup = Preopen::backup(&self.from, Access::Read, shares)?;
        Ok(match &self.against {
            Against::Previous | Against::Generation(_) => vec![backup],
            Against::Store(store) => vec![Preopen::store(store.clone(), Access::Read), backup],
        })
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let options = management::DiffOptions {
            generation: self.generation.clone(),
            against: match &self.against {
                Against::Previous => DiffAgainst::Previous,
                Against::Generation(name) => DiffAgainst::Generation(name.clone()),
                Against::Store(_) => DiffAgainst::Store,
            },
        };
        let result = guest
            .call_diff_backup(accessor, Preopen::BACKUP.to_owned(), options)
            .await?;
        Ok(result.map(
            |management::DiffOperation {
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
