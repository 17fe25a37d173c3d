//! Lists a store within limits of the caller's own, 64 MiB of memory and ten seconds:
//! `cargo run --example limits -- STORE`

use std::env;
use std::error::Error;
use std::time::Duration;

use license_backup::{LicenseManager, ListOptions, OperationError, block_on};

const MEMORY: usize = 64 * 1024 * 1024;
const TIME: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let store = env::args_os().nth(1).ok_or("give a license store")?;
    let runtime = LicenseManager::new()?
        .with_memory_limit(MEMORY)
        .with_deadline(TIME);
    let mut operation = block_on(runtime.list(&ListOptions::store(store)))?;
    while let Some(license) = operation.events.wait_next() {
        println!("{:?}", license.path);
    }
    match block_on(operation.completed) {
        Ok(summary) => println!(
            "{} may be backed up, {} not",
            summary.licenses, summary.skipped
        ),
        Err(OperationError::OutOfMemory { limit }) => {
            println!("more than {limit} bytes would be needed")
        }
        Err(OperationError::DeadlineExceeded { limit }) => {
            println!("more than {limit:?} would be needed")
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
