//! How long an operation may take.
//!
//! The thread of an operation can be stuck in a system call, and a component in a loop. So a second thread keeps the time:
//! when it is up, whoever holds the operation is told so at once, and the component is stopped as soon as it can be. From then
//! on nothing that it asks of the file system is begun.

use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use std::{io, thread};

use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use wasmtime::Engine;

/// How often a component is interrupted whose time is up, until it is stopped.
const TICK: Duration = Duration::from_millis(10);

/// The time that an operation has, if it is limited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Option<Limited>);

#[derive(Debug, Clone, Copy)]
struct Limited {
    since: Instant,
    limit: Duration,
}

/// The operation has taken longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("the operation has taken longer than {limit:?}")]
pub(super) struct DeadlineExceeded {
    pub(super) limit: Duration,
}

/// Resolves to the limit when an operation has taken longer than that, for whoever waits for something else meanwhile.
#[derive(Debug, Clone)]
pub(crate) enum Expiry {
    /// The operation is not limited, or has ended in time.
    Never,
    /// The operation goes on.
    Ahead {
        limit: Duration,
        signal: Shared<oneshot::Receiver<()>>,
    },
    /// The time is up.
    Past { limit: Duration },
}

/// Keeps the time for as long as it is there.
pub(super) struct Watch {
    _operation: Option<Sender<()>>,
}

impl Deadline {
    /// No limit.
    pub(super) const NONE: Self = Self(None);

    /// Begins to keep the time.
    pub(super) fn start(
        limit: Option<Duration>,
        engine: &Engine,
    ) -> io::Result<(Self, Expiry, Watch)> {
        let Some(limit) = limit else {
            return Ok((Self::NONE, Expiry::Never, Watch { _operation: None }));
        };
        let since = Instant::now();
        let (operation, ended) = channel();
        let (told, signal) = oneshot::channel();
        let engine = engine.clone();
        let keep_time = move || {
            if ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            // Fails when nobody waits.
            let _ = told.send(());
            // What is interrupted looks at the time. It may begin to listen only now, or have been interrupted for another
            // operation when there was time left.
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        thread::Builder::new()
            .name("license-backup-deadline".to_owned())
            .spawn(keep_time)?;
        let expiry = Expiry::Ahead {
            limit,
            signal: signal.shared(),
        };
        Ok((
            Self(Some(Limited { since, limit })),
            expiry,
            Watch {
                _operation: Some(operation),
            },
        ))
    }

    /// Refuses to go on when the time is up.
    pub(super) fn check(self) -> Result<(), DeadlineExceeded> {
        match self.0 {
            Some(Limited { since, limit }) if since.elapsed() >= limit => {
                Err(DeadlineExceeded { limit })
            }
            _ => Ok(()),
        }
    }
}

impl Future for Expiry {
    type Output = Duration;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration> {
        if let Self::Ahead { limit, signal } = &mut *self {
            let limit = *limit;
            let is_up = ready!(signal.poll_unpin(context)).is_ok();
            *self = if is_up {
                Self::Past { limit }
            } else {
                Self::Never
            };
        }
        match *self {
            Self::Past { limit } => Poll::Ready(limit),
            Self::Never | Self::Ahead { .. } => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::{Either, select};

    use super::*;
    use crate::block_on;
    use crate::engine::engine;

    const SHORT: Duration = Duration::from_millis(20);

    fn start(limit: Option<Duration>) -> (Deadline, Expiry, Watch) {
        let engine = engine(true).expect("this machine runs WebAssembly");
        Deadline::start(limit, &engine).expect("there is a thread to be had")
    }

    #[test]
    fn when_the_time_is_up_all_who_wait_are_told_and_nothing_more_is_begun() {
        let (deadline, expiry, _watch) = start(Some(SHORT));
        for mut expiry in [expiry.clone(), expiry] {
            assert_eq!(block_on(&mut expiry), SHORT);
            assert_eq!(block_on(&mut expiry), SHORT, "who asks again is told again");
        }
        deadline.check().expect_err("the time is up");
    }

    #[test]
    fn an_operation_that_ends_in_time_is_never_told_that_it_is_up() {
        let (deadline, expiry, watch) = start(Some(Duration::from_hours(1)));
        deadline.check().expect("an hour is long");
        drop(watch);
        let (later, _, _watch) = start(Some(SHORT));
        let other = pin!(async move { while later.check().is_ok() {} });
        assert!(
            matches!(block_on(select(pin!(expiry), other)), Either::Right(_)),
            "the time was not up"
        );
    }

    #[test]
    fn without_a_limit_there_is_always_time() {
        let (deadline, expiry, _watch) = start(None);
        deadline.check().expect("there is no limit");
        assert!(matches!(expiry, Expiry::Never));
    }
}
