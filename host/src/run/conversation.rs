//! The conversation with the component during one operation, and who is told of its course.

use std::mem;
use std::pin::pin;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use wasmtime::component::{Accessor, ResourceAny};
use wasmtime::{Store, UpdateDeadline};

use super::deadline::{Deadline, DeadlineExceeded, Expiry};
use super::memory::MemoryExceeded;
use super::outcome::Outcome;
use super::{Begun, Call, Directory, State, directories};
use crate::bindings::Service;
use crate::bindings::exports::license_backup::management::types;
use crate::error::Cause;
use crate::events::{self, Drained};
use crate::{CancellationCookie, Completion, LicenseManager, Operation, OperationError, umask};

/// The most bytes that a component hands over at once. Its own largest piece is 256 KiB of a backup.
const MOST_AT_ONCE: usize = 16 << 20;

/// The most handles that a component has at once, of all kinds. Our own needs a few besides those of open files.
const MOST_HANDLES: usize = 4096;

/// One operation, from the call to its end.
pub(super) struct Conversation<C: Call> {
    runtime: LicenseManager,
    call: C,
    deadline: Deadline,
    expiry: Expiry,
    directories: Vec<Directory>,
    listener: Listener<C>,
}

/// Who is to be told next.
enum Listener<C: Call> {
    /// The caller, whether the operation is accepted.
    Caller(oneshot::Sender<Result<Operation<C::Event, C::Summary>, OperationError>>),
    /// The holder of the [`Completion`], how it ended.
    Holder(oneshot::Sender<Result<C::Summary, OperationError>>),
    /// All is told.
    Nobody,
}

/// What the component's future of the outcome holds.
type WireOutcome<C> = Result<<C as Call>::WireSummary, types::Failure>;

impl<C: Call> Conversation<C> {
    pub(super) fn new(
        runtime: LicenseManager,
        call: C,
        deadline: Deadline,
        expiry: Expiry,
        caller: oneshot::Sender<Result<Operation<C::Event, C::Summary>, OperationError>>,
    ) -> Self {
        Self {
            runtime,
            call,
            deadline,
            expiry,
            directories: Vec::new(),
            listener: Listener::Caller(caller),
        }
    }

    /// Holds the conversation to its end, on a thread of its own.
    pub(super) fn hold(mut self) {
        if let Err(error) = self.try_hold() {
            self.fail(error);
        }
    }

    fn try_hold(&mut self) -> Result<(), OperationError> {
        self.directories = self
            .call
            .directories(self.runtime.shares())
            .map_err(OperationError::Failure)?;
        if self.directories.iter().any(Directory::is_written) {
            umask::make_private().map_err(OperationError::Umask)?;
        }
        let state = State::new(
            &self.directories,
            self.runtime.limits().memory,
            self.deadline,
        )?;
        // wasmtime-wasi wants an executor of this kind around it, if only to find it there.
        let executor = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(OperationError::Thread)?;
        executor.block_on(self.run(state))
    }

    async fn run(&mut self, state: State) -> Result<(), OperationError> {
        let component = self.runtime.component();
        let mut store = limited(Store::new(component.engine(), state), self.deadline);
        let instance = component.instantiate_async(&mut store).await;
        let component = instance.map_err(|error| told(error, OperationError::Start))?;
        let expiry = self.expiry.clone();
        let conversation = store.run_concurrent(async |accessor| {
            match select(pin!(self.converse(&component, accessor)), expiry).await {
                Either::Left((ended, _)) => ended,
                Either::Right((limit, _)) => Err(DeadlineExceeded { limit }.into()),
            }
        });
        conversation
            .await
            .flatten()
            .map_err(|error| told(error, OperationError::Trap))
    }

    async fn converse(
        &mut self,
        component: &Service,
        accessor: &Accessor<State>,
    ) -> wasmtime::Result<()> {
        let guest = component.license_backup_management_management();
        let Begun {
            cookie,
            events,
            completed,
        } = match self.call.call(guest, accessor).await? {
            Ok(begun) => begun,
            Err(failure) => {
                self.fail(self.failure(failure));
                return Ok(());
            }
        };
        let (relay, handle, drained) = events::channel(self.expiry.clone());
        let (consumer, outcome) = Outcome::new();
        accessor.with(|mut access| {
            events.pipe(&mut access, relay)?;
            completed.pipe(&mut access, consumer)
        })?;
        let requests = CancellationCookie::new();
        self.accept(handle, requests.clone());

        let end = pin!(self.await_end(outcome, drained));
        let cancellation = pin!(cancel_on_request(component, accessor, cookie, requests));
        match select(end, cancellation).await {
            Either::Left((ended, _)) => ended,
            Either::Right((cancelled, end)) => {
                cancelled?;
                end.await
            }
        }
    }

    /// Waits for the outcome and tells it; then stays for as long as events are to be had and there is a reader, since the
    /// component keeps those that were not read yet.
    async fn await_end(
        &mut self,
        outcome: oneshot::Receiver<WireOutcome<C>>,
        drained: Drained,
    ) -> wasmtime::Result<()> {
        let outcome = outcome
            .await
            .map_err(|_| wasmtime::Error::msg("the component dropped the outcome"))?;
        let outcome = outcome
            .map(C::Summary::from)
            .map_err(|failure| self.failure(failure));
        if let Listener::Holder(holder) = self.listener.take() {
            // Fails when nobody wants to know, which is the caller's right.
            let _ = holder.send(outcome);
        }
        drained.wait().await;
        Ok(())
    }

    fn accept(&mut self, events: events::Events<C::Event>, cookie: CancellationCookie) {
        let (holder, outcome) = oneshot::channel();
        if let Listener::Caller(caller) = mem::replace(&mut self.listener, Listener::Holder(holder))
        {
            // Fails when the call was given up. The operation goes on all the same: dropping is not cancelling.
            let _ = caller.send(Ok(Operation {
                events,
                completed: Completion::new(outcome, self.expiry.clone()),
                cookie,
            }));
        }
    }

    /// Tells whoever listens that it is over.
    fn fail(&mut self, error: OperationError) {
        // Either fails when nobody wants to know.
        match self.listener.take() {
            Listener::Caller(caller) => drop(caller.send(Err(error))),
            Listener::Holder(holder) => drop(holder.send(Err(error))),
            Listener::Nobody => {}
        }
    }

    fn failure(&self, failure: types::Failure) -> OperationError {
        OperationError::Failure(directories::in_terms_of_the_host(
            failure.into(),
            &self.directories,
        ))
    }
}

impl<C: Call> Listener<C> {
    fn take(&mut self) -> Self {
        mem::replace(self, Self::Nobody)
    }
}

/// Cancels the operation when that is asked for. Once is enough.
async fn cancel_on_request(
    component: &Service,
    accessor: &Accessor<State>,
    cookie: ResourceAny,
    requests: CancellationCookie,
) -> wasmtime::Result<()> {
    requests.asked().await;
    let guest = component.license_backup_management_management();
    guest
        .cancellation_cookie()
        .call_cancel(accessor, cookie)
        .await
}

/// Sets the limits of an operation to what its component can do.
fn limited(mut store: Store<State>, deadline: Deadline) -> Store<State> {
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(MOST_AT_ONCE);
    store.set_max_component_handles(MOST_HANDLES);
    // Where the engine looks for that at all, any operation whose time is up interrupts those of all; the others go on.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        deadline.check()?;
        Ok(UpdateDeadline::Continue(1))
    });
    store
}

/// Tells a component that was stopped for what it took from one with other trouble.
fn told(error: wasmtime::Error, otherwise: impl FnOnce(Cause) -> OperationError) -> OperationError {
    if let Some(MemoryExceeded { limit }) = error.downcast_ref() {
        OperationError::OutOfMemory { limit: *limit }
    } else if let Some(DeadlineExceeded { limit }) = error.downcast_ref() {
        OperationError::DeadlineExceeded { limit: *limit }
    } else {
        otherwise(error.into_boxed_dyn_error())
    }
}
