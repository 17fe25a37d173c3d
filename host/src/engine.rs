//! How the component is compiled, the same ahead of time and at run time: what one has made, the other can load.
//!
//! The build script takes this file in, so that it uses nothing of the library.

use wasmtime::{Config, Engine};

/// An engine for this machine.
pub(crate) fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // A component is stripped of names, and an error should be one line.
    config.wasm_backtrace_max_frames(None);
    Engine::new(&config)
}
