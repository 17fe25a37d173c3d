//! Tests of reading the store: special files, skipped files and errors.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use license_backup_tests::harness::{Invocation, Sandbox};
use license_backup_tests::sample::{SampleLicense, SampleStore, write_special_files};
use serde_json::Value;

use crate::expected::{backed_up, restricted};

/// Returns the paths of the licenses in the backup of a sandbox.
fn licenses(sandbox: &Sandbox) -> Vec<String> {
    let entries = sandbox.archive().entries();
    entries
        .iter()
        .filter_map(|entry| entry.name.strip_prefix("licenses/"))
        .map(str::to_owned)
        .collect()
}

/// Returns the paths of files as they are reported.
fn reported_paths(files: &[&SampleLicense]) -> Vec<String> {
    files.iter().map(|file| file.reported_path()).collect()
}

#[test]
fn a_fifo_and_links_are_reported_and_never_opened() {
    let (sandbox, mut files) = Sandbox::with_store(SampleStore::ordinary(3));
    files.extend(write_special_files(&sandbox.store()).unwrap());
    let outcome = sandbox.back_up(&["--json"]).run().exits(0);
    assert_eq!(licenses(&sandbox), reported_paths(&backed_up(&files)));
    let events: Vec<_> = outcome
        .events()
        .into_iter()
        .filter(|event| event["event"] == "restricted-license")
        .collect();
    let reported: Vec<_> = events
        .iter()
        .map(|event| (event["path"].as_str(), event["reason"].as_str()))
        .collect();
    let paths = reported_paths(&restricted(&files));
    let expected: Vec<_> = paths
        .iter()
        .map(|path| (Some(path.as_str()), Some("not-a-regular-file")))
        .collect();
    assert_eq!(reported, expected);
}

#[test]
fn temporary_files_of_the_program_in_the_store_are_skipped() {
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(1));
    fs::write(sandbox.path("store/.license-backup-3.tmp"), &files[0].bytes).unwrap();
    fs::write(sandbox.path("store/.license-backup-x.tmp"), &files[0].bytes).unwrap();
    sandbox.back_up(&["--strict"]).run().exits(0);
    assert_eq!(
        licenses(&sandbox),
        [".license-backup-x.tmp", "ordinary/0000/0000000.lic"]
    );
}

#[test]
fn a_backup_directory_below_the_store_is_skipped() {
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::create_dir(sandbox.path("store/backup")).unwrap();
    fs::write(sandbox.path("store/backup/other.lic"), &files[0].bytes).unwrap();
    let archive = sandbox.path("store/backup/licenses.zip");
    let back_up = || {
        sandbox.license_backup([
            "backup",
            "--store",
            "store",
            "--to",
            "store/backup",
            "--overwrite",
        ])
    };
    back_up().run().exits(0);
    let first = fs::read(&archive).unwrap();
    back_up().run().exits(0);
    assert!(
        fs::read(&archive).unwrap() == first,
        "the second backup should not contain the first"
    );
    let arguments = ["list", "--from", "store/backup", "--json"];
    let end = sandbox.license_backup(arguments).run().exits(0).end_event();
    assert_eq!(
        (end["licenses"].as_u64(), end["skipped"].as_u64()),
        (Some(3), Some(0))
    );
}

#[test]
fn a_backup_directory_below_the_store_is_recognized_by_a_link() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::create_dir(sandbox.path("store/below")).unwrap();
    symlink("store/below", sandbox.path("link")).unwrap();
    let back_up = || {
        sandbox.license_backup([
            "backup",
            "--store",
            "store",
            "--to",
            "link",
            "--overwrite",
            "--strict",
        ])
    };
    back_up().run().exits(0);
    back_up().run().exits(0);
}

#[test]
fn the_store_cannot_be_its_own_backup_directory() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    symlink("store", sandbox.path("link")).unwrap();
    for to in ["store", "store/.", "store/ordinary/..", "link"] {
        let run = sandbox
            .license_backup(["backup", "--store", "store", "--to", to])
            .run()
            .exits(1);
        run.says(&[&format!(
            "cannot back up into {to}: it is the license store itself"
        )]);
        assert!(
            !sandbox.path("store/licenses.zip").exists(),
            "no backup should be written with --to {to}"
        );
    }
}

#[test]
fn a_missing_store_is_reported() {
    let sandbox = Sandbox::new();
    sandbox
        .license_backup(["backup", "--store", "no-store", "--to", "backup"])
        .run()
        .exits(1)
        .says(&["no-store"]);
    assert!(!sandbox.backup_file().exists());
}

#[test]
fn a_store_that_is_a_file_is_reported() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("file"), "").unwrap();
    sandbox
        .license_backup(["backup", "--store", "file", "--to", "backup"])
        .run()
        .exits(1)
        .says(&["cannot open the license store file: Not a directory"]);
    assert!(!sandbox.backup_file().exists());
}

#[test]
fn no_backup_directory_is_created_for_a_missing_store() {
    let sandbox = Sandbox::new();
    sandbox
        .license_backup(["backup", "--store", "no-store", "--to", "new"])
        .run()
        .exits(1);
    assert!(!sandbox.path("new").exists());
}

#[test]
fn a_backup_does_not_change_the_store() {
    use license_backup_tests::harness::Snapshot;

    let (sandbox, _) = Sandbox::with_store(crate::expected::sample());
    let before = Snapshot::of(&sandbox.store());
    sandbox.back_up(&[]).run().exits(3);
    assert_eq!(Snapshot::of(&sandbox.store()), before);
}

/// The ID of the user `nobody` on most systems. Any user except root is suitable.
const NOBODY: u32 = 65_534;

/// Returns the same invocation by a user to whom file modes apply. If the current user is
/// root, `NOBODY` runs a copy of the binary, since the checkout may not be accessible to that user.
pub(crate) fn without_privilege(sandbox: &Sandbox, invocation: Invocation) -> Invocation {
    if !nix::unistd::geteuid().is_root() {
        return invocation;
    }
    let binary =
        Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target/release/license-backup");
    let copy = sandbox.path("license-backup");
    fs::copy(binary, &copy).unwrap();
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(sandbox.backup(), fs::Permissions::from_mode(0o777)).unwrap();
    invocation.with_binary(copy).as_user(NOBODY)
}

#[test]
fn unreadable_files_are_reported_and_the_rest_is_backed_up() {
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::create_dir(sandbox.path("store/closed")).unwrap();
    fs::write(sandbox.path("store/secret.lic"), &files[0].bytes).unwrap();
    for path in ["store/closed", "store/secret.lic"] {
        fs::set_permissions(sandbox.path(path), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let outcome = without_privilege(&sandbox, sandbox.back_up(&["--json"]))
        .run()
        .exits(3);
    let errors: Vec<Value> = outcome
        .events()
        .into_iter()
        .filter(|event| event["event"] == "error")
        .collect();
    let reported: Vec<_> = errors
        .iter()
        .map(|event| (event["path"].as_str(), event["code"].as_str()))
        .collect();
    assert_eq!(
        reported,
        [
            (Some("closed"), Some("access-denied")),
            (Some("secret.lic"), Some("access-denied"))
        ]
    );
    assert_eq!(licenses(&sandbox), reported_paths(&backed_up(&files)));
}

#[test]
fn a_read_only_backup_directory_is_reported() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let invocation = without_privilege(&sandbox, sandbox.back_up(&[]));
    fs::set_permissions(sandbox.backup(), fs::Permissions::from_mode(0o555)).unwrap();
    invocation
        .run()
        .exits(1)
        .says(&["cannot create a temporary file in backup: "]);
    assert!(!sandbox.backup_file().exists());
}
