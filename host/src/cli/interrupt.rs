//! Ctrl-C and SIGTERM: the first cancels, the second ends the process. A hang-up is left alone, so that `nohup` works.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{process, thread};

use anyhow::Context as _;
use indicatif::ProgressBar;
use license_backup::{CancellationCookie, ErrorCode, Failure, OperationError};
use license_backup_core::report::ExitCode;

use super::output::complain;

/// The handler of interruptions, from before there is anything to cancel.
pub(super) struct Interrupt {
    shared: Arc<Shared>,
}

struct Shared {
    interrupted: AtomicBool,
    cookie: Mutex<Option<CancellationCookie>>,
    /// Drawn on the terminal, so that messages have to go around it. Hidden until there is progress to show.
    bar: ProgressBar,
}

impl Interrupt {
    /// Takes over the signals.
    pub(super) fn install() -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            interrupted: AtomicBool::new(false),
            cookie: Mutex::new(None),
            bar: ProgressBar::hidden(),
        });
        let handler = Arc::clone(&shared);
        handle(move || handler.interrupt()).context("the handler for Ctrl-C cannot be installed")?;
        Ok(Self { shared })
    }

    /// Cancels this operation when there is an interruption, or was one already.
    pub(super) fn watch(&self, cookie: CancellationCookie) {
        // In this order: an interruption in between is seen here or finds the cookie there.
        *self.shared.lock() = Some(cookie);
        if self.shared.interrupted.load(Ordering::SeqCst) {
            self.shared.cancel();
        }
    }

    /// Ends an operation that has not begun, if there was an interruption.
    pub(super) fn check(&self) -> Result<(), OperationError> {
        if self.shared.interrupted.load(Ordering::SeqCst) {
            return Err(OperationError::Failure(Failure::new(ErrorCode::Cancelled, "cancelled before it began")));
        }
        Ok(())
    }

    /// The progress bar that messages go around.
    pub(super) fn bar(&self) -> &ProgressBar {
        &self.shared.bar
    }
}

/// Has `interrupt` called, on a thread of its own, for each interruption.
#[cfg(unix)]
fn handle(mut interrupt: impl FnMut() + Send + 'static) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("interrupt".to_owned()).spawn(move || signals.forever().for_each(|_| interrupt()))?;
    Ok(())
}

/// Has `interrupt` called, on a thread of its own, for each interruption.
#[cfg(not(unix))]
fn handle(interrupt: impl FnMut() + Send + 'static) -> anyhow::Result<()> {
    Ok(ctrlc::set_handler(interrupt)?)
}

impl Shared {
    fn interrupt(&self) {
        if self.interrupted.swap(true, Ordering::SeqCst) {
            // Without a commit the directory is as it was, but for a temporary file that a later backup clears away.
            self.bar.finish_and_clear();
            process::exit(ExitCode::Cancelled.number().into());
        }
        self.cancel();
        self.bar.suspend(|| complain("cancelling; interrupt again to end at once"));
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
