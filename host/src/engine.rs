//! The configuration of the WebAssembly engine.
//!
//! It is the same ahead of time and at run time, so that the library can load what the build script
//! has compiled. The build script includes this file, which therefore uses nothing of the library.

use wasmtime::Config;

/// Returns the configuration of an engine for this machine.
///
/// A component whose deadline has passed stops when it calls the host. With `is_interruptible` it
/// also stops in a loop without calls, which costs about a seventh of the speed. The component of
/// this library does not need that, since it calls the host every few milliseconds.
pub(crate) fn config(is_interruptible: bool) -> Config {
    let mut config = Config::new();
    // A component is stripped of names, and an error should be one line.
    config.wasm_backtrace_max_frames(None);
    // This table is for backtraces. It takes a tenth of the compiled component.
    config.generate_address_map(false);
    config.epoch_interruption(is_interruptible);
    config
}
