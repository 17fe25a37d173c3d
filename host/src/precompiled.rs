//! The embedded component, and components that were compiled ahead of time.
//!
//! Apart from generated code, this is the only module with unsafe code: a precompiled component is
//! machine code, and the code that loads it has to know its origin.
#![allow(
    unsafe_code,
    reason = "loading machine code is unsafe, and only this module does it"
)]

use std::fmt;

use lz4_flex::decompress_size_prepended;
use miniz_oxide::inflate::decompress_to_vec;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::config;
use crate::{LicenseManager, LicenseManagerError};

/// The version of the component that this library contains, from the metadata of the component.
///
/// It is `unknown` if the component has no version, as one that replaced it at build time.
pub const COMPONENT_VERSION: &str = env!("COMPONENT_VERSION");

/// The SHA-256 of the component that this library contains, as 64 lower-case hexadecimal digits.
///
/// Compare it with that of a published `license-backup.wasm`.
pub const COMPONENT_SHA256: &str = env!("COMPONENT_SHA256");

/// The component of this library.
#[cfg(feature = "compile")]
static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.wasm"));

/// The machine code of that component for most processors, compressed as an LZ4 block, since every
/// program loads it. It is empty if the library was built on a machine of another architecture, which
/// needs the feature `compile`.
static USUAL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/usual.cwasm.lz4"));

/// The machine code for every processor of the architecture, compressed as DEFLATE (RFC 1951), which
/// is smaller and slower, since it is rarely loaded. It is empty if [`USUAL`] is that.
static BASELINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/baseline.cwasm.deflate"));

impl LicenseManager {
    /// Creates a license manager with the component that this library contains.
    ///
    /// The component was compiled when the library was built, so this takes some milliseconds. The
    /// library contains code for every processor of the target, and faster code for those with the
    /// instructions of x86-64-v2. Only in a library that was built on a machine of another
    /// architecture, the component is compiled now, which takes about half a second: create one
    /// license manager and share it.
    ///
    /// # Errors
    ///
    /// Returns [`LicenseManagerError::Engine`] if this machine cannot run WebAssembly. All other
    /// errors are bugs in this library.
    pub fn new() -> Result<Self, LicenseManagerError> {
        let engine = engine(false)?;
        #[cfg(feature = "compile")]
        if USUAL.is_empty() {
            tracing::debug!("compiling the component, which is not precompiled");
            return Self::link(&compile(&engine, COMPONENT)?);
        }
        let loaded = load_usual(&engine).or_else(|error| {
            if BASELINE.is_empty() {
                return Err(error);
            }
            tracing::debug!("this processor lacks instructions of x86-64-v2");
            load_baseline(&engine)
        });
        Self::link(&loaded?)
    }

    /// Compiles another component of the world `license-backup:management/service`, in the binary
    /// format.
    ///
    /// It gets the access that the embedded one gets: that to the directories of an operation. It
    /// need not be trusted further, since [`LicenseManager::with_memory_limit`] and
    /// [`LicenseManager::with_deadline`] limit its resources.
    ///
    /// # Errors
    ///
    /// Returns [`LicenseManagerError::Engine`], [`LicenseManagerError::Compile`] and
    /// [`LicenseManagerError::Link`].
    #[cfg(feature = "compile")]
    pub fn from_component(component: &[u8]) -> Result<Self, LicenseManagerError> {
        Self::link(&compile(&engine(true)?, component)?)
    }

    /// Compiles a component of the world `license-backup:management/service`, in the binary format,
    /// ahead of time. [`LicenseManager::from_compiled`] of the same version of this library loads
    /// it, on this machine or one with the same processor features, and without the feature `compile`
    /// too.
    ///
    /// # Errors
    ///
    /// Returns [`LicenseManagerError::Engine`] and [`LicenseManagerError::Compile`].
    #[cfg(feature = "compile")]
    pub fn compile(component: &[u8]) -> Result<Vec<u8>, LicenseManagerError> {
        engine(true)?
            .precompile_component(component)
            .map_err(|error| LicenseManagerError::Compile(error.into()))
    }

    /// Loads a component that [`LicenseManager::compile`] has compiled.
    ///
    /// # Safety
    ///
    /// `compiled` must be an unaltered result of [`LicenseManager::compile`]. It is machine code:
    /// this function checks which version has compiled it and for which processor, but not what the
    /// code does. Do not load it from a place where others can write.
    ///
    /// # Errors
    ///
    /// Returns [`LicenseManagerError::Incompatible`] if another version has compiled it, or for
    /// another processor: compile the component again, or use [`LicenseManager::from_component`].
    /// Returns [`LicenseManagerError::Engine`] and [`LicenseManagerError::Link`] as that does.
    pub unsafe fn from_compiled(compiled: &[u8]) -> Result<Self, LicenseManagerError> {
        // SAFETY: the caller guarantees it.
        Self::link(&unsafe { load(&engine(true)?, compiled) }?)
    }
}

/// Creates an engine. Components other than that of this library can contain endless loops, and have
/// to be interruptible.
fn engine(is_interruptible: bool) -> Result<Engine, LicenseManagerError> {
    Engine::new(&config(is_interruptible))
        .map_err(|error| LicenseManagerError::Engine(error.into()))
}

#[cfg(feature = "compile")]
fn compile(engine: &Engine, component: &[u8]) -> Result<Component, LicenseManagerError> {
    Component::from_binary(engine, component)
        .map_err(|error| LicenseManagerError::Compile(error.into()))
}

/// Loads the code for most processors.
fn load_usual(engine: &Engine) -> Result<Component, LicenseManagerError> {
    load_embedded(engine, decompress_size_prepended(USUAL))
}

/// Loads the code for every processor.
fn load_baseline(engine: &Engine) -> Result<Component, LicenseManagerError> {
    load_embedded(engine, decompress_to_vec(BASELINE))
}

/// Loads code that this library contains.
fn load_embedded(
    engine: &Engine,
    code: Result<Vec<u8>, impl fmt::Display>,
) -> Result<Component, LicenseManagerError> {
    let code = code.map_err(|error| LicenseManagerError::Incompatible(error.to_string().into()))?;
    // SAFETY: `build.rs` has compiled it, and it has been part of the program's own code since.
    unsafe { load(engine, &code) }
}

/// Loads a compiled component.
///
/// # Safety
///
/// The requirement is that of [`LicenseManager::from_compiled`].
unsafe fn load(engine: &Engine, compiled: &[u8]) -> Result<Component, LicenseManagerError> {
    // SAFETY: the caller guarantees it.
    unsafe { Component::deserialize(engine, compiled) }
        .map_err(|error| LicenseManagerError::Incompatible(error.into()))
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    fn assert_loads(load: impl FnOnce(&Engine) -> Result<Component, LicenseManagerError>) {
        let engine = engine(false).expect("this machine can run WebAssembly");
        let loaded = load(&engine).map(|component| LicenseManager::link(&component));
        assert!(matches!(loaded, Ok(Ok(_))), "{:?}", loaded.err());
    }

    #[test]
    fn the_code_for_every_processor_can_be_loaded() {
        assert_loads(load_baseline);
    }

    /// Otherwise [`LicenseManager::new`] would load the other code, and a backup would be several
    /// times slower.
    #[test]
    fn the_code_for_x86_64_v2_can_be_loaded() {
        assert_loads(load_usual);
    }
}
