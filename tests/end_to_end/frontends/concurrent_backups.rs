//! Tests of concurrent backups into one directory. Without `--overwrite`, exactly one backup
//! succeeds. With `--overwrite`, a complete backup exists at any time.

use std::collections::BTreeSet;
use std::fs;

use license_backup::{
    BackupOperation, BackupOptions, ErrorCode, LicenseManager, Operation, OperationError,
    VerifyOptions, VerifySummary, block_on,
};
use license_backup_tests::harness::{
    Outcome, Process, Sandbox, Snapshot, concurrently, counted, scaled,
};
use license_backup_tests::sample::SampleStore;

use crate::fixture::Program;
use crate::library::{RUNTIME, outcome};

/// The number of concurrent backups in a race.
const RUNNERS: u64 = 10;

/// Returns the number of races of each test.
fn races() -> u64 {
    scaled(2, 25)
}

/// Returns a sandbox with a different store for each runner: store `n` contains `300 + n` licenses.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let licenses: Vec<_> = SampleStore::ordinary(300 + RUNNERS).files().collect();
    for number in 0..RUNNERS {
        let count = usize::try_from(300 + number).expect("the number is small");
        for license in &licenses[..count] {
            license.write_into(&sandbox.path(store(number))).unwrap();
        }
    }
    sandbox
}

/// Returns the name of a store of the sandbox.
fn store(number: u64) -> String {
    format!("store/{number}")
}

/// Returns the number of licenses of the backup. Requires that the backup is valid, and the only
/// file in its directory.
fn licenses(sandbox: &Sandbox) -> u64 {
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
    verify(sandbox)
        .expect("the backup should be valid")
        .licenses
}

fn verify(sandbox: &Sandbox) -> Result<VerifySummary, OperationError> {
    let Operation {
        events: _,
        completed,
        cookie: _,
    } = block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup())))?;
    outcome(completed)
}

/// Races the programs that `program` returns for each number, and requires that exactly one wins.
/// Returns the number of losers that failed at the commit.
fn race(program: impl Fn(u64) -> Program) -> u64 {
    let sandbox = sandbox();
    let mut lost_at_commit = 0;
    for _ in 0..races() {
        let runs = (0..RUNNERS).map(|number| {
            program(number)
                .back_up(&sandbox, &store(number), "backup", &["--json"])
                .start()
        });
        let runs: Vec<_> = runs.collect();
        let outcomes: Vec<Outcome> = runs.into_iter().map(Process::wait).collect();
        let mut winners = Vec::new();
        for (number, outcome) in (0..).zip(&outcomes) {
            if outcome.code() == Some(0) {
                winners.push(300 + number);
                continue;
            }
            assert_eq!(outcome.code(), Some(4), "{}", outcome.report());
            assert_eq!(
                outcome.end_event()["code"],
                "backup-exists",
                "{}",
                outcome.report()
            );
            lost_at_commit += u64::from(
                outcome
                    .events()
                    .iter()
                    .any(|event| event["event"] == "begin"),
            );
        }
        assert_eq!(
            winners,
            [licenses(&sandbox)],
            "the backup should be that of the winner"
        );
        fs::remove_file(sandbox.backup_file()).unwrap();
    }
    lost_at_commit
}

/// Prints the number of races and of losers.
fn count_races(of: &str, lost_at_commit: u64) {
    let losers = races() * (RUNNERS - 1);
    counted(
        races(),
        format_args!("races of {of}; {lost_at_commit} of {losers} losers failed at the commit"),
    );
}

#[test]
fn exactly_one_of_ten_racing_programs_makes_a_backup() {
    count_races("ten processes of license-backup", race(|_| Program::Binary));
}

#[test]
fn exactly_one_of_ten_racing_components_makes_a_backup() {
    count_races("ten processes of wasmtime", race(|_| Program::Wasmtime));
}

#[test]
fn exactly_one_of_ten_racing_command_lines_makes_a_backup() {
    let both = |number| {
        if number % 2 == 0 {
            Program::Binary
        } else {
            Program::Wasmtime
        }
    };
    count_races("five processes of each program", race(both));
}

/// Starts a backup of the store with this number.
fn start(
    runtime: &LicenseManager,
    sandbox: &Sandbox,
    number: u64,
    overwrite: bool,
) -> Result<BackupOperation, OperationError> {
    let options = BackupOptions::new(sandbox.path(store(number)), sandbox.backup());
    block_on(runtime.backup(&options.overwrite(overwrite)))
}

#[test]
fn exactly_one_of_ten_racing_operations_makes_a_backup() {
    let sandbox = sandbox();
    let other = LicenseManager::new().unwrap();
    for (runtimes, of) in [
        ([&*RUNTIME, &*RUNTIME], "one runtime"),
        ([&*RUNTIME, &other], "two runtimes"),
    ] {
        let mut lost_at_commit = 0;
        for _ in 0..races() {
            let operations = (0..RUNNERS).zip(runtimes.into_iter().cycle());
            let operations: Vec<_> = operations
                .map(|(number, runtime)| start(runtime, &sandbox, number, false))
                .collect();
            let mut winners = Vec::new();
            for (number, operation) in (0..).zip(operations) {
                lost_at_commit += u64::from(operation.is_ok());
                match operation.and_then(|operation| outcome(operation.completed)) {
                    Ok(summary) => winners.push((number, summary.licenses)),
                    Err(error) => assert_eq!(error.code(), ErrorCode::BackupExists, "{error}"),
                }
            }
            let licenses = licenses(&sandbox);
            assert_eq!(
                winners,
                [(licenses - 300, licenses)],
                "the backup should be that of the winner"
            );
            // The winner was accepted, and is not a loser.
            lost_at_commit -= 1;
            fs::remove_file(sandbox.backup_file()).unwrap();
        }
        count_races(&format!("ten operations of {of}"), lost_at_commit);
    }
}

#[test]
fn racing_overwrites_leave_a_valid_backup_at_any_time() {
    let sandbox = sandbox();
    outcome(start(&RUNTIME, &sandbox, 0, false).unwrap().completed).unwrap();
    let other = LicenseManager::new().unwrap();
    let mut seen = BTreeSet::new();
    let verify_backup = || {
        let verified = verify(&sandbox).expect("a valid backup should exist at any time");
        seen.insert(verified.licenses);
    };
    let (backups, times) = concurrently(verify_backup, || {
        let mut backups = 0;
        for round in 0..races() {
            let program = Program::BOTH[usize::from(round % 2 == 1)];
            let arguments = ["--overwrite", "--quiet"];
            let runs: Vec<_> = (0..RUNNERS)
                .map(|number| {
                    program
                        .back_up(&sandbox, &store(number), "backup", &arguments)
                        .start()
                })
                .collect();
            let operations: Vec<_> = (0..RUNNERS)
                .zip([&*RUNTIME, &other].into_iter().cycle())
                .map(|(number, runtime)| start(runtime, &sandbox, number, true))
                .collect();
            for run in runs {
                run.wait().exits(0);
                backups += 1;
            }
            for operation in operations {
                outcome(operation.expect("the backup should be accepted").completed)
                    .expect("the backup should succeed");
                backups += 1;
            }
        }
        backups
    });
    assert!((300..300 + RUNNERS).contains(&licenses(&sandbox)));
    let readers = format_args!(
        "verified {times} times concurrently, {} different backups seen",
        seen.len()
    );
    counted(
        backups,
        format_args!(
            "concurrent overwriting backups of ten processes and ten operations, {readers}"
        ),
    );
    assert!(times > 0, "the reader should verify at least once");
}
