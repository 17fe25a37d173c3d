//! Backs up several stores at once with one license manager:
//! `cargo run --example parallel -- BACKUPS STORE...`
//!
//! The backup of each store goes to a directory in BACKUPS that has the name of the store.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use futures_util::future::join_all;
use license_backup::{BackupOptions, LicenseManager, block_on};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let backups = arguments.next().ok_or("usage: parallel BACKUPS STORE...")?;
    let stores: Vec<_> = arguments.collect();
    let manager = LicenseManager::new()?;
    let all = stores
        .iter()
        .map(async |store| -> Result<_, Box<dyn Error>> {
            let backup = backups.join(store.file_name().ok_or("a store needs a name")?);
            fs::create_dir_all(&backup)?;
            // The operation runs on a thread of its own from here on.
            let operation = manager.backup(&BackupOptions::new(store, backup)).await?;
            Ok(operation.completed.await?)
        });
    let mut failed = 0;
    for (store, outcome) in stores.iter().zip(block_on(join_all(all))) {
        match outcome {
            Ok(summary) => println!(
                "{}: {} licenses backed up",
                store.display(),
                summary.licenses
            ),
            Err(error) => {
                failed += 1;
                println!("{}: {error}", store.display());
            }
        }
    }
    if failed > 0 {
        Err(format!("cannot back up {failed} of {} stores", stores.len()).into())
    } else {
        Ok(())
    }
}
