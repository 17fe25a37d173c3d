//! Backs up many stores with one license manager, eight at once:
//! `cargo run --example many_stores -- BACKUPS STORE...`
//!
//! An operation has a thread of its own and up to 256 open files (see "Limits" of the library), so
//! that thousands of stores must not be started all at once. The backup of each store goes to a
//! directory in BACKUPS that has the name of the store, and is a generation: if this is done again
//! with the same time, nothing is added.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use futures_util::{StreamExt as _, stream};
use license_backup::{BackupOptions, BackupSummary, LicenseManager, block_on};

/// The number of stores that are backed up at once.
const JOBS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let backups = arguments
        .next()
        .ok_or("usage: many_stores BACKUPS STORE...")?;
    let stores: Vec<_> = arguments.collect();
    let manager = LicenseManager::new()?;
    let time = SystemTime::now();
    let back_up = async |store: &Path| -> Result<BackupSummary, Box<dyn Error>> {
        let backup = backups.join(store.file_name().ok_or("a store needs a name")?);
        fs::create_dir_all(&backup)?;
        let options = BackupOptions::new(store, backup).generation(time);
        Ok(manager.backup(&options).await?.completed.await?)
    };
    let mut failed = 0;
    let mut outcomes = stream::iter(&stores)
        .map(async |store| (store, back_up(store).await))
        .buffer_unordered(JOBS);
    // In the order in which they end.
    while let Some((store, outcome)) = block_on(outcomes.next()) {
        match outcome {
            Ok(summary) => println!("{}: {} licenses", store.display(), summary.licenses),
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
