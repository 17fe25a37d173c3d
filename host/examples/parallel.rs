//! Backs up several stores at once, all with one runtime: `cargo run --example parallel -- BACKUPS STORE...`
//!
//! Each backup goes to a directory in BACKUPS that has the name of its store.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use futures_util::future::join_all;
use license_backup::{BackupOptions, LicenseManager, block_on};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let backups = arguments
        .next()
        .ok_or("give a directory for backups, and license stores")?;
    let stores: Vec<_> = arguments.collect();
    let runtime = LicenseManager::new()?;
    let all = stores
        .iter()
        .map(async |store| -> Result<_, Box<dyn Error>> {
            let backup = backups.join(store.file_name().ok_or("a store has a name")?);
            fs::create_dir_all(&backup)?;
            // Accepted, and at work on a thread of its own, before it is waited for.
            let operation = runtime.backup(&BackupOptions::new(store, backup)).await?;
            Ok(operation.completed.await?)
        });
    let mut failed = 0;
    for (store, outcome) in stores.iter().zip(block_on(join_all(all))) {
        match outcome {
            Ok(summary) => println!(
                "{}: {} licenses are safe",
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
        Err(format!("{failed} of {} stores could not be backed up", stores.len()).into())
    } else {
        Ok(())
    }
}
