//! Running operations: a step, what there is to tell, a yield to the host, a look at the cookie, and so on.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use license_backup_core::{Backup, BackupSummary, ErrorCode, Failure, List, ListSummary, Status};
use license_backup_wasi::WasiDirectory;
use wit_bindgen::{FutureWriter, StreamWriter};

use crate::bindings::exports::licenses::management::management::{
    BackupOperation, CancellationCookie, LicenseListing, ListOperation,
};
use crate::bindings::{licenses_types, wit_future, wit_stream};
use crate::progress::Progress;
use crate::{Cookie, convert};

thread_local! {
    /// Whether an operation is running on this instance.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// The right to run an operation on this instance; one at a time has it.
pub(crate) struct Turn(());

impl Turn {
    /// Takes the turn, if no other operation has it.
    pub(crate) fn take() -> Result<Self, Failure> {
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

/// Sets a backup going in the background.
pub(crate) fn spawn_backup(backup: Backup<WasiDirectory>, turn: Turn) -> BackupOperation {
    let cancellation = Cancellation::default();
    let cookie = cancellation.cookie();
    let (events, progress) = wit_stream::new();
    let (outcome, completed) = wit_future::new(unwritten);
    let queue = Progress::default();
    wit_bindgen::spawn_local(queue.clone().relay(events));
    wit_bindgen::spawn_local(async move {
        queue.push(Status::Begin);
        let ended = run_backup(backup, &cancellation, &queue).await;
        queue.push(Status::End);
        // The instance is free before anybody reads the outcome.
        drop(turn);
        // Lets the relay offer the end before the outcome is told.
        wit_bindgen::yield_async().await;
        tell(outcome, ended.map(|summary| convert::backup_summary(&summary))).await;
    });
    BackupOperation { cookie, progress, completed }
}

async fn run_backup(
    mut backup: Backup<WasiDirectory>,
    cancellation: &Cancellation,
    queue: &Progress,
) -> Result<BackupSummary, Failure> {
    let mut events = Vec::new();
    loop {
        wit_bindgen::yield_async().await;
        if cancellation.asked() {
            return Err(backup.cancel());
        }
        let stepped = backup.step(&mut events);
        events.drain(..).for_each(|event| queue.push(event));
        match stepped {
            Continue(next) => backup = next,
            Break(outcome) => return outcome,
        }
    }
}

/// Sets a listing going in the background.
pub(crate) fn spawn_list(list: List<WasiDirectory>, turn: Turn) -> ListOperation {
    let cancellation = Cancellation::default();
    let cookie = cancellation.cookie();
    let (found, licenses) = wit_stream::new();
    let (outcome, completed) = wit_future::new(unwritten);
    wit_bindgen::spawn_local(async move {
        let ended = run_list(list, &cancellation, found).await;
        drop(turn);
        tell(outcome, ended.map(convert::list_summary)).await;
    });
    ListOperation { cookie, licenses, completed }
}

async fn run_list(
    mut list: List<WasiDirectory>,
    cancellation: &Cancellation,
    mut licenses: StreamWriter<LicenseListing>,
) -> Result<ListSummary, Failure> {
    let mut found = Vec::new();
    loop {
        wit_bindgen::yield_async().await;
        if cancellation.asked() {
            return Err(cancelled());
        }
        let stepped = list.step(&mut found);
        // Writing nothing to a stream whose reader is gone does not tell so, and the next write would trap.
        if !found.is_empty() {
            let written = licenses.write_all(found.drain(..).map(convert::listing).collect());
            if cancellation.or(written).await.is_none_or(|unread| !unread.is_empty()) {
                return Err(cancelled());
            }
        }
        match stepped {
            Continue(next) => list = next,
            Break(outcome) => return outcome,
        }
    }
}

fn cancelled() -> Failure {
    Failure::new(ErrorCode::Cancelled, "the listing was cancelled")
}

/// Tells the outcome of an operation. A caller that has dropped its end does not want to know.
async fn tell<T>(outcome: FutureWriter<Result<T, licenses_types::Failure>>, ended: Result<T, Failure>) {
    let _ = outcome.write(ended.map_err(convert::failure)).await;
}

/// What a future says that is dropped before it was written to, which does not happen.
fn unwritten<T>() -> Result<T, licenses_types::Failure> {
    Err(convert::failure(Failure::new(ErrorCode::Io, "the operation ended without an outcome")))
}
