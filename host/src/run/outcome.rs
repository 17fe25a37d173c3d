//! The way of the outcome from the component to the host.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{FutureConsumer, Lift, Source};

/// Sends on the one value of a future of the component.
pub(crate) struct Outcome<T>(Option<oneshot::Sender<T>>);

impl<T> Outcome<T> {
    /// The consumer, and where the value arrives.
    pub(crate) fn new() -> (Self, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }
}

impl<D, T: Lift + Send + Sync + 'static> FutureConsumer<D> for Outcome<T> {
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
            // Fails when the conversation is over, which no longer cares.
            let _ = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}
