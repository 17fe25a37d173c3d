//! Many backups at once into one directory: without overwriting exactly one is made, with overwriting there is a whole one at any
//! moment.

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

/// How many backups race for a directory.
const RUNNERS: u64 = 10;

/// How many races each test has.
fn races() -> u64 {
    scaled(2, 25)
}

/// A sandbox with a store for each of those that race, all different: of the store of number `n` there are `300 + n` licenses.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let licenses: Vec<_> = SampleStore::ordinary(300 + RUNNERS).files().collect();
    for number in 0..RUNNERS {
        let taken = usize::try_from(300 + number).expect("it is a small number");
        for license in &licenses[..taken] {
            license.write_into(&sandbox.path(store(number))).unwrap();
        }
    }
    sandbox
}

fn store(number: u64) -> String {
    format!("store/{number}")
}

/// How many licenses a backup has, which must be whole, and the only file there.
fn licenses(sandbox: &Sandbox) -> u64 {
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
    verify(sandbox)
        .expect("the backup should be whole")
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

/// Races of programs.
fn race(program: impl Fn(u64) -> Program) -> u64 {
    let sandbox = sandbox();
    let mut lost_late = 0;
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
            lost_late += u64::from(
                outcome
                    .events()
                    .iter()
                    .any(|event| event["event"] == "begin"),
            );
        }
        assert_eq!(
            winners,
            [licenses(&sandbox)],
            "the backup should be that of the one that has won"
        );
        fs::remove_file(sandbox.backup_file()).unwrap();
    }
    lost_late
}

fn tell_races(of: &str, lost_late: u64) {
    let runners = races() * (RUNNERS - 1);
    counted(
        races(),
        format_args!("races of {of}; of {runners} losers {lost_late} lost at the commit"),
    );
}

#[test]
fn exactly_one_of_ten_racing_programs_makes_a_backup() {
    tell_races("ten processes of license-backup", race(|_| Program::Binary));
}

#[test]
fn exactly_one_of_ten_racing_components_makes_a_backup() {
    tell_races("ten processes of wasmtime", race(|_| Program::Wasmtime));
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
    tell_races("five processes of each program", race(both));
}

/// Starts a backup of the store of this number.
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
        let mut lost_late = 0;
        for _ in 0..races() {
            let operations = (0..RUNNERS).zip(runtimes.into_iter().cycle());
            let operations: Vec<_> = operations
                .map(|(number, runtime)| start(runtime, &sandbox, number, false))
                .collect();
            let mut winners = Vec::new();
            for (number, operation) in (0..).zip(operations) {
                lost_late += u64::from(operation.is_ok());
                match operation.and_then(|operation| outcome(operation.completed)) {
                    Ok(summary) => winners.push((number, summary.licenses)),
                    Err(error) => assert_eq!(error.code(), ErrorCode::BackupExists, "{error}"),
                }
            }
            let licenses = licenses(&sandbox);
            assert_eq!(
                winners,
                [(licenses - 300, licenses)],
                "the backup should be that of the one that has won"
            );
            // The winner has begun too.
            lost_late -= 1;
            fs::remove_file(sandbox.backup_file()).unwrap();
        }
        tell_races(&format!("ten operations of {of}"), lost_late);
    }
}

#[test]
fn racing_overwrites_leave_a_valid_backup_at_any_time() {
    let sandbox = sandbox();
    outcome(start(&RUNTIME, &sandbox, 0, false).unwrap().completed).unwrap();
    let other = LicenseManager::new().unwrap();
    let mut seen = BTreeSet::new();
    let verify_it = || {
        let verified =
            verify(&sandbox).expect("the backup should be there and whole at any moment");
        seen.insert(verified.licenses);
    };
    let (backups, times) = concurrently(verify_it, || {
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
                outcome(operation.expect("the backup is accepted").completed)
                    .expect("the backup is made");
                backups += 1;
            }
        }
        backups
    });
    assert!((300..300 + RUNNERS).contains(&licenses(&sandbox)));
    let readers = format_args!(
        "verified {times} times concurrently, {} different ones",
        seen.len()
    );
    counted(
        backups,
        format_args!(
            "backups that overwrote one another, ten processes and ten operations at once, {readers}"
        ),
    );
    assert!(times > 0, "the reader should have read");
}
