//! Tests of damaged and malicious backups: verify and restore refuse each, and report the place.

use std::fs;

use license_backup::{
    BackupRestoreStatus, ErrorCode, LicenseManager, OperationError, RestoreOptions, VerifyOptions,
    block_on,
};
use license_backup_tests::corpus::{Case, GROUPS, LICENSES, SKIPPED, whole};
use license_backup_tests::harness::{Sandbox, Snapshot};

use crate::library::RUNTIME;

/// The memory limit of the component, in bytes. No case may need more, whatever sizes it declares.
const MEMORY_LIMIT: usize = 64 << 20;

/// Returns a sandbox with the store of the valid backup that the cases start from.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, content) in LICENSES.iter().chain([&SKIPPED]) {
        let path = sandbox.store().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    sandbox
}

/// Verifies the backup of a sandbox. Returns the reported faults and the outcome.
fn verify(
    runtime: &LicenseManager,
    sandbox: &Sandbox,
) -> (Vec<String>, Result<(), OperationError>) {
    match block_on(runtime.verify(&VerifyOptions::new(sandbox.backup()))) {
        Ok(mut operation) => {
            let faults =
                std::iter::from_fn(|| operation.events.wait_next()).filter_map(
                    |event| match event {
                        BackupRestoreStatus::Error(failure) => Some(failure.message),
                        _ => None,
                    },
                );
            let faults = faults.collect();
            (faults, block_on(operation.completed).map(drop))
        }
        Err(error) => (Vec::new(), Err(error)),
    }
}

/// Requires that verify refuses a case and reports its place, and that restore refuses it and
/// changes nothing.
fn is_refused(runtime: &LicenseManager, group: &str, case: &Case) {
    let Case { name, bytes, place } = case;
    let sandbox = Sandbox::new();
    fs::write(sandbox.backup_file(), bytes).unwrap();
    fs::write(sandbox.path("store/mine"), "it was there before").unwrap();
    let before = Snapshot::of(&sandbox.path(""));

    let (faults, outcome) = verify(runtime, &sandbox);
    let error = outcome.map_or_else(
        |error| error,
        |()| panic!("{group}: {name}: verify should refuse the backup"),
    );
    assert_eq!(
        error.code(),
        ErrorCode::BackupCorrupt,
        "{group}: {name}: {error}"
    );
    let messages = [faults.as_slice(), &[error.to_string()]].concat();
    assert!(
        messages.iter().any(|message| message.contains(place)),
        "{group}: {name}: {place:?} should occur in {messages:#?}"
    );

    let restored =
        match block_on(runtime.restore(&RestoreOptions::new(sandbox.backup(), sandbox.store()))) {
            Ok(operation) => operation.wait().map(drop),
            Err(error) => Err(error),
        };
    let code = restored.map_err(|error| error.code());
    assert_eq!(
        code,
        Err(ErrorCode::BackupCorrupt),
        "{group}: {name}: restore should refuse the backup"
    );
    assert_eq!(
        Snapshot::of(&sandbox.path("")),
        before,
        "{group}: {name}: restore should change nothing"
    );
}

#[test]
fn the_program_writes_the_backup_that_the_cases_start_from() {
    let sandbox = sandbox();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    assert!(
        fs::read(sandbox.backup_file()).unwrap() == whole(),
        "the program should write the bytes of the valid backup"
    );
    verify(&RUNTIME, &sandbox).1.unwrap();
}

#[test]
fn every_malicious_backup_is_refused_and_restores_nothing() {
    let runtime = RUNTIME.clone().with_memory_limit(MEMORY_LIMIT);
    let mut sum = 0;
    for (group, cases) in GROUPS {
        let cases = cases();
        assert!(!cases.is_empty(), "{group} has no cases");
        for case in &cases {
            is_refused(&runtime, group, case);
        }
        println!("{:>6} cases refused: {group}", cases.len());
        sum += cases.len();
    }
    println!("{sum:>6} cases refused in total");
    // Without cases, the loop above would pass.
    assert!(sum > 5000, "there should be more than {sum} cases");
}

#[test]
fn the_program_exits_with_5_for_every_kind_of_damage() {
    for (group, cases) in GROUPS {
        for case in cases().iter().step_by(997) {
            let sandbox = Sandbox::new();
            fs::write(sandbox.backup_file(), &case.bytes).unwrap();
            let verified = sandbox.license_backup(["verify", "--from", "backup"]).run();
            assert_eq!(
                verified.code(),
                Some(5),
                "{group}: {}\n{}",
                case.name,
                verified.report()
            );
            assert!(
                verified.stderr().contains(&case.place),
                "{group}: {}\n{}",
                case.name,
                verified.report()
            );
            let restore = ["restore", "--from", "backup", "--store", "store"];
            let restored = sandbox.license_backup(restore).run();
            assert_eq!(
                restored.code(),
                Some(5),
                "{group}: {}\n{}",
                case.name,
                restored.report()
            );
        }
    }
}
