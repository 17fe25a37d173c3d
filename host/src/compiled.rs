//! Components that were compiled ahead of time.
//!
//! This module alone holds unsafe code: what was compiled ahead is machine code, and whoever loads it has to know where
//! it comes from.
#![allow(unsafe_code, reason = "loading machine code is unsafe, and is done here alone")]

use wasmtime::component::Component;

use crate::engine::engine;
use crate::{Runtime, RuntimeError};

/// The component of this library, and what `build.rs` has compiled of it: nothing in a build for another machine.
static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.wasm"));
static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/license-backup.cwasm"));

impl Runtime {
    /// Gets the component ready that is embedded in this library.
    ///
    /// It was compiled when the library was built. Where that does not fit, because the processor lacks something that the
    /// one of the build has, it is compiled anew, which takes a noticeable time.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Engine`] where WebAssembly cannot be run; the others are defects of this library.
    pub fn new() -> Result<Self, RuntimeError> {
        // SAFETY: `build.rs` has compiled it, of the component that is tried otherwise, and it was part of the program's own
        // code ever since.
        match unsafe { Self::from_compiled(COMPILED) } {
            Err(RuntimeError::Unfit(_)) => Self::from_component(COMPONENT),
            made => made,
        }
    }

    /// Compiles a component of the world `licenses:management/license-management`, in the binary format, for
    /// [`Runtime::from_compiled`] of this version of the library on this machine or one with the same processor features.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Engine`] and [`RuntimeError::Compile`].
    pub fn compile(component: &[u8]) -> Result<Vec<u8>, RuntimeError> {
        let engine = engine().map_err(|error| RuntimeError::Engine(error.into()))?;
        engine.precompile_component(component).map_err(|error| RuntimeError::Compile(error.into()))
    }

    /// Takes a component that [`Runtime::compile`] has compiled.
    ///
    /// # Safety
    ///
    /// `compiled` is what [`Runtime::compile`] gave, unaltered. It is machine code: whether it was made by this version and
    /// for this processor is checked, but not what it does. What comes from where others can write to must not be given here.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Unfit`] if it was made by another version or for another processor: compile the component anew, or
    /// use [`Runtime::from_component`]. [`RuntimeError::Engine`] and [`RuntimeError::Link`] as there.
    pub unsafe fn from_compiled(compiled: &[u8]) -> Result<Self, RuntimeError> {
        let engine = engine().map_err(|error| RuntimeError::Engine(error.into()))?;
        // SAFETY: the caller vouches for it.
        let component = unsafe { Component::deserialize(&engine, compiled) };
        Self::link(&component.map_err(|error| RuntimeError::Unfit(error.into()))?)
    }
}
