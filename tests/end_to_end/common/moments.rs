//! Random moments of runs that a test disturbs.

use std::thread;
use std::time::{Duration, Instant};

use license_backup_tests::harness::{Outcome, Process, Sampler};

/// Random moments of runs that take about equally long.
pub(crate) struct Moments {
    /// One moment of this number is before the critical part of a run begins, all others are after.
    one_before_in: u64,
    /// The duration of an undisturbed run, before and from its critical part.
    durations: [Duration; 2],
    samplers: [Sampler; 2],
    count: u64,
}

impl Moments {
    pub(crate) fn new(one_before_in: u64) -> Self {
        Self {
            one_before_in,
            durations: [Duration::ZERO; 2],
            samplers: [Sampler::new(), Sampler::new()],
            count: 0,
        }
    }

    /// Returns `true` if the next moment needs a measurement: the durations depend on the load of
    /// the machine.
    pub(crate) fn need_measurement(&self) -> bool {
        self.count.is_multiple_of(8)
    }

    /// Measures the durations of an undisturbed run. `has_begun` returns `true` if its critical
    /// part has begun, such as writing the backup.
    pub(crate) fn measure(
        &mut self,
        start: impl FnOnce() -> Process,
        has_begun: impl Fn() -> bool,
    ) -> Outcome {
        let started = Instant::now();
        let mut run = start();
        assert!(
            run.wait_until(has_begun),
            "the critical part of a run should begin"
        );
        let begun = Instant::now();
        let outcome = run.wait().exits(0);
        self.durations = [begun.duration_since(started), begun.elapsed()];
        outcome
    }

    /// Waits until the next moment of a run that has just started.
    pub(crate) fn wait(&mut self, run: &mut Process, has_begun: impl Fn() -> bool) {
        self.count += 1;
        let part = usize::from(!self.count.is_multiple_of(self.one_before_in));
        if part == 1 {
            run.wait_until(has_begun);
        }
        thread::sleep(self.durations[part].mul_f64(self.samplers[part].next_fraction()));
    }
}
