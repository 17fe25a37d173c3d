//! Backs up to a UNC share, for which a directory stands on this system:
//! `cargo run --example unc_share -- STORE '\\nas\backups' DIRECTORY '\\nas\backups\laptop'`

use std::env;
use std::error::Error;

use license_backup::{BackupOptions, LicenseManager, block_on};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [store, share, directory, backup] = arguments.as_slice() else {
        return Err("give a license store, a share, the directory that stands for it, and a path on the share".into());
    };
    // Applies to every operation that this runtime starts.
    let runtime = LicenseManager::new()?.with_share(share, directory)?;
    let summary = block_on(runtime.backup(&BackupOptions::new(store, backup)))?.wait()?;
    println!("{} licenses are on {backup}", summary.licenses);
    Ok(())
}
