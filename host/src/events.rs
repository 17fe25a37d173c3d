//! The way of the events from the component to the embedder.
//!
//! Events travel in batches through a bounded channel. When it is full, the component's write stays pending until the
//! embedder has read; when the embedder has dropped its end, the component is told so.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use futures_channel::{mpsc, oneshot};
use futures_core::Stream;
use futures_util::future::select;
use futures_util::{FutureExt as _, StreamExt as _};
use wasmtime::StoreContextMut;
use wasmtime::component::{Lift, Source, StreamConsumer, StreamResult};

use crate::block_on;
use crate::run::Expiry;

/// The most events that travel together.
const BATCH: usize = 64;

/// The number of batches that may wait for a reader, besides the one that every sender may always send.
const WAITING: usize = 3;

/// The events of an operation, in order.
///
/// The stream ends after the last event, and also when the operation breaks down or its time is up. Then the last event is not
/// [`BackupRestoreStatus::End`](crate::BackupRestoreStatus::End); why, its [`Completion`](crate::Completion) tells, unless the operation had ended in time
/// and only the reader was slower than the deadline. Dropping it changes nothing for a backup, and ends a listing early.
#[derive(Debug)]
pub struct Events<T> {
    batches: mpsc::Receiver<Vec<T>>,
    batch: vec::IntoIter<T>,
    expiry: Expiry,
    /// Dropped with the stream, which the operation's thread notices.
    _reading: oneshot::Sender<()>,
}

impl<T> Events<T> {
    /// The next event, or nothing after the last. Blocks the calling thread until there is one, as [`block_on`] does.
    pub fn wait_next(&mut self) -> Option<T> {
        block_on(self.next())
    }
}

/// No event is ever pinned, so that its type does not matter.
impl<T> Unpin for Events<T> {}

impl<T> Stream for Events<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            if let Some(event) = self.batch.next() {
                return Poll::Ready(Some(event));
            }
            match self.batches.poll_next_unpin(context) {
                Poll::Ready(Some(batch)) => self.batch = batch.into_iter(),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return self.expiry.poll_unpin(context).map(|_| None),
            }
        }
    }
}

/// Makes the two ends of a channel for events, and what tells when it has served its purpose.
pub(crate) fn channel<W, T>(expiry: Expiry) -> (Relay<W, T>, Events<T>, Drained) {
    let (sender, batches) = mpsc::channel(WAITING);
    let (writing, writer_gone) = oneshot::channel();
    let (reading, reader_gone) = oneshot::channel();
    let relay = Relay {
        sender,
        _writing: writing,
        wire: PhantomData,
    };
    let events = Events {
        batches,
        batch: Vec::new().into_iter(),
        expiry,
        _reading: reading,
    };
    (
        relay,
        events,
        Drained {
            writer_gone,
            reader_gone,
        },
    )
}

/// Knows when no event will pass any more.
pub(crate) struct Drained {
    writer_gone: oneshot::Receiver<()>,
    reader_gone: oneshot::Receiver<()>,
}

impl Drained {
    /// Waits until the component has closed its end, with all of its events in the channel, or the embedder has dropped
    /// the other.
    pub(crate) async fn wait(self) {
        select(self.writer_gone, self.reader_gone).await;
    }
}

/// Takes events of the type `W` from the component and sends them on as `T`.
pub(crate) struct Relay<W, T> {
    sender: mpsc::Sender<Vec<T>>,
    /// Dropped with the relay, which is when the component has closed its end.
    _writing: oneshot::Sender<()>,
    wire: PhantomData<fn(W)>,
}

impl<D, W, T> StreamConsumer<D> for Relay<W, T>
where
    W: Lift + Send + Sync + 'static,
    T: From<W> + Send + 'static,
{
    type Item = W;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, W>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        // Room comes first: what was taken cannot be put back.
        match self.sender.poll_ready(context) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
        }
        let mut taken = Vec::with_capacity(BATCH);
        source.read(store, &mut taken)?;
        if taken.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let batch = taken.into_iter().map(T::from).collect();
        match self.sender.start_send(batch) {
            Ok(()) => Poll::Ready(Ok(StreamResult::Completed)),
            Err(_) => Poll::Ready(Ok(StreamResult::Dropped)),
        }
    }
}
