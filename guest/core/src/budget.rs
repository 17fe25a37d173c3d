//! The amount of work that one step of an operation does.
//!
//! A step is short enough that a cancellation takes effect within milliseconds, and long enough
//! that its own cost does not matter. All operations measure a step in bytes that are read or
//! written; other work counts as a fixed number of bytes.

/// The work of one step, in calls that look at one name: a few milliseconds.
const CALLS_PER_STEP: usize = 1024;
/// The number of bytes read or written that count as one such call: a step has 256 KiB of them.
const BYTES_PER_CALL: usize = 256;

/// The cost of a call of the file system that looks at one name: a step makes at most 1024.
pub(crate) const LOOK: usize = 1;
/// The cost of a line or a header of an archive, apart from its bytes.
pub(crate) const LINE: usize = 1;
/// The cost of one license with all the calls that it takes, apart from its bytes: a step handles
/// at most 64.
pub(crate) const LICENSE: usize = CALLS_PER_STEP / 64;
/// The cost of a call that waits for the disk: a step makes at most 16, since each can take tens of
/// milliseconds.
pub(crate) const SYNC: usize = CALLS_PER_STEP / 16;

/// The work that one step may still do.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The remaining work in bytes.
    bytes: usize,
}

impl Budget {
    /// Returns the budget of one step.
    pub(crate) fn of_a_step() -> Self {
        Self {
            bytes: CALLS_PER_STEP * BYTES_PER_CALL,
        }
    }

    /// Returns `true` if the step may do more work. The last piece of work may exceed the budget.
    pub(crate) fn is_left(&self) -> bool {
        self.bytes > 0
    }

    /// Subtracts a cost: [`LOOK`], [`LICENSE`] or [`SYNC`].
    pub(crate) fn spend(&mut self, cost: usize) {
        self.spend_bytes(cost.saturating_mul(BYTES_PER_CALL));
    }

    /// Subtracts the cost of this number of bytes.
    pub(crate) fn spend_bytes(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(work: impl Fn(&mut Budget)) -> usize {
        let mut budget = Budget::of_a_step();
        let mut count = 0;
        while budget.is_left() {
            work(&mut budget);
            count += 1;
        }
        count
    }

    #[test]
    fn a_step_has_a_fixed_number_of_pieces_of_work() {
        assert_eq!(steps(|budget| budget.spend(LOOK)), 1024);
        assert_eq!(steps(|budget| budget.spend(LICENSE)), 64);
        assert_eq!(steps(|budget| budget.spend(SYNC)), 16);
        assert_eq!(steps(|budget| budget.spend_bytes(1 << 10)), 256);
        assert_eq!(steps(|budget| budget.spend(usize::MAX)), 1);
    }
}
