//! Components that were compiled ahead of time.

#![allow(unsafe_code, reason = "loading machine code is unsafe")]

use std::fs;
use std::path::Path;

use license_backup::{LicenseManager, LicenseManagerError, block_on};
use license_backup_tests::harness::Sandbox;
use license_backup_tests::sample::SampleStore;

use crate::library::{options, start};

/// The component that `make component` builds.
fn component() -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/components/license-backup.wasm");
    fs::read(file).expect("`make component` builds it")
}

#[test]
fn a_precompiled_component_makes_the_same_backup() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::default());
    start(&sandbox).wait().expect("the backup can be made");
    let embedded = fs::read(sandbox.backup_file()).expect("it was made");

    let compiled = LicenseManager::compile(&component()).expect("it is a component");
    // SAFETY: it was compiled in the line above.
    let runtime = unsafe { LicenseManager::from_compiled(&compiled) }
        .expect("it was compiled for this machine");
    let operation = block_on(runtime.backup(&options(&sandbox).overwrite(true)))
        .expect("the backup is accepted");
    operation.wait().expect("the backup can be made");
    assert!(
        fs::read(sandbox.backup_file()).expect("it was made") == embedded,
        "both should be the same"
    );
}

#[test]
fn code_compiled_by_another_version_is_refused() {
    let mut compiled = LicenseManager::compile(&component()).expect("it is a component");
    // The major version of wasmtime, behind its length.
    let version = b"\x0248";
    let at = compiled
        .windows(version.len())
        .position(|bytes| bytes == version);
    compiled[at.expect("the version is in it") + 2] = b'7';
    // SAFETY: it is refused for its version before any of its code is looked at.
    let refused = unsafe { LicenseManager::from_compiled(&compiled) };
    assert!(
        matches!(refused, Err(LicenseManagerError::Incompatible(_))),
        "{refused:?}"
    );
}

#[test]
fn bytes_that_are_not_compiled_code_are_refused() {
    for bytes in [&b""[..], b"no component", &component()] {
        // SAFETY: it holds no machine code.
        let refused = unsafe { LicenseManager::from_compiled(bytes) };
        assert!(
            matches!(refused, Err(LicenseManagerError::Incompatible(_))),
            "{refused:?}"
        );
    }
}
