//! The embedded component, and components that were compiled ahead of time.
//!
//! Apart from generated code, this is the only module with unsafe code: a precompiled component is
//! machine code, and the code that loads it has to know its origin.
#![allow(
    unsafe_code,
    reason = "loading machine code is unsafe, and only this module does it"
)]

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::engine;
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
static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.wasm"));

/// The machine code of that component. It is empty without the feature `precompile`, and in a build
/// for another machine.
static PRECOMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.cwasm"));

impl LicenseManager {
    /// Creates a license manager with the component that this library contains.
    ///
    /// With the feature `precompile`, the component was compiled when the library was built, and
    /// this takes some milliseconds. Without it, or if the processor lacks a feature of the one of
    /// the build, the component is compiled now, which takes about half a second: create one
    /// license manager and share it.
    ///
    /// # Errors
    ///
    /// Returns [`LicenseManagerError::Engine`] if this machine cannot run WebAssembly. All other
    /// errors are bugs in this library.
    pub fn new() -> Result<Self, LicenseManagerError> {
        let engine = embedded_engine()?;
        if PRECOMPILED.is_empty() {
            tracing::debug!("compiling the component, which is not precompiled");
            return Self::link(&compile(&engine, COMPONENT)?);
        }
        // SAFETY: `build.rs` has compiled it from `COMPONENT`, and it has been part of the
        // program's own code since.
        match unsafe { load(&engine, PRECOMPILED) } {
            Err(LicenseManagerError::Incompatible(error)) => {
                tracing::warn!(%error, "compiling the component: its machine code does not fit");
                Self::link(&compile(&engine, COMPONENT)?)
            }
            loaded => Self::link(&loaded?),
        }
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
    pub fn from_component(component: &[u8]) -> Result<Self, LicenseManagerError> {
        Self::link(&compile(&foreign_engine()?, component)?)
    }

    /// Compiles a component of the world `license-backup:management/service`, in the binary format,
    /// ahead of time. [`LicenseManager::from_compiled`] of the same version of this library loads
    /// it, on this machine or one with the same processor features.
    ///
    /// # Errors
    ///
    /// Returns [`LicenseManagerError::Engine`] and [`LicenseManagerError::Compile`].
    pub fn compile(component: &[u8]) -> Result<Vec<u8>, LicenseManagerError> {
        foreign_engine()?
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
        Self::link(&unsafe { load(&foreign_engine()?, compiled) }?)
    }
}

/// Creates the engine for the component of this library.
fn embedded_engine() -> Result<Engine, LicenseManagerError> {
    engine(false).map_err(|error| LicenseManagerError::Engine(error.into()))
}

/// Creates the engine for other components, which can contain endless loops.
fn foreign_engine() -> Result<Engine, LicenseManagerError> {
    engine(true).map_err(|error| LicenseManagerError::Engine(error.into()))
}

fn compile(engine: &Engine, component: &[u8]) -> Result<Component, LicenseManagerError> {
    Component::from_binary(engine, component)
        .map_err(|error| LicenseManagerError::Compile(error.into()))
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
