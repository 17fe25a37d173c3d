//! Knowing that backups are made: the record of the last run, checks, and metrics.

use std::fs;
use std::time::{Duration, SystemTime};

use license_backup::{BackupOptions, CheckOptions, ErrorCode};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;
use serde_json::Value;

use crate::fixture::{Program, wait_for_next_second};
use crate::library::RUNTIME;

/// Returns a sandbox with 12 licenses, and a generation of them that each program has made.
fn backed_up(program: Program) -> (Sandbox, String) {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(12));
    let run = program.back_up(&sandbox, "store", "backup", &["--generations", "--json"]);
    let end = run.run().exits(0).end_event();
    let file = end["file"].as_str().expect("it is a name").to_owned();
    (sandbox, file)
}

/// Returns what `last-run.json` records.
fn last_run(sandbox: &Sandbox) -> Value {
    let record = fs::read(sandbox.path("backup/last-run.json")).expect("the run is recorded");
    serde_json::from_slice(&record).expect("it is JSON")
}

fn empty_the_store(sandbox: &Sandbox) {
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
}

#[test]
fn each_run_is_recorded_beside_the_generations() {
    for program in Program::BOTH {
        let (sandbox, file) = backed_up(program);
        let record = last_run(&sandbox);
        assert_eq!(
            (&record["outcome"], &record["exit_code"]),
            (&"success".into(), &0.into())
        );
        let backup = fs::read(sandbox.path("backup").join(&file)).unwrap();
        let verify = program.on_backup(&sandbox, "verify", &["--json"]).run();
        let blake3 = verify.exits(0).end_event()["blake3"].clone();
        assert_eq!(record["backup"]["file"], file);
        assert_eq!(record["backup"]["licenses"], 12);
        assert_eq!(record["backup"]["size"], backup.len());
        assert_eq!(record["backup"]["blake3"], blake3);
    }
}

#[test]
fn a_single_file_has_no_record() {
    for program in Program::BOTH {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
        let run = program.back_up(&sandbox, "store", "backup", &["--quiet"]);
        run.run().exits(0);
        assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
        let check = program.on_backup(&sandbox, "check", &["--max-age", "1h"]);
        let checked = check.run().exits(0);
        assert!(
            checked.stdout().contains("licenses.zip"),
            "{}",
            checked.report()
        );
    }
}

#[test]
fn a_recent_backup_passes_a_check_and_an_old_one_does_not() {
    for program in Program::BOTH {
        let (sandbox, file) = backed_up(program);
        let check = ["--max-age", "1h", "--verify", "--json"];
        let end = program
            .on_backup(&sandbox, "check", &check)
            .run()
            .exits(0)
            .end_event();
        assert_eq!(end["file"], file);
        assert_eq!(end["blake3"], last_run(&sandbox)["backup"]["blake3"]);

        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
        let time = SystemTime::now() - Duration::from_hours(27);
        let options = BackupOptions::new(sandbox.store(), sandbox.backup()).generation(time);
        RUNTIME.backup_blocking(&options).unwrap();
        let old = program.on_backup(&sandbox, "check", &["--max-age", "26h", "--json"]);
        let end = old.run().exits(1).end_event();
        assert_eq!(
            (&end["code"], &end["outcome"]),
            (&"stale".into(), &"failed".into())
        );
        let recent = program.on_backup(&sandbox, "check", &["--max-age", "1d4h", "--quiet"]);
        assert_eq!(recent.run().exits(0).stdout(), "");
    }
}

#[test]
fn a_shrunk_backup_fails_each_check_until_its_pin_is_removed() {
    for program in Program::BOTH {
        let (sandbox, file) = backed_up(program);
        empty_the_store(&sandbox);
        let options = ["--keep-last", "1", "--quiet"];
        let back_up = || program.back_up(&sandbox, "store", "backup", &options).run();
        wait_for_next_second();
        back_up().exits(6);
        assert_eq!(last_run(&sandbox)["outcome"], "shrunk");
        let check = || {
            program
                .on_backup(&sandbox, "check", &["--max-age", "1h"])
                .run()
        };
        check()
            .exits(6)
            .says(&["0 of the 12 licenses", "forget --unpin"]);
        // The store is still empty: nothing has changed since the last run.
        back_up().exits(0);
        check().exits(6).says(&["is the store mounted?"]);
        assert!(sandbox.path("backup").join(&file).exists(), "it is pinned");

        let unpin = program.on_backup(&sandbox, "forget", &["--unpin", &file]);
        let unpinned = unpin.run().exits(0);
        assert!(
            unpinned.stdout().starts_with("Unpinned 1 generation.\n"),
            "{}",
            unpinned.report()
        );
        check().exits(0);
        back_up().exits(0);
        assert!(
            !sandbox.path("backup").join(&file).exists(),
            "the policy has removed it"
        );
    }
}

#[test]
fn a_record_that_is_damaged_or_lies_fails_the_check_and_removes_nothing() {
    for program in Program::BOTH {
        let (sandbox, file) = backed_up(program);
        let record = sandbox.path("backup/last-run.json");
        let truth = fs::read_to_string(&record).unwrap();
        let wrong_size = truth.replace("\"size\": ", "\"size\": 9");
        for (lie, code, message) in [
            ("{".to_owned(), 1, "it is malformed"),
            (truth.replace(&file, "../../secret"), 1, "it is malformed"),
            (wrong_size, 5, "is missing or has another size"),
        ] {
            fs::write(&record, lie).unwrap();
            let before = Snapshot::of(&sandbox.backup());
            let check = program.on_backup(&sandbox, "check", &["--max-age", "1h"]);
            check.run().exits(code).says(&[message]);
            assert_eq!(Snapshot::of(&sandbox.backup()), before);
        }
        // The next backup replaces it.
        let run = program.back_up(&sandbox, "store", "backup", &["--generations", "--quiet"]);
        run.run().exits(0);
        assert_eq!(last_run(&sandbox)["backup"]["file"], file);
    }
}

#[test]
fn a_check_that_verifies_finds_damage() {
    for program in Program::BOTH {
        let (sandbox, file) = backed_up(program);
        let path = sandbox.path("backup").join(&file);
        let mut backup = fs::read(&path).unwrap();
        backup[100] ^= 1;
        fs::write(&path, backup).unwrap();
        let check = |options: &[&str]| program.on_backup(&sandbox, "check", options).run();
        check(&["--max-age", "1h"]).exits(0);
        check(&["--max-age", "1h", "--verify"]).exits(5);
    }
}

#[test]
fn the_library_checks_a_backup() {
    let (sandbox, file) = backed_up(Program::Binary);
    let options = CheckOptions::new(sandbox.backup(), Duration::from_hours(1));
    let summary = RUNTIME
        .check_blocking(&options.clone().verify(true))
        .unwrap();
    assert_eq!(summary.file, file);
    assert!(summary.blake3.is_some() && summary.last_failure.is_none());
    let later = options.now(SystemTime::now() + Duration::from_hours(2));
    let error = RUNTIME.check_blocking(&later).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Stale, "{error}");
}

#[test]
fn metrics_have_the_result_of_each_run_and_the_last_success() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(12));
    let value = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(sandbox.path("metrics.prom")).expect("it is written");
        let start = format!("license_backup_{name}{{directory=\"backup\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(line.parse().expect("it is a number"))
    };
    let options = ["--metrics", "metrics.prom", "--quiet"];
    sandbox.back_up(&options).run().exits(0);
    assert_eq!((value("exit_code"), value("licenses")), (Some(0), Some(12)));
    let first = value("last_success_timestamp_seconds").expect("the run has succeeded");
    assert_eq!(value("last_run_timestamp_seconds"), Some(first));

    sandbox.back_up(&options).run().exits(4);
    assert_eq!((value("exit_code"), value("licenses")), (Some(4), None));
    assert_eq!(value("last_success_timestamp_seconds"), Some(first));

    empty_the_store(&sandbox);
    sandbox
        .back_up(&[&options[..], &["--overwrite"]].concat())
        .run()
        .exits(6);
    assert_eq!(value("exit_code"), Some(6));
    assert_eq!(value("last_success_timestamp_seconds"), Some(first));
}

#[test]
fn metrics_that_cannot_be_written_fail_the_run() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let run = sandbox
        .back_up(&["--metrics", "missing/metrics.prom"])
        .run();
    run.exits(1).says(&["cannot write missing/metrics.prom: "]);
    assert!(
        sandbox.backup_file().exists(),
        "the backup is made nevertheless"
    );
}
