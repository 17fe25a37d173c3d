//! A running operation: its events, its outcome and its cookie.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_channel::{mpsc, oneshot};
use license_backup_core::{BackupSummary, RestoreSummary, Status, VerifySummary};

use crate::run::{Call, Running};
use crate::{Events, OperationError, wait};

/// An operation that was accepted and goes on in the background: a [`BackupOperation`], a [`VerifyOperation`] or a
/// [`RestoreOperation`]. Dropping it is not cancelling.
#[derive(Debug)]
pub struct Operation<Summary> {
    /// What happens, as it happens: [`Status::Begin`] first and [`Status::End`] last. The operation never waits for a reader.
    /// What was not read yet is kept until this is dropped, and a thread with it.
    pub progress: Events<Status>,
    /// How it ended.
    pub completed: Completion<Summary>,
    /// Cancels it.
    pub cookie: CancellationCookie,
}

/// A backup that goes on in the background.
pub type BackupOperation = Operation<BackupSummary>;

/// A verification that goes on in the background. Each fault of the backup is a [`Status::Error`].
pub type VerifyOperation = Operation<VerifySummary>;

/// A restore that goes on in the background. Each conflict is a [`Status::Error`].
pub type RestoreOperation = Operation<RestoreSummary>;

impl<Summary> Operation<Summary> {
    /// Waits for the end, whatever happens before. Blocks the calling thread, as [`wait`] does.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    pub fn wait(self) -> Result<Summary, OperationError> {
        drop(self.progress);
        wait(self.completed)
    }
}

impl<C: Call<Event = Status>> From<Running<C>> for Operation<C::Summary> {
    fn from(running: Running<C>) -> Self {
        let Running { events, completed, cookie } = running;
        Self { progress: events, completed, cookie }
    }
}

/// How an operation ends: a future that is ready once, after the last event was told to [`Events`](crate::Events).
///
/// It does not wait for anyone to read the events. Dropping it changes nothing.
#[derive(Debug)]
#[must_use = "this is the only place where the outcome of the operation is told"]
pub struct Completion<T> {
    outcome: oneshot::Receiver<Result<T, OperationError>>,
}

impl<T> Completion<T> {
    pub(crate) fn new(outcome: oneshot::Receiver<Result<T, OperationError>>) -> Self {
        Self { outcome }
    }
}

impl<T> Future for Completion<T> {
    type Output = Result<T, OperationError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
        Poll::Ready(outcome.unwrap_or(Err(OperationError::Died)))
    }
}

/// Identifies a running operation, so that it can be cancelled.
///
/// Dropping it does not cancel. Clones stand for the same operation.
#[derive(Debug, Clone)]
pub struct CancellationCookie {
    requests: mpsc::UnboundedSender<()>,
}

impl CancellationCookie {
    /// A cookie, and the end where its requests arrive.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<()>) {
        let (requests, arriving) = mpsc::unbounded();
        (Self { requests }, arriving)
    }

    /// Asks the operation to stop, after `IWMDRMEventGenerator::CancelAsyncOperation`. Returns at once.
    ///
    /// The operation then ends with [`ErrorCode::Cancelled`](crate::ErrorCode::Cancelled), and the backup directory, or the
    /// store of a restore, is as it was before. Calling it again, after the backup was committed, after a restore has given
    /// the first license its name, or after the end, has no effect.
    pub fn cancel(&self) {
        // Fails once the operation does not listen any more, which is when there is nothing left to cancel.
        let _ = self.requests.unbounded_send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait;

    #[test]
    fn the_death_of_the_operation_is_told_as_an_error() {
        let (sender, receiver) = oneshot::channel::<Result<(), OperationError>>();
        drop(sender);
        assert!(matches!(wait(Completion::new(receiver)), Err(OperationError::Died)));
    }

    #[test]
    fn cancelling_after_the_end_has_no_effect() {
        let (cookie, arriving) = CancellationCookie::new();
        drop(arriving);
        cookie.cancel();
        cookie.clone().cancel();
    }
}
