//! The limits of one operation.

use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::state::State;
use crate::deadline::Deadline;

/// The default limit on the memory of one operation, in bytes. An operation keeps the paths of a
/// store and its skipped files in memory. No real store needs nearly as much, and a defect cannot
/// exhaust the memory of the machine.
const DEFAULT_MEMORY: usize = 1024 * 1024 * 1024;

/// The maximum number of bytes that a component passes to the host in one call. The largest piece
/// of the embedded component is 256 KiB of a backup.
const MAX_HOSTCALL_BYTES: usize = 16 << 20;

/// The maximum number of handles of a component, of all kinds. The embedded one needs a few
/// besides those of open files.
const MAX_HANDLES: usize = 4096;

/// The limits that an embedder sets for each operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The maximum number of bytes of memory.
    pub(crate) memory: usize,
    /// The time until the deadline, if there is one.
    pub(crate) time: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: DEFAULT_MEMORY,
            time: None,
        }
    }
}

/// Applies the limits of an operation to the store of its component.
pub(super) fn apply(store: &mut Store<State>, deadline: Deadline) {
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(MAX_HOSTCALL_BYTES);
    store.set_max_component_handles(MAX_HANDLES);
    // The epoch belongs to the engine: an operation whose deadline has passed interrupts all
    // operations, and the others continue.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        deadline.check()?;
        Ok(UpdateDeadline::Continue(1))
    });
}
