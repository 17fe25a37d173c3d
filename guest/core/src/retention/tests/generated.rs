//! Tests of generated policies and times.

use std::collections::BTreeMap;

use proptest::array::uniform6;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

type Periods = fn(u64) -> u64;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// Returns generations that are often in the same period, oldest first.
fn generations() -> impl Strategy<Value = Vec<(u64, bool)>> {
    let unit = select(vec![
        1,
        HOUR / 2,
        5 * HOUR,
        DAY,
        6 * DAY,
        25 * DAY,
        366 * DAY,
    ]);
    let pause = (unit, 0..3_u64).prop_map(|(unit, count)| unit * count);
    vec((pause, proptest::bool::weighted(0.1)), 0..40).prop_map(|pauses| {
        let mut time = seconds("2020-12-20");
        let later = pauses.into_iter().map(|(pause, is_pinned)| {
            time += pause;
            (time, is_pinned)
        });
        later.collect()
    })
}

fn durations(max: u32) -> impl Strategy<Value = KeepWithin> {
    let numbers = [0..=max / 16, 0..=max, 0..=max, 0..=max];
    numbers.prop_map(|[years, months, days, hours]| KeepWithin {
        years,
        months,
        days,
        hours,
    })
}

/// Returns a policy of counts in the order of the fields.
fn policy(counts: [Option<u32>; 6], keep_within: Option<KeepWithin>) -> RetentionPolicy {
    let [last, hourly, daily, weekly, monthly, yearly] = counts;
    RetentionPolicy {
        keep_last: last,
        keep_hourly: hourly,
        keep_daily: daily,
        keep_weekly: weekly,
        keep_monthly: monthly,
        keep_yearly: yearly,
        keep_within,
    }
}

fn counts() -> impl Strategy<Value = [Option<u32>; 6]> {
    uniform6(option::of(0..6_u32))
}

/// Returns the generations that a periodic rule keeps: the newest of each of the newest periods,
/// and the oldest if there are fewer periods than `count`.
fn kept_by_period(times: &[u64], count: usize, period: Periods) -> Vec<usize> {
    let newest: BTreeMap<u64, usize> = times.iter().map(|time| period(*time)).zip(0..).collect();
    let mut kept: Vec<_> = newest.values().rev().take(count).copied().collect();
    if newest.len() < count && !kept.contains(&0) && !times.is_empty() {
        kept.push(0);
    }
    kept.reverse();
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn exactly_the_newest_and_pinned_have_these_rules(
        generations in generations(),
        counts in counts(),
        within in option::of(durations(40)),
    ) {
        let decisions = policy(counts, within).decide(&generations);
        prop_assert_eq!(decisions.len(), generations.len());
        for (index, rules) in decisions.iter().enumerate() {
            let is_newest = index + 1 == generations.len();
            prop_assert_eq!(rules.contains(&Rule::Newest), is_newest);
            prop_assert_eq!(rules.contains(&Rule::Pinned), generations[index].1);
        }
    }

    #[test]
    fn a_new_rule_or_a_larger_count_never_removes(
        generations in generations(),
        counts in counts(),
        more in counts(),
        within in option::of(durations(40)),
        new_within in durations(40),
    ) {
        let larger = std::array::from_fn(|index| match (counts[index], more[index]) {
            (Some(count), Some(more)) => Some(count + more),
            (count, more) => count.or(more),
        });
        let before = policy(counts, within).decide(&generations);
        let after = policy(larger, within.or(Some(new_within))).decide(&generations);
        for (before, after) in before.iter().zip(&after) {
            let is_lost = |rule: &&Rule| !after.contains(rule);
            prop_assert_eq!(before.iter().find(is_lost), None);
        }
    }

    #[test]
    fn no_more_are_kept_than_the_counts_allow(generations in generations(), counts in counts()) {
        let decisions = policy(counts, None).decide(&generations);
        let kept = decisions.iter().filter(|rules| !rules.is_empty()).count();
        let pinned = generations.iter().filter(|(_, is_pinned)| *is_pinned).count();
        let sum: u32 = counts.into_iter().flatten().sum();
        prop_assert!(kept <= sum as usize + pinned + 1, "{kept} are kept");
    }

    #[test]
    fn hours_days_and_weeks_are_those_of_division(generations in generations(), count in 0..12_u32) {
        let times: Vec<_> = generations.iter().map(|(time, _)| *time).collect();
        let count_of = |is_given: bool| is_given.then_some(count);
        // The epoch began on a Thursday.
        let periods: [(Rule, Periods); 3] = [
            (Rule::Hourly, |time| time / HOUR),
            (Rule::Daily, |time| time / DAY),
            (Rule::Weekly, |time| (time / DAY + 3) / 7),
        ];
        for (rule, period) in periods {
            let policy = RetentionPolicy {
                keep_hourly: count_of(rule == Rule::Hourly),
                keep_daily: count_of(rule == Rule::Daily),
                keep_weekly: count_of(rule == Rule::Weekly),
                ..NO_RULE
            };
            let decisions = policy.decide(&generations);
            let kept: Vec<_> =
                (0..times.len()).filter(|index| decisions[*index].contains(&rule)).collect();
            prop_assert_eq!(kept, kept_by_period(&times, count as usize, period), "{}", rule);
        }
    }

    #[test]
    fn a_written_duration_is_read_as_the_same(within in durations(u32::MAX)) {
        prop_assert_eq!(within.to_string().parse(), Ok(within));
    }

    #[test]
    fn no_times_or_numbers_cause_a_panic(
        generations in vec(any::<(u64, bool)>(), 0..9),
        counts in uniform6(option::of(any::<u32>())),
        within in durations(u32::MAX),
    ) {
        let decisions = policy(counts, Some(within)).decide(&generations);
        prop_assert_eq!(decisions.len(), generations.len());
    }
}
