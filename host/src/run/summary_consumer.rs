//! The consumer of the future that carries the outcome of an operation.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{FutureConsumer, Lift, Source};

/// A consumer that sends on the one value of a future of the component.
pub(super) struct SummaryConsumer<T>(Option<oneshot::Sender<T>>);

impl<T> SummaryConsumer<T> {
    /// Returns the consumer and the receiver of the value.
    pub(super) fn new() -> (Self, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }
}

impl<D, T: Lift + Send + Sync + 'static> FutureConsumer<D> for SummaryConsumer<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(sender), Some(value)) = (self.0.take(), value) {
            // Fails if the driver has ended.
            let _ = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}
