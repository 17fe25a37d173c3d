//! Takes in the component that is embedded in the library, and compiles it ahead of time, so that a start takes no time.
//! Tells the program its version and SHA-256.

#[path = "src/engine.rs"]
mod engine;

use std::path::PathBuf;
use std::{env, fs};

use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

/// Names another component to embed.
const OVERRIDE: &str = "LICENSE_BACKUP_COMPONENT";
/// Where the component is in the package; in the repository that is a link to where it is built.
const COMPONENT: &str = "component/license-backup.wasm";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    let from = match env::var_os(OVERRIDE) {
        Some(path) => PathBuf::from(path),
        None => directory("CARGO_MANIFEST_DIR").join(COMPONENT),
    };
    println!("cargo::rerun-if-changed={}", from.display());
    if let Err(error) = embed(&from) {
        println!(
            "cargo::error=the component {} cannot be taken in: {error}",
            from.display()
        );
    }
}

fn embed(from: &PathBuf) -> Result<(), String> {
    let component =
        fs::read(from).map_err(|error| format!("{error}; run `make component` to build it"))?;
    let compiled = if env::var_os("TARGET") == env::var_os("HOST") {
        engine::engine(false)
            .and_then(|engine| engine.precompile_component(&component))
            .map_err(|error| format!("{error:#}"))?
    } else {
        // This machine's code is of no use there. Without any, the library compiles the component when it is used.
        Vec::new()
    };
    println!(
        "cargo::rustc-env=COMPONENT_VERSION={}",
        version(&component).unwrap_or("of no known version")
    );
    println!(
        "cargo::rustc-env=COMPONENT_SHA256={:x}",
        Sha256::digest(&component)
    );
    let out = directory("OUT_DIR");
    fs::write(out.join("license-backup.wasm"), component)
        .and_then(|()| fs::write(out.join("license-backup.cwasm"), compiled))
        .map_err(|error| error.to_string())
}

/// What the metadata of a component says of its version.
fn version(component: &[u8]) -> Option<&str> {
    Parser::new(0)
        .parse_all(component)
        .find_map(|payload| match payload {
            Ok(Payload::CustomSection(section)) if section.name() == "version" => {
                str::from_utf8(section.data()).ok()
            }
            _ => None,
        })
}

/// A directory that cargo names to every build script.
fn directory(variable: &str) -> PathBuf {
    env::var_os(variable).unwrap_or_default().into()
}
