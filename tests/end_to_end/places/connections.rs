//! Connections that are cut: at any moment, and after the request that puts the backup in place was
//! sent but before its answer came.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::thread;
use std::time::Duration;

use license_backup_servers::{Action, Fault, FaultyFront, Proxy};
use license_backup_tests::harness::{Outcome, counted, files_below, scaled};
use license_backup_tests::sample::SampleStore;

use super::place::Kind;
use super::trial::{Found, Trial, large};
use crate::moments::Moments;

/// The time for which a server cannot be reached after a connection was cut.
const OUTAGE: Duration = Duration::from_millis(300);
/// The time in milliseconds by which answers are late, so that the connection can be cut before.
const DELAY: u64 = 400;
/// More often than a request is repeated.
const ALWAYS: u32 = 1_000;

/// Puts a proxy before the server of a trial.
fn proxy_before(trial: &mut Trial) -> Proxy {
    let proxy = Proxy::start(trial.place.address()).expect("a port is free");
    trial.place.reach_through(proxy.address());
    proxy
}

/// Puts a front with one fault before the S3 service of a trial.
fn front_before(trial: &mut Trial, fault: Fault) -> FaultyFront {
    let front = FaultyFront::start(trial.place.address(), [fault]);
    trial.place.reach_through(front.address());
    front
}

/// Cuts all connections, and refuses others for a moment.
fn interrupt(proxy: &Proxy) {
    proxy.refuse(true);
    proxy.cut();
    thread::sleep(OUTAGE);
    proxy.refuse(false);
}

/// Interrupts backups at random moments, and requires that each of them succeeds.
fn interrupt_backups(kind: Kind) {
    let (cuts, mut during) = (scaled(4, 200), 0);
    for is_encrypted in [false, true] {
        let mut trial = Trial::new(kind, is_encrypted, large());
        let proxy = proxy_before(&mut trial);
        let mut moments = Moments::new(u64::MAX);
        for number in 0..cuts / 2 {
            if number % 2 == 0 {
                trial.begin_anew();
            }
            if moments.need_measurement() {
                let outcome = moments.measure(|| trial.start(), || true);
                trial.check(outcome);
            }
            let accepted = proxy.accepted();
            let has_begun = trial.has_begun();
            // The first connection is not restored: its address may be wrong.
            let has_begun =
                || has_begun() && (kind == Kind::Sftp || proxy.accepted() > accepted + 1);
            let mut run = trial.start();
            moments.wait(&mut run, has_begun);
            during += u64::from(run.is_running());
            interrupt(&proxy);
            trial.check(run.wait().exits(0));
        }
    }
    counted(
        during,
        format_args!("interruptions of the network during a backup in a place of {kind:?}"),
    );
    assert!(during > 0, "some backups should be interrupted");
}

#[test]
fn a_backup_over_sftp_continues_after_the_connection_was_cut() {
    interrupt_backups(Kind::Sftp);
}

#[test]
fn a_backup_to_s3_continues_after_the_connection_was_cut() {
    interrupt_backups(Kind::S3);
}

#[test]
fn a_restore_continues_after_the_connection_was_cut() {
    for (kind, is_encrypted) in [(Kind::Sftp, true), (Kind::S3, false)] {
        let mut trial = Trial::new(kind, is_encrypted, large()).with_an_earlier_backup();
        let proxy = proxy_before(&mut trial);
        let sandbox = &trial.place.sandbox;
        let expected = files_below(&sandbox.store());
        let target = sandbox.path("new");
        let mut moments = Moments::new(u64::MAX);
        let restore = || {
            if target.exists() {
                fs::remove_dir_all(&target).expect("the sandbox is writable");
            }
            fs::create_dir(&target).expect("the sandbox is writable");
            let line = "restore FROM --store new --json";
            trial.place.command(&trial.directory(), line).start()
        };
        for _ in 0..scaled(2, 25) {
            if moments.need_measurement() {
                moments.measure(restore, || true);
            }
            let mut run = restore();
            // The session of SFTP has begun when the first license is there.
            let begun = || fs::read_dir(&target).is_ok_and(|mut entries| entries.next().is_some());
            moments.wait(&mut run, begun);
            interrupt(&proxy);
            let outcome = trial.place.checked(run.wait()).exits(0);
            assert!(files_below(&target) == expected, "{}", outcome.report());
        }
    }
}

/// Runs a backup, and cuts the connection after the server has put the backup in place, but before
/// the program knows.
fn lose_the_answer_to_a_commit(trial: &mut Trial, proxy: &Proxy, is_final: bool) -> Outcome {
    let suffix = trial.place.suffix();
    let directory = trial.place.sandbox.path("places").join(trial.directory());
    let file = directory.join(format!("licenses.zip{suffix}"));
    let identity = || fs::metadata(&file).ok().map(|metadata| metadata.ino());
    let earlier = identity();
    let has_begun = trial.has_begun();
    let mut run = trial.start();
    run.wait_until(has_begun);
    proxy.delay_answers(DELAY);
    assert!(run.wait_until(|| identity() != earlier), "a backup is made");
    proxy.refuse(is_final);
    proxy.cut();
    proxy.delay_answers(0);
    run.wait()
}

#[test]
fn the_outcome_of_a_commit_over_sftp_whose_answer_is_lost_is_found_out() {
    for is_encrypted in [false, true] {
        let mut trial = Trial::new(Kind::Sftp, is_encrypted, SampleStore::ordinary(40));
        let proxy = proxy_before(&mut trial);
        // The first backup is linked, and the second one renamed.
        for _ in ["link", "rename"] {
            let accepted = proxy.accepted();
            let outcome = lose_the_answer_to_a_commit(&mut trial, &proxy, false).exits(0);
            assert_eq!(proxy.accepted(), accepted + 2, "{}", outcome.report());
            assert_eq!(trial.found(outcome), Found::New);
        }
    }
}

#[test]
fn the_outcome_of_a_commit_to_s3_whose_answer_is_lost_is_found_out() {
    for (store, method) in [(SampleStore::ordinary(40), "PUT"), (large(), "POST")] {
        for is_encrypted in [false, true] {
            let mut trial = Trial::new(Kind::S3, is_encrypted, store);
            for _ in ["without", "with an earlier backup"] {
                let is_small = method == "PUT";
                let in_path = if is_small {
                    "licenses.zip"
                } else {
                    "uploadId="
                };
                let front = front_before(
                    &mut trial,
                    Fault {
                        method,
                        in_path: in_path.to_owned(),
                        times: 1,
                        action: Action::LoseAnswer,
                    },
                );
                let outcome = trial.start().wait().exits(0);
                let commits = front
                    .requests()
                    .into_iter()
                    .filter(|request| request.starts_with(method) && request.contains(in_path));
                assert!(commits.count() > 1, "{}", outcome.report());
                assert_eq!(trial.found(outcome), Found::New);
            }
        }
    }
}

fn says_that_the_outcome_is_unknown(outcome: &Outcome) {
    let end = outcome.end_event();
    let message = end["message"].as_str().expect("it is a text");
    let is_said = message.contains("it is unknown whether");
    assert!(is_said, "{}", outcome.report());
}

#[test]
fn a_backup_says_that_it_is_unknown_whether_it_is_in_place() {
    thread::scope(|scope| {
        for is_encrypted in [false, true] {
            scope.spawn(move || {
                let mut trial = Trial::new(Kind::Sftp, is_encrypted, SampleStore::ordinary(40))
                    .with_an_earlier_backup();
                let proxy = proxy_before(&mut trial);
                let outcome = lose_the_answer_to_a_commit(&mut trial, &proxy, true).exits(1);
                proxy.refuse(false);
                says_that_the_outcome_is_unknown(&outcome);
                assert_eq!(trial.check(outcome), Found::New);
            });
        }
        scope.spawn(|| {
            let mut trial = Trial::new(Kind::S3, false, SampleStore::ordinary(40));
            let fault = |method, action| Fault {
                method,
                in_path: "licenses.zip".to_owned(),
                times: ALWAYS,
                action,
            };
            let front = front_before(&mut trial, fault("PUT", Action::LoseAnswer));
            let mut run = trial.start();
            let is_commit =
                |request: &String| request.starts_with("PUT") && request.contains("licenses.zip");
            let is_sent = || front.requests().iter().any(is_commit);
            run.wait_until(is_sent);
            front.add(fault("HEAD", Action::Answer(500, "InternalError")));
            let outcome = run.wait().exits(1);
            front.clear();
            says_that_the_outcome_is_unknown(&outcome);
            assert_eq!(trial.check(outcome), Found::New);
        });
    });
}
