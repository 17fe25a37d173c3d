//! Running one operation: a thread, a store, and the conversation with the component.

mod ahead;
mod behind;
mod conversation;
mod deadline;
mod directories;
mod entries;
mod files;
mod memory;
mod outcome;
mod regular;
mod sandbox;

use std::thread;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use license_backup_core::Failure;
use wasmtime::component::{Accessor, FutureReader, Lift, ResourceAny, StreamReader};

use self::conversation::Conversation;
use self::deadline::Deadline;
pub(crate) use self::deadline::Expiry;
pub(crate) use self::directories::{Access, Directory};
pub(crate) use self::sandbox::{State, link};
use crate::bindings::exports::license_backup::management::management::Guest;
use crate::bindings::exports::license_backup::management::types;
use crate::unc::Shares;
use crate::{LicenseManager, Operation, OperationError};

/// A call of the component that begins an operation.
pub(crate) trait Call: Clone + Send + 'static {
    /// An event, as the component sends it.
    type WireEvent: Lift + Send + Sync + 'static;
    /// An event, as the embedder gets it.
    type Event: From<Self::WireEvent> + Send + 'static;
    /// The outcome, as the component sends it.
    type WireSummary: Lift + Send + Sync + 'static;
    /// The outcome, as the embedder gets it.
    type Summary: From<Self::WireSummary> + Send + 'static;

    /// All that the operation can reach, or why its paths cannot be used.
    fn directories(&self, shares: &Shares) -> Result<Vec<Directory>, Failure>;

    /// Asks the component to begin.
    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>>;
}

/// What the component says when it is asked to begin.
pub(crate) type CallResult<C> = Result<Begun<C>, types::Failure>;

/// An operation that the component has begun.
pub(crate) struct Begun<C: Call> {
    pub(crate) cookie: ResourceAny,
    pub(crate) events: StreamReader<C::WireEvent>,
    pub(crate) completed: FutureReader<Result<C::WireSummary, types::Failure>>,
}

/// Starts an operation on a thread of its own. Resolves when the component has accepted or refused it.
pub(crate) async fn start<C: Call>(
    runtime: LicenseManager,
    call: C,
) -> Result<Operation<C::Event, C::Summary>, OperationError> {
    let (caller, answer) = oneshot::channel();
    let time = runtime.limits().time;
    let (deadline, expiry, watch) =
        Deadline::start(time, runtime.component().engine()).map_err(OperationError::Thread)?;
    let conversation = Conversation::new(runtime, call, deadline, expiry.clone(), caller);
    let hold = move || {
        conversation.hold();
        drop(watch);
    };
    thread::Builder::new()
        .name("license-backup".to_owned())
        .spawn(hold)
        .map_err(OperationError::Thread)?;
    match select(answer, expiry).await {
        Either::Left((answer, _)) => answer.unwrap_or(Err(OperationError::Panicked)),
        Either::Right((limit, _)) => Err(OperationError::DeadlineExceeded { limit }),
    }
}
