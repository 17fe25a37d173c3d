//! Ctrl-C and SIGTERM: the first one cancels the running operations, the second one ends the
//! process. SIGHUP is not handled, so that `nohup` works.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context as _;
use indicatif::ProgressBar;
use license_backup::{CancellationCookie, ErrorCode, Failure, OperationError};
use license_backup_report::ExitCode;

use crate::stderr::print_error;

/// A handler of Ctrl-C and SIGTERM, installed before an operation starts.
pub(crate) struct SignalHandler {
    shared: Arc<Shared>,
}

struct Shared {
    received: Arc<AtomicBool>,
    /// The cookies of the running operations.
    cookies: Mutex<BTreeMap<u64, CancellationCookie>>,
    /// The key of the next cookie.
    next: AtomicU64,
    /// The progress bar on the terminal, which is suspended to print a message. Hidden
    /// until there is progress to show.
    bar: ProgressBar,
}

impl SignalHandler {
    /// Installs the handler.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            received: Arc::new(AtomicBool::new(false)),
            cookies: Mutex::default(),
            next: AtomicU64::new(0),
            bar: ProgressBar::hidden(),
        });
        handle(Arc::clone(&shared)).context("cannot install the Ctrl-C handler")?;
        Ok(Self { shared })
    }

    /// Cancels an operation at the next signal, or now if there was one, until the guard is dropped.
    #[must_use = "dropping the guard ends the handling of signals"]
    pub(crate) fn cancel_on_signal(&self, cookie: &CancellationCookie) -> RunningOperation<'_> {
        let key = self.shared.next.fetch_add(1, Ordering::Relaxed);
        // In this order: a signal in between either is seen here or finds the cookie.
        self.shared.lock().insert(key, cookie.clone());
        if self.is_cancelled() {
            cookie.cancel();
        }
        RunningOperation {
            shared: &self.shared,
            key,
        }
    }

    /// Returns `true` if there was a signal.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.shared.received.load(Ordering::SeqCst)
    }

    /// Returns an error if there was a signal before the operation started.
    pub(crate) fn check(&self) -> Result<(), OperationError> {
        if self.is_cancelled() {
            return Err(OperationError::Failure(Failure::new(
                ErrorCode::Cancelled,
                "cancelled before the operation started",
            )));
        }
        Ok(())
    }

    /// Returns the progress bar, which is suspended while a message is printed.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.shared.bar
    }
}

/// A guard of an operation that a signal cancels.
pub(crate) struct RunningOperation<'a> {
    shared: &'a Shared,
    key: u64,
}

impl Drop for RunningOperation<'_> {
    fn drop(&mut self) {
        self.shared.lock().remove(&self.key);
    }
}

/// Handles the first signal on a thread, and the second one in the signal handler itself,
/// so that it ends the process even if every thread is blocked. A backup directory without
/// a new backup is then unchanged, apart from a temporary file that a later backup removes.
/// A store may contain a part of the licenses, and temporary files.
#[cfg(unix)]
fn handle(shared: Arc<Shared>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::{flag, iterator};

    let mut signals = iterator::Signals::new([SIGINT, SIGTERM])?;
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal does not end the process.
        let exit_code = ExitCode::Cancelled.number().into();
        flag::register_conditional_shutdown(signal, exit_code, Arc::clone(&shared.received))?;
        flag::register(signal, Arc::clone(&shared.received))?;
    }
    let cancel = move || {
        for _ in signals.forever() {
            shared.cancel();
            shared.announce();
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(cancel)?;
    Ok(())
}

/// Handles the first signal by cancelling, and the second one by ending the process. The message is
/// printed before, because the process may end at once. It has a thread of its own, and a limited
/// time, because standard error may be blocked.
#[cfg(not(unix))]
fn handle(shared: Arc<Shared>) -> anyhow::Result<()> {
    use std::sync::mpsc;
    use std::time::Duration;

    /// The time for the message.
    const LIMIT: Duration = Duration::from_secs(1);

    Ok(ctrlc::set_handler(move || {
        if shared.received.swap(true, Ordering::SeqCst) {
            std::process::exit(ExitCode::Cancelled.number().into());
        }
        let announcing = Arc::clone(&shared);
        let (printed, is_printed) = mpsc::channel();
        let announce = move || {
            announcing.announce();
            // Nobody waits after the limit.
            let _ = printed.send(());
        };
        // Without a thread, there is no message, and the channel is closed.
        if thread::Builder::new().spawn(announce).is_ok() {
            let _ = is_printed.recv_timeout(LIMIT);
        }
        shared.cancel();
    })?)
}

impl Shared {
    fn announce(&self) {
        let message = "requested cancellation; press Ctrl-C again to quit immediately";
        self.bar.suspend(|| print_error(message));
    }

    fn cancel(&self) {
        for cookie in self.lock().values() {
            cookie.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, CancellationCookie>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
