//! The deadline of an operation.
//!
//! The thread of an operation can be stuck in a system call, and a component in a loop. A second
//! thread therefore waits for the deadline. When it has passed, that thread resolves the
//! [`DeadlineSignal`] of every future that the embedder holds, and interrupts the component until
//! it stops. The host begins no further file system call for the component.

use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use std::{io, thread};

use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use wasmtime::Engine;

use crate::operation_span::OperationSpan;

/// The time between two interruptions of a component whose deadline has passed.
const INTERRUPT_INTERVAL: Duration = Duration::from_millis(10);

/// The deadline of an operation, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<TimeLimit>);

#[derive(Debug, Clone, Copy)]
struct TimeLimit {
    start: Instant,
    limit: Duration,
}

/// An error returned when the deadline of an operation has passed.
#[derive(Debug, thiserror::Error)]
#[error("the operation has taken longer than {limit:?}")]
pub(crate) struct DeadlineExceeded {
    pub(crate) limit: Duration,
}

/// A future that resolves to the time limit when the deadline has passed, and never otherwise.
#[derive(Debug, Clone)]
pub(crate) enum DeadlineSignal {
    /// The operation has no deadline, or has finished before it.
    Never,
    /// The operation is running.
    Pending {
        limit: Duration,
        signal: Shared<oneshot::Receiver<()>>,
    },
    /// The deadline has passed.
    Passed { limit: Duration },
}

/// A guard that ends the thread of the deadline when it is dropped.
pub(crate) struct DeadlineGuard {
    _operation: Option<Sender<()>>,
}

impl Deadline {
    /// No deadline.
    pub(crate) const NONE: Self = Self(None);

    /// Starts a thread that waits for the deadline, if there is a limit.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if it has no thread.
    pub(crate) fn start(
        limit: Option<Duration>,
        engine: &Engine,
        span: &OperationSpan,
    ) -> io::Result<(Self, DeadlineSignal, DeadlineGuard)> {
        let Some(limit) = limit else {
            let guard = DeadlineGuard { _operation: None };
            return Ok((Self::NONE, DeadlineSignal::Never, guard));
        };
        let start = Instant::now();
        let (operation, finished) = channel();
        let (passed, signal) = oneshot::channel();
        let engine = engine.clone();
        let span = span.clone();
        let wait = move || {
            if finished.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            span.in_scope(|| tracing::warn!(?limit, "deadline exceeded"));
            // Fails if no future waits for the signal.
            let _ = passed.send(());
            // One interruption is not enough: the component may not have run yet, or another
            // operation's deadline may have interrupted it when it still had time.
            while finished.recv_timeout(INTERRUPT_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        thread::Builder::new()
            .name("license-backup-deadline".to_owned())
            .spawn(wait)?;
        let signal = DeadlineSignal::Pending {
            limit,
            signal: signal.shared(),
        };
        let guard = DeadlineGuard {
            _operation: Some(operation),
        };
        Ok((Self(Some(TimeLimit { start, limit })), signal, guard))
    }

    /// Returns an error if the deadline has passed.
    pub(crate) fn check(self) -> Result<(), DeadlineExceeded> {
        match self.0 {
            Some(TimeLimit { start, limit }) if start.elapsed() >= limit => {
                Err(DeadlineExceeded { limit })
            }
            _ => Ok(()),
        }
    }
}

impl Future for DeadlineSignal {
    type Output = Duration;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration> {
        if let Self::Pending { limit, signal } = &mut *self {
            let limit = *limit;
            let has_passed = ready!(signal.poll_unpin(context)).is_ok();
            *self = if has_passed {
                Self::Passed { limit }
            } else {
                Self::Never
            };
        }
        match *self {
            Self::Passed { limit } => Poll::Ready(limit),
            Self::Never | Self::Pending { .. } => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::{Either, select};

    use super::*;
    use crate::block_on;
    use crate::engine::config;

    const SHORT: Duration = Duration::from_millis(20);

    fn start(limit: Option<Duration>) -> (Deadline, DeadlineSignal, DeadlineGuard) {
        let engine = Engine::new(&config(true)).expect("this machine runs WebAssembly");
        let span = OperationSpan::new("test", limit);
        Deadline::start(limit, &engine, &span).expect("the system has a thread")
    }

    #[test]
    fn a_passed_deadline_resolves_every_signal_again_and_again() {
        let (deadline, signal, _guard) = start(Some(SHORT));
        for mut signal in [signal.clone(), signal] {
            assert_eq!(block_on(&mut signal), SHORT);
            assert_eq!(block_on(&mut signal), SHORT);
        }
        deadline.check().expect_err("the deadline has passed");
    }

    #[test]
    fn an_operation_that_finishes_in_time_is_never_signalled() {
        let (deadline, signal, guard) = start(Some(Duration::from_hours(1)));
        deadline.check().expect("an hour has not passed");
        drop(guard);
        let (later, _, _guard) = start(Some(SHORT));
        let other = pin!(async move { while later.check().is_ok() {} });
        assert!(
            matches!(block_on(select(pin!(signal), other)), Either::Right(_)),
            "the signal resolved"
        );
    }

    #[test]
    fn without_a_limit_the_deadline_never_passes() {
        let (deadline, signal, _guard) = start(None);
        deadline.check().expect("there is no limit");
        assert!(matches!(signal, DeadlineSignal::Never));
    }
}
