//! Ctrl-C and SIGTERM: the first cancels, the second ends the process. A hang-up is left alone, so that `nohup` works.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use indicatif::ProgressBar;
use license_backup::{CancellationCookie, ErrorCode, Failure, OperationError};
use license_backup_report::ExitCode;

use crate::output::complain;

/// The handler of interruptions, from before there is anything to cancel.
pub(crate) struct Interrupt {
    shared: Arc<Shared>,
}

struct Shared {
    interrupted: Arc<AtomicBool>,
    cookie: Mutex<Option<CancellationCookie>>,
    /// Drawn on the terminal, so that messages have to go around it. Hidden until there is progress to show.
    bar: ProgressBar,
}

impl Interrupt {
    /// Takes over the signals.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            interrupted: Arc::new(AtomicBool::new(false)),
            cookie: Mutex::new(None),
            bar: ProgressBar::hidden(),
        });
        handle(Arc::clone(&shared)).context("the handler for Ctrl-C cannot be installed")?;
        Ok(Self { shared })
    }

    /// Cancels this operation when there is an interruption, or was one already.
    pub(crate) fn watch(&self, cookie: CancellationCookie) {
        // In this order: an interruption in between is seen here or finds the cookie there.
        *self.shared.lock() = Some(cookie);
        if self.shared.interrupted.load(Ordering::SeqCst) {
            self.shared.cancel();
        }
    }

    /// Ends an operation that has not begun, if there was an interruption.
    pub(crate) fn check(&self) -> Result<(), OperationError> {
        if self.shared.interrupted.load(Ordering::SeqCst) {
            return Err(OperationError::Failure(Failure::new(
                ErrorCode::Cancelled,
                "cancelled before it began",
            )));
        }
        Ok(())
    }

    /// The progress bar that messages go around.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.shared.bar
    }
}

/// Has the first interruption cancel, on a thread of its own, and a second one end the process in the signal handler
/// itself, so that it does whatever any thread is stuck in. A backup directory without a commit is then as it was, but for a
/// temporary file that a later backup clears away; a store may have a part of the licenses, and temporary files.
#[cfg(unix)]
fn handle(shared: Arc<Shared>) -> anyhow::Result<()> {
    use std::thread;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::{flag, iterator};

    let mut signals = iterator::Signals::new([SIGINT, SIGTERM])?;
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first one ends nothing.
        let exit_code = ExitCode::Cancelled.number().into();
        flag::register_conditional_shutdown(signal, exit_code, Arc::clone(&shared.interrupted))?;
        flag::register(signal, Arc::clone(&shared.interrupted))?;
    }
    let cancel = move || signals.forever().for_each(|_| shared.interrupt());
    thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(cancel)?;
    Ok(())
}

/// Has the first interruption cancel, and a second one end the process.
#[cfg(not(unix))]
fn handle(shared: Arc<Shared>) -> anyhow::Result<()> {
    Ok(ctrlc::set_handler(move || {
        if shared.interrupted.swap(true, Ordering::SeqCst) {
            std::process::exit(ExitCode::Cancelled.number().into());
        }
        shared.interrupt();
    })?)
}

impl Shared {
    fn interrupt(&self) {
        self.cancel();
        let message = "cancelling, unless it is too late for that; interrupt again to end at once";
        self.bar.suspend(|| complain(message));
    }

    fn cancel(&self) {
        if let Some(cookie) = &*self.lock() {
            cookie.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<CancellationCookie>> {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
