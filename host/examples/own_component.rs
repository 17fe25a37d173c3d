//! Verifies a backup with another component, which it compiles ahead of time, as an installer does:
//! `cargo run --example own_component -- COMPONENT.wasm BACKUP`

#![allow(
    unsafe_code,
    reason = "loading machine code is unsafe, and the caller guarantees its origin"
)]

use std::error::Error;
use std::{env, fs};

use license_backup::{LicenseManager, VerifyOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(component), Some(backup)) = (arguments.next(), arguments.next()) else {
        return Err("usage: own_component COMPONENT.wasm BACKUP".into());
    };
    // This is machine code: keep it where nobody else can write.
    let compiled = LicenseManager::compile(&fs::read(component)?)?;

    // SAFETY: it comes from `LicenseManager::compile`, and has been in the memory of this program
    // since.
    let manager = unsafe { LicenseManager::from_compiled(&compiled)? };
    let summary = manager.verify_blocking(&VerifyOptions::new(backup))?;
    println!("{} licenses verified", summary.licenses);
    Ok(())
}
