//! Running one operation: a thread, a store, and the conversation with the component.

mod conversation;
mod directories;
mod memory;
mod outcome;

use std::thread;

use futures_channel::oneshot;
use wasmtime::component::{Accessor, FutureReader, Lift, ResourceAny, ResourceTable, StreamReader};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use self::conversation::Conversation;
pub(crate) use self::directories::{Access, Directory};
use self::memory::MemoryLimit;
use crate::bindings::exports::licenses::management::management::Guest;
use crate::bindings::exports::licenses::management::types;
use crate::{CancellationCookie, Completion, Events, OperationError, Runtime};

/// An operation of the component.
pub(crate) trait Operation: Send + 'static {
    /// An event, as the component sends it.
    type WireEvent: Lift + Send + Sync + 'static;
    /// An event, as the embedder gets it.
    type Event: From<Self::WireEvent> + Send + 'static;
    /// The outcome, as the component sends it.
    type WireSummary: Lift + Send + Sync + 'static;
    /// The outcome, as the embedder gets it.
    type Summary: From<Self::WireSummary> + Send + 'static;

    /// All that the operation can reach.
    fn directories(&self) -> Vec<Directory>;

    /// Asks the component to begin.
    async fn call(&self, guest: &Guest, accessor: &Accessor<State>) -> wasmtime::Result<CallResult<Self>>;
}

/// What the component says when it is asked to begin.
pub(crate) type CallResult<O> = Result<Begun<O>, types::Failure>;

/// An operation that the component has begun.
pub(crate) struct Begun<O: Operation + ?Sized> {
    pub(crate) cookie: ResourceAny,
    pub(crate) events: StreamReader<O::WireEvent>,
    pub(crate) completed: FutureReader<Result<O::WireSummary, types::Failure>>,
}

/// An operation that goes on, as the embedder holds it.
pub(crate) struct Running<O: Operation> {
    pub(crate) events: Events<O::Event>,
    pub(crate) completed: Completion<O::Summary>,
    pub(crate) cookie: CancellationCookie,
}

/// What the component's store holds on the host's side: its directories, and the measure of its memory.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    memory: MemoryLimit,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Starts an operation on a thread of its own. Resolves when the component has accepted or refused it.
pub(crate) async fn start<O: Operation>(runtime: Runtime, operation: O) -> Result<Running<O>, OperationError> {
    let (caller, answer) = oneshot::channel();
    thread::Builder::new()
        .name("license-backup".to_owned())
        .spawn(move || Conversation::new(runtime, operation, caller).hold())
        .map_err(OperationError::Thread)?;
    answer.await.unwrap_or(Err(OperationError::Died))
}
