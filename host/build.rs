//! Compiles the component ahead of time and embeds it in the library, with its version and SHA-256.

#[path = "src/engine.rs"]
mod engine;

use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};
use wasmtime::Engine;

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

/// Compiles the component for every processor of the target: without instructions that only some of
/// them have. Returns nothing if this compiler of wasmtime has no support for the target, and the
/// library can compile the component at run time.
fn precompile(component: &[u8]) -> Result<Vec<u8>, String> {
    let target = env::var("TARGET").map_err(|error| format!("TARGET: {error}"))?;
    let mut config = engine::config(false);
    let supported = config.target(&target).and_then(|config| Engine::new(config));
    match supported {
        Ok(engine) => engine
            .precompile_component(component)
            .map_err(|error| format!("{error:#}")),
        Err(_) if env::var_os("CARGO_FEATURE_COMPILE").is_some() => Ok(Vec::new()),
        Err(error) => Err(format!(
            "{error:#}; for another processor than that of this machine, enable the feature `compile`"
        )),
    }
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
