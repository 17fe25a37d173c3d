//! Tests of the backup directory: earlier backups, file modes, unusual paths and write errors.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

/// Returns the permission bits of a file.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Returns a sandbox with a backup and a store that has changed since.
fn with_earlier_backup() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    sandbox.back_up(&[]).run().exits(0);
    fs::remove_file(sandbox.path("store/ordinary/0000/0000001.lic")).unwrap();
    sandbox
}

#[test]
fn without_overwrite_an_earlier_backup_is_unchanged() {
    let sandbox = with_earlier_backup();
    let before = Snapshot::of(&sandbox.backup());
    sandbox.back_up(&[]).run().exits(4).says(&[
        "cannot back up into backup: it contains a licenses.zip",
        "--overwrite",
    ]);
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn with_overwrite_an_earlier_backup_is_replaced() {
    let sandbox = with_earlier_backup();
    sandbox.back_up(&["--overwrite"]).run().exits(0);
    let names: Vec<_> = sandbox
        .archive()
        .entries()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    let expected = [
        "licenses/ordinary/0000/0000000.lic",
        "licenses/ordinary/0000/0000002.lic",
        "B3SUMS",
        "backup.json",
    ];
    assert_eq!(names, expected);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn without_overwrite_a_foreign_licenses_zip_is_unchanged() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.backup_file(), "my notes").unwrap();
    sandbox.back_up(&[]).run().exits(4);
    assert_eq!(
        fs::read_to_string(sandbox.backup_file()).unwrap(),
        "my notes"
    );
}

#[test]
fn a_directory_named_licenses_zip_is_unchanged() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.backup_file()).unwrap();
    sandbox
        .back_up(&["--overwrite"])
        .run()
        .exits(1)
        .says(&["licenses.zip"]);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn a_backup_is_private_under_any_umask() {
    for umask in ["umask 000", "umask 022", "umask 777"] {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
        sandbox
            .license_backup(["backup", "--store", "store", "--to", "backup"])
            .after(umask)
            .run()
            .exits(0);
        assert_eq!(
            format!("{:04o}", mode(&sandbox.backup_file())),
            "0600",
            "under {umask}"
        );
    }
}

#[test]
fn a_backup_is_private_while_it_is_written() {
    let sandbox = Sandbox::with_many_files(10_000);
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = sandbox.back_up(&["--quiet"]).after("umask 000").start();
    assert!(
        run.wait_until(|| temporary.exists()),
        "a temporary file should exist during the backup"
    );
    let observed = fs::metadata(&temporary).map(|metadata| metadata.permissions().mode() & 0o7777);
    run.wait().exits(0);
    assert_eq!(
        format!(
            "{:04o}",
            observed.expect("the backup should not finish before the file is inspected")
        ),
        "0600"
    );
}

#[test]
fn a_missing_backup_directory_is_created_as_private() {
    for umask in ["umask 000", "umask 022"] {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
        sandbox
            .license_backup(["backup", "--store", "store", "--to", "new"])
            .after(umask)
            .run()
            .exits(0);
        assert_eq!(
            format!("{:04o}", mode(&sandbox.path("new"))),
            "0700",
            "under {umask}"
        );
        assert!(sandbox.path("new/licenses.zip").exists());
    }
}

#[test]
fn a_backup_directory_without_a_parent_is_not_created() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    sandbox
        .license_backup(["backup", "--store", "store", "--to", "missing/new"])
        .run()
        .exits(1)
        .says(&["cannot open the parent of the backup directory missing: No such file"]);
    assert!(!sandbox.path("missing").exists());
}

#[test]
fn a_file_in_place_of_the_backup_directory_is_reported() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::write(sandbox.path("file"), "my notes").unwrap();
    sandbox
        .license_backup(["backup", "--store", "store", "--to", "file"])
        .run()
        .exits(1)
        .says(&["cannot open the backup directory file: Not a directory"]);
    assert_eq!(
        fs::read_to_string(sandbox.path("file")).unwrap(),
        "my notes"
    );
}

#[test]
fn paths_with_unusual_characters_are_accepted() {
    for name in [
        "with space",
        "-dash",
        "c:x",
        "back\\slash",
        "new\nline",
        "--to",
        "日本語",
        "licenses",
        "a:b::c",
    ] {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
        fs::rename(sandbox.store(), sandbox.path(name)).unwrap();
        let store = format!("--store={name}");
        sandbox
            .license_backup(["backup", &store, "--to", "backup"])
            .run()
            .exits(0);
        let to = format!("--to={name}-backup");
        sandbox
            .license_backup(["backup", &store, &to])
            .run()
            .exits(0);
        assert!(
            sandbox.path(format!("{name}-backup/licenses.zip")).exists(),
            "{name:?}"
        );
    }
}

#[test]
fn a_destination_that_fills_up_keeps_the_earlier_backup() {
    let sandbox = Sandbox::with_many_files(2000);
    fs::create_dir(sandbox.path("small")).unwrap();
    sandbox
        .license_backup(["backup", "--store", "small", "--to", "backup"])
        .run()
        .exits(0);
    let before = Snapshot::of(&sandbox.backup());
    // The limit of the size of a file, in blocks of 512 bytes. As the signal is ignored, a write
    // beyond it fails with an error. The limit is less than the licenses need, and more than the
    // runtime needs for the memory of the component.
    let limit = "trap '' XFSZ; ulimit -f 8192";
    let arguments = [
        "backup",
        "--store",
        "store",
        "--to",
        "backup",
        "--overwrite",
        "--json",
    ];
    let outcome = sandbox
        .license_backup(arguments)
        .after(limit)
        .run()
        .exits(1);
    let end = outcome.end_event();
    assert_eq!(end["path"], "backup", "{end}");
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}
