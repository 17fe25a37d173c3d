//! The retention policy: it decides which generations of a backup are kept.
//!
//! The names of the rules and their meaning are those of `restic forget`
//! (<https://restic.readthedocs.io/en/stable/060_forget.html>), with four differences: the newest
//! generation is always kept; a policy without rules keeps no other one, where restic keeps all;
//! all periods are in UTC, so that the decision does not depend on the machine; and a newest
//! generation with a time in the future is also the newest one, since this module has no clock.

mod keep_within;

use time::{OffsetDateTime, PrimitiveDateTime};

pub use self::keep_within::{InvalidKeepWithin, KeepWithin};
use crate::case_name::case_names;

/// The rules that decide which generations of a backup are kept. A generation is kept if any rule
/// keeps it. A count or a duration of zero is the same as `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct RetentionPolicy {
    /// The number of newest generations to keep. `None` if the rule is not given.
    pub keep_last: Option<u32>,
    /// The number of hours that have a generation for which to keep the newest one. `None` if the
    /// rule is not given.
    pub keep_hourly: Option<u32>,
    /// The same for days.
    pub keep_daily: Option<u32>,
    /// The same for weeks of ISO 8601, which begin on Monday.
    pub keep_weekly: Option<u32>,
    /// The same for months.
    pub keep_monthly: Option<u32>,
    /// The same for years.
    pub keep_yearly: Option<u32>,
    /// The duration before the newest generation within which to keep all. `None` if the rule is
    /// not given.
    pub keep_within: Option<KeepWithin>,
}

/// The reason why a generation is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The generation is the newest one.
    Newest,
    /// The generation is pinned.
    Pinned,
    /// [`RetentionPolicy::keep_last`] keeps it.
    Last,
    /// [`RetentionPolicy::keep_hourly`] keeps it.
    Hourly,
    /// [`RetentionPolicy::keep_daily`] keeps it.
    Daily,
    /// [`RetentionPolicy::keep_weekly`] keeps it.
    Weekly,
    /// [`RetentionPolicy::keep_monthly`] keeps it.
    Monthly,
    /// [`RetentionPolicy::keep_yearly`] keeps it.
    Yearly,
    /// [`RetentionPolicy::keep_within`] keeps it.
    Within,
    /// Its time is in the future. The policy does not know the current time, so that its caller
    /// applies this rule.
    InFuture,
}

case_names! {
    Rule {
        Newest => "newest",
        Pinned => "pinned",
        Last => "last",
        Hourly => "hourly",
        Daily => "daily",
        Weekly => "weekly",
        Monthly => "monthly",
        Yearly => "yearly",
        Within => "within",
        InFuture => "in-future",
    }
}

impl RetentionPolicy {
    /// Returns `true` if no rule is given: the policy keeps the newest generation and the pinned
    /// ones only.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let counts = [
            self.keep_last,
            self.keep_hourly,
            self.keep_daily,
            self.keep_weekly,
            self.keep_monthly,
            self.keep_yearly,
        ];
        counts.into_iter().flatten().all(|count| count == 0)
            && self.keep_within.is_none_or(KeepWithin::is_zero)
    }

    /// Returns for each generation the rules that keep it, in the order of [`Rule`]. If there are
    /// none, the generation is to be removed.
    ///
    /// A generation is its time in seconds since the Unix epoch, and whether it is pinned. The
    /// oldest is first; times may repeat. Times after the year 9999 count as its last moment. The
    /// newest generation and pinned ones are always kept, and count for the other rules as well.
    #[must_use]
    pub fn decide(&self, generations: &[(u64, bool)]) -> Vec<Vec<Rule>> {
        let Some((newest, _)) = generations.last() else {
            return Vec::new();
        };
        let last = usize::try_from(self.keep_last.unwrap_or(0)).unwrap_or(usize::MAX);
        let mut periodic = [
            PeriodicRule::new(Rule::Hourly, self.keep_hourly, hour),
            PeriodicRule::new(Rule::Daily, self.keep_daily, day),
            PeriodicRule::new(Rule::Weekly, self.keep_weekly, week),
            PeriodicRule::new(Rule::Monthly, self.keep_monthly, month),
            PeriodicRule::new(Rule::Yearly, self.keep_yearly, year),
        ];
        let within = self
            .keep_within
            .filter(|within| !within.is_zero())
            .map(|within| within.before(moment(*newest)));

        let oldest = generations.len() - 1;
        let newest_first = generations.iter().rev().enumerate();
        let mut decisions: Vec<_> = newest_first
            .map(|(age, (time, is_pinned))| {
                let moment = moment(*time);
                let always = [
                    (age == 0).then_some(Rule::Newest),
                    is_pinned.then_some(Rule::Pinned),
                    (age < last).then_some(Rule::Last),
                ];
                let periodic = periodic
                    .iter_mut()
                    .map(|rule| rule.keeps(moment, age == oldest).then_some(rule.rule));
                let within = within
                    .is_some_and(|start| moment > start)
                    .then_some(Rule::Within);
                let rules = always.into_iter().chain(periodic).chain([within]);
                rules.flatten().collect()
            })
            .collect();
        decisions.reverse();
        decisions
    }
}

/// A number that differs between any two periods of the same kind, such as the year and the month.
type Period = (i32, u16);

/// A rule that keeps the newest generation of each period, while it is asked about one generation
/// after another, the newest first.
struct PeriodicRule {
    rule: Rule,
    /// The number of generations that the rule may still keep.
    left: u32,
    /// Returns the period of a time.
    period: fn(OffsetDateTime) -> Period,
    /// The period of the generation that the rule kept last.
    kept: Option<Period>,
}

impl PeriodicRule {
    fn new(rule: Rule, count: Option<u32>, period: fn(OffsetDateTime) -> Period) -> Self {
        Self {
            rule,
            left: count.unwrap_or(0),
            period,
            kept: None,
        }
    }

    /// Returns `true` if the rule keeps the next generation.
    ///
    /// While the count is not used up, the rule keeps the oldest generation too, as in restic: the
    /// kept generations then reach back as far as they can.
    fn keeps(&mut self, moment: OffsetDateTime, is_oldest: bool) -> bool {
        let period = Some((self.period)(moment));
        if self.left == 0 || (period == self.kept && !is_oldest) {
            return false;
        }
        self.left -= 1;
        self.kept = period;
        true
    }
}

/// Returns the time in UTC, or the last one that has a date.
fn moment(time: u64) -> OffsetDateTime {
    i64::try_from(time)
        .ok()
        .and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok())
        .unwrap_or(PrimitiveDateTime::MAX.assume_utc())
}

fn hour(moment: OffsetDateTime) -> Period {
    (moment.to_julian_day(), moment.hour().into())
}

fn day(moment: OffsetDateTime) -> Period {
    (moment.year(), moment.ordinal())
}

/// Returns the week of ISO 8601. Its year is that of its Thursday, which can differ from the year
/// of the date.
fn week(moment: OffsetDateTime) -> Period {
    let (year, week, _) = moment.to_iso_week_date();
    (year, week.into())
}

fn month(moment: OffsetDateTime) -> Period {
    (moment.year(), u8::from(moment.month()).into())
}

fn year(moment: OffsetDateTime) -> Period {
    (moment.year(), 0)
}

#[cfg(test)]
mod tests;
