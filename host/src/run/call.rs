//! The calls of the component that start an operation.

use license_backup_core::Failure;
use wasmtime::component::{Accessor, FutureReader, Lift, ResourceAny, StreamReader};

use super::preopens::Preopen;
use super::state::State;
use crate::bindings::exports::license_backup::management::management::Guest;
use crate::bindings::exports::license_backup::management::types;
use crate::unc::Shares;

/// A call of the component that starts an operation.
pub(crate) trait Call: Clone + Send + 'static {
    /// The name of the operation, for the `tracing` span.
    const KIND: &'static str;

    /// An event, as the component sends it.
    type WireEvent: Lift + Send + Sync + 'static;
    /// An event, as the embedder receives it.
    type Event: From<Self::WireEvent> + Send + 'static;
    /// The outcome, as the component sends it.
    type WireSummary: Lift + Send + Sync + 'static;
    /// The outcome, as the embedder receives it.
    type Summary: From<Self::WireSummary> + Send + 'static;

    /// Returns the directories that the operation can reach, or a failure if a path is invalid.
    fn preopens(&self, shares: &Shares) -> Result<Vec<Preopen>, Failure>;

    /// Calls the component, which accepts or refuses the operation.
    async fn call(
        &self,
        guest: &Guest,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<CallResult<Self>>;
}

/// The answer of the component to a call.
pub(crate) type CallResult<C> = Result<Accepted<C>, types::Failure>;

/// An operation that the component has accepted.
pub(crate) struct Accepted<C: Call> {
    pub(crate) cookie: ResourceAny,
    pub(crate) events: StreamReader<C::WireEvent>,
    pub(crate) completed: FutureReader<Result<C::WireSummary, types::Failure>>,
}
