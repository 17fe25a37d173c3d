//! What all operations have in common.

use std::ops::ControlFlow;

use crate::Failure;

/// An operation that goes on step by step.
pub trait Operation: Sized {
    /// What there is to tell on the way.
    type Event;
    /// What there is to tell at the end.
    type Summary;

    /// Does a bounded piece of work, a few milliseconds of it or about a MiB, and appends what there is to tell. Gives the
    /// operation to go on with, or the outcome.
    fn step(
        self,
        events: &mut Vec<Self::Event>,
    ) -> ControlFlow<Result<Self::Summary, Failure>, Self>;

    /// Asks the operation to stop. Gives the failure to tell if that ends it, or else the operation to go on with: what
    /// was begun may take further steps to undo, and what was committed already is not undone.
    fn cancel(self) -> ControlFlow<Failure, Self>;
}
