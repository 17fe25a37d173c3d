//! The paths of Windows: drives, shares, and paths without limits.

use std::fs;
use std::path::PathBuf;

use license_backup_tests::harness::{Sandbox, files_below, target};
use license_backup_tests::sample::SampleStore;

use super::{license_backup, windows_path};

/// Returns a new directory of the share `\\nas\backups`, and its name there.
fn on_the_share() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir_in(share()).expect("`make test-windows` creates the share");
    let name = directory.path().file_name().unwrap().to_str().unwrap();
    let name = name.to_owned();
    (directory, name)
}

fn share() -> PathBuf {
    target().join("wine/share")
}

/// Backs up the store into a directory, verifies the backup, and restores it.
fn round_trip(sandbox: &Sandbox, store: &str, directory: &str) {
    let run = |arguments: &[&str]| license_backup(sandbox, arguments).run().exits(0);
    run(&["backup", "--store", store, "--to", directory]);
    run(&["backup", "--store", store, "--to", directory, "--overwrite"]);
    run(&["verify", "--from", directory]);
    fs::create_dir_all(sandbox.path("restored")).unwrap();
    run(&["restore", "--from", directory, "--store", "restored"]);
    assert_eq!(
        files_below(&sandbox.path("restored")),
        files_below(&sandbox.store())
    );
}

fn store() -> Sandbox {
    Sandbox::with_store(SampleStore::ordinary(3)).0
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_drive_letter_is_a_path_of_the_system() {
    let sandbox = store();
    let store = windows_path(&sandbox.store());
    round_trip(&sandbox, &store, &windows_path(&sandbox.backup()));
    assert!(sandbox.backup_file().exists());
}

#[test]
#[ignore = "run by `make test-windows`"]
fn slashes_and_the_case_of_a_drive_do_not_matter() {
    let sandbox = store();
    let slashes = windows_path(&sandbox.backup()).replace('\\', "/");
    round_trip(&sandbox, ".\\STORE", &slashes.replace("Z:", "z:"));
    assert!(sandbox.backup_file().exists());
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_path_without_limits_is_a_path_of_the_system() {
    let sandbox = store();
    let path = |path| format!("\\\\?\\{}", windows_path(path));
    round_trip(&sandbox, &path(&sandbox.store()), &path(&sandbox.backup()));
    assert!(sandbox.backup_file().exists());
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_long_path_is_a_path_of_the_system() {
    let sandbox = store();
    let long = sandbox.path([&"d".repeat(150); 2].map(String::as_str).join("/"));
    fs::create_dir_all(&long).unwrap();
    let store = windows_path(&sandbox.store());
    round_trip(&sandbox, &store, &windows_path(&long));
    assert!(long.join("licenses.zip").exists());
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_share_is_a_path_of_the_system() {
    for prefix in [
        "\\\\nas\\backups",
        "\\\\?\\UNC\\nas\\backups",
        "//nas/backups",
    ] {
        let sandbox = store();
        let (directory, name) = on_the_share();
        round_trip(&sandbox, "store", &format!("{prefix}\\{name}"));
        assert!(directory.path().join("licenses.zip").exists(), "{prefix}");
    }
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_missing_share_or_drive_is_reported_with_its_name() {
    let sandbox = store();
    for parent in ["\\\\nas\\missing\\", "Q:\\", "\\\\?\\Q:\\"] {
        let path = format!("{parent}licenses");
        let arguments = ["backup", "--store", "store", "--to", &path];
        let run = license_backup(&sandbox, &arguments).run();
        run.exits(1).says(&[parent]);
    }
}
