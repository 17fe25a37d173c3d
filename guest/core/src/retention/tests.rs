//! Tests of each rule, by examples.

mod generated;

use time::format_description::well_known::Rfc3339;

use super::*;

const NO_RULE: RetentionPolicy = RetentionPolicy {
    keep_last: None,
    keep_hourly: None,
    keep_daily: None,
    keep_weekly: None,
    keep_monthly: None,
    keep_yearly: None,
    keep_within: None,
};

/// Returns a time from the start of its text, such as `2024-02-29T12`.
pub(super) fn time_of(text: &str) -> OffsetDateTime {
    let text = format!("{text}{}", &"0000-01-01T00:00:00Z"[text.len()..]);
    OffsetDateTime::parse(&text, &Rfc3339).expect("the text is a time")
}

fn seconds(text: &str) -> u64 {
    u64::try_from(time_of(text).unix_timestamp()).expect("the time is after the epoch")
}

fn within(text: &str) -> KeepWithin {
    text.parse().expect("the text is a duration")
}

/// Asserts the rules that keep each generation, which is `pinned` or not.
#[track_caller]
fn assert_rules(policy: RetentionPolicy, expected: &[(&str, bool, &str)]) {
    let generations: Vec<_> = expected
        .iter()
        .map(|(time, is_pinned, _)| (seconds(time), *is_pinned))
        .collect();
    let decisions = policy.decide(&generations);
    let decisions: Vec<_> = decisions
        .iter()
        .map(|rules| rules.iter().map(|rule| rule.name()).collect::<Vec<_>>())
        .map(|names| names.join(" "))
        .collect();
    let actual: Vec<_> = expected
        .iter()
        .zip(&decisions)
        .map(|((time, is_pinned, _), rules)| (*time, *is_pinned, rules.as_str()))
        .collect();
    assert_eq!(actual, expected);
    assert_eq!(decisions.len(), expected.len());
}

/// Asserts the rules that keep each generation. None is pinned.
#[track_caller]
fn assert_kept(policy: RetentionPolicy, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(time, rules)| (*time, false, *rules))
        .collect();
    assert_rules(policy, &expected);
}

#[test]
fn without_generations_none_is_kept() {
    let policy = RetentionPolicy {
        keep_last: Some(3),
        ..NO_RULE
    };
    assert_eq!(policy.decide(&[]), Vec::<Vec<Rule>>::new());
}

#[test]
fn the_only_generation_is_kept_by_every_rule() {
    let policy = RetentionPolicy {
        keep_last: Some(1),
        keep_hourly: Some(1),
        keep_daily: Some(1),
        keep_weekly: Some(1),
        keep_monthly: Some(1),
        keep_yearly: Some(1),
        keep_within: Some(within("1h")),
    };
    let all_but_future = &Rule::ALL[..Rule::ALL.len() - 1];
    assert_eq!(policy.decide(&[(0, true)]), [all_but_future]);
}

#[test]
fn without_rules_the_newest_and_the_pinned_are_kept() {
    let zero = RetentionPolicy {
        keep_last: Some(0),
        keep_hourly: Some(0),
        keep_daily: Some(0),
        keep_weekly: Some(0),
        keep_monthly: Some(0),
        keep_yearly: Some(0),
        keep_within: Some(KeepWithin::default()),
    };
    for policy in [NO_RULE, zero] {
        assert!(policy.is_empty());
        assert_rules(
            policy,
            &[
                ("2024-01-01", false, ""),
                ("2024-01-02", true, "pinned"),
                ("2024-01-03", false, ""),
                ("2024-01-04", false, "newest"),
            ],
        );
    }
}

#[test]
fn a_policy_with_any_rule_is_not_empty() {
    for index in 0..7 {
        let count = |rule| (index == rule).then_some(1);
        let policy = RetentionPolicy {
            keep_last: count(0),
            keep_hourly: count(1),
            keep_daily: count(2),
            keep_weekly: count(3),
            keep_monthly: count(4),
            keep_yearly: count(5),
            keep_within: (index == 6).then(|| within("1h")),
        };
        assert!(!policy.is_empty(), "{policy:?}");
    }
}

#[test]
fn the_last_generations_are_kept() {
    let policy = RetentionPolicy {
        keep_last: Some(2),
        ..NO_RULE
    };
    let times = [
        ("2024-01-01", ""),
        ("2024-01-01", ""),
        ("2024-01-02", "last"),
        ("2024-01-02", "newest last"),
    ];
    assert_kept(policy, &times);
    assert_kept(policy, &times[3..]);
}

#[test]
fn the_newest_generation_of_each_hour_is_kept() {
    let policy = RetentionPolicy {
        keep_hourly: Some(3),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2024-01-01T08:59:59", ""),
            ("2024-01-01T09", ""),
            ("2024-01-01T09:59:59", "hourly"),
            ("2024-01-02T09", ""),
            ("2024-01-02T09:59:59", "hourly"),
            ("2024-01-02T10", "newest hourly"),
        ],
    );
}

#[test]
fn the_newest_generation_of_each_day_is_kept() {
    let policy = RetentionPolicy {
        keep_daily: Some(3),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2023-02-28", ""),
            ("2024-02-28", "daily"),
            ("2024-02-29", ""),
            ("2024-02-29T23:59:59", "daily"),
            ("2024-03-01", ""),
            ("2024-03-01T12", "newest daily"),
        ],
    );
}

#[test]
fn the_same_day_of_another_month_is_another_day() {
    let policy = RetentionPolicy {
        keep_daily: Some(9),
        keep_monthly: Some(9),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2023-01-31", "daily monthly"),
            ("2024-01-31", "daily monthly"),
            ("2024-03-31", "newest daily monthly"),
        ],
    );
}

#[test]
fn the_newest_generation_of_each_iso_week_is_kept() {
    let policy = RetentionPolicy {
        keep_weekly: Some(4),
        ..NO_RULE
    };
    // The week 2020-W53 ends on Sunday, 2021-01-03, and 2025-W01 begins on Monday, 2024-12-30.
    assert_kept(
        policy,
        &[
            ("2020-12-27", ""),
            ("2020-12-28", ""),
            ("2020-12-31", ""),
            ("2021-01-03T23:59:59", "weekly"),
            ("2021-01-04", "weekly"),
            ("2024-12-29T23:59:59", "weekly"),
            ("2024-12-30", ""),
            ("2025-01-01", ""),
            ("2025-01-05", "newest weekly"),
        ],
    );
}

#[test]
fn weeks_at_both_ends_of_a_year_differ() {
    let policy = RetentionPolicy {
        keep_weekly: Some(2),
        ..NO_RULE
    };
    // 2024-W01 and 2025-W01, which have days of the year 2024 in common.
    assert_kept(
        policy,
        &[
            ("2024-01-01", ""),
            ("2024-01-02", "weekly"),
            ("2024-12-30", ""),
            ("2024-12-31", "newest weekly"),
        ],
    );
}

#[test]
fn the_newest_generation_of_each_month_is_kept() {
    let policy = RetentionPolicy {
        keep_monthly: Some(3),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2023-01-31", ""),
            ("2023-02-01", ""),
            ("2023-02-28T23:59:59", "monthly"),
            ("2024-02-01", ""),
            ("2024-02-29T23:59:59", "monthly"),
            ("2024-03-01", "newest monthly"),
        ],
    );
}

#[test]
fn the_newest_generation_of_each_year_is_kept() {
    let policy = RetentionPolicy {
        keep_yearly: Some(2),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2019-12-31", ""),
            ("2020-01-01", ""),
            ("2020-12-31T23:59:59", "yearly"),
            ("2024-01-01", ""),
            ("2024-12-31", "newest yearly"),
        ],
    );
}

#[test]
fn the_oldest_is_kept_until_the_count_is_used_up() {
    for (count, oldest) in [(1, ""), (2, ""), (3, "daily"), (4, "daily")] {
        let policy = RetentionPolicy {
            keep_daily: Some(count),
            ..NO_RULE
        };
        let second = if count > 1 { "daily" } else { "" };
        assert_kept(
            policy,
            &[
                ("2024-01-01T01", oldest),
                ("2024-01-01T02", ""),
                ("2024-01-01T03", second),
                ("2024-01-02", "newest daily"),
            ],
        );
    }
}

#[test]
fn of_repeated_times_the_last_in_the_list_is_kept() {
    let policy = RetentionPolicy {
        keep_hourly: Some(2),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2024-01-01", ""),
            ("2024-01-01", "hourly"),
            ("2024-01-02", ""),
            ("2024-01-02", ""),
            ("2024-01-02", "newest hourly"),
        ],
    );
}

#[test]
fn a_pinned_generation_counts_for_the_rules() {
    let policy = RetentionPolicy {
        keep_last: Some(2),
        keep_daily: Some(2),
        ..NO_RULE
    };
    assert_rules(
        policy,
        &[
            ("2024-01-01T01", true, "pinned"),
            ("2024-01-01T02", false, ""),
            ("2024-01-02T01", false, ""),
            ("2024-01-02T02", true, "pinned last daily"),
            ("2024-01-03", true, "newest pinned last daily"),
        ],
    );
}

#[test]
fn generations_after_the_start_of_a_duration_are_kept() {
    let policy = RetentionPolicy {
        keep_within: Some(within("1d1h")),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[
            ("2024-02-28T22:59:59", ""),
            ("2024-02-28T23:00:00", ""),
            ("2024-02-28T23:00:01", "within"),
            ("2024-02-29", "within"),
            ("2024-03-01", "newest within"),
        ],
    );
}

#[test]
fn a_duration_before_all_dates_keeps_all() {
    let policy = RetentionPolicy {
        keep_within: Some(within("4294967295y")),
        ..NO_RULE
    };
    assert_kept(
        policy,
        &[("1970-01-01", "within"), ("2024-01-01", "newest within")],
    );
}

#[test]
fn times_after_the_last_date_count_as_the_last() {
    let policy = RetentionPolicy {
        keep_daily: Some(9),
        keep_within: Some(within("1d")),
        ..NO_RULE
    };
    let times = [0, seconds("9999-12-31"), 1 << 40, u64::MAX];
    assert_eq!(
        policy.decide(&times.map(|time| (time, false))),
        [
            vec![Rule::Daily],
            vec![Rule::Within],
            vec![Rule::Within],
            vec![Rule::Newest, Rule::Daily, Rule::Within],
        ]
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_policy_deserializes_from_its_given_rules() {
    let policy: RetentionPolicy =
        serde_json::from_str(r#"{"keep_daily": 7, "keep_within": {"days": 2}}"#)
            .expect("the text is a policy");
    let expected = RetentionPolicy {
        keep_daily: Some(7),
        keep_within: Some(within("2d")),
        ..NO_RULE
    };
    assert_eq!(policy, expected);
}
