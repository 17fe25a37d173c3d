//! The handles on a running operation: its outcome and its cookie.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_channel::{mpsc, oneshot};

use crate::OperationError;

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
    /// The operation then ends with [`ErrorCode::Cancelled`](crate::ErrorCode::Cancelled), and the backup directory is as
    /// it was before. Calling it again, after the backup was committed, or after the end, has no effect.
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
