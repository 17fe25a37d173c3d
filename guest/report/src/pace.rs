//! How often something is told.

use std::time::Duration;

/// Lets something be told at most so often. The times are those of any clock that does not go back.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    every: Duration,
    next: Duration,
}

impl Pace {
    /// A pace of once in `every`, and not before `first`.
    #[must_use]
    pub const fn new(every: Duration, first: Duration) -> Self {
        Self { every, next: first }
    }

    /// Whether it is time. If it is, it will not be again before the interval is over.
    pub fn is_due(&mut self, now: Duration) -> bool {
        let due = now >= self.next;
        if due {
            self.next = now.saturating_add(self.every);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_due_at_the_first_moment_and_then_once_per_interval() {
        let mut pace = Pace::new(Duration::from_secs(2), Duration::from_secs(10));
        let due: Vec<_> = (0..17)
            .filter(|&second| pace.is_due(Duration::from_secs(second)))
            .collect();
        assert_eq!(due, [10, 12, 14, 16]);
    }

    #[test]
    fn after_a_pause_the_interval_begins_anew() {
        let mut pace = Pace::new(Duration::from_secs(2), Duration::ZERO);
        let due = [0, 7, 8, 9].map(|second| pace.is_due(Duration::from_secs(second)));
        assert_eq!(due, [true, true, false, true]);
    }
}
