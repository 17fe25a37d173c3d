//! Backups that run at the same time into one directory off the device: without `--overwrite`, one
//! of them wins, and its backup is there.

use std::fs;

use license_backup_tests::harness::{Outcome, Process, Sandbox, counted, scaled};
use license_backup_tests::sample::SampleStore;

use super::place::{Kind, Place};

/// The number of backups in a race.
const RUNNERS: u64 = 10;

/// Makes a sandbox in which each runner has a store of its own: store `n` has `licenses + n`
/// licenses of this size.
fn sandbox(licenses: u64, size: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    let store = SampleStore {
        size,
        ..SampleStore::ordinary(licenses + RUNNERS)
    };
    let files: Vec<_> = store.files().collect();
    for number in 0..RUNNERS {
        let count = usize::try_from(licenses + number).expect("the number is small");
        for file in &files[..count] {
            file.write_into(&sandbox.path(number.to_string()))
                .expect("the sandbox is writable");
        }
    }
    sandbox
}

/// Races backups of stores with at least so many licenses, and requires that one of them wins.
fn race(kind: Kind, rounds: u64, licenses: u64, size: usize) {
    let mut lost_at_commit = 0;
    for is_encrypted in [false, true] {
        let place = Place::with_store(kind, is_encrypted, sandbox(licenses, size));
        for round in 0..rounds {
            let directory = format!("race-{round}");
            let start = |store| {
                let line = format!("backup --store {store} TO --json");
                place.command(&directory, &line).start()
            };
            let runs: Vec<_> = (0..RUNNERS).map(start).collect();
            let outcomes: Vec<Outcome> = runs
                .into_iter()
                .map(|run: Process| place.checked(run.wait()))
                .collect();
            let mut winners = Vec::new();
            for (number, outcome) in (0..).zip(outcomes) {
                if outcome.code() == Some(0) {
                    winners.push(licenses + number);
                    continue;
                }
                let outcome = outcome.exits(4);
                let code = &outcome.end_event()["code"];
                assert_eq!(code, "backup-exists", "{}", outcome.report());
                let mut events = outcome.events().into_iter();
                lost_at_commit += u64::from(events.any(|event| event["event"] == "begin"));
            }
            let verified = place.run(&directory, "verify FROM --json").exits(0);
            assert_eq!(
                winners,
                [verified.end_event()["licenses"]
                    .as_u64()
                    .unwrap_or_default()],
                "the backup should be that of the winner"
            );
            if place.is_on_this_machine() {
                let path = place.sandbox.path("places").join(directory);
                let entries = fs::read_dir(path).expect("the directory exists");
                let mut names: Vec<_> = entries
                    .map(|entry| entry.expect("it is listed").file_name())
                    .collect();
                names.retain(|name| name != "last-run.json");
                assert_eq!(names, [format!("licenses.zip{}", place.suffix()).as_str()]);
            }
        }
    }
    let losers = 2 * rounds * (RUNNERS - 1);
    counted(
        2 * rounds,
        format_args!(
            "races in a place of {kind:?}: {lost_at_commit} of {losers} losers failed at the commit"
        ),
    );
}

#[test]
fn one_of_ten_racing_backups_on_an_sftp_server_wins() {
    race(Kind::Sftp, scaled(1, 25), 300, 4096);
}

/// The S3 server of the tests stores one object at a time, since its own check of a condition is
/// not safe against races.
#[test]
fn one_of_ten_racing_backups_in_a_bucket_wins() {
    race(Kind::S3, scaled(1, 25), 40, 4096);
}

#[test]
fn one_of_ten_racing_backups_in_a_bucket_that_are_sent_in_parts_wins() {
    race(Kind::S3, scaled(1, 10), 9, 1 << 20);
}
