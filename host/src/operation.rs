//! A running operation: its events, its outcome and its cookie.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::task::AtomicWaker;
use license_backup_core::{
    BackupRestoreStatus, BackupSummary, CheckSummary, DiffSummary, ForgetSummary, Generation,
    GenerationDecision, GenerationsSummary, LicenseDifference, LicenseListing, ListSummary,
    RestoreSummary, VerifySummary,
};

use crate::deadline::DeadlineSignal;
use crate::{Events, OperationError, block_on};

/// An operation that the component has accepted and that runs in the background.
///
/// Dropping an operation, or any part of it, does not cancel it: it runs to its end. To tie it to a
/// scope, keep the guard that [`CancellationCookie::cancel_on_drop`] returns. A listing is an
/// exception: it ends early when its events are dropped.
///
/// The operation never waits for a reader of its events. Unread events, and a thread with them, are
/// kept until [`Operation::events`] is dropped or the deadline has passed.
#[derive(Debug)]
pub struct Operation<Event, Summary> {
    /// The events, as they occur. The first one of a backup, verification or restore is
    /// [`BackupRestoreStatus::Begin`] and the last one is [`BackupRestoreStatus::End`], unless the
    /// component fails or the deadline passes (see [`Events`]).
    pub events: Events<Event>,
    /// The outcome.
    pub completed: Completion<Summary>,
    /// The cookie that cancels the operation.
    pub cookie: CancellationCookie,
}

/// A running backup.
pub type BackupOperation = Operation<BackupRestoreStatus, BackupSummary>;

/// A running verification. Each fault of the backup is a [`BackupRestoreStatus::Error`].
pub type VerifyOperation = Operation<BackupRestoreStatus, VerifySummary>;

/// A running restore. Each conflict is a [`BackupRestoreStatus::Error`].
pub type RestoreOperation = Operation<BackupRestoreStatus, RestoreSummary>;

/// A running removal of generations. What was removed stays removed if it is cancelled.
pub type ForgetOperation = Operation<GenerationDecision, ForgetSummary>;

/// A running comparison.
pub type DiffOperation = Operation<LicenseDifference, DiffSummary>;

/// A running listing of the backups of a directory.
pub type GenerationsOperation = Operation<Generation, GenerationsSummary>;

/// A running check. Each fault of the backup is a [`BackupRestoreStatus::Error`].
pub type CheckOperation = Operation<BackupRestoreStatus, CheckSummary>;

/// A running listing.
pub type ListOperation = Operation<LicenseListing, ListSummary>;

impl<Event, Summary> Operation<Event, Summary> {
    /// Waits for the end of the operation and ignores its events. Blocks the calling thread, as
    /// [`block_on`] does.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation.
    pub fn wait(self) -> Result<Summary, OperationError> {
        drop(self.events);
        block_on(self.completed)
    }

    /// Waits for the end of the operation. Returns all of its events with the summary.
    pub(crate) fn wait_with_events(mut self) -> Result<(Vec<Event>, Summary), OperationError> {
        let events = std::iter::from_fn(|| self.events.wait_next()).collect();
        Ok((events, block_on(self.completed)?))
    }
}

/// The outcome of an operation: a future that resolves once, after the last event was emitted.
///
/// It does not wait for a reader of the events. Dropping it does not affect the operation.
#[derive(Debug)]
#[must_use = "this future is the only source of the outcome of the operation"]
pub struct Completion<T> {
    outcome: oneshot::Receiver<Result<T, OperationError>>,
    deadline: DeadlineSignal,
}

impl<T> Completion<T> {
    pub(crate) fn new(
        outcome: oneshot::Receiver<Result<T, OperationError>>,
        deadline: DeadlineSignal,
    ) -> Self {
        Self { outcome, deadline }
    }
}

impl<T> Future for Completion<T> {
    type Output = Result<T, OperationError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.outcome.poll_unpin(context) {
            Poll::Ready(outcome) => Poll::Ready(outcome.unwrap_or(Err(OperationError::Panicked))),
            Poll::Pending => {
                let passed = self.deadline.poll_unpin(context);
                passed.map(|limit| Err(OperationError::DeadlineExceeded { limit }))
            }
        }
    }
}

/// A handle that cancels a running operation from any thread.
///
/// Dropping it does not cancel. Clones cancel the same operation.
#[derive(Debug, Clone)]
pub struct CancellationCookie(Arc<CancelRequest>);

#[derive(Debug, Default)]
struct CancelRequest {
    is_requested: AtomicBool,
    /// The operation's thread.
    waker: AtomicWaker,
}

impl CancellationCookie {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Waits until cancellation is requested.
    pub(crate) async fn requested(&self) {
        poll_fn(|context| {
            // In this order: a request in between is either seen here or wakes the task.
            self.0.waker.register(context.waker());
            if self.0.is_requested.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Requests cancellation, and returns at once.
    ///
    /// The operation then ends with [`ErrorCode::Cancelled`](crate::ErrorCode::Cancelled), and the
    /// backup directory, or the store of a restore, is as it was before. The request has no effect
    /// after the backup was committed, after a restore has given the first license its name, after
    /// the end of the operation, or if it was made before.
    ///
    /// Corresponds to `IWMDRMEventGenerator::CancelAsyncOperation`.
    pub fn cancel(&self) {
        self.0.is_requested.store(true, Ordering::SeqCst);
        self.0.waker.wake();
    }

    /// Returns a guard that cancels the operation when it is dropped, as after an early return, a
    /// panic, or an `async` block that is dropped.
    ///
    /// ```no_run
    /// # use license_backup::{BackupOptions, LicenseManager, OperationError};
    /// # async fn back_up(manager: LicenseManager) -> Result<(), OperationError> {
    /// let operation = manager.backup(&BackupOptions::new("store", "backup")).await?;
    /// let guard = operation.cookie.cancel_on_drop();
    /// operation.completed.await?; // cancelled if this future is dropped
    /// guard.disarm();
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_drop(self) -> CancelOnDrop {
        CancelOnDrop(Some(self))
    }
}

/// A guard that cancels an operation when it is dropped; see
/// [`CancellationCookie::cancel_on_drop`].
#[derive(Debug)]
#[must_use = "dropping the guard cancels the operation"]
pub struct CancelOnDrop(Option<CancellationCookie>);

impl CancelOnDrop {
    /// Drops the guard without cancelling the operation.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cookie) = self.0.take() {
            cookie.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn an_operation_whose_thread_panics_returns_an_error() {
        let (sender, receiver) = oneshot::channel::<Result<(), OperationError>>();
        drop(sender);
        assert!(matches!(
            block_on(Completion::new(receiver, DeadlineSignal::Never)),
            Err(OperationError::Panicked)
        ));
    }

    #[test]
    fn a_request_before_or_during_the_wait_is_seen() {
        let cookie = CancellationCookie::new();
        let clone = cookie.clone();
        let requesting = thread::spawn(move || clone.cancel());
        block_on(cookie.requested());
        requesting.join().expect("cancelling does not panic");
        block_on(cookie.requested());
    }

    #[test]
    fn a_dropped_guard_cancels_and_a_disarmed_one_does_not() {
        let cookie = CancellationCookie::new();
        cookie.clone().cancel_on_drop().disarm();
        assert!(!cookie.0.is_requested.load(Ordering::SeqCst));
        drop(cookie.clone().cancel_on_drop());
        assert!(cookie.0.is_requested.load(Ordering::SeqCst));
    }
}
