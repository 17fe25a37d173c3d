//! The bindings to the world `service`, generated from `wit/`.
//!
//! Only [`crate::convert`], [`crate::run`] and the modules of its calls use these types.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "the code is generated"
)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "service",
    with: { "wasi": wasmtime_wasi::p2::bindings },
    imports: { default: async | trappable },
    exports: { default: async | store },
});
