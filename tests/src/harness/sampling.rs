//! Random moments in the course of a run.

use std::hash::{BuildHasher as _, RandomState};

/// The part of the golden ratio behind the point.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// Moments of a course, as parts of the whole, from one at random on: however many are taken, they are spread over all of it.
#[derive(Debug)]
pub struct Moments {
    next: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self::new()
    }
}

impl Moments {
    /// Begins at random.
    #[must_use]
    pub fn new() -> Self {
        let [.., one, other] = RandomState::new().hash_one("a moment").to_le_bytes();
        Self {
            next: f64::from(u16::from_le_bytes([one, other])) / f64::from(u16::MAX),
        }
    }

    /// The next one, from 0 to 1.
    pub fn next_part(&mut self) -> f64 {
        // Multiples of the golden ratio, without what is before the point, leave no gap.
        let following = (self.next + GOLDEN).fract();
        std::mem::replace(&mut self.next, following)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenth_of_a_run_gets_its_share_of_samples() {
        let mut moments = Moments::new();
        let taken: Vec<_> = (0..1000).map(|_| moments.next_part() * 10.0).collect();
        for tenth in 0..10 {
            let tenth = f64::from(tenth);
            let share = taken
                .iter()
                .filter(|part| (tenth..=tenth + 1.0).contains(part))
                .count();
            assert!(
                (90..=110).contains(&share),
                "{share} of 1000 from {tenth} tenths on"
            );
        }
    }
}
