//! Runs an operation of the core as a background task: step, emit events, yield to the host, check
//! for cancellation.

use std::cell::Cell;
use std::ops::ControlFlow::{Break, Continue};

use license_backup_core::{self as core, ErrorCode, Failure};
use wit_bindgen::{FutureReader, FutureWriter, StreamReader};

use crate::bindings::exports::license_backup::management::management::CancellationCookie;
use crate::bindings::wit_types::{self, BackupRestoreStatus};
use crate::bindings::{wit_future, wit_stream};
use crate::cancellation::Cancellation;
use crate::convert;
use crate::event_queue::EventQueue;

thread_local! {
    /// Whether an operation is running on this instance.
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
}

/// A guard that makes the instance busy until it is dropped.
struct BusyGuard(());

impl BusyGuard {
    /// Makes the instance busy.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Busy`] if an operation is running.
    fn acquire() -> Result<Self, Failure> {
        if IS_BUSY.replace(true) {
            let message =
                "this instance is running an operation: wait for its end, or use another instance";
            return Err(Failure::new(ErrorCode::Busy, message));
        }
        Ok(Self(()))
    }
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        IS_BUSY.set(false);
    }
}

/// The handles that the caller of an operation gets.
pub(crate) struct Operation<Event: 'static, Summary: 'static> {
    pub(crate) cookie: CancellationCookie,
    pub(crate) events: StreamReader<Event>,
    pub(crate) completed: FutureReader<Outcome<Summary>>,
}

/// The outcome of an operation, in the types of the interface.
type Outcome<Summary> = Result<Summary, wit_types::Failure>;

/// Starts an operation that never waits for the reader of its events.
///
/// # Errors
///
/// [`ErrorCode::Busy`] if an operation is running on this instance, and the errors of `start`.
pub(crate) fn start<O, Summary>(
    start: impl FnOnce() -> Result<O, Failure>,
) -> Result<Operation<BackupRestoreStatus, Summary>, wit_types::Failure>
where
    O: core::Operation<Event = core::BackupRestoreStatus> + 'static,
    Summary: From<O::Summary>,
    Outcome<Summary>: wit_future::FuturePayload,
{
    let busy = BusyGuard::acquire().map_err(convert::failure)?;
    let operation = start().map_err(convert::failure)?;
    let cancellation = Cancellation::default();
    let cookie = CancellationCookie::new(cancellation.clone());
    let (event_writer, events) = wit_stream::new();
    let (outcome_writer, completed) = wit_future::new(unresolved);
    let queue = EventQueue::default();
    wit_bindgen::spawn_local(queue.clone().write_to(event_writer));
    wit_bindgen::spawn_local(async move {
        queue.push(core::BackupRestoreStatus::Begin);
        let emit = async |events: &mut Vec<_>| events.drain(..).for_each(|event| queue.push(event));
        let outcome = run(operation, &cancellation, emit).await;
        queue.push(core::BackupRestoreStatus::End);
        // Before the caller can read the outcome, so that it can start the next operation then.
        drop(busy);
        // Lets the other task write the event `end` before the outcome.
        wit_bindgen::yield_async().await;
        resolve(outcome_writer, outcome.map(Summary::from)).await;
    });
    Ok(Operation {
        cookie,
        events,
        completed,
    })
}

/// Starts an operation that waits for the reader of its events, and ends early without one.
/// `convert_event` converts an event to the interface.
///
/// # Errors
///
/// [`ErrorCode::Busy`] if an operation is running on this instance, and the errors of `start`.
pub(crate) fn start_listing<O, Event, Summary>(
    start: impl FnOnce() -> Result<O, Failure>,
    convert_event: fn(O::Event) -> Event,
) -> Result<Operation<Event, Summary>, wit_types::Failure>
where
    O: core::Operation + 'static,
    Event: wit_stream::StreamPayload,
    Summary: From<O::Summary>,
    Outcome<Summary>: wit_future::FuturePayload,
{
    let busy = BusyGuard::acquire().map_err(convert::failure)?;
    let listing = start().map_err(convert::failure)?;
    let cancellation = Cancellation::default();
    let cookie = CancellationCookie::new(cancellation.clone());
    let (mut event_writer, events) = wit_stream::new();
    let (outcome_writer, completed) = wit_future::new(unresolved);
    wit_bindgen::spawn_local(async move {
        let mut is_abandoned = false;
        let emit = async |listed: &mut Vec<O::Event>| {
            // An empty write does not report that the reader is gone, and the write after it
            // would trap.
            if listed.is_empty() {
                return;
            }
            let written = event_writer.write_all(listed.drain(..).map(convert_event).collect());
            is_abandoned = cancellation
                .or(written)
                .await
                .is_none_or(|rest| !rest.is_empty());
            if is_abandoned {
                cancellation.request();
            }
        };
        let outcome = run(listing, &cancellation, emit).await;
        drop(event_writer);
        drop(busy);
        // The reader may have dropped the stream during the last write, after the last step.
        let outcome = if is_abandoned {
            outcome.and(Err(Failure::new(
                ErrorCode::Cancelled,
                "cancelled because the stream was dropped",
            )))
        } else {
            outcome
        };
        resolve(outcome_writer, outcome.map(Summary::from)).await;
    });
    Ok(Operation {
        cookie,
        events,
        completed,
    })
}

/// Steps an operation until it ends. A request to cancel is passed to it once; it may then take
/// further steps to roll back.
async fn run<O: core::Operation>(
    mut operation: O,
    cancellation: &Cancellation,
    mut emit: impl AsyncFnMut(&mut Vec<O::Event>),
) -> Result<O::Summary, Failure> {
    let mut events = Vec::new();
    let mut is_cancelled = false;
    loop {
        wit_bindgen::yield_async().await;
        if cancellation.is_requested() && !is_cancelled {
            is_cancelled = true;
            match operation.cancel() {
                Continue(next) => operation = next,
                Break(failure) => return Err(failure),
            }
        }
        let step = operation.step(&mut events);
        emit(&mut events).await;
        match step {
            Continue(next) => operation = next,
            Break(outcome) => return outcome,
        }
    }
}

/// Resolves the future of the outcome. Fails silently if the caller has dropped it.
async fn resolve<Summary>(
    writer: FutureWriter<Outcome<Summary>>,
    outcome: Result<Summary, Failure>,
) {
    let _ = writer.write(outcome.map_err(convert::failure)).await;
}

/// The value of a future whose writer is dropped unwritten. [`resolve`] is always called, so that
/// no caller sees it.
fn unresolved<Summary>() -> Outcome<Summary> {
    Err(convert::failure(Failure::new(
        ErrorCode::Io,
        "the operation ended without an outcome",
    )))
}
