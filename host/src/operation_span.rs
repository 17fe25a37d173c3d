//! The `tracing` span of one operation.

use std::time::Duration;

use tracing::{Dispatch, Span, dispatcher};

/// The span of one operation, together with the subscriber of the thread that started it.
///
/// An operation has threads of its own, which know neither. Each of them works in
/// [`OperationSpan::in_scope`].
#[derive(Debug, Clone)]
pub(crate) struct OperationSpan {
    subscriber: Dispatch,
    span: Span,
}

impl OperationSpan {
    /// Opens a span on the calling thread.
    pub(crate) fn new(kind: &'static str, deadline: Option<Duration>) -> Self {
        Self {
            subscriber: dispatcher::get_default(Dispatch::clone),
            span: tracing::info_span!(
                target: "license_backup",
                "operation",
                kind,
                deadline = deadline.map(tracing::field::debug)
            ),
        }
    }

    /// Runs a function within the span.
    pub(crate) fn in_scope<T>(&self, run: impl FnOnce() -> T) -> T {
        dispatcher::with_default(&self.subscriber, || self.span.in_scope(run))
    }
}
