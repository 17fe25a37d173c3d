//! Lists a store with limits of 64 MiB of memory and ten seconds:
//! `cargo run --example limits -- STORE`

use std::env;
use std::error::Error;
use std::time::Duration;

use license_backup::{LicenseManager, ListOptions, OperationError};

const MEMORY: usize = 64 * 1024 * 1024;
const TIME: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let store = env::args_os().nth(1).ok_or("usage: limits STORE")?;
    let manager = LicenseManager::new()?
        .with_memory_limit(MEMORY)
        .with_deadline(TIME);
    match manager.list_blocking(&ListOptions::store(store)) {
        Ok((licenses, summary)) => {
            for license in licenses {
                println!("{:?}", license.path);
            }
            println!(
                "{} can be backed up, {} cannot",
                summary.licenses, summary.skipped
            );
        }
        Err(OperationError::OutOfMemory { limit }) => {
            println!("the listing needs more than {limit} bytes");
        }
        Err(OperationError::DeadlineExceeded { limit }) => {
            println!("the listing takes longer than {limit:?}");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
