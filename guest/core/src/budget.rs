//! How much one step does.

/// What one step spends, in cheap calls of the file system: a few milliseconds of them.
const OF_A_STEP: usize = 1024;
/// How many bytes read or written count as one cheap call: a step has 256 KiB of them.
const BYTES: usize = 256;

/// A call of the file system that looks at one name.
pub(super) const LOOK: usize = 1;
/// One license, with all the calls that it takes: a step has 64 of them.
pub(super) const LICENSE: usize = OF_A_STEP / 64;
/// A call that waits for the disk: a step has 16 of them, so that a cancellation is heard soon.
pub(super) const SYNC: usize = OF_A_STEP / 16;

/// What a step may still spend.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn of_a_step() -> Self {
        Self(OF_A_STEP)
    }

    pub(super) fn is_left(&self) -> bool {
        self.0 > 0
    }

    pub(super) fn spend(&mut self, cost: usize) {
        self.0 = self.0.saturating_sub(cost);
    }

    pub(super) fn spend_bytes(&mut self, count: usize) {
        self.spend(count / BYTES);
    }
}
