//! Backs up a store to a UNC share, which is mapped to a directory of this system:
//! `cargo run --example unc_share -- STORE '\\nas\backups' DIRECTORY '\\nas\backups\laptop'`

use std::env;
use std::error::Error;

use license_backup::{BackupOptions, LicenseManager};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [store, share, directory, backup] = arguments.as_slice() else {
        return Err("usage: unc_share STORE SHARE DIRECTORY BACKUP".into());
    };
    // Applies to every operation of this license manager.
    let manager = LicenseManager::new()?.with_share(share, directory)?;
    let summary = manager.backup_blocking(&BackupOptions::new(store, backup))?;
    println!("{} licenses backed up to {backup}", summary.licenses);
    Ok(())
}
