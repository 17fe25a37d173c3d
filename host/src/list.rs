//! The operation `list-licenses`.

use std::path::{Path, PathBuf};

use license_backup_core::{ListSummary, Listing};
use wasmtime::component::Accessor;

use crate::bindings::exports::licenses::management::management::{self, Guest};
use crate::run::{Access, Begun, CallResult, Directory, Operation, Running, State};
use crate::{CancellationCookie, Completion, Events};

/// A listing that was accepted and goes on as it is read.
#[derive(Debug)]
pub struct ListOperation {
    /// The licenses in the backup in byte order of their paths, then what was left out, in the same order. The operation
    /// waits for the reader, and ends early when this is dropped.
    pub licenses: Events<Listing>,
    /// How it ended.
    pub completed: Completion<ListSummary>,
    /// Cancels it.
    pub cookie: CancellationCookie,
}

impl From<Running<List>> for ListOperation {
    fn from(running: Running<List>) -> Self {
        let Running { events, completed, cookie } = running;
        Self { licenses: events, completed, cookie }
    }
}

/// The call of the component.
pub(crate) struct List {
    backup: PathBuf,
}

impl List {
    pub(crate) fn new(backup: &Path) -> Self {
        Self { backup: backup.to_owned() }
    }
}

impl Operation for List {
    type WireEvent = management::LicenseListing;
    type Event = Listing;
    type WireSummary = management::ListSummary;
    type Summary = ListSummary;

    fn directories(&self) -> Vec<Directory> {
        vec![Directory::backup(self.backup.clone(), Access::Read)]
    }

    async fn call(&self, guest: &Guest, accessor: &Accessor<State>) -> wasmtime::Result<CallResult<Self>> {
        let result = guest.call_list_licenses(accessor, Directory::BACKUP.to_owned()).await?;
        Ok(result.map(|management::ListOperation { cookie, licenses, completed }| Begun {
            cookie,
            events: licenses,
            completed,
        }))
    }
}
