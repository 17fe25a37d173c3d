//! The options of a listing, and the call `list-licenses`.

use std::path::PathBuf;

use license_backup_core::{Failure, LicenseFilter, LicenseListing, ListSummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{
    self, BackupSource, Guest, ListSource,
};
use crate::location::BackupLocation;
use crate::run::{Accepted, Access, Call, CallResult, Preopen, State};
use crate::unc::Shares;

/// The options of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListOptions {
    source: Source,
    #[cfg_attr(feature = "serde", serde(default))]
    filter: LicenseFilter,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
enum Source {
    Store(PathBuf),
    Backup {
        directory: BackupLocation,
        #[cfg_attr(feature = "serde", serde(default))]
        generation: Option<String>,
    },
}

impl ListOptions {
    /// Lists the license store in a directory: each license that can be backed up, and each other
    /// file with the reason why not.
    #[must_use]
    pub fn store(directory: impl Into<PathBuf>) -> Self {
        Self::new(Source::Store(directory.into()))
    }

    /// Lists the newest backup in a directory: each license in it, and each skipped file with the
    /// reason.
    #[must_use]
    pub fn backup(directory: impl Into<BackupLocation>) -> Self {
        Self::new(Source::Backup {
            directory: directory.into(),
            generation: None,
        })
    }

    /// Lists a backup in a directory by the name of its file, such as
    /// `licenses-20261125T224500Z.zip`.
    #[must_use]
    pub fn generation(directory: impl Into<BackupLocation>, name: impl Into<String>) -> Self {
        Self::new(Source::Backup {
            directory: directory.into(),
            generation: Some(name.into()),
        })
    }

    /// Sets the files to list. If there are none, the operation fails with
    /// [`ErrorCode::PathNotFound`](crate::ErrorCode::PathNotFound).
    #[must_use]
    pub fn filter(self, filter: LicenseFilter) -> Self {
        Self { filter, ..self }
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            filter: LicenseFilter::default(),
        }
    }
}

impl Call for ListOptions {
    const KIND: &'static str = "list";

    type WireEvent = management::LicenseListing;
    type Event = LicenseListing;
    type WireSummary = management::ListSummary;
    type Summary = ListSummary;

    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure> {
        Ok(vec![match &self.source {
            Source::Store(directory) => Preopen::store(directory.clone(), Access::Read),
            Source::Backup { directory, .. } => Preopen::backup(directory, Access::Read, shares)?,
        }])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let source = match &self.source {
            Source::Store(_) => ListSource::Store,
            Source::Backup { generation, .. } => ListSource::Backup(BackupSource {
                backup_directory: Preopen::BACKUP.to_owned(),
                generation: generation.clone(),
            }),
        };
        let result = guest
            .call_list_licenses(accessor, source, self.filter.clone().into())
            .await?;
        Ok(result.map(
            |management::ListOperation {
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
