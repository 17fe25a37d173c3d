//! Takes in the component that is embedded in the library.

use std::path::PathBuf;
use std::{env, fs};

/// Names another component to embed, for those who build the library outside of its workspace.
const OVERRIDE: &str = "LICENSE_BACKUP_COMPONENT";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    let from = match env::var_os(OVERRIDE) {
        Some(path) => PathBuf::from(path),
        None => directory("CARGO_MANIFEST_DIR").join("../target/components/license-backup.wasm"),
    };
    println!("cargo::rerun-if-changed={}", from.display());
    if let Err(error) = fs::copy(&from, directory("OUT_DIR").join("license-backup.wasm")) {
        println!(
            "cargo::error=the component {} cannot be taken in: {error}; run `make component` to build it",
            from.display()
        );
    }
}

/// A directory that cargo names to every build script.
fn directory(variable: &str) -> PathBuf {
    env::var_os(variable).unwrap_or_default().into()
}
