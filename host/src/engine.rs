//! How a component is compiled, the same ahead of time and at run time: what one has made, the other can load.
//!
//! The build script takes this file in, so that it uses nothing of the library.

use wasmtime::{Config, Engine};

/// An engine for this machine.
///
/// A component whose time is up is stopped when it calls the host. With `stops_anywhere` it is stopped also in a loop that
/// calls nobody; to look for that in every loop takes about a seventh of the speed. The component of this library does without,
/// since it calls the host every few milliseconds.
pub(crate) fn engine(stops_anywhere: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // A component is stripped of names, and an error should be one line.
    config.wasm_backtrace_max_frames(None);
    config.epoch_interruption(stops_anywhere);
    Engine::new(&config)
}
