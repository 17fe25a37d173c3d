//! The limit on the memory of a component.

use wasmtime::ResourceLimiter;

/// The size of a table's element, which is a pointer.
const ELEMENT: usize = size_of::<usize>();

/// Counts what the memories and tables of a store take together, and ends the component when that is too much.
///
/// wasmtime's own limits hold for each memory alone, and their refusal cannot be told from other traps.
pub(crate) struct MemoryLimit {
    limit: usize,
    used: usize,
}

/// The component asked for more memory than it is allowed.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} bytes of memory were asked for")]
pub(crate) struct MemoryExceeded {
    /// In bytes.
    pub(crate) limit: usize,
}

impl MemoryLimit {
    /// A limit in bytes.
    pub(crate) fn new(limit: usize) -> Self {
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
        self.grow(desired.saturating_sub(current).saturating_mul(ELEMENT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_are_counted_together() {
        let mut limit = MemoryLimit::new(1000);
        assert!(limit.memory_growing(0, 600, None).is_ok());
        assert!(limit.table_growing(0, 300 / ELEMENT, None).is_ok());
        let refusal = limit
            .memory_growing(600, 800, None)
            .expect_err("it is too much");
        assert!(refusal.is::<MemoryExceeded>());
    }
}
