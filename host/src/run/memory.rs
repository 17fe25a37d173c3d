//! The limit on the memory of a component.

use wasmtime::ResourceLimiter;

/// The size of an element of a table, which is a pointer, in bytes.
const ELEMENT_SIZE: usize = size_of::<usize>();

/// A limiter that adds up the memories and tables of a store, and stops the component when their
/// sum exceeds the limit.
///
/// wasmtime's own limits hold for each memory alone, and exceeding one looks like any other trap.
pub(super) struct MemoryLimit {
    limit: usize,
    used: usize,
}

/// An error returned when the component requests more memory than the limit.
#[derive(Debug, thiserror::Error)]
#[error("the component requested more than {limit} bytes of memory")]
pub(super) struct MemoryExceeded {
    /// The limit in bytes.
    pub(super) limit: usize,
}

impl MemoryLimit {
    /// Creates a limiter with a limit in bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
    }

    fn grow(&mut self, by: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(by);
        if used > self.limit {
            return Err(MemoryExceeded { limit: self.limit }.into());
        }
        self.used = used;
        Ok(true)
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.grow(desired.saturating_sub(current))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.grow(desired.saturating_sub(current).saturating_mul(ELEMENT_SIZE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_are_counted_together() {
        let mut limit = MemoryLimit::new(1000);
        assert!(limit.memory_growing(0, 600, None).is_ok());
        assert!(limit.table_growing(0, 300 / ELEMENT_SIZE, None).is_ok());
        let refusal = limit
            .memory_growing(600, 800, None)
            .expect_err("the limit is exceeded");
        assert!(refusal.is::<MemoryExceeded>());
    }
}
