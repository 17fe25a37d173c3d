//! Backups off the device that are cancelled by a signal.

use license_backup_servers::FaultyFront;
use license_backup_tests::harness::Process;
use nix::sys::signal::Signal;

use super::place::Kind;
use super::trial::{Found, Trial, large};

/// Starts a backup, cancels it as soon as it `has_begun`, and requires that the earlier backup is
/// kept.
fn keeps_the_earlier_backup(trial: &mut Trial, has_begun: impl Fn(&Trial) -> bool) {
    let mut run: Process = trial.start();
    assert!(run.wait_until(|| has_begun(trial)), "the backup begins");
    run.signal(Signal::SIGINT);
    let outcome = run.wait().exits(130);
    assert_eq!(trial.found(outcome), Found::Earlier);
}

#[test]
fn a_cancelled_backup_of_an_encrypted_directory_keeps_the_earlier_one() {
    let mut trial = Trial::new(Kind::Directory, true, large()).with_an_earlier_backup();
    keeps_the_earlier_backup(&mut trial, |trial| trial.temporary_files() > 0);
    assert_eq!(trial.temporary_files(), 0);
}

#[test]
fn a_cancelled_backup_on_an_sftp_server_keeps_the_earlier_one() {
    for is_encrypted in [false, true] {
        let mut trial = Trial::new(Kind::Sftp, is_encrypted, large()).with_an_earlier_backup();
        keeps_the_earlier_backup(&mut trial, |trial| trial.temporary_files() > 0);
        assert_eq!(trial.temporary_files(), 0);
    }
}

#[test]
fn a_cancelled_backup_in_a_bucket_keeps_the_earlier_one_and_aborts_its_upload() {
    for is_encrypted in [false, true] {
        let mut trial = Trial::new(Kind::S3, is_encrypted, large()).with_an_earlier_backup();
        let front = FaultyFront::start(trial.place.address(), []);
        trial.place.reach_through(front.address());
        let sent = |method: &str, text: &str| {
            let requests = front.requests();
            let mut requests = requests.iter();
            requests.any(|request| request.starts_with(method) && request.contains(text))
        };
        keeps_the_earlier_backup(&mut trial, |_| sent("PUT", "partNumber="));
        assert!(sent("DELETE", "uploadId="), "the upload is aborted");
    }
}
