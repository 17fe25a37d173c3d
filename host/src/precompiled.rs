//! Components that were compiled ahead of time.
//!
//! This module alone holds unsafe code: what was compiled ahead is machine code, and whoever loads it has to know where
//! it comes from.
#![allow(
    unsafe_code,
    reason = "loading machine code is unsafe, and is done here alone"
)]

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::engine;
use crate::{LicenseManager, LicenseManagerError};

/// The version of the component that this library contains, as its metadata states it.
pub const COMPONENT_VERSION: &str = env!("COMPONENT_VERSION");

/// The SHA-256 of the component that this library contains, as 64 lower-case hexadecimal digits.
pub const COMPONENT_SHA256: &str = env!("COMPONENT_SHA256");

/// The component of this library, and what `build.rs` has compiled of it: nothing in a build for another machine.
static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.wasm"));
static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.cwasm"));

impl LicenseManager {
    /// Gets the component ready that is embedded in this library.
    ///
    /// It was compiled when the library was built. Where that does not fit, because the processor lacks something that the
    /// one of the build has, it is compiled anew, which takes a noticeable time.
    ///
    /// # Errors
    ///
    /// [`LicenseManagerError::Engine`] where WebAssembly cannot be run; the others are defects of this library.
    pub fn new() -> Result<Self, LicenseManagerError> {
        let engine = own_engine()?;
        // SAFETY: `build.rs` has compiled it, of the component that is tried otherwise, and it was part of the program's own
        // code ever since.
        match unsafe { load(&engine, COMPILED) } {
            Err(LicenseManagerError::Incompatible(_)) => Self::link(&compile(&engine, COMPONENT)?),
            loaded => Self::link(&loaded?),
        }
    }

    /// Compiles another component of the world `license-backup:management/service`, in the binary format.
    ///
    /// It gets what the embedded one gets, and nothing else: access to the opened directories. It need not be trusted further
    /// than that: see [`LicenseManager::with_memory_limit`] and [`LicenseManager::with_deadline`].
    ///
    /// # Errors
    ///
    /// See [`LicenseManagerError`].
    pub fn from_component(component: &[u8]) -> Result<Self, LicenseManagerError> {
        Self::link(&compile(&foreign_engine()?, component)?)
    }

    /// Compiles a component of the world `license-backup:management/service`, in the binary format, for
    /// [`LicenseManager::from_compiled`] of this version of the library on this machine or one with the same processor features.
    ///
    /// # Errors
    ///
    /// [`LicenseManagerError::Engine`] and [`LicenseManagerError::Compile`].
    pub fn compile(component: &[u8]) -> Result<Vec<u8>, LicenseManagerError> {
        foreign_engine()?
            .precompile_component(component)
            .map_err(|error| LicenseManagerError::Compile(error.into()))
    }

    /// Takes a component that [`LicenseManager::compile`] has compiled.
    ///
    /// # Safety
    ///
    /// `compiled` is what [`LicenseManager::compile`] gave, unaltered. It is machine code: whether it was made by this version and
    /// for this processor is checked, but not what it does. What comes from where others can write to must not be given here.
    ///
    /// # Errors
    ///
    /// [`LicenseManagerError::Incompatible`] if it was made by another version or for another processor: compile the component anew, or
    /// use [`LicenseManager::from_component`]. [`LicenseManagerError::Engine`] and [`LicenseManagerError::Link`] as there.
    pub unsafe fn from_compiled(compiled: &[u8]) -> Result<Self, LicenseManagerError> {
        // SAFETY: the caller vouches for it.
        Self::link(&unsafe { load(&foreign_engine()?, compiled) }?)
    }
}

/// The engine for the component of this library.
fn own_engine() -> Result<Engine, LicenseManagerError> {
    engine(false).map_err(|error| LicenseManagerError::Engine(error.into()))
}

/// The engine for components from elsewhere, whatever they do.
fn foreign_engine() -> Result<Engine, LicenseManagerError> {
    engine(true).map_err(|error| LicenseManagerError::Engine(error.into()))
}

fn compile(engine: &Engine, component: &[u8]) -> Result<Component, LicenseManagerError> {
    Component::from_binary(engine, component)
        .map_err(|error| LicenseManagerError::Compile(error.into()))
}

/// # Safety
///
/// That of [`LicenseManager::from_compiled`].
unsafe fn load(engine: &Engine, compiled: &[u8]) -> Result<Component, LicenseManagerError> {
    // SAFETY: the caller vouches for it.
    unsafe { Component::deserialize(engine, compiled) }
        .map_err(|error| LicenseManagerError::Incompatible(error.into()))
}
