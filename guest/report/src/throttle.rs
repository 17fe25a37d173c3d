//! A limit on how often something is shown.

use std::time::Duration;

/// A throttle that lets one event pass per interval. Its times are those of any clock that does not
/// go back.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    interval: Duration,
    next: Duration,
}

impl Throttle {
    /// Creates a throttle that lets one event pass per `interval`, and none before `first`.
    #[must_use]
    pub const fn new(interval: Duration, first: Duration) -> Self {
        Self {
            interval,
            next: first,
        }
    }

    /// Returns `true` if an event may pass at `now`; it then returns `false` until the interval is
    /// over.
    pub fn is_due(&mut self, now: Duration) -> bool {
        let due = now >= self.next;
        if due {
            self.next = now.saturating_add(self.interval);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_passes_then_one_per_interval() {
        let mut throttle = Throttle::new(Duration::from_secs(2), Duration::from_secs(10));
        let due: Vec<_> = (0..17)
            .filter(|&second| throttle.is_due(Duration::from_secs(second)))
            .collect();
        assert_eq!(due, [10, 12, 14, 16]);
    }

    #[test]
    fn after_a_pause_a_new_interval_begins() {
        let mut throttle = Throttle::new(Duration::from_secs(2), Duration::ZERO);
        let due = [0, 7, 8, 9].map(|second| throttle.is_due(Duration::from_secs(second)));
        assert_eq!(due, [true, true, false, true]);
    }
}
