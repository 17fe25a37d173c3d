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
    BackupRestoreStatus, BackupSummary, LicenseListing, ListSummary, RestoreSummary, VerifySummary,
};

use crate::run::Expiry;
use crate::{Events, OperationError, block_on};

/// An operation that was accepted and goes on in the background: a [`BackupOperation`], a [`VerifyOperation`] or a
/// [`RestoreOperation`]. Dropping it is not cancelling.
#[derive(Debug)]
pub struct Operation<Event, Summary> {
    /// What happens, as it happens: [`BackupRestoreStatus::Begin`] first and [`BackupRestoreStatus::End`] last, but for an operation that breaks down
    /// (see [`Events`]). The operation never waits for a reader. What was not read yet is kept until this is dropped or the
    /// deadline has passed, and a thread with it.
    pub events: Events<Event>,
    /// How it ended.
    pub completed: Completion<Summary>,
    /// Cancels it.
    pub cookie: CancellationCookie,
}

/// A backup that goes on in the background.
pub type BackupOperation = Operation<BackupRestoreStatus, BackupSummary>;

/// A verification that goes on in the background. Each fault of the backup is a [`BackupRestoreStatus::Error`].
pub type VerifyOperation = Operation<BackupRestoreStatus, VerifySummary>;

/// A restore that goes on in the background. Each conflict is a [`BackupRestoreStatus::Error`].
pub type RestoreOperation = Operation<BackupRestoreStatus, RestoreSummary>;

/// A running listing.
pub type ListOperation = Operation<LicenseListing, ListSummary>;

impl<Event, Summary> Operation<Event, Summary> {
    /// Waits for the end, whatever happens before. Blocks the calling thread, as [`wait`] does.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    pub fn wait(self) -> Result<Summary, OperationError> {
        drop(self.events);
        block_on(self.completed)
    }
}

/// How an operation ends: a future that is ready once, after the last event was told to [`Events`](crate::Events).
///
/// It does not wait for anyone to read the events. Dropping it changes nothing.
#[derive(Debug)]
#[must_use = "this is the only place where the outcome of the operation is told"]
pub struct Completion<T> {
    outcome: oneshot::Receiver<Result<T, OperationError>>,
    expiry: Expiry,
}

impl<T> Completion<T> {
    pub(crate) fn new(
        outcome: oneshot::Receiver<Result<T, OperationError>>,
        expiry: Expiry,
    ) -> Self {
        Self { outcome, expiry }
    }
}

impl<T> Future for Completion<T> {
    type Output = Result<T, OperationError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.outcome.poll_unpin(context) {
            Poll::Ready(outcome) => Poll::Ready(outcome.unwrap_or(Err(OperationError::Panicked))),
            Poll::Pending => {
                let expired = self.expiry.poll_unpin(context);
                expired.map(|limit| Err(OperationError::DeadlineExceeded { limit }))
            }
        }
    }
}

/// Identifies a running operation, so that it can be cancelled.
///
/// Dropping it does not cancel. Clones stand for the same operation.
#[derive(Debug, Clone)]
pub struct CancellationCookie(Arc<Request>);

#[derive(Debug, Default)]
struct Request {
    asked: AtomicBool,
    /// The operation's thread.
    listener: AtomicWaker,
}

impl CancellationCookie {
    /// The cookie of an operation that begins.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Waits until somebody asks the operation to stop.
    pub(crate) async fn asked(&self) {
        poll_fn(|context| {
            // In this order: a request in between is seen here or wakes the listener.
            self.0.listener.register(context.waker());
            if self.0.asked.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Asks the operation to stop, after `IWMDRMEventGenerator::CancelAsyncOperation`. Returns at once.
    ///
    /// The operation then ends with [`ErrorCode::Cancelled`](crate::ErrorCode::Cancelled), and the backup directory, or the
    /// store of a restore, is as it was before. Calling it again, after the backup was committed, after a restore has given
    /// the first license its name, or after the end, has no effect.
    pub fn cancel(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        self.0.listener.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::block_on;

    #[test]
    fn the_death_of_the_operation_is_told_as_an_error() {
        let (sender, receiver) = oneshot::channel::<Result<(), OperationError>>();
        drop(sender);
        assert!(matches!(
            block_on(Completion::new(receiver, Expiry::Never)),
            Err(OperationError::Panicked)
        ));
    }

    #[test]
    fn a_request_is_heard_whether_it_comes_before_or_while_it_is_waited_for() {
        let cookie = CancellationCookie::new();
        let clone = cookie.clone();
        let asking = thread::spawn(move || clone.cancel());
        block_on(cookie.asked());
        asking.join().expect("nothing in it panics");
        block_on(cookie.asked());
    }
}
