//! Random points in the duration of a run.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

/// The environment variable that sets the seed, to repeat a failed test.
const SEED_VARIABLE: &str = "LICENSE_BACKUP_TEST_SEED";

/// The fractional part of the golden ratio.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// The seed of all samplers of this process.
static SEED: LazyLock<u16> = LazyLock::new(|| {
    if let Ok(seed) = env::var(SEED_VARIABLE) {
        return seed
            .parse()
            .unwrap_or_else(|_| panic!("{SEED_VARIABLE}={seed}: expected a number up to 65535"));
    }
    let [low, high, ..] = RandomState::new().hash_one(SEED_VARIABLE).to_le_bytes();
    u16::from_le_bytes([low, high])
});

/// A low-discrepancy sequence of fractions: any number of samples is spread evenly over the range
/// from 0 to 1. The seed determines the first one.
#[derive(Debug)]
pub struct Sampler {
    next: f64,
}

impl Sampler {
    /// Creates a sampler, and prints the seed, which a failed test shows.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it prints")]
    pub fn new() -> Self {
        println!("to repeat this test, set {SEED_VARIABLE}={}", *SEED);
        Self {
            next: f64::from(*SEED) / f64::from(u16::MAX),
        }
    }

    /// Returns the next sample.
    pub fn next_fraction(&mut self) -> f64 {
        // The fractional parts of multiples of the golden ratio leave no gap.
        let following = (self.next + GOLDEN).fract();
        std::mem::replace(&mut self.next, following)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenth_of_a_run_gets_its_share_of_samples() {
        let mut sampler = Sampler::new();
        let fractions: Vec<_> = (0..1000).map(|_| sampler.next_fraction() * 10.0).collect();
        for tenth in 0..10 {
            let tenth = f64::from(tenth);
            let share = fractions
                .iter()
                .filter(|fraction| (tenth..=tenth + 1.0).contains(fraction))
                .count();
            assert!(
                (90..=110).contains(&share),
                "{share} of 1000 samples are in the tenth from {tenth}"
            );
        }
    }

    #[test]
    fn a_seed_determines_the_samples() {
        let [mut one, mut other] = [Sampler::new(), Sampler::new()];
        for _ in 0..10 {
            assert_eq!(
                one.next_fraction().to_bits(),
                other.next_fraction().to_bits()
            );
        }
    }
}
