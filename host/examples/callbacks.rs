//! Verifies a backup and receives its events by callbacks:
//! `cargo run --example callbacks -- BACKUP`

use std::env;
use std::error::Error;
use std::sync::mpsc::{Sender, channel};

use license_backup::{
    BackupRestoreStatus, Callback, LicenseManager, OperationError, VerifyOptions, VerifySummary,
    block_on,
};

/// A callback that prints faults. A thread of its own calls it, so that it may block.
struct Printer(Sender<Result<VerifySummary, OperationError>>);

impl Callback<BackupRestoreStatus, VerifySummary> for Printer {
    fn event(&mut self, event: BackupRestoreStatus) {
        if let BackupRestoreStatus::Error(fault) = event {
            println!("fault: {}", fault.message);
        }
    }

    fn completed(&mut self, outcome: Result<VerifySummary, OperationError>) {
        // Fails if `main` has ended.
        let _ = self.0.send(outcome);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let backup = env::args_os().nth(1).ok_or("usage: callbacks BACKUP")?;
    let manager = LicenseManager::new()?;
    let (sender, outcome) = channel();
    block_on(manager.verify_with_callback(&VerifyOptions::new(backup), Printer(sender)))?;
    let summary = outcome.recv()??;
    println!(
        "{} licenses verified, BLAKE3 {}",
        summary.licenses, summary.blake3
    );
    Ok(())
}
