//! The call `list-licenses`.

use std::path::PathBuf;

use license_backup_core::{Failure, LicenseListing, ListSummary};
use wasmtime::component::Accessor;

use crate::bindings::exports::license_backup::management::management::{self, Guest, ListSource};
use crate::run::{Access, Begun, Call, CallResult, Directory, State};
use crate::unc::Shares;

/// What to list.
#[derive(Debug, Clone)]
pub struct ListOptions(Source);

#[derive(Debug, Clone)]
enum Source {
    Store(PathBuf),
    Backup(PathBuf),
}

impl ListOptions {
    /// Lists the license store in a directory: what may be backed up, and what not and why.
    #[must_use]
    pub fn store(directory: impl Into<PathBuf>) -> Self {
        Self(Source::Store(directory.into()))
    }

    /// Lists the backup in a directory: what is in it, and what was left out and why.
    #[must_use]
    pub fn backup(directory: impl Into<PathBuf>) -> Self {
        Self(Source::Backup(directory.into()))
    }
}

impl Call for ListOptions {
    type WireEvent = management::LicenseListing;
    type Event = LicenseListing;
    type WireSummary = management::ListSummary;
    type Summary = ListSummary;

    fn directories(&self, shares: &Shares) -> Result<Vec<Directory>, Failure> {
        Ok(vec![match &self.0 {
            Source::Store(directory) => Directory::store(directory.clone(), Access::Read),
            Source::Backup(directory) => {
                Directory::backup(directory.clone(), Access::Read, shares)?
            }
        }])
    }

    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>> {
        let source = match &self.0 {
            Source::Store(_) => ListSource::Store,
            Source::Backup(_) => ListSource::Backup(Directory::BACKUP.to_owned()),
        };
        let result = guest.call_list_licenses(accessor, source).await?;
        Ok(result.map(
            |management::ListOperation {
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
