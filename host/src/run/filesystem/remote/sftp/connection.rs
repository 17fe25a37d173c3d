//! A connection that is restored after it was lost.

use std::io;
use std::iter::Take;
use std::pin::pin;
use std::slice::Iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::failure::{Failure, lost};
use super::session::Session;
use super::ssh::Target;

/// The delays before the attempts to connect again: half a minute together, in which a server
/// restarts, without the time that the attempts take.
const DELAYS: [Duration; 6] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
/// The time after which a lost connection is given up, also if there are attempts left.
const LIMIT: Duration = Duration::from_mins(1);
/// The time to wait for the session at the end.
const LOCK: Duration = Duration::from_secs(1);

/// A connection to a server, and the thread that reads and writes it.
pub(super) struct Client {
    pub(super) connection: Arc<Connection>,
    /// `None` only while the value is dropped.
    runtime: Option<Runtime>,
}

/// The part of a [`Client`] that tasks of its thread use.
pub(super) struct Connection {
    target: Target,
    is_writable: bool,
    session: Mutex<Arc<Session>>,
    /// `true` after the connection could not be restored. Later calls try once, so that the end of
    /// an operation is not delayed by each of them.
    is_unreachable: AtomicBool,
}

/// The attempts to answer one call: the first in the current session, the others in new ones.
pub(super) struct Attempts<'a> {
    connection: &'a Connection,
    /// The session of the last attempt.
    used: Option<Arc<Session>>,
    delays: Take<Iter<'static, Duration>>,
}

impl Client {
    pub(super) fn connect(target: Target, is_writable: bool) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("license-backup-sftp")
            .enable_all()
            .build()?;
        let session = wait(&runtime, Session::open(&target, is_writable));
        let session = match session {
            Ok(session) => Mutex::new(Arc::new(session)),
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        Ok(Self {
            connection: Arc::new(Connection {
                target,
                is_writable,
                session,
                is_unreachable: AtomicBool::new(false),
            }),
            runtime: Some(runtime),
        })
    }

    /// Answers a call, as [`Connection::call`] does.
    pub(super) fn call<T>(
        &self,
        attempt: impl AsyncFnMut(&Arc<Session>, bool) -> Result<T, Failure>,
    ) -> io::Result<T> {
        self.wait(self.connection.call(attempt))
    }

    /// Waits for a future that uses the connection.
    pub(super) fn wait<T>(&self, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        match &self.runtime {
            Some(runtime) => wait(runtime, future),
            None => Err(lost("it was closed")),
        }
    }

    /// Starts a task of the thread.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(task);
        }
    }
}

/// Waits for a future on this thread, while the thread of the runtime reads and writes the pipes.
///
/// The caller may be a task of another runtime, in which waiting by the means of tokio panics. Each
/// poll would also count against the budget of that task, and once it is used up no poll would ever
/// succeed.
fn wait<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    let _context = runtime.enter();
    crate::block_on(tokio::task::unconstrained(future))
}

impl Drop for Client {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        wait(&runtime, async {
            // A task that connects again has the lock. It ends with the runtime.
            let session = self.connection.session.lock();
            if let Ok(session) = tokio::time::timeout(LOCK, session).await {
                session.end().await;
            }
        });
        // Waits for nothing, which would be forbidden within another runtime.
        runtime.shutdown_background();
    }
}

impl Connection {
    /// Answers a call by an attempt, and by further ones in new sessions when the connection was
    /// lost. The argument of the attempt is whether an earlier one may have had an effect.
    ///
    /// # Errors
    ///
    /// Returns the error of an attempt, and those of [`Attempts::next`].
    pub(super) async fn call<T>(
        &self,
        mut attempt: impl AsyncFnMut(&Arc<Session>, bool) -> Result<T, Failure>,
    ) -> io::Result<T> {
        let mut attempts = self.attempts();
        let mut is_answer_lost = false;
        loop {
            let session = attempts.next().await?;
            match attempt(&session, is_answer_lost).await {
                Err(Failure::Lost(_)) => is_answer_lost = true,
                result => return Ok(result?),
            }
        }
    }

    /// Returns the attempts to answer a call.
    pub(super) fn attempts(&self) -> Attempts<'_> {
        let is_unreachable = self.is_unreachable.load(Ordering::Relaxed);
        let attempts = if is_unreachable { 1 } else { DELAYS.len() };
        Attempts {
            connection: self,
            used: None,
            delays: DELAYS.iter().take(attempts),
        }
    }

    #[cfg(test)]
    pub(super) async fn ssh_id(&self) -> Option<u32> {
        self.session.lock().await.ssh.id
    }
}

impl Attempts<'_> {
    /// Returns the session for the next attempt, which is a new one if the connection was lost.
    ///
    /// # Errors
    ///
    /// Returns [`io::ErrorKind::ConnectionAborted`] if the connection cannot be restored, or was
    /// restored and lost again too often.
    pub(super) async fn next(&mut self) -> io::Result<Arc<Session>> {
        let mut session = self.connection.session.lock().await;
        let was_used = |used: &Arc<Session>| Arc::ptr_eq(used, &session);
        let mut cause = session.ssh.cause();
        if cause.is_none() && self.used.as_ref().is_some_and(was_used) {
            session.ssh.kill();
            cause = Some("the server does not answer".to_owned());
        }
        let deadline = Instant::now() + LIMIT;
        while let Some(lost_by) = cause.take() {
            let delay = self.delays.next().filter(|_| Instant::now() < deadline);
            let Some(delay) = delay else {
                self.connection
                    .is_unreachable
                    .store(true, Ordering::Relaxed);
                return Err(lost(&lost_by));
            };
            let opened = async {
                tokio::time::sleep(*delay).await;
                Session::open(&self.connection.target, self.connection.is_writable).await
            };
            match pin!(until(deadline, opened, lost_by)).await {
                Ok(opened) => {
                    *session = Arc::new(opened);
                    self.connection
                        .is_unreachable
                        .store(false, Ordering::Relaxed);
                }
                Err(error) => cause = Some(error),
            }
        }
        self.used = Some(Arc::clone(&session));
        Ok(Arc::clone(&session))
    }
}

/// Returns the result of an attempt to connect again, with the cause of an error. At the deadline
/// it ends, and the connection stays lost by `lost_by`.
async fn until<T>(
    deadline: Instant,
    attempt: impl Future<Output = io::Result<T>>,
    lost_by: String,
) -> Result<T, String> {
    match tokio::time::timeout_at(deadline, attempt).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(lost_by),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_hangs_ends_at_the_deadline() {
        let runtime = Builder::new_current_thread().enable_time().build();
        let result = runtime.expect("the system has resources").block_on(async {
            let deadline = Instant::now() + Duration::from_millis(10);
            let hanging = std::future::pending::<io::Result<()>>();
            until(deadline, hanging, "it was lost".to_owned()).await
        });
        assert_eq!(result, Err("it was lost".to_owned()));
    }
}
