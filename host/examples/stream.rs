//! Backs up a store, and reads what happens as a stream within the caller's own async runtime, here a tokio of one thread:
//! `cargo run --example stream -- STORE BACKUP`

use std::env;
use std::error::Error;

use futures_util::StreamExt as _;
use license_backup::{BackupOptions, BackupRestoreStatus, LicenseManager};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(store), Some(backup)) = (arguments.next(), arguments.next()) else {
        return Err("give a license store, and a directory to back it up into".into());
    };
    let executor = tokio::runtime::Builder::new_current_thread().build()?;
    executor.block_on(back_up(&BackupOptions::new(store, backup)))
}

async fn back_up(options: &BackupOptions) -> Result<(), Box<dyn Error>> {
    let mut operation = LicenseManager::new()?.backup(options).await?;
    while let Some(status) = operation.events.next().await {
        match status {
            BackupRestoreStatus::Begin => println!("begins"),
            BackupRestoreStatus::Progress(progress) => {
                println!("{} {} files", progress.stage.name(), progress.done)
            }
            BackupRestoreStatus::RestrictedLicense(license) => {
                println!("left out: {:?} ({})", license.path, license.reason.name())
            }
            BackupRestoreStatus::Error(failure) => println!("not read: {}", failure.message),
            BackupRestoreStatus::End => println!("ends"),
        }
    }
    println!("{} licenses are safe", operation.completed.await?.licenses);
    Ok(())
}
