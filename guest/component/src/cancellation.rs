//! The request to cancel an operation.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A flag that the cookie of an operation sets and the operation reads.
#[derive(Clone, Default)]
pub(crate) struct Cancellation(Rc<State>);

#[derive(Default)]
struct State {
    is_requested: Cell<bool>,
    /// Wakes the task that waits in [`Cancellation::or`].
    waker: RefCell<Option<Waker>>,
}

impl Cancellation {
    /// Requests the cancellation.
    pub(crate) fn request(&self) {
        self.0.is_requested.set(true);
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }

    /// Returns `true` if the cancellation was requested.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.is_requested.get()
    }

    /// Awaits `work`. Returns `None` and drops it if the cancellation is requested first.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if self.is_requested() {
                return Poll::Ready(None);
            }
            *self.0.waker.borrow_mut() = Some(context.waker().clone());
            work.as_mut().poll(context).map(Some)
        })
        .await
    }
}
