//! Verifies a backup, and is called with what happens: `cargo run --example callbacks -- BACKUP`

use std::env;
use std::error::Error;
use std::sync::mpsc::{Sender, channel};

use license_backup::{
    BackupRestoreStatus, Callback, LicenseManager, OperationError, VerifyOptions, VerifySummary,
    block_on,
};

/// Is called from a thread of its own, and may take its time.
struct Listener(Sender<Result<VerifySummary, OperationError>>);

impl Callback<VerifySummary> for Listener {
    fn progress(&mut self, status: BackupRestoreStatus) {
        if let BackupRestoreStatus::Error(fault) = status {
            println!("fault: {}", fault.message);
        }
    }

    fn completed(&mut self, outcome: Result<VerifySummary, OperationError>) {
        // Fails when nobody waits any more.
        let _ = self.0.send(outcome);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let backup = env::args_os()
        .nth(1)
        .ok_or("give the directory of a backup")?;
    let (sender, outcome) = channel();
    block_on(
        LicenseManager::new()?.verify_with_callback(&VerifyOptions::new(backup), Listener(sender)),
    )?;
    let summary = outcome.recv()??;
    println!(
        "{} licenses are whole, BLAKE3 {}",
        summary.licenses, summary.blake3
    );
    Ok(())
}
