//! Whether file system calls may block the thread of the component.

/// Allows file system calls to block the calling thread, since the component has a thread of its
/// own. Otherwise wasmtime-wasi moves each call to a pool of threads, which costs several times as
/// much. Files have this from the context, directories from how they were opened.
pub(crate) const ALLOW_BLOCKING: bool = true;
