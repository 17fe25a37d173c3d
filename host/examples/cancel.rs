//! Restores a backup, and cancels the restore from another thread after some seconds:
//! `cargo run --example cancel -- BACKUP STORE SECONDS`

use std::env;
use std::error::Error;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use license_backup::{ErrorCode, LicenseManager, RestoreOptions, block_on};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(backup), Some(store), Some(seconds)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: cancel BACKUP STORE SECONDS".into());
    };
    let limit = Duration::try_from_secs_f64(seconds.parse()?)?;

    let manager = LicenseManager::new()?;
    let operation = block_on(manager.restore(&RestoreOptions::new(backup, store)))?;
    let cookie = operation.cookie.clone();
    let (done, is_done) = channel::<()>();
    let timer = thread::spawn(move || {
        if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            cookie.cancel();
        }
    });
    let outcome = operation.wait();
    drop(done);
    let _ = timer.join();

    match outcome {
        Ok(summary) => println!("{} licenses restored", summary.restored),
        Err(error) if error.code() == ErrorCode::Cancelled => {
            println!("cancelled, the store is unchanged");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
