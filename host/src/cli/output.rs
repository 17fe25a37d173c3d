//! Standard output for results, standard error for the rest.

use std::io::{self, Write as _};

use license_backup_core::report::visible;

/// Standard output. A failure to write stops the writing and nothing else: nobody's backup fails because a pipe broke.
#[derive(Debug, Default)]
pub(super) struct Output {
    failure: Option<io::Error>,
}

impl Output {
    /// Writes a line, and sends it off.
    pub(super) fn line(&mut self, line: &str) {
        self.write(&format!("{line}\n"));
    }

    /// Writes text that ends with a newline, and sends it off.
    pub(super) fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            let mut stdout = io::stdout().lock();
            self.failure = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).err();
        }
    }

    /// What kept the results from being told, if anything did.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }
}

/// Says on standard error what is wrong. If that fails too, there is nobody to tell.
pub(super) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "license-backup: {}", visible(message));
}
