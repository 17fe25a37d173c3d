//! Running operations: a step, what there is to tell, a yield to the host, a look at the cookie, and so on.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use license_backup_core::{ErrorCode, Failure, List, Listing, Operation, Status};
use license_backup_wasi::WasiDirectory;
use wit_bindgen::{FutureReader, FutureWriter, StreamReader};

use crate::bindings::exports::licenses::management::management::{
    CancellationCookie, LicenseListing, ListSummary,
};
use crate::bindings::licenses_types::{self, BackupRestoreStatus};
use crate::bindings::{wit_future, wit_stream};
use crate::progress::Progress;
use crate::{Cookie, convert};

thread_local! {
    /// Whether an operation is running on this instance.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// The right to run an operation on this instance; one at a time has it.
struct Turn(());

impl Turn {
    /// Takes the turn, if no other operation has it.
    fn take() -> Result<Self, Failure> {
        if RUNNING.replace(true) {
            let message = "an operation is running on this instance: wait for its end, or use another instance";
            return Err(Failure::new(ErrorCode::Busy, message));
        }
        Ok(Self(()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        RUNNING.set(false);
    }
}

/// Whether an operation was asked to stop, seen by its cookie and by itself.
#[derive(Clone, Default)]
pub(crate) struct Cancellation(Rc<Request>);

#[derive(Default)]
struct Request {
    asked: Cell<bool>,
    /// Who waits to be asked.
    waiting: RefCell<Option<Waker>>,
}

impl Cancellation {
    /// Asks the operation to stop.
    pub(crate) fn ask(&self) {
        self.0.asked.set(true);
        if let Some(waiting) = self.0.waiting.take() {
            waiting.wake();
        }
    }

    fn asked(&self) -> bool {
        self.0.asked.get()
    }

    /// Awaits `work`, and gives it up when the operation is asked to stop.
    async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if self.asked() {
                return Poll::Ready(None);
            }
            *self.0.waiting.borrow_mut() = Some(context.waker().clone());
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    fn cookie(&self) -> CancellationCookie {
        CancellationCookie::new(Cookie(self.clone()))
    }
}

/// What the caller gets of an operation that goes on in the background: its cookie, what it tells, and how it ends.
pub(crate) struct Accepted<Event: 'static, Summary: 'static> {
    pub(crate) cookie: CancellationCookie,
    pub(crate) told: StreamReader<Event>,
    pub(crate) completed: FutureReader<Outcome<Summary>>,
}

/// How an operation ends, in the terms of the interface.
type Outcome<Summary> = Result<Summary, licenses_types::Failure>;

/// Starts an operation, if the instance is free, and sets it going in the background. It never waits for a reader of its
/// events.
pub(crate) fn begin<O, Summary>(
    start: impl FnOnce() -> Result<O, Failure>,
) -> Result<Accepted<BackupRestoreStatus, Summary>, licenses_types::Failure>
where
    O: Operation<Event = Status> + 'static,
    Summary: From<O::Summary>,
    Outcome<Summary>: wit_future::FuturePayload,
{
    let turn = Turn::take().map_err(convert::failure)?;
    let operation = start().map_err(convert::failure)?;
    let cancellation = Cancellation::default();
    let cookie = cancellation.cookie();
    let (events, told) = wit_stream::new();
    let (outcome, completed) = wit_future::new(unwritten);
    let queue = Progress::default();
    wit_bindgen::spawn_local(queue.clone().relay(events));
    wit_bindgen::spawn_local(async move {
        queue.push(Status::Begin);
        let push = async |events: &mut Vec<_>| events.drain(..).for_each(|event| queue.push(event));
        let ended = run(operation, &cancellation, push).await;
        queue.push(Status::End);
        // The instance is free before anybody reads the outcome.
        drop(turn);
        // Lets the relay offer the end before the outcome is told.
        wit_bindgen::yield_async().await;
        tell(outcome, ended.map(Summary::from)).await;
    });
    Ok(Accepted {
        cookie,
        told,
        completed,
    })
}

/// Starts a listing, if the instance is free, and sets it going in the background. It waits for the reader of what it finds,
/// and ends when there is none.
pub(crate) fn begin_listing(
    start: impl FnOnce() -> Result<List<WasiDirectory>, Failure>,
) -> Result<Accepted<LicenseListing, ListSummary>, licenses_types::Failure> {
    let turn = Turn::take().map_err(convert::failure)?;
    let list = start().map_err(convert::failure)?;
    let cancellation = Cancellation::default();
    let cookie = cancellation.cookie();
    let (mut found, told) = wit_stream::new();
    let (outcome, completed) = wit_future::new(unwritten);
    wit_bindgen::spawn_local(async move {
        let mut unread = false;
        let write = async |listings: &mut Vec<Listing>| {
            // Writing nothing to a stream whose reader is gone does not tell so, and the next write would trap.
            if listings.is_empty() {
                return;
            }
            let written = found.write_all(listings.drain(..).map(convert::listing).collect());
            unread = cancellation
                .or(written)
                .await
                .is_none_or(|rest| !rest.is_empty());
            if unread {
                cancellation.ask();
            }
        };
        let ended = run(list, &cancellation, write).await;
        drop(found);
        drop(turn);
        // The reader may have left at the last of it.
        let ended = if unread {
            ended.and(Err(cancelled()))
        } else {
            ended
        };
        tell(outcome, ended.map(ListSummary::from)).await;
    });
    Ok(Accepted {
        cookie,
        told,
        completed,
    })
}

/// Steps an operation to its end. When it was asked to stop, the operation hears of it once, and may then need further steps
/// to wind down.
async fn run<O: Operation>(
    mut operation: O,
    cancellation: &Cancellation,
    mut hand_on: impl AsyncFnMut(&mut Vec<O::Event>),
) -> Result<O::Summary, Failure> {
    let mut events = Vec::new();
    let mut has_heard = false;
    loop {
        wit_bindgen::yield_async().await;
        if cancellation.asked() && !has_heard {
            has_heard = true;
            match operation.cancel() {
                Continue(next) => operation = next,
                Break(failure) => return Err(failure),
            }
        }
        let stepped = operation.step(&mut events);
        hand_on(&mut events).await;
        match stepped {
            Continue(next) => operation = next,
            Break(outcome) => return outcome,
        }
    }
}

fn cancelled() -> Failure {
    Failure::new(ErrorCode::Cancelled, "the listing was cancelled")
}

/// Tells the outcome of an operation. A caller that has dropped its end does not want to know.
async fn tell<Summary>(outcome: FutureWriter<Outcome<Summary>>, ended: Result<Summary, Failure>) {
    let _ = outcome.write(ended.map_err(convert::failure)).await;
}

/// What a future says that is dropped before it was written to, which does not happen.
fn unwritten<Summary>() -> Outcome<Summary> {
    Err(convert::failure(Failure::new(
        ErrorCode::Io,
        "the operation ended without an outcome",
    )))
}
