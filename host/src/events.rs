//! The stream of events from the component to the embedder.
//!
//! Events pass through a bounded channel, each in a batch with those that the component wrote with
//! it. When the channel is full, the component's write stays pending until the embedder reads.
//! When the embedder drops its end, the component's write reports that.

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
use crate::deadline::DeadlineSignal;

/// The maximum number of events in a batch. The component writes the events of a listing in large
/// batches and all others one at a time.
const MAX_BATCH: usize = 64;

/// The number of batches that may wait for a reader, besides the one that every sender may always
/// send.
const CHANNEL_CAPACITY: usize = 3;

/// A stream of the events of an operation, in order.
///
/// The stream ends after the last event. It also ends when the component fails or the deadline
/// passes: the last event is then not
/// [`BackupRestoreStatus::End`](crate::BackupRestoreStatus::End), and the
/// [`Completion`](crate::Completion) returns the error, unless the operation itself finished in
/// time and only the reader was slower than the deadline.
///
/// Dropping the stream does not affect a backup, verification or restore; it ends a listing early.
#[derive(Debug)]
pub struct Events<T> {
    batches: mpsc::Receiver<Vec<T>>,
    batch: vec::IntoIter<T>,
    deadline: DeadlineSignal,
    /// Dropped with the stream, which the operation's thread notices.
    _reading: oneshot::Sender<()>,
}

impl<T> Events<T> {
    /// Returns the next event, or `None` after the last one. Blocks the calling thread until then,
    /// as [`block_on`] does.
    pub fn wait_next(&mut self) -> Option<T> {
        block_on(self.next())
    }
}

/// Events are never pinned, so that their type does not matter.
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
                Poll::Pending => return self.deadline.poll_unpin(context).map(|_| None),
            }
        }
    }
}

/// Returns the two ends of a channel for events, and a future that resolves when one is closed.
pub(crate) fn channel<W, T>(
    deadline: DeadlineSignal,
) -> (EventConsumer<W, T>, Events<T>, StreamClosed) {
    let (sender, batches) = mpsc::channel(CHANNEL_CAPACITY);
    let (writing, writer_closed) = oneshot::channel();
    let (reading, reader_closed) = oneshot::channel();
    let consumer = EventConsumer {
        sender,
        _writing: writing,
        wire: PhantomData,
    };
    let events = Events {
        batches,
        batch: Vec::new().into_iter(),
        deadline,
        _reading: reading,
    };
    let closed = StreamClosed {
        writer_closed,
        reader_closed,
    };
    (consumer, events, closed)
}

/// The state of the two ends of a channel for events.
pub(crate) struct StreamClosed {
    writer_closed: oneshot::Receiver<()>,
    reader_closed: oneshot::Receiver<()>,
}

impl StreamClosed {
    /// Waits until the component has closed its end, with all of its events in the channel, or the
    /// embedder has dropped the other end.
    pub(crate) async fn wait(self) {
        select(self.writer_closed, self.reader_closed).await;
    }
}

/// A consumer that takes events of the type `W` from the component and sends them on as `T`.
pub(crate) struct EventConsumer<W, T> {
    sender: mpsc::Sender<Vec<T>>,
    /// Dropped with the consumer, when the component has closed its end.
    _writing: oneshot::Sender<()>,
    wire: PhantomData<fn(W)>,
}

impl<D, W, T> StreamConsumer<D> for EventConsumer<W, T>
where
    W: Lift + Send + Sync + 'static,
    T: From<W> + Send + 'static,
{
    type Item = W;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, D>,
        mut source: Source<'_, W>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        // Reserves room in the channel first: an event that was read cannot be put back.
        match self.sender.poll_ready(context) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
        }
        let written = source.remaining(&mut store);
        let mut read = Vec::with_capacity(written.min(MAX_BATCH));
        source.read(store, &mut read)?;
        if read.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let batch = read.into_iter().map(T::from).collect();
        match self.sender.start_send(batch) {
            Ok(()) => Poll::Ready(Ok(StreamResult::Completed)),
            Err(_) => Poll::Ready(Ok(StreamResult::Dropped)),
        }
    }
}
