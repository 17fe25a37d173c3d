//! Verifies a backup with a component of the caller's own, compiled ahead of time, as one does at installation:
//! `cargo run --example own_component -- COMPONENT.wasm BACKUP`

#![allow(
    unsafe_code,
    reason = "to load machine code is unsafe, and the caller vouches for it"
)]

use std::error::Error;
use std::{env, fs};

use license_backup::{LicenseManager, VerifyOptions, block_on};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(component), Some(backup)) = (arguments.next(), arguments.next()) else {
        return Err("give a component, and the directory of a backup".into());
    };
    // To be kept where nobody else can write: it is machine code.
    let compiled = LicenseManager::compile(&fs::read(component)?)?;

    // SAFETY: it comes from `LicenseManager::compile`, and has been in this program's own memory since.
    let runtime = unsafe { LicenseManager::from_compiled(&compiled)? };
    let summary = block_on(runtime.verify(&VerifyOptions::new(backup)))?.wait()?;
    println!("{} licenses are whole", summary.licenses);
    Ok(())
}
