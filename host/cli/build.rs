//! Fails early in a checkout whose component is not built.
//!
//! The library embeds the component in its own build script, but that one runs only after its
//! build-dependencies are compiled, which takes minutes. This one has none and runs first.

use std::env;
use std::path::Path;

/// The variable that names another component to embed.
const OVERRIDE: &str = "LICENSE_BACKUP_COMPONENT";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    // Only a checkout has this folder; a published crate depends on a library that contains the
    // component.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("component");
    let component = folder.join("license-backup.wasm");
    println!("cargo::rerun-if-changed={}", component.display());
    if env::var_os(OVERRIDE).is_none() && folder.is_dir() && !component.exists() {
        println!("cargo::error=the component is not built; run `make build`");
    }
}
