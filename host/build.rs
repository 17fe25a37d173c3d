//! Embeds the component in the library, with its version and SHA-256. With the feature `precompile`
//! it also compiles the component, so that the library need not do so at run time.

#[cfg(feature = "precompile")]
#[path = "src/engine.rs"]
mod engine;

use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

/// The variable that names another component to embed.
const OVERRIDE: &str = "LICENSE_BACKUP_COMPONENT";
/// The path of the component in the package. In the repository, it is a link to the built one.
const COMPONENT: &str = "component/license-backup.wasm";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    let path = match env::var_os(OVERRIDE) {
        Some(path) => PathBuf::from(path),
        None => cargo_directory("CARGO_MANIFEST_DIR").join(COMPONENT),
    };
    println!("cargo::rerun-if-changed={}", path.display());
    if let Err(error) = embed(&path) {
        println!(
            "cargo::error=cannot embed the component {}: {error}",
            path.display()
        );
    }
}

fn embed(path: &Path) -> Result<(), String> {
    let component =
        fs::read(path).map_err(|error| format!("{error}; run `make component` to build it"))?;
    let precompiled = precompile(&component)?;
    println!(
        "cargo::rustc-env=COMPONENT_VERSION={}",
        version(&component).unwrap_or("unknown")
    );
    println!(
        "cargo::rustc-env=COMPONENT_SHA256={:x}",
        Sha256::digest(&component)
    );
    let out = cargo_directory("OUT_DIR");
    fs::write(out.join("license-backup.wasm"), component)
        .and_then(|()| fs::write(out.join("license-backup.cwasm"), precompiled))
        .map_err(|error| error.to_string())
}

/// Compiles the component. Returns nothing in a build for another machine, which cannot use the
/// machine code of this one; the library then compiles the component at run time.
#[cfg(feature = "precompile")]
fn precompile(component: &[u8]) -> Result<Vec<u8>, String> {
    if env::var_os("TARGET") != env::var_os("HOST") {
        return Ok(Vec::new());
    }
    engine::engine(false)
        .and_then(|engine| engine.precompile_component(component))
        .map_err(|error| format!("{error:#}"))
}

/// Returns nothing; the library compiles the component at run time.
#[cfg(not(feature = "precompile"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "it can fail with the feature `precompile`"
)]
fn precompile(_: &[u8]) -> Result<Vec<u8>, String> {
    Ok(Vec::new())
}

/// Returns the version in the metadata of a component, if there is one.
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

/// Returns a directory from a variable that cargo sets for every build script.
fn cargo_directory(variable: &str) -> PathBuf {
    env::var_os(variable).unwrap_or_default().into()
}
