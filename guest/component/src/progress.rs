//! The progress of an operation on its way to a reader who may be slow, or may never come.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use license_backup_core::Status;
use wit_bindgen::StreamWriter;

use crate::bindings::licenses_types::BackupRestoreStatus;
use crate::convert;

/// How many events are handed over at once.
const EVENTS_AT_ONCE: usize = 64;

/// A queue of events between an operation, which never waits, and the task that writes them to the stream.
#[derive(Clone, Default)]
pub(crate) struct Progress(Rc<RefCell<Queue>>);

#[derive(Default)]
struct Queue {
    events: VecDeque<Status>,
    /// Whether the last event was put in.
    ended: bool,
    /// Whether there is no reader any more.
    abandoned: bool,
    relay: Option<Waker>,
}

impl Progress {
    /// Puts an event in. Progress that nobody has taken yet gives way to newer progress; all else is kept.
    pub(crate) fn push(&self, event: Status) {
        let mut queue = self.0.borrow_mut();
        queue.ended |= event == Status::End;
        if queue.abandoned {
            return;
        }
        match (queue.events.back_mut(), event) {
            (Some(last @ Status::Information(_)), newer @ Status::Information(_)) => *last = newer,
            (_, event) => queue.events.push_back(event),
        }
        if let Some(relay) = queue.relay.take() {
            relay.wake();
        }
    }

    /// Writes the events to the stream until the last one was written, or the reader is gone.
    pub(crate) async fn relay(self, mut stream: StreamWriter<BackupRestoreStatus>) {
        while let Some(events) = self.next().await {
            if !stream.write_all(events).await.is_empty() {
                let mut queue = self.0.borrow_mut();
                queue.abandoned = true;
                queue.events = VecDeque::new();
                return;
            }
        }
    }

    /// Takes the events that are there, or waits for one. Nothing after the last.
    async fn next(&self) -> Option<Vec<BackupRestoreStatus>> {
        poll_fn(|context| {
            let mut queue = self.0.borrow_mut();
            if queue.events.is_empty() && !queue.ended {
                queue.relay = Some(context.waker().clone());
                return Poll::Pending;
            }
            let count = queue.events.len().min(EVENTS_AT_ONCE);
            let events: Vec<_> = queue.events.drain(..count).map(convert::status).collect();
            Poll::Ready((!events.is_empty()).then_some(events))
        })
        .await
    }
}
