//! The imports of a component: `wasi:filesystem`, and the types that it uses.
//!
//! The host provides nothing else of WASI: no network, no environment, no standard streams.

use wasmtime::component::{Component, HasData, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::{filesystem, io};

use super::filesystem::HasFilesystem;
use super::state::State;
use crate::bindings::ServicePre;

/// Links a component with the file system.
///
/// The interfaces of `wasi:io` are provided for their types; no call returns a stream.
///
/// # Errors
///
/// Returns an error if the component imports anything else, or lacks an export of its world.
pub(crate) fn link(component: &Component) -> wasmtime::Result<ServicePre<State>> {
    let mut linker = Linker::new(component.engine());
    filesystem::types::add_to_linker::<State, HasFilesystem>(&mut linker, State::filesystem)?;
    preopens::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    io::error::add_to_linker::<State, HasTable>(&mut linker, |state| &mut state.table)?;
    io::poll::add_to_linker::<State, HasTable>(&mut linker, |state| &mut state.table)?;
    io::streams::add_to_linker::<State, HasTable>(&mut linker, |state| &mut state.table)?;
    ServicePre::new(linker.instantiate_pre(component)?)
}

/// The table of handles, which is all that the interfaces of `wasi:io` need.
struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}
