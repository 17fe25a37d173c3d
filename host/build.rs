//! Compiles the component ahead of time and embeds it in the library, with its version and SHA-256.

#[path = "src/engine.rs"]
mod engine;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, panic, thread};

use lz4_flex::compress_prepend_size;
use miniz_oxide::deflate::compress_to_vec;
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};
use wasmtime::Engine;

/// The variable that names another component to embed.
const OVERRIDE: &str = "LICENSE_BACKUP_COMPONENT";
/// The level of compression of code that is rarely loaded: the highest usual one.
const COMPRESSION: u8 = 9;
/// The path of the component in the package. In the repository, it is a link to the built one.
const COMPONENT: &str = "component/license-backup.wasm";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    let path = match env::var_os(OVERRIDE) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(cargo_variable("CARGO_MANIFEST_DIR")).join(COMPONENT),
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
    let instructions: &[&str] = if cargo_variable("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        &X86_64_V2
    } else {
        &[]
    };
    // Both at the same time, because the compiler is not optimized.
    let (usual, baseline) = thread::scope(|scope| {
        let usual = scope.spawn(|| compile(&component, instructions));
        let baseline = if instructions.is_empty() {
            Ok(None)
        } else {
            compile(&component, &[])
        };
        let usual = usual.join();
        (
            usual.unwrap_or_else(|panic| panic::resume_unwind(panic)),
            baseline,
        )
    });
    let usual = usual?.map_or_else(Vec::new, |code| compress_prepend_size(&code));
    let baseline = baseline?.map_or_else(Vec::new, |code| compress_to_vec(&code, COMPRESSION));
    println!(
        "cargo::rustc-env=COMPONENT_VERSION={}",
        version(&component).unwrap_or("unknown")
    );
    println!(
        "cargo::rustc-env=COMPONENT_SHA256={:x}",
        Sha256::digest(&component)
    );
    let out = PathBuf::from(cargo_variable("OUT_DIR"));
    fs::write(out.join("license-backup.wasm"), component)
        .and_then(|()| fs::write(out.join("usual.cwasm.lz4"), usual))
        .and_then(|()| fs::write(out.join("baseline.cwasm.deflate"), baseline))
        .map_err(|error| error.to_string())
}

/// The instructions of the level x86-64-v2, which almost every processor in use has. Without them,
/// some SIMD instructions of the component become calls. The level is defined by the psABI of
/// x86-64, section 3.1.1.
const X86_64_V2: [&str; 5] = [
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
    "has_popcnt",
];

/// Compiles the component for processors of the target that have these instructions. Returns nothing
/// if the target has another architecture, which this build of wasmtime's compiler does not support,
/// and the library can compile the component at run time.
fn compile(component: &[u8], instructions: &[&str]) -> Result<Option<Vec<u8>>, String> {
    let target = cargo_variable("TARGET").to_string_lossy().into_owned();
    let architecture = |triple: &str| triple.split('-').next().map(str::to_owned);
    let is_foreign =
        architecture(&target) != architecture(&cargo_variable("HOST").to_string_lossy());
    let mut config = engine::config(false);
    for instruction in instructions {
        // SAFETY: the library loads the code only on a processor that has the instruction, which
        // wasmtime checks.
        #[expect(unsafe_code, reason = "a wrong flag would yield wrong code")]
        unsafe {
            config.cranelift_flag_enable(instruction);
        }
    }
    // Only Windows requires this table: nothing unwinds the stack of the component.
    config.native_unwind_info(cargo_variable("CARGO_CFG_TARGET_OS") == "windows");
    let engine = config
        .target(&target)
        .and_then(|config| Engine::new(config));
    match engine {
        Ok(engine) => engine
            .precompile_component(component)
            .map(Some)
            .map_err(|error| format!("{error:#}")),
        Err(_) if is_foreign && env::var_os("CARGO_FEATURE_COMPILE").is_some() => Ok(None),
        Err(error) => Err(format!(
            "{error:#}; enable the feature `compile` to compile the component at run time"
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

/// Returns the value of a variable that cargo sets for every build script.
fn cargo_variable(name: &str) -> OsString {
    env::var_os(name).unwrap_or_default()
}
