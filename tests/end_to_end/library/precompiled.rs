//! Tests of components that are compiled ahead of time.

#![allow(unsafe_code, reason = "loading machine code is unsafe")]

use std::fs;
use std::path::Path;

use license_backup::{LicenseManager, LicenseManagerError, block_on};
use license_backup_tests::harness::Sandbox;
use license_backup_tests::sample::SampleStore;

use crate::library::{options, start};

/// Returns the component that `make component` builds.
fn component() -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/components/license-backup.wasm");
    fs::read(file).expect("`make component` builds the component")
}

#[test]
fn a_precompiled_component_makes_the_same_backup() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::default());
    start(&sandbox).wait().expect("the backup succeeds");
    let embedded = fs::read(sandbox.backup_file()).expect("the backup exists");
    fs::remove_file(sandbox.backup_file()).expect("the directory is writable");

    let compiled = LicenseManager::compile(&component()).expect("the component is valid");
    // SAFETY: the previous line compiled it.
    let runtime = unsafe { LicenseManager::from_compiled(&compiled) }
        .expect("the code is compiled for this machine");
    let operation = block_on(runtime.backup(&options(&sandbox))).expect("the backup is accepted");
    operation.wait().expect("the backup should succeed");
    assert!(
        fs::read(sandbox.backup_file()).expect("the backup exists") == embedded,
        "both backups should be the same"
    );
}

#[test]
fn code_compiled_by_another_version_is_refused() {
    let mut compiled = LicenseManager::compile(&component()).expect("the component is valid");
    // The major version of Wasmtime, after its length.
    let version = b"\x0248";
    let at = compiled
        .windows(version.len())
        .position(|bytes| bytes == version);
    compiled[at.expect("the code contains the version") + 2] = b'7';
    // SAFETY: Wasmtime refuses it because of its version, before it reads any code.
    let refused = unsafe { LicenseManager::from_compiled(&compiled) };
    assert!(
        matches!(refused, Err(LicenseManagerError::Incompatible(_))),
        "{refused:?}"
    );
}

#[test]
fn bytes_that_are_not_compiled_code_are_refused() {
    for bytes in [&b""[..], b"no component", &component()] {
        // SAFETY: the bytes contain no machine code.
        let refused = unsafe { LicenseManager::from_compiled(bytes) };
        assert!(
            matches!(refused, Err(LicenseManagerError::Incompatible(_))),
            "{refused:?}"
        );
    }
}
