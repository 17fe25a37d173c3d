//! The read of a block that will be needed next, on a thread of its own.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::File;

/// A running read. Dropping it waits for its end, so that nothing uses the file after that.
pub(super) struct ReadAhead {
    /// The offset of the block in bytes.
    offset: u64,
    thread: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl ReadAhead {
    /// Starts to read up to `length` bytes from `offset` on. Returns `None` if the system has no
    /// thread for it.
    pub(super) fn start(file: &Arc<dyn File>, offset: u64, length: usize) -> Option<Self> {
        let file = Arc::clone(file);
        let thread = thread::Builder::new()
            .name("read-ahead".to_owned())
            .spawn(move || file.read(offset, length))
            .ok()?;
        Some(Self {
            offset,
            thread: Some(thread),
        })
    }

    /// Returns the offset of the block in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Waits for the block.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        let joined = self.thread.take().map(JoinHandle::join);
        joined
            .and_then(Result::ok)
            .unwrap_or_else(|| Err(io::Error::other("the read ended early")))
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Nobody needs the block, nor an error.
            let _ = thread.join();
        }
    }
}
