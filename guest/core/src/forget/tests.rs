//! Tests of forgetting, with generations of a small store in `/backup`.

use std::collections::BTreeSet;

use super::*;
use crate::generations::generation_name;
use crate::memory_fs::{Disk, FAULTS, Surviving, report_count, survivals};
use crate::{Backup, BackupOptions};

/// 1 January 2026, 00:00:00 UTC, a Thursday.
const NEW_YEAR: u64 = 1_767_225_600;
const HOUR: u64 = 3600;

fn name(hours: u64) -> String {
    generation_name(NEW_YEAR + hours * HOUR).expect("the year has four digits")
}

/// Returns a disk with generations of so many hours after the start of 2026.
fn disk_with(hours: impl IntoIterator<Item = u64>) -> Disk {
    let disk = Disk::new();
    disk.directory("/backup");
    for hour in hours {
        // Each store differs, so that each backup is a new generation.
        disk.write(
            &format!("/licenses/{hour}"),
            format!(
                r#"{{"id":"{hour}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#
            ),
        );
        let options = BackupOptions {
            generation: Some(NEW_YEAR + hour * HOUR),
            ..BackupOptions::default()
        };
        let backup = Backup::start(
            disk.directory("/licenses"),
            disk.directory("/backup"),
            "/backup",
            options,
        );
        run(backup.expect("the backup starts"))
            .1
            .expect("the backup succeeds");
    }
    disk.sync_all();
    disk.take_calls();
    disk
}

fn run<O: Operation>(mut operation: O) -> (Vec<O::Event>, Result<O::Summary, Failure>) {
    let mut events = Vec::new();
    loop {
        match operation.step(&mut events) {
            Continue(next) => operation = next,
            Break(outcome) => return (events, outcome),
        }
    }
}

/// Keeps the newest two, a year after the start of 2026.
fn keep_two() -> ForgetOptions {
    ForgetOptions {
        policy: RetentionPolicy {
            keep_last: Some(2),
            ..RetentionPolicy::default()
        },
        now: NEW_YEAR + 8760 * HOUR,
        ..ForgetOptions::default()
    }
}

fn forget(
    disk: &Disk,
    options: ForgetOptions,
) -> (Vec<GenerationDecision>, Result<ForgetSummary, Failure>) {
    match Forget::start(disk.directory("/backup"), "/backup", options) {
        Ok(forget) => run(forget),
        Err(failure) => (Vec::new(), Err(failure)),
    }
}

/// Returns the names of the backup directory, except `last-run.json`.
fn names(disk: &Disk) -> BTreeSet<String> {
    let names = disk.snapshot("/backup").into_keys();
    names.filter(|name| name != "last-run.json").collect()
}

#[test]
fn generations_that_no_rule_keeps_are_removed() {
    let disk = disk_with(0..5);
    let size = disk.snapshot("/backup")[&name(0)].0.len() as u64;
    let (decisions, outcome) = forget(&disk, keep_two());
    let summary = outcome.expect("the directory is writable");
    assert_eq!((summary.kept, summary.removed), (2, 3));
    assert!(
        summary.removed_bytes > 3 * size,
        "later generations are larger"
    );
    let decided: Vec<_> = decisions
        .into_iter()
        .map(|decision| (decision.file, decision.time, decision.rules))
        .collect();
    let expected = (0..5).map(|hour| {
        let rules = match hour {
            3 => vec![Rule::Last],
            4 => vec![Rule::Newest, Rule::Last],
            _ => vec![],
        };
        (name(hour), NEW_YEAR + hour * HOUR, rules)
    });
    assert_eq!(decided, expected.collect::<Vec<_>>());
    assert_eq!(names(&disk), BTreeSet::from([name(3), name(4)]));
    disk.lose_power(Surviving::Nothing);
    assert_eq!(names(&disk), BTreeSet::from([name(3), name(4)]), "durable");
}

#[test]
fn a_dry_run_decides_the_same_and_removes_nothing() {
    let disk = disk_with(0..5);
    let before = disk.snapshot("/backup");
    let options = ForgetOptions {
        dry_run: true,
        ..keep_two()
    };
    let dry = forget(&disk, options);
    assert_eq!(disk.snapshot("/backup"), before);
    assert_eq!(dry, forget(&disk, keep_two()));
}

#[test]
fn pinned_generations_are_kept() {
    let disk = disk_with(0..5);
    // Any kind of pin counts.
    disk.write(&format!("/backup/{}.pin", name(0)), "");
    disk.directory(&format!("/backup/{}.pin", name(1)));
    let (decisions, outcome) = forget(&disk, keep_two());
    assert_eq!(outcome.expect("the directory is writable").removed, 1);
    assert_eq!(decisions[0].rules, [Rule::Pinned]);
    assert!(!names(&disk).contains(&name(2)));
}

#[test]
fn an_unpinned_generation_is_removed_by_the_policy_of_the_same_run() {
    let disk = disk_with(0..3);
    let pin = format!("{}.pin", name(0));
    disk.write(&format!("/backup/{pin}"), "");
    for dry_run in [true, false] {
        let options = ForgetOptions {
            unpin: vec![name(0)],
            dry_run,
            ..keep_two()
        };
        let summary = forget(&disk, options).1.expect("it is pinned");
        assert_eq!((summary.unpinned, summary.removed), (1, 1));
        assert_eq!(names(&disk).contains(&pin), dry_run);
        assert_eq!(names(&disk).contains(&name(0)), dry_run);
    }
}

#[test]
fn a_pin_can_be_removed_without_a_policy() {
    let disk = disk_with(0..3);
    disk.write(&format!("/backup/{}.pin", name(0)), "");
    let options = ForgetOptions {
        unpin: vec![name(0)],
        ..ForgetOptions::default()
    };
    let (decisions, outcome) = forget(&disk, options);
    let summary = outcome.expect("it is pinned");
    assert_eq!(
        (summary.unpinned, summary.removed, decisions.len()),
        (1, 0, 0)
    );
    disk.lose_power(Surviving::Nothing);
    assert_eq!(names(&disk), (0..3).map(name).collect(), "durable");
}

#[test]
fn a_name_without_a_pin_is_refused_before_anything_is_removed() {
    let disk = disk_with(0..3);
    disk.write(&format!("/backup/{}.pin", name(0)), "");
    let before = names(&disk);
    for (unpin, code) in [
        (name(1), ErrorCode::PathNotFound),
        ("../x".to_owned(), ErrorCode::InvalidArgument),
    ] {
        let options = ForgetOptions {
            unpin: vec![name(0), unpin],
            ..keep_two()
        };
        let failure = forget(&disk, options).1.expect_err("it has no pin");
        assert_eq!(failure.code, code, "{failure}");
        assert_eq!(names(&disk), before);
    }
}

#[test]
fn a_pin_that_cannot_be_removed_is_reported_and_stays() {
    let disk = disk_with(0..3);
    disk.directory(&format!("/backup/{}.pin", name(0)));
    let options = ForgetOptions {
        unpin: vec![name(0)],
        ..keep_two()
    };
    let failure = forget(&disk, options).1.expect_err("it is a directory");
    assert!(failure.message.contains("the pin of"), "{failure}");
    assert_eq!(names(&disk).len(), 4);
}

#[test]
fn generations_of_the_future_are_kept_and_do_not_count() {
    let disk = disk_with(0..5);
    let options = ForgetOptions {
        now: NEW_YEAR + 2 * HOUR,
        ..keep_two()
    };
    let (decisions, _) = forget(&disk, options);
    assert_eq!(decisions[2].rules, [Rule::Newest, Rule::Last]);
    assert_eq!(decisions[3].rules, [Rule::InFuture]);
    assert_eq!(names(&disk), (1..5).map(name).collect());
}

#[test]
fn other_files_are_never_removed_and_do_not_count() {
    let disk = disk_with(0..2);
    let others = [
        name(100),
        "licenses.zip".to_owned(),
        "licenses-20250101T000000Z.zip.old".to_owned(),
        "notes.txt".to_owned(),
        ".license-backup-0.tmp".to_owned(),
    ];
    for other in &others {
        disk.write(&format!("/backup/{other}"), "not a backup");
    }
    disk.directory(&format!("/backup/{}", name(101)));
    let (decisions, outcome) = forget(&disk, keep_two());
    assert_eq!(
        (decisions.len(), outcome.map(|summary| summary.removed)),
        (2, Ok(0))
    );
    assert_eq!(names(&disk).len(), 2 + others.len() + 1);
}

#[test]
fn a_policy_without_rules_removes_nothing() {
    let disk = disk_with(0..2);
    for keep_last in [None, Some(0)] {
        let policy = RetentionPolicy {
            keep_last,
            ..RetentionPolicy::default()
        };
        let failure = forget(
            &disk,
            ForgetOptions {
                policy,
                ..keep_two()
            },
        )
        .1
        .expect_err("there is no rule");
        assert_eq!(failure.code, ErrorCode::InvalidArgument, "{failure}");
    }
    assert_eq!(names(&disk).len(), 2);
}

#[test]
fn a_cancelled_run_reports_what_was_removed() {
    let disk = disk_with(0..3);
    let mut forget =
        Forget::start(disk.directory("/backup"), "/backup", keep_two()).expect("it starts");
    // One step each for pins, inspection and removal.
    for _ in 0..3 {
        forget = forget
            .step(&mut Vec::new())
            .continue_value()
            .expect("there are more steps");
    }
    let failure = forget.cancel().break_value().expect("it ends");
    assert_eq!(failure.code, ErrorCode::Cancelled);
    assert!(
        failure.message.contains("1 generations were removed"),
        "{failure}"
    );
}

#[test]
fn with_any_call_failed_no_kept_generation_is_removed() {
    let mut cases = 0;
    for fault in FAULTS {
        for number in 0.. {
            let disk = disk_with(0..4);
            disk.inject(number, fault);
            let (_, outcome) = forget(&disk, keep_two());
            let is_reached = disk.take_calls().len() > number;
            disk.clear_faults();
            if !is_reached {
                break;
            }
            let Some(injected) = disk.take_injected() else {
                continue;
            };
            let when = format!("{injected:?}: {outcome:?}");
            disk.lose_power(Surviving::Everything);
            let left = names(&disk);
            for kept in [name(2), name(3)] {
                let was_altered = injected.altered.contains_key(&format!("/backup/{kept}"));
                assert!(left.contains(&kept) || was_altered, "{when}");
            }
            cases += 1;
        }
    }
    report_count(cases, 100, "forgetting with each call failed in turn");
}

#[test]
fn stopped_at_any_call_no_kept_generation_is_removed() {
    let (mut cases, mut number, mut is_reached) = (0, 0, true);
    while is_reached {
        for surviving in survivals(number) {
            let disk = disk_with(0..4);
            disk.fail(FsError::Other("io"), move |call| call.number >= number);
            let (_, outcome) = forget(&disk, keep_two());
            is_reached = disk.take_calls().len() > number;
            disk.clear_faults();
            disk.lose_power(surviving);
            let when = format!("stopped at call {number}, {surviving:?}: {outcome:?}");
            assert!(
                names(&disk).is_superset(&[name(2), name(3)].into()),
                "{when}"
            );
            let again = forget(&disk, keep_two()).1.expect("it can be repeated");
            assert_eq!(again.kept, 2, "{when}");
            assert_eq!(names(&disk), BTreeSet::from([name(2), name(3)]), "{when}");
            cases += 1;
        }
        number += 1;
    }
    report_count(
        cases,
        100,
        "forgetting with everything stopped at each call",
    );
}
