//! Ten processes that back up into the same directory.

use std::fs;

use license_backup_tests::harness::{Outcome, Process, Sandbox, Snapshot, counted, scaled};
use license_backup_tests::sample::SampleStore;

use super::license_backup;

/// The number of concurrent backups in a race.
const RUNNERS: u64 = 10;

/// Returns a sandbox with a different store for each runner: store `n` has `100 + n` licenses.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 0..RUNNERS {
        let store = sandbox.path(format!("store/{number}"));
        SampleStore::ordinary(100 + number)
            .write_into(&store)
            .unwrap();
    }
    sandbox
}

/// Lets all runners back up at the same time, and returns their outcomes.
fn race(sandbox: &Sandbox, options: &[&str]) -> Vec<Outcome> {
    let runs: Vec<_> = (0..RUNNERS)
        .map(|number| {
            let store = format!("store\\{number}");
            let command = ["backup", "--store", &store, "--to", "backup"];
            license_backup(sandbox, &[&command, options].concat()).start()
        })
        .collect();
    runs.into_iter().map(Process::wait).collect()
}

/// Returns the number of licenses of the backup, which must be valid.
fn licenses(sandbox: &Sandbox) -> u64 {
    let arguments = ["verify", "--from", "backup", "--json"];
    let run = license_backup(sandbox, &arguments).run().exits(0);
    run.end_event()["licenses"].as_u64().unwrap()
}

#[test]
#[ignore = "run by `make test-windows`"]
fn exactly_one_of_ten_racing_programs_makes_a_backup() {
    let sandbox = sandbox();
    let races = scaled(2, 10);
    for _ in 0..races {
        let mut winners = Vec::new();
        for (number, outcome) in (100..).zip(race(&sandbox, &["--json"])) {
            match outcome.code() {
                Some(0) => winners.push(number),
                _ => assert_eq!(outcome.exits(4).end_event()["code"], "backup-exists"),
            }
        }
        assert_eq!(winners, [licenses(&sandbox)]);
        assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
        fs::remove_file(sandbox.backup_file()).unwrap();
    }
    counted(races, "races of ten programs for Windows");
}

/// Wine replaces no file that is open, so that a run can fail while another one reads the earlier
/// backup.
#[test]
#[ignore = "run by `make test-windows`"]
fn racing_overwrites_leave_a_valid_backup_and_nothing_else() {
    let sandbox = sandbox();
    let races = scaled(2, 10);
    let mut succeeded = 0;
    for _ in 0..races {
        for outcome in race(&sandbox, &["--overwrite", "--quiet"]) {
            match outcome.code() {
                Some(0) => succeeded += 1,
                _ => drop(outcome.exits(1).says(&["no backup was made"])),
            }
        }
        assert!((100..100 + RUNNERS).contains(&licenses(&sandbox)));
        assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
    }
    let of = races * RUNNERS;
    counted(
        races,
        format_args!("races of overwriting programs for Windows, {succeeded} of {of} succeeded"),
    );
    assert!(succeeded > 0);
}
