//! Ctrl-C and SIGTERM: the first cancels, the second ends the process.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use indicatif::ProgressBar;
use license_backup::CancellationCookie;
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
        ctrlc::set_handler(move || handler.interrupt()).context("the handler for Ctrl-C cannot be installed")?;
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

    /// The progress bar that messages go around.
    pub(super) fn bar(&self) -> &ProgressBar {
        &self.shared.bar
    }
}

impl Shared {
    fn interrupt(&self) {
        if self.interrupted.swap(true, Ordering::SeqCst) {
            // Without a commit the directory is as it was, but for a temporary file that a later backup clears away.
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
