//! The interface of all operations.

use std::ops::ControlFlow;

use crate::Failure;

/// An operation that runs in steps.
pub trait Operation: Sized {
    /// An event of the running operation.
    type Event;
    /// The result of the operation.
    type Summary;

    /// Does a bounded amount of work, a few milliseconds or about 1 MiB, and appends the
    /// events to emit. Returns the operation to continue with, or the outcome.
    fn step(
        self,
        events: &mut Vec<Self::Event>,
    ) -> ControlFlow<Result<Self::Summary, Failure>, Self>;

    /// Cancels the operation. Returns the failure to report if the operation ends with
    /// it. Otherwise returns the operation to continue with: undoing its work may take
    /// further steps, and work that was committed is not undone.
    fn cancel(self) -> ControlFlow<Failure, Self>;
}
