//! The driver of one operation: it calls the component, and sends its answer, its events and its
//! outcome to the embedder.

use std::mem;
use std::pin::pin;
use std::sync::Arc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use wasmtime::Store;
use wasmtime::component::{Accessor, ResourceAny};

use super::call::{Accepted, Call};
use super::filesystem::Causes;
use super::limits;
use super::memory::MemoryExceeded;
use super::preopens::{self, Preopen};
use super::state::State;
use super::summary_consumer::SummaryConsumer;
use crate::bindings::exports::license_backup::management::types;
use crate::bindings::{Service, ServicePre};
use crate::block_on::block_on;
use crate::deadline::{Deadline, DeadlineExceeded, DeadlineSignal};
use crate::error::Cause;
use crate::events::{self, StreamClosed};
use crate::unc::Shares;
use crate::{CancellationCookie, Completion, Operation, OperationError, umask};

/// The driver of one operation.
pub(super) struct Driver<C: Call> {
    component: Arc<ServicePre<State>>,
    call: C,
    deadline: Deadline,
    signal: DeadlineSignal,
    preopens: Vec<Preopen>,
    causes: Causes,
    sender: ResultSender<C>,
}

/// The receiver of the next result.
enum ResultSender<C: Call> {
    /// The caller, who waits for the operation to be accepted.
    Accepted(oneshot::Sender<Answer<C>>),
    /// The [`Completion`].
    Completed(oneshot::Sender<Result<C::Summary, OperationError>>),
    /// All results are sent.
    Done,
}

/// The answer to the caller, who waits for the operation to be accepted.
pub(super) type Answer<C> =
    Result<Operation<<C as Call>::Event, <C as Call>::Summary>, OperationError>;

/// The outcome, as the component sends it.
type WireOutcome<C> = Result<<C as Call>::WireSummary, types::Failure>;

impl<C: Call> Driver<C> {
    pub(super) fn new(
        component: Arc<ServicePre<State>>,
        call: C,
        deadline: Deadline,
        signal: DeadlineSignal,
        caller: oneshot::Sender<Answer<C>>,
    ) -> Self {
        Self {
            component,
            call,
            deadline,
            signal,
            preopens: Vec::new(),
            causes: Causes::default(),
            sender: ResultSender::Accepted(caller),
        }
    }

    /// Runs the operation to its end on the calling thread, which has no other purpose.
    pub(super) fn run(mut self, shares: &Shares, memory_limit: usize) {
        tracing::debug!("operation started");
        if let Err(error) = self.try_run(shares, memory_limit) {
            self.fail(error);
        }
    }

    fn try_run(&mut self, shares: &Shares, memory_limit: usize) -> Result<(), OperationError> {
        self.preopens = self
            .call
            .preopens(shares)
            .map_err(OperationError::Failure)?;
        if self.preopens.iter().any(Preopen::is_writable) {
            umask::make_private().map_err(OperationError::Umask)?;
        }
        let state = State::new(
            &self.preopens,
            memory_limit,
            self.deadline,
            self.causes.clone(),
        )?;
        // wasmtime-wasi requires a tokio runtime, although it has nothing to do here.
        let executor = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(OperationError::Thread)?;
        executor.block_on(self.instantiate(state))
    }

    async fn instantiate(&mut self, state: State) -> Result<(), OperationError> {
        let mut store = Store::new(self.component.engine(), state);
        limits::apply(&mut store, self.deadline);
        let instance = self.component.instantiate_async(&mut store).await;
        let component = instance.map_err(|error| classify_trap(error, OperationError::Start))?;
        let signal = self.signal.clone();
        let driven = store.run_concurrent(async |accessor| {
            match select(pin!(self.drive(&component, accessor)), signal).await {
                Either::Left((finished, _)) => finished,
                Either::Right((limit, _)) => Err(DeadlineExceeded { limit }.into()),
            }
        });
        driven
            .await
            .flatten()
            .map_err(|error| classify_trap(error, OperationError::Trap))
    }

    /// Drives the operation from the call of the component to the end of its events.
    async fn drive(
        &mut self,
        component: &Service,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<()> {
        let guest = component.license_backup_management_management();
        let Accepted {
            cookie,
            events,
            completed,
        } = match self.call.call(guest, accessor).await? {
            Ok(accepted) => accepted,
            Err(failure) => {
                let error = self.failure(failure);
                self.fail(error);
                return Ok(());
            }
        };
        let (consumer, handle, closed) = events::channel(self.signal.clone());
        let (summary_consumer, outcome) = SummaryConsumer::new();
        accessor.with(|mut access| {
            events.pipe(&mut access, consumer)?;
            completed.pipe(&mut access, summary_consumer)
        })?;
        let requests = CancellationCookie::new();
        self.accept(handle, requests.clone());

        let end = pin!(self.await_end(outcome, closed));
        let cancellation = pin!(cancel_on_request(component, accessor, cookie, requests));
        match select(end, cancellation).await {
            Either::Left((ended, _)) => ended,
            Either::Right((cancelled, end)) => {
                cancelled?;
                end.await
            }
        }
    }

    /// Waits for the outcome and sends it. Then waits until the events are read or dropped, since
    /// the component keeps those that are unread.
    async fn await_end(
        &mut self,
        outcome: oneshot::Receiver<WireOutcome<C>>,
        closed: StreamClosed,
    ) -> wasmtime::Result<()> {
        let outcome = outcome
            .await
            .map_err(|_| wasmtime::Error::msg("the component dropped the outcome"))?;
        match outcome {
            Ok(summary) => self.complete(summary.into()),
            Err(failure) => {
                let error = self.failure(failure);
                self.fail(error);
            }
        }
        closed.wait().await;
        Ok(())
    }

    fn accept(&mut self, events: events::Events<C::Event>, cookie: CancellationCookie) {
        let (holder, outcome) = oneshot::channel();
        let holder = ResultSender::Completed(holder);
        if let ResultSender::Accepted(caller) = mem::replace(&mut self.sender, holder) {
            tracing::info!("operation accepted");
            // Fails if the caller has dropped the call. The operation continues, since dropping
            // does not cancel.
            let _ = caller.send(Ok(Operation {
                events,
                completed: Completion::new(outcome, self.signal.clone()),
                cookie,
            }));
        }
    }

    fn complete(&mut self, summary: C::Summary) {
        if let ResultSender::Completed(holder) = self.sender.take() {
            tracing::info!("operation finished");
            // Fails if the embedder has dropped the `Completion`.
            let _ = holder.send(Ok(summary));
        }
    }

    /// Sends an error to the receiver of the next result.
    fn fail(&mut self, error: OperationError) {
        if let OperationError::Trap(cause) | OperationError::Start(cause) = &error {
            tracing::error!(%cause, "the component failed");
        }
        if matches!(error, OperationError::DeadlineExceeded { .. }) {
            // A call may notice it first, but the thread of the deadline reports it.
            block_on(self.signal.clone());
        }
        // A message can name a path.
        tracing::debug!(%error, "operation error");
        let code = error.code().name();
        // Sending fails if the embedder has dropped the receiver.
        match self.sender.take() {
            ResultSender::Accepted(caller) => {
                tracing::warn!(code, "operation refused");
                drop(caller.send(Err(error)));
            }
            ResultSender::Completed(holder) => {
                tracing::warn!(code, "operation failed");
                drop(holder.send(Err(error)));
            }
            ResultSender::Done => {}
        }
    }

    fn failure(&self, failure: types::Failure) -> OperationError {
        let failure = self.causes.explain(failure.into(), Preopen::BACKUP);
        OperationError::Failure(preopens::with_host_paths(failure, &self.preopens))
    }
}

impl<C: Call> ResultSender<C> {
    fn take(&mut self) -> Self {
        mem::replace(self, Self::Done)
    }
}

/// Cancels the operation on the first request.
async fn cancel_on_request(
    component: &Service,
    accessor: &Accessor<State>,
    cookie: ResourceAny,
    requests: CancellationCookie,
) -> wasmtime::Result<()> {
    requests.requested().await;
    tracing::info!("cancellation requested");
    let guest = component.license_backup_management_management();
    guest
        .cancellation_cookie()
        .call_cancel(accessor, cookie)
        .await
}

/// Returns the error of a component that exceeded a limit, or `otherwise` for any other trap.
fn classify_trap(
    error: wasmtime::Error,
    otherwise: impl FnOnce(Cause) -> OperationError,
) -> OperationError {
    if let Some(MemoryExceeded { limit }) = error.downcast_ref() {
        OperationError::OutOfMemory { limit: *limit }
    } else if let Some(DeadlineExceeded { limit }) = error.downcast_ref() {
        OperationError::DeadlineExceeded { limit: *limit }
    } else {
        otherwise(error.into_boxed_dyn_error())
    }
}
