//! Who can access what the program writes. Wine writes an access control list as the mode of the
//! file, and returns one that it derives from the mode.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use license_backup_tests::harness::{Invocation, Sandbox};
use license_backup_tests::sample::SampleStore;

use super::{back_up, restore, wine};

/// The group of all users, in the text of an access control list.
const EVERYONE: &str = ";;;WD)";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs a command with a umask that lets everybody access new files.
fn run_openly(command: Invocation) {
    command.after("umask 000").run().exits(0);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_backup_its_record_and_its_directory_are_accessible_to_the_owner_only() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::remove_dir(sandbox.backup()).unwrap();
    run_openly(back_up(&sandbox, &["--generations"]));
    assert_eq!(mode(&sandbox.backup()) & 0o007, 0);
    for entry in fs::read_dir(sandbox.backup()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o007, 0, "{}", path.display());
        let name = format!("backup\\{}", path.file_name().unwrap().to_str().unwrap());
        let list = wine(&sandbox, "helper.exe", &["acl", &name]).run().exits(0);
        assert!(!list.stdout().contains(EVERYONE), "{}", list.report());
    }
}

#[test]
#[ignore = "run by `make test-windows`"]
fn everything_restored_is_accessible_to_the_owner_only() {
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(3));
    run_openly(back_up(&sandbox, &[]));
    fs::create_dir(sandbox.path("restored")).unwrap();
    run_openly(restore(&sandbox, "restored", &[]));
    for file in files {
        let path = sandbox.path("restored").join(&file.path);
        assert_eq!(mode(&path) & 0o007, 0, "{}", path.display());
        for directory in file.path.ancestors().skip(1) {
            if !directory.as_os_str().is_empty() {
                let path = sandbox.path("restored").join(directory);
                assert_eq!(mode(&path) & 0o007, 0, "{}", path.display());
            }
        }
    }
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_temporary_file_is_accessible_to_the_owner_only_from_the_start() {
    let sandbox = Sandbox::with_many_files(20_000);
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = back_up(&sandbox, &[]).after("umask 000").start();
    assert!(run.wait_until(|| temporary.exists()));
    assert_eq!(mode(&temporary) & 0o007, 0);
    let _ = run.kill();
}
