//! The call `list-licenses`.

use std::path::PathBuf;

use license_backup_core::{Failure, ListSummary, Listing};
use wasmtime::component::Accessor;

use crate::bindings::exports::licenses::management::management::{self, Guest, ListSource};
use crate::run::{Access, Begun, Call, CallResult, Directory, Running, State};
use crate::shares::Shares;
use crate::{CancellationCookie, Completion, Events};

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

/// A listing that was accepted and goes on as it is read.
#[derive(Debug)]
pub struct ListOperation {
    /// The files of a store in byte order of their paths; of a backup the licenses in it in this order, then what was left
    /// out, in the same order. The operation waits for the reader, and ends early when this is dropped.
    pub licenses: Events<Listing>,
    /// How it ended.
    pub completed: Completion<ListSummary>,
    /// Cancels it.
    pub cookie: CancellationCookie,
}

impl From<Running<ListOptions>> for ListOperation {
    fn from(running: Running<ListOptions>) -> Self {
        let Running {
            events,
            completed,
            cookie,
        } = running;
        Self {
            licenses: events,
            completed,
            cookie,
        }
    }
}

impl Call for ListOptions {
    type WireEvent = management::LicenseListing;
    type Event = Listing;
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
                 licenses,
                 completed,
             }| Begun {
                cookie,
                events: licenses,
                completed,
            },
        ))
    }
}
