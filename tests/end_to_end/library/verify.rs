//! Verification of a backup through the library: events, summary, errors and cancellation.

use std::fs;
use std::path::Path;

use license_backup::{
    BackupRestoreStatus, ErrorCode, Failure, OperationError, Stage, VerifyOperation, VerifyOptions,
    VerifySummary, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::{SampleLicense, SampleStore};

use crate::expected::{self, backed_up, sample, skipped};
use crate::library::{RUNTIME, all, large, outcome, reported_errors, start};

fn options(sandbox: &Sandbox) -> VerifyOptions {
    VerifyOptions::new(sandbox.backup())
}

/// Returns all events of an accepted verification, and its outcome.
fn verified(
    sandbox: &Sandbox,
) -> (
    Vec<BackupRestoreStatus>,
    Result<VerifySummary, OperationError>,
) {
    let VerifyOperation {
        events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.verify(&options(sandbox))).expect("the verification is accepted");
    (all(events), outcome(completed))
}

/// Returns the outcome of a verification, or the error of a refused one.
fn verify(options: &VerifyOptions) -> Result<VerifySummary, OperationError> {
    block_on(RUNTIME.verify(options)).and_then(VerifyOperation::wait)
}

/// Returns the BLAKE3 hash of the backup file, in hexadecimal.
fn blake3_of_the_backup(sandbox: &Sandbox) -> String {
    blake3::hash(&fs::read(sandbox.backup_file()).unwrap())
        .to_hex()
        .to_string()
}

/// Returns a sandbox with a backup of 10 licenses, and the licenses in byte order of path.
fn backed_up_licenses() -> (Sandbox, Vec<SampleLicense>) {
    let (sandbox, mut files) = Sandbox::with_store(SampleStore::ordinary(10));
    files.sort_by_key(SampleLicense::reported_path);
    start(&sandbox).wait().unwrap();
    (sandbox, files)
}

/// Changes one byte of a license in the backup.
pub(crate) fn damage(sandbox: &Sandbox, license: &SampleLicense) {
    let mut bytes = fs::read(sandbox.backup_file()).unwrap();
    let mut windows = bytes.windows(license.bytes.len()).enumerate();
    let (start, _) = windows
        .find(|(_, window)| *window == license.bytes)
        .expect("the backup contains the license");
    bytes[start + license.bytes.len() / 2] ^= 1;
    fs::write(sandbox.backup_file(), bytes).unwrap();
}

#[test]
fn a_valid_backup_has_a_summary_with_counts_and_hash() {
    let (sandbox, files) = Sandbox::with_store(sample());
    start(&sandbox).wait().unwrap();
    let summary = verify(&options(&sandbox)).unwrap();
    assert!(
        summary
            .program
            .as_ref()
            .is_some_and(|program| program.starts_with("license-backup ")),
        "{summary:?}"
    );
    let expected = VerifySummary {
        file: "licenses.zip".to_owned(),
        licenses: backed_up(&files).len() as u64,
        bytes: expected::bytes(&files),
        skipped: skipped(&files).len() as u64,
        size: fs::metadata(sandbox.backup_file()).unwrap().len(),
        blake3: blake3_of_the_backup(&sandbox),
        program: summary.program.clone(),
        encrypted: false,
    };
    assert_eq!(summary, expected);
}

#[test]
fn progress_counts_all_licenses() {
    let (sandbox, files) = backed_up_licenses();
    let (events, ended) = verified(&sandbox);
    ended.unwrap();
    assert_eq!(
        (events.first(), events.last()),
        (
            Some(&BackupRestoreStatus::Begin),
            Some(&BackupRestoreStatus::End)
        )
    );
    let progress: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            BackupRestoreStatus::Progress(progress) => Some(progress),
            _ => None,
        })
        .collect();
    let all = files.len() as u64;
    assert!(
        progress
            .iter()
            .all(|event| (event.stage, event.total) == (Stage::Verifying, Some(all))),
        "{progress:?}"
    );
    assert_eq!(progress.last().map(|event| event.done), Some(all));
}

#[test]
fn the_expected_blake3_must_match() {
    let (sandbox, _) = backed_up_licenses();
    let hash = blake3_of_the_backup(&sandbox);
    assert!(verify(&options(&sandbox).expected_blake3(&hash)).is_ok());

    let other = blake3::hash(b"another backup").to_hex();
    let error = verify(&options(&sandbox).expected_blake3(other.as_str())).unwrap_err();
    assert_eq!(
        (error.code(), error.hresult()),
        (ErrorCode::BackupCorrupt, 0xC00D_2743)
    );
    assert!(
        error.to_string().contains(&hash),
        "the error should contain the actual hash: {error}"
    );
}

#[test]
fn a_malformed_hash_is_refused_by_the_call() {
    let (sandbox, _) = backed_up_licenses();
    let hash = blake3_of_the_backup(&sandbox);
    for malformed in [
        "",
        "abc",
        &hash[1..],
        &format!("{hash}0"),
        &hash.replace(|_: char| true, "g"),
    ] {
        let error =
            block_on(RUNTIME.verify(&options(&sandbox).expected_blake3(malformed))).unwrap_err();
        assert_eq!(
            (error.code(), error.hresult()),
            (ErrorCode::InvalidArgument, 0x8007_0057),
            "{malformed}"
        );
    }
}

#[test]
fn each_damaged_license_is_reported() {
    let (sandbox, files) = backed_up_licenses();
    for file in [&files[2], &files[7]] {
        damage(&sandbox, file);
    }
    let (events, ended) = verified(&sandbox);
    assert_eq!(events.last(), Some(&BackupRestoreStatus::End));
    let faults = reported_errors(&events);
    for file in [&files[2], &files[7]] {
        let name = format!("licenses/{}", file.reported_path());
        let has_path =
            |fault: &&&Failure| fault.path.as_ref() == Some(&name) && fault.message.contains(&name);
        assert!(
            faults.iter().any(|fault| has_path(&fault)),
            "{name}: {faults:#?}"
        );
    }
    assert!(
        faults
            .iter()
            .all(|fault| fault.code == ErrorCode::BackupCorrupt),
        "{faults:#?}"
    );

    let error = ended.unwrap_err();
    assert_eq!(
        (error.code(), error.hresult()),
        (ErrorCode::BackupCorrupt, 0xC00D_2743)
    );
    let (directory, first) = (
        sandbox.backup().display().to_string(),
        files[2].reported_path(),
    );
    assert_eq!(error.path(), Some(Path::new(&directory)));
    assert!(
        error.to_string().contains(&directory) && error.to_string().contains(&first),
        "{error}"
    );
}

#[test]
fn a_truncated_backup_is_corrupt() {
    let (sandbox, _) = backed_up_licenses();
    let whole = fs::read(sandbox.backup_file()).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(sandbox.backup_file(), &whole[..length]).unwrap();
        let error = verify(&options(&sandbox)).expect_err("a truncated backup should be refused");
        assert_eq!(
            error.code(),
            ErrorCode::BackupCorrupt,
            "{length} bytes: {error}"
        );
    }
}

#[test]
fn a_missing_backup_is_reported_with_the_path_of_the_caller() {
    let sandbox = Sandbox::new();
    let error = verify(&options(&sandbox)).unwrap_err();
    let directory = sandbox.backup().display().to_string();
    assert_eq!(
        (error.code(), error.path()),
        (ErrorCode::PathNotFound, Some(Path::new(&directory)))
    );
    assert!(error.to_string().contains(&directory), "{error}");
}

#[test]
fn a_verification_changes_nothing() {
    let (sandbox, files) = backed_up_licenses();
    let before = Snapshot::of(&sandbox.backup());
    verify(&options(&sandbox)).unwrap();
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
    damage(&sandbox, &files[0]);
    let before = Snapshot::of(&sandbox.backup());
    verify(&options(&sandbox)).unwrap_err();
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn a_cancelled_verification_fails_with_the_code_cancelled() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let VerifyOperation {
        mut events,
        completed,
        cookie,
    } = block_on(RUNTIME.verify(&options(&sandbox))).unwrap();
    while let Some(event) = events.wait_next() {
        if matches!(event, BackupRestoreStatus::Progress(progress) if progress.done >= 1000) {
            break;
        }
    }
    cookie.cancel();
    assert_eq!(all(events).last(), Some(&BackupRestoreStatus::End));
    let error = outcome(completed).unwrap_err();
    assert_eq!(
        (error.code(), error.hresult()),
        (ErrorCode::Cancelled, 0x8000_4004)
    );
}
