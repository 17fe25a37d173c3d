//! Servers that refuse: each backup fails with a message that names the cause, and the earlier
//! backup stays; or the server recovers, and the backup succeeds.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use license_backup_servers::{Action, Fault, FaultyFront, S3Options, S3Server, Sshd};
use license_backup_tests::harness::{Outcome, Tmpfs, skipped, sources};
use license_backup_tests::sample::SampleStore;

use super::place::{Kind, Place};
use super::trial::{Found, Trial, large};

/// More often than a request is repeated.
const ALWAYS: u32 = 1_000;

fn fault(
    method: &'static str,
    in_path: &str,
    times: u32,
    status: u16,
    code: &'static str,
) -> Fault {
    Fault {
        method,
        in_path: in_path.to_owned(),
        times,
        action: Action::Answer(status, code),
    }
}

/// Runs the next backup of a trial through a front with these faults.
fn run_with(trial: &mut Trial, faults: impl Into<Vec<Fault>>) -> Outcome {
    let direct = trial.place.address();
    let front = FaultyFront::start(direct, faults);
    trial.place.reach_through(front.address());
    let outcome = trial.start().wait();
    trial.place.reach_through(direct);
    outcome
}

/// Requires that a run has failed with this code, and with a message of one line that contains the
/// texts.
#[track_caller]
fn fails_with(outcome: &Outcome, code: &str, texts: &[&str]) {
    let end = outcome.end_event();
    let message = end["message"].as_str().unwrap_or_default();
    let is_explained = texts.iter().all(|text| message.contains(text));
    let is_one_line = !message.contains('\n');
    assert!(
        end["code"] == code && is_explained && is_one_line,
        "the code should be {code}, and the message contain {texts:?}\n{}",
        outcome.report()
    );
}

#[test]
fn a_service_that_is_overloaded_for_a_moment_gets_the_backup() {
    for is_encrypted in [false, true] {
        let mut trial = Trial::new(Kind::S3, is_encrypted, large()).with_an_earlier_backup();
        for (method, in_path) in [
            ("PUT", "probe"),
            ("HEAD", "licenses.zip"),
            ("POST", "uploads="),
            ("PUT", "partNumber=1"),
            ("POST", "uploadId="),
        ] {
            for (status, code) in [(503, "SlowDown"), (500, "InternalError")] {
                let fault = fault(method, in_path, 1, status, code);
                let outcome = run_with(&mut trial, [fault]).exits(0);
                assert_eq!(trial.found(outcome), Found::New, "{method} {in_path}");
            }
        }
    }
}

#[test]
fn a_refusal_names_its_cause_and_keeps_the_earlier_backup() {
    let mut trial = Trial::new(Kind::S3, true, large()).with_an_earlier_backup();
    let [probe, part, completion] = [
        ("PUT", "probe"),
        ("PUT", "partNumber=2"),
        ("POST", "uploadId="),
    ];
    let clock = "the clock of this device differs from that of the server";
    let expired = "the credentials have expired: obtain new ones";
    let denied = "check the policies of user and bucket";
    for ((method, in_path), (status, code), expected, text) in [
        (probe, (403, "RequestTimeTooSkewed"), "access-denied", clock),
        (part, (403, "RequestTimeTooSkewed"), "access-denied", clock),
        (probe, (400, "ExpiredToken"), "access-denied", expired),
        (part, (400, "ExpiredToken"), "access-denied", expired),
        (completion, (400, "ExpiredToken"), "access-denied", expired),
        (probe, (403, "AccessDenied"), "access-denied", denied),
        (completion, (403, "AccessDenied"), "access-denied", denied),
        (
            part,
            (507, "XMinioStorageFull"),
            "disk-full",
            "no space left",
        ),
    ] {
        let fault = fault(method, in_path, ALWAYS, status, code);
        let outcome = run_with(&mut trial, [fault]).exits(1);
        let location = trial.place.location(&trial.directory());
        fails_with(&outcome, expected, &[text, &location]);
        assert_eq!(trial.check(outcome), Found::Earlier);
    }
}

#[test]
fn a_service_that_stays_overloaded_is_reported_within_a_minute() {
    let mut trial = Trial::new(Kind::S3, false, SampleStore::ordinary(40)).with_an_earlier_backup();
    let fault = fault("PUT", "licenses.zip", ALWAYS, 503, "SlowDown");
    let outcome = run_with(&mut trial, [fault]).exits(1);
    fails_with(&outcome, "io", &["try again later", "503 SlowDown"]);
    assert_eq!(trial.check(outcome), Found::Earlier);
}

/// Returns the policy of the README for the bucket of the server.
fn policy_without_the_right_to_delete() -> String {
    let readme = fs::read_to_string(sources().join("README.md")).expect("it is a text");
    let policy = readme
        .split("```json\n")
        .find(|block| block.contains("\"s3:PutObject\""))
        .and_then(|block| block.split("```").next());
    let policy = policy.expect("the README has a policy");
    policy
        .replace("my-backups/laptop", S3Server::BUCKET)
        .replace("my-backups", S3Server::BUCKET)
}

#[test]
fn a_run_aborts_the_old_uploads_of_killed_runs() {
    for (age, left) in [(Duration::from_hours(2), 0), (Duration::ZERO, 1)] {
        let server = Arc::new(S3Server::start(S3Options {
            checks_signatures: false,
            age_of_uploads: age,
            ..S3Options::default()
        }));
        let sandbox = Trial::sandbox(SampleStore::ordinary(3));
        let place = Place::on_s3_server(false, sandbox, Arc::clone(&server));
        let location = place.location("one");
        let prefix = location.split_once(&format!("{}/", S3Server::BUCKET));
        let (_, prefix) = prefix.expect("it is a URL");
        server.begin_upload(&format!("{prefix}/licenses.zip"));
        let _ = place.run("one", "backup --store store TO").exits(0);
        assert_eq!(server.uploads(), left, "after {age:?}");
    }
}

#[test]
fn generations_need_no_more_rights_than_the_policy_of_the_readme_grants() {
    let server = Arc::new(S3Server::start(S3Options {
        policy: policy_without_the_right_to_delete(),
        ..S3Options::default()
    }));
    for (store, is_encrypted) in [(SampleStore::ordinary(40), false), (large(), true)] {
        let sandbox = Trial::sandbox(store);
        let place = Place::on_s3_server(is_encrypted, sandbox, Arc::clone(&server));
        for store in ["store", "other"] {
            crate::fixture::wait_for_next_second();
            let line = format!("backup --store {store} TO --generations --json");
            let _ = place.run("many", &line).exits(0);
        }
        let _ = place
            .run("many", "check FROM --max-age 1h --verify")
            .exits(0);

        // The newest generation is complete before the retention fails.
        crate::fixture::wait_for_next_second();
        let line = "backup --store store TO --keep-last 1 --json";
        let kept = place.run("many", line).exits(1);
        fails_with(
            &kept,
            "access-denied",
            &["is complete, but", "denies access"],
        );
        let forget = place
            .run("many", "forget FROM --keep-last 1 --json")
            .exits(1);
        fails_with(&forget, "access-denied", &["denies access"]);
        let listed = place.run("many", "generations FROM --json").exits(0);
        assert_eq!(listed.end_event()["generations"], 3, "{}", listed.report());
    }
}

#[test]
fn a_bucket_that_may_not_be_listed_is_named() {
    let place = Place::new(Kind::S3, false);
    let front = FaultyFront::start(
        place.address(),
        [
            fault("GET", "list-type=2", ALWAYS, 403, "AccessDenied"),
            // AWS hides from those who may not list whether a key exists.
            fault("HEAD", "licenses.zip", ALWAYS, 403, ""),
            fault("GET", "licenses.zip", ALWAYS, 403, "AccessDenied"),
        ],
    );
    let mut place = place;
    place.reach_through(front.address());
    for line in [
        "backup --store store TO --json",
        "backup --store store TO --generations --json",
        "generations FROM --json",
        "verify FROM --json",
    ] {
        let outcome = place.run("one", line).exits(1);
        fails_with(
            &outcome,
            "access-denied",
            &[
                &place.location("one"),
                "check the policies of user and bucket",
            ],
        );
    }
}

#[test]
fn a_full_disk_of_an_sftp_server_keeps_the_earlier_backup() {
    for is_encrypted in [false, true] {
        let sandbox = Trial::sandbox(SampleStore::ordinary(400));
        let disk = match Tmpfs::mount(&sandbox, "size=6m") {
            Ok(disk) => disk,
            Err(why) => return skipped("a test of a full disk of an SFTP server", why),
        };
        let path = disk.path().to_owned();
        let sshd = Sshd::start().expect("`make setup-tests` installs sshd");
        let place = Place::on_sftp_server(is_encrypted, sandbox, &path, sshd);
        let mut trial = Trial::of(place).with_an_earlier_backup();
        let ballast = disk.directory().join("ballast");
        fs::write(&ballast, vec![1; 7 << 19]).expect("the disk has space for it");
        let outcome = trial.start().wait().exits(1);
        fs::remove_file(ballast).expect("the disk is writable");
        fails_with(
            &outcome,
            "disk-full",
            &[&trial.place.location(&trial.directory())],
        );
        assert_eq!(trial.check(outcome), Found::Earlier);
    }
}

#[test]
fn another_host_key_keeps_the_earlier_backup() {
    let mut trial =
        Trial::new(Kind::Sftp, false, SampleStore::ordinary(40)).with_an_earlier_backup();
    let sshd = trial.place.sshd();
    sshd.make_host_key().expect("the disk has space");
    sshd.restart().expect("the port is free");
    let outcome = trial.start().wait().exits(1);
    let location = trial.place.location(&trial.directory());
    fails_with(&outcome, "io", &[&location, "Host key verification failed"]);
    trial
        .place
        .sshd()
        .trust_host_key()
        .expect("the disk has space");
    assert_eq!(trial.check(outcome), Found::Earlier);
}
