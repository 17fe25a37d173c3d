//! A queue of events for a reader that may be slow or absent.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use license_backup_core as core;
use wit_bindgen::StreamWriter;

use crate::bindings::wit_types::BackupRestoreStatus;
use crate::convert;

/// A queue between an operation, which never waits, and the task that writes to the stream.
#[derive(Clone, Default)]
pub(crate) struct EventQueue(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    events: VecDeque<core::BackupRestoreStatus>,
    /// Whether the last event was pushed.
    has_ended: bool,
    /// Whether the reader has dropped the stream.
    is_abandoned: bool,
    /// Wakes the task in [`EventQueue::write_to`].
    waker: Option<Waker>,
}

impl EventQueue {
    /// Appends an event. A progress event replaces one that was not taken yet; all others are
    /// kept.
    pub(crate) fn push(&self, event: core::BackupRestoreStatus) {
        use core::BackupRestoreStatus::{End, Progress};

        let mut state = self.0.borrow_mut();
        state.has_ended |= event == End;
        if state.is_abandoned {
            return;
        }
        match (state.events.back_mut(), event) {
            (Some(last @ Progress(_)), newer @ Progress(_)) => *last = newer,
            (_, event) => state.events.push_back(event),
        }
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Writes the events to `stream` until the last one is written or the reader has dropped the
    /// stream.
    ///
    /// Writes one event at a time: jco 1.35 computes the address of the second element of a list
    /// from the size of the payload of the first, and the cases have payloads of different sizes.
    pub(crate) async fn write_to(self, mut stream: StreamWriter<BackupRestoreStatus>) {
        while let Some(event) = self.next().await {
            if stream.write_one(event).await.is_some() {
                let mut state = self.0.borrow_mut();
                state.is_abandoned = true;
                state.events = VecDeque::new();
                return;
            }
        }
    }

    /// Waits for the next event. Returns `None` after the last one.
    async fn next(&self) -> Option<BackupRestoreStatus> {
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            match state.events.pop_front() {
                None if !state.has_ended => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
                event => Poll::Ready(event.map(convert::status)),
            }
        })
        .await
    }
}
