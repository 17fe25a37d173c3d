//! Backs up a store and reads its events as a stream within an executor of the caller, here a tokio
//! runtime with one thread: `cargo run --example stream -- STORE BACKUP`

use std::env;
use std::error::Error;

use futures_util::StreamExt as _;
use license_backup::{BackupOptions, BackupRestoreStatus, LicenseManager};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(store), Some(backup)) = (arguments.next(), arguments.next()) else {
        return Err("usage: stream STORE BACKUP".into());
    };
    let executor = tokio::runtime::Builder::new_current_thread().build()?;
    executor.block_on(back_up(&BackupOptions::new(store, backup)))
}

async fn back_up(options: &BackupOptions) -> Result<(), Box<dyn Error>> {
    let mut operation = LicenseManager::new()?.backup(options).await?;
    while let Some(event) = operation.events.next().await {
        match event {
            BackupRestoreStatus::Begin => println!("begin"),
            BackupRestoreStatus::Progress(progress) => {
                println!("{}: {} files", progress.stage.name(), progress.done);
            }
            BackupRestoreStatus::RestrictedLicense(license) => {
                println!("skipped: {:?} ({})", license.path, license.reason.name());
            }
            BackupRestoreStatus::Error(failure) => println!("error: {}", failure.message),
            BackupRestoreStatus::End => println!("end"),
        }
    }
    let summary = operation.completed.await?;
    println!("{} licenses backed up", summary.licenses);
    Ok(())
}
