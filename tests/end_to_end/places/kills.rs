//! Processes that are killed with `SIGKILL` during a backup off the device: the program, the `ssh`
//! that it has started, and the server.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use license_backup_servers::{S3Options, S3Server, descendants};
use license_backup_tests::harness::{Outcome, Process, counted, scaled};
use license_backup_tests::sample::SampleStore;
use nix::sys::signal::{Signal, kill};

use super::place::{Kind, Place};
use super::trial::{Found, Trial};
use crate::moments::Moments;

/// The time after which a program that has made a backup has ended.
const END: Duration = Duration::from_millis(500);

/// Returns the number of kills of each kind of process, in each kind of place.
fn kills() -> u64 {
    scaled(4, 200)
}

/// Disturbs runs at random moments, one half of them in a place that encrypts, and one half without
/// an earlier backup. `disturb` gets a run at its moment, and returns its outcome. Requires that
/// some runs have not ended by then.
fn disturb_runs(kind: Kind, what: &str, mut disturb: impl FnMut(&mut Trial, Process) -> Outcome) {
    let (mut disturbed, mut succeeded, mut new) = (0, 0, 0);
    for is_encrypted in [false, true] {
        let mut trial = Trial::new(kind, is_encrypted, SampleStore::ordinary(400));
        let mut moments = Moments::new(4);
        for number in 0..kills() / 2 {
            if moments.need_measurement() {
                trial.begin_anew();
                let outcome = moments.measure(|| trial.start(), trial.has_begun());
                trial.check(outcome);
            }
            if number % 2 == 0 {
                trial.begin_anew();
            }
            let has_begun = trial.has_begun();
            let mut run = trial.start();
            moments.wait(&mut run, has_begun);
            disturbed += u64::from(run.is_running());
            let outcome = disturb(&mut trial, run);
            succeeded += u64::from(outcome.code() == Some(0));
            new += u64::from(trial.check(outcome) == Found::New);
        }
    }
    let details = format_args!("{succeeded} runs succeeded, {new} backups are the new one");
    counted(disturbed, format_args!("kills of {what}: {details}"));
    assert!(disturbed > 0, "some runs should be disturbed");
}

#[test]
fn a_killed_backup_on_an_sftp_server_leaves_the_earlier_or_a_complete_one() {
    disturb_runs(Kind::Sftp, "a backup over SFTP", |_, run| run.kill());
}

#[test]
fn a_killed_backup_in_a_bucket_leaves_the_earlier_or_a_complete_one() {
    disturb_runs(Kind::S3, "a backup to S3", |_, run| run.kill());
}

#[test]
fn a_backup_whose_ssh_is_killed_leaves_the_earlier_or_a_complete_one() {
    let mut killed = 0;
    disturb_runs(Kind::Sftp, "the ssh of a backup", |_, run| {
        let processes = descendants(run.id()).expect("Linux has /proc");
        killed += u64::from(!processes.is_empty());
        for process in processes {
            // It may have ended with the program.
            let _ = kill(process, Signal::SIGKILL);
        }
        run.wait()
    });
    assert!(killed > 0, "some processes should be killed");
}

#[test]
fn a_backup_whose_sftp_server_is_killed_leaves_the_earlier_or_a_complete_one() {
    disturb_runs(Kind::Sftp, "the SFTP server", |trial, run| {
        trial.place.sshd().kill().expect("the server runs");
        trial.place.sshd().restart().expect("the port is free");
        run.wait()
    });
}

/// The server keeps its objects in memory, so the earlier backup is lost with it.
#[test]
fn a_backup_to_a_server_that_loses_everything_succeeds_only_if_it_is_there() {
    let options = S3Options {
        checks_signatures: false,
        ..S3Options::default()
    };
    let (mut failed, mut succeeded) = (0, 0);
    let sandbox = Trial::sandbox(SampleStore {
        size: 1 << 20,
        ..SampleStore::ordinary(10)
    });
    let server = Arc::new(S3Server::start(options));
    let mut trial = Trial::of(Place::on_s3_server(false, sandbox, server));
    let mut moments = Moments::new(4);
    for _ in 0..kills() {
        trial.begin_anew();
        if moments.need_measurement() {
            let outcome = moments.measure(|| trial.start(), || true);
            trial.check(outcome);
            trial.begin_anew();
        }
        let mut run = trial.start();
        moments.wait(&mut run, || true);
        trial.place.s3_server().kill();
        thread::sleep(END);
        let ended_before = !run.is_running();
        trial.place.s3_server().restart();
        let outcome = run.wait();
        if ended_before {
            continue;
        }
        match trial.check(outcome) {
            Found::Earlier => failed += 1,
            Found::New => succeeded += 1,
        }
    }
    let details = format_args!("{succeeded} backups were made again, {failed} failed");
    let disturbed = succeeded + failed;
    counted(disturbed, format_args!("kills of the S3 server: {details}"));
    assert!(disturbed > 0, "some runs should be disturbed");
}
