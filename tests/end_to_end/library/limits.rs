//! Tests of memory limits, missing directories, and components that are not valid.

use std::fs;

use license_backup::{
    BackupOperation, BackupOptions, BackupRestoreStatus, ErrorCode, LicenseManager,
    LicenseManagerError, ListOptions, OperationError, RestoreOperation, RestoreOptions,
    VerifyOptions, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

use crate::library::{RUNTIME, all, large, options, outcome, start};

#[test]
fn too_little_memory_fails_a_backup_and_keeps_the_earlier_one() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let earlier = fs::read(sandbox.backup_file()).unwrap();
    for limit in [64 << 10, 3 << 20] {
        let starved = RUNTIME.clone().with_memory_limit(limit);
        let ended = block_on(starved.backup(&options(&sandbox).overwrite(true)))
            .and_then(BackupOperation::wait);
        let error = ended.expect_err("the backup should need more memory");
        assert_eq!(
            (error.code(), error.hresult()),
            (ErrorCode::OutOfMemory, 0x8007_000E),
            "{limit}: {error}"
        );
        assert!(
            fs::read(sandbox.backup_file()).unwrap() == earlier,
            "the earlier backup should be unchanged"
        );

        let (small, _) = Sandbox::with_store(SampleStore::ordinary(3));
        assert_eq!(
            block_on(starved.with_memory_limit(64 << 20).backup(&options(&small)))
                .unwrap()
                .wait()
                .unwrap()
                .licenses,
            3
        );
    }
}

#[test]
fn too_little_memory_fails_a_restore_and_restores_nothing() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let new = sandbox.path("new");
    fs::create_dir(&new).unwrap();
    for limit in [64 << 10, 3 << 20] {
        let starved = RUNTIME.clone().with_memory_limit(limit);
        let ended = block_on(starved.restore(&RestoreOptions::new(sandbox.backup(), &new)))
            .and_then(RestoreOperation::wait);
        let error = ended.expect_err("the restore should need more memory");
        assert_eq!(error.code(), ErrorCode::OutOfMemory, "{limit}: {error}");
        assert_eq!(Snapshot::of(&new).names(), [""; 0], "{limit}");
    }
}

#[test]
fn the_events_of_a_backup_that_traps_have_no_end_event() {
    let sandbox = large();
    let starved = RUNTIME.clone().with_memory_limit(3 << 20);
    let operation = block_on(starved.backup(&options(&sandbox)))
        .expect("the component starts with little memory");
    let error = outcome(operation.completed).unwrap_err();
    assert!(
        matches!(error, OperationError::OutOfMemory { limit: 3_145_728 }),
        "{error:?}"
    );
    assert!(!all(operation.events).contains(&BackupRestoreStatus::End));
}

#[test]
fn a_missing_directory_fails_the_call() {
    let sandbox = Sandbox::new();
    let (store, backup, nowhere) = (sandbox.store(), sandbox.backup(), sandbox.path("nowhere"));
    for error in [
        block_on(RUNTIME.backup(&BackupOptions::new(&nowhere, &backup))).unwrap_err(),
        block_on(RUNTIME.backup(&BackupOptions::new(&store, &nowhere))).unwrap_err(),
        block_on(RUNTIME.verify(&VerifyOptions::new(&nowhere))).unwrap_err(),
        block_on(RUNTIME.restore(&RestoreOptions::new(&nowhere, &store))).unwrap_err(),
        block_on(RUNTIME.restore(&RestoreOptions::new(&backup, &nowhere))).unwrap_err(),
        block_on(RUNTIME.list(&ListOptions::store(&nowhere))).unwrap_err(),
        block_on(RUNTIME.list(&ListOptions::backup(&nowhere))).unwrap_err(),
    ] {
        assert!(
            matches!(&error, OperationError::Directory { path, .. } if *path == nowhere),
            "{error:?}"
        );
        assert_eq!(error.hresult(), 0x8007_0003, "{error}");
        assert!(
            error.to_string().contains(&nowhere.display().to_string()),
            "{error}"
        );
    }
}

#[test]
fn bytes_that_are_not_a_component_are_refused() {
    let refused = LicenseManager::from_component(b"no component");
    assert!(
        matches!(refused, Err(LicenseManagerError::Compile(_))),
        "{refused:?}"
    );
}

#[test]
fn calls_and_operations_can_be_sent_between_threads() {
    fn movable<T: Send + 'static>(_: &T) {}
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let call = RUNTIME.backup(&options(&sandbox));
    movable(&call);
    let operation = block_on(call).expect("the backup is accepted");
    movable(&operation);
    assert!(operation.wait().is_ok());
}
