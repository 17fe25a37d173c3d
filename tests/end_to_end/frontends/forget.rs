//! Forgetting generations by a retention policy.

use std::fs;
use std::time::{Duration, SystemTime};

use license_backup::{BackupOptions, ErrorCode, ForgetOptions, RetentionPolicy, Rule};
use license_backup_tests::harness::{Invocation, Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

use crate::expected::allowed;
use crate::fixture::Program;
use crate::library::RUNTIME;

/// Returns the time so many hours after the first second of 2026.
fn time(hours: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + hours * 3600)
}

/// Returns the name of the generation of an hour of the first day of 2026.
fn name(hour: u64) -> String {
    format!("licenses-20260101T{hour:02}0000Z.zip")
}

/// Returns a sandbox with four generations, of the first hours of 2026.
fn four_generations() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    for hour in 0..4 {
        let license = format!("{hour}.lcpl");
        fs::write(sandbox.store().join(&license), allowed(&license)).unwrap();
        let options = BackupOptions::new(sandbox.store(), sandbox.backup());
        RUNTIME
            .backup_blocking(&options.generation(time(hour)))
            .unwrap();
    }
    sandbox
}

/// Returns the names in the backup directory, except that of the record of the last run.
fn backups(sandbox: &Sandbox) -> Vec<String> {
    let mut names = Snapshot::of(&sandbox.backup()).names();
    names.retain(|name| name != "last-run.json");
    names
}

/// Returns a command that forgets generations with these options.
fn forget(program: Program, sandbox: &Sandbox, options: &[&str]) -> Invocation {
    program.on_backup(sandbox, "forget", options)
}

#[test]
fn each_program_removes_what_no_rule_keeps() {
    for program in Program::BOTH {
        let sandbox = four_generations();
        let run = forget(program, &sandbox, &["--keep-last", "2", "--json"]).run();
        let end = run.exits(0).end_event();
        assert_eq!((&end["kept"], &end["removed"]), (&2.into(), &2.into()));
        assert_eq!(backups(&sandbox), [name(2), name(3)]);
    }
}

#[test]
fn each_program_prints_the_rules_and_a_dry_run_removes_nothing() {
    for program in Program::BOTH {
        let sandbox = four_generations();
        let before = Snapshot::of(&sandbox.backup());
        let options = ["--keep-daily", "1", "--keep-within", "1h", "--dry-run"];
        let outcome = forget(program, &sandbox, &options).run().exits(0);
        let expected = format!(
            "remove {}\nremove {}\nremove {}\nkeep   {} (newest, daily, within)\n\
             Would remove 3 generations (",
            name(0),
            name(1),
            name(2),
            name(3)
        );
        assert!(
            outcome.stdout().starts_with(&expected),
            "{}",
            outcome.report()
        );
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
    }
}

#[test]
fn a_policy_without_rules_is_refused() {
    for program in Program::BOTH {
        let sandbox = four_generations();
        let before = Snapshot::of(&sandbox.backup());
        let run = forget(program, &sandbox, &[]).run();
        run.exits(1)
            .says(&["no generation was removed: the retention policy has no rule"]);
        for options in [["--keep-last", "two"], ["--keep-within", "30"]] {
            forget(program, &sandbox, &options)
                .run()
                .exits(2)
                .says(&[options[1]]);
        }
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
    }
}

#[test]
fn the_library_returns_the_decisions() {
    let sandbox = four_generations();
    let policy = RetentionPolicy {
        keep_last: Some(1),
        ..RetentionPolicy::default()
    };
    let options = ForgetOptions::new(sandbox.backup(), policy).now(time(2));
    let (decisions, summary) = RUNTIME.forget_blocking(&options).unwrap();
    assert_eq!((summary.kept, summary.removed), (2, 2));
    let rules: Vec<_> = decisions
        .into_iter()
        .map(|decision| decision.rules)
        .collect();
    let expected = [
        vec![],
        vec![],
        vec![Rule::Newest, Rule::Last],
        vec![Rule::InFuture],
    ];
    assert_eq!(rules, expected);
    let options = ForgetOptions::new(sandbox.backup(), RetentionPolicy::default());
    let error = RUNTIME.forget_blocking(&options).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
}

#[test]
fn a_pinned_generation_survives_every_policy() {
    let sandbox = four_generations();
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
    sandbox
        .back_up(&["--generations", "--quiet"])
        .run()
        .exits(6);
    forget(Program::Binary, &sandbox, &["--keep-last", "1", "--quiet"])
        .run()
        .exits(0);
    let names = backups(&sandbox);
    assert_eq!(names[..2], [name(3), format!("{}.pin", name(3))]);
    assert_eq!(names.len(), 3, "and the newest one: {names:?}");
}
