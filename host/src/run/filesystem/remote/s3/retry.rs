//! When a request is sent again.

use std::time::Duration;

use super::connection::random;

/// The times between the attempts of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The longest time before the second attempt. It doubles with each further one.
    pub(super) first: Duration,
    /// The number of further attempts.
    pub(super) repetitions: u32,
}

impl Patience {
    /// Half a minute in all, at most.
    pub(super) const USUAL: Self = Self {
        first: Duration::from_millis(500),
        repetitions: 6,
    };

    /// Returns the time to wait before the repetition with this number, counting from 0, or `None`
    /// if no repetition is left. It is random, so that clients do not come back at the same moment.
    pub(super) fn delay(self, number: u32) -> Option<Duration> {
        if number >= self.repetitions {
            return None;
        }
        let longest = self.first.saturating_mul(1 << number.min(16));
        let random = random::<1>().map_or(0, |[random]| random);
        Some(longest.mul_f64(0.5 + f64::from(random) / 512.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_half_a_minute_in_all() {
        let delays: Vec<Duration> = (0..).map_while(|n| Patience::USUAL.delay(n)).collect();
        assert!(delays.is_sorted(), "{delays:?}");
        let sum = delays.iter().sum::<Duration>().as_secs();
        assert!((15..32).contains(&sum), "{delays:?}");
    }
}
