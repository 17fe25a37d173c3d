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
    ///
    /// Each is handed over alone: of several at once a host may read only the first as it is (jco 1.35 looks for the next
    /// one where the payload of this one ends, and cases have payloads of different sizes).
    pub(crate) async fn relay(self, mut stream: StreamWriter<BackupRestoreStatus>) {
        while let Some(event) = self.next().await {
            if stream.write_one(event).await.is_some() {
                let mut queue = self.0.borrow_mut();
                queue.abandoned = true;
                queue.events = VecDeque::new();
                return;
            }
        }
    }

    /// Takes the next event, or waits for it. Nothing after the last.
    async fn next(&self) -> Option<BackupRestoreStatus> {
        poll_fn(|context| {
            let mut queue = self.0.borrow_mut();
            match queue.events.pop_front() {
                None if !queue.ended => {
                    queue.relay = Some(context.waker().clone());
                    Poll::Pending
                }
                event => Poll::Ready(event.map(convert::status)),
            }
        })
        .await
    }
}
