//! Tests of errors of real file systems: a full disk, a directory that becomes read-only or is
//! removed, and a store that loses files during a backup. The error has the most specific code that
//! WASI permits, and existing files do not change.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use license_backup_tests::harness::{
    Process, Sandbox, Snapshot, Tmpfs, concurrently, counted, files_below, scaled, skipped,
};
use license_backup_tests::sample::SampleStore;

use crate::expected::allowed;
use crate::fixture::Program;
use crate::program::store::without_privilege;

/// Mounts a tmpfs with these options. If this machine does not permit it, returns `None`, and
/// reports a skipped test.
fn tmpfs(sandbox: &Sandbox, options: &str) -> Option<Tmpfs> {
    let disk = Tmpfs::mount(sandbox, options);
    disk.inspect_err(|why| skipped(format_args!("a test on a tmpfs with {options}"), why))
        .ok()
}

/// Returns a sandbox with a store of more than 1 MiB, and a small store, `small`.
fn sandbox() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(600));
    SampleStore {
        seed: 2,
        ..SampleStore::ordinary(20)
    }
    .write_into(&sandbox.path("small"))
    .unwrap();
    sandbox
}

#[test]
fn a_full_disk_fails_a_backup_and_is_unchanged() {
    let sandbox = sandbox();
    // Without space for the bytes, and without an inode for a file.
    for options in ["size=1m", "nr_inodes=1"] {
        let Some(disk) = tmpfs(&sandbox, options) else {
            return;
        };
        for program in Program::BOTH {
            let outcome = program
                .back_up(&sandbox, "store", disk.path(), &["--json"])
                .run()
                .exits(1);
            assert_eq!(
                outcome.end_event()["code"],
                "disk-full",
                "{}",
                outcome.report()
            );
            assert_eq!(
                Snapshot::of(disk.directory()).names(),
                [""; 0],
                "{}",
                outcome.report()
            );
        }
    }
}

#[test]
fn a_full_disk_keeps_the_earlier_backup() {
    let sandbox = sandbox();
    for options in ["size=1m", "nr_inodes=2"] {
        let Some(disk) = tmpfs(&sandbox, options) else {
            return;
        };
        // The backup is copied to the disk, since creating it there requires another inode.
        Program::Binary
            .back_up(&sandbox, "small", "backup", &["--overwrite"])
            .run()
            .exits(0);
        fs::copy(sandbox.backup_file(), disk.directory().join("licenses.zip")).unwrap();
        let before = Snapshot::of(disk.directory());
        for program in Program::BOTH {
            let outcome = program
                .back_up(&sandbox, "store", disk.path(), &["--json", "--overwrite"])
                .run()
                .exits(1);
            assert_eq!(
                outcome.end_event()["code"],
                "disk-full",
                "{}",
                outcome.report()
            );
            assert_eq!(
                Snapshot::of(disk.directory()),
                before,
                "{}",
                outcome.report()
            );
        }
    }
}

#[test]
fn a_full_disk_fails_a_restore_and_is_unchanged() {
    let sandbox = sandbox();
    sandbox.back_up(&[]).run().exits(0);
    for options in ["size=1m", "nr_inodes=50"] {
        let Some(disk) = tmpfs(&sandbox, options) else {
            return;
        };
        for path in ["mine.txt", "ordinary/0000/0000003.lic"] {
            let file = disk.directory().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "mine").unwrap();
        }
        let before = Snapshot::of(disk.directory());
        for (program, arguments) in [
            (Program::Binary, &["--json"][..]),
            (Program::Binary, &["--json", "--overwrite"]),
            (Program::Wasmtime, &["--json", "--overwrite"]),
        ] {
            let outcome = program
                .restore(&sandbox, "backup", disk.path(), arguments)
                .run()
                .exits(1);
            assert_eq!(
                outcome.end_event()["code"],
                "disk-full",
                "{}",
                outcome.report()
            );
            assert_eq!(
                Snapshot::of(disk.directory()),
                before,
                "{}",
                outcome.report()
            );
        }
    }
}

#[test]
fn a_read_only_file_system_is_reported_and_unchanged() {
    let sandbox = sandbox();
    sandbox.back_up(&[]).run().exits(0);
    let Some(mut disk) = tmpfs(&sandbox, "size=1m") else {
        return;
    };
    Program::Binary
        .back_up(&sandbox, "small", disk.path(), &["--overwrite"])
        .run()
        .exits(0);
    disk.make_read_only()
        .expect("no file of the disk is open for writing");
    let before = Snapshot::of(disk.directory());
    for program in Program::BOTH {
        for outcome in [
            program
                .back_up(&sandbox, "store", disk.path(), &["--json", "--overwrite"])
                .run()
                .exits(1),
            program
                .restore(&sandbox, "backup", disk.path(), &["--json"])
                .run()
                .exits(1),
        ] {
            // Wasmtime reports a read-only file system as `io`.
            let code = &outcome.end_event()["code"];
            assert!(
                code == "io" || code == "access-denied",
                "{}",
                outcome.report()
            );
            assert_eq!(
                Snapshot::of(disk.directory()),
                before,
                "{}",
                outcome.report()
            );
        }
    }
}

/// Returns a sandbox with a store so large that a test can change the disk during its backup.
fn large() -> Sandbox {
    Sandbox::with_many_files(20_000)
}

/// Waits until a process has created a temporary file in a directory.
fn wait_until_it_writes(process: &mut Process, directory: &Path) {
    let temporary = directory.join(".license-backup-0.tmp");
    assert!(
        process.wait_until(|| temporary.exists()),
        "a temporary file should exist while the process runs"
    );
}

#[test]
fn a_directory_that_becomes_read_only_keeps_the_earlier_backup() {
    let sandbox = large();
    for arguments in [&["--json"][..], &["--json", "--overwrite"]] {
        let before = Snapshot::of(&sandbox.backup());
        let mut run = without_privilege(&sandbox, sandbox.back_up(arguments)).start();
        wait_until_it_writes(&mut run, &sandbox.backup());
        fs::set_permissions(sandbox.backup(), fs::Permissions::from_mode(0o555)).unwrap();
        let outcome = run.wait().exits(1);
        let end = outcome.end_event();
        assert_eq!(end["code"], "access-denied", "{}", outcome.report());
        let message = end["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(".license-backup-0.tmp") && message.contains("by hand"),
            "{}",
            outcome.report()
        );

        fs::set_permissions(sandbox.backup(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::remove_file(sandbox.path("backup/.license-backup-0.tmp")).unwrap();
        assert_eq!(
            Snapshot::of(&sandbox.backup()),
            before,
            "{}",
            outcome.report()
        );
        if before.names().is_empty() {
            sandbox
                .license_backup(["backup", "--store", "store", "--to", "backup", "--quiet"])
                .run()
                .exits(0);
        }
    }
}

#[test]
fn a_backup_directory_removed_during_a_backup_is_reported() {
    let sandbox = large();
    for program in Program::BOTH {
        for arguments in [&["--json"][..], &["--json", "--overwrite"]] {
            let mut run = program
                .back_up(&sandbox, "store", "backup", arguments)
                .start();
            wait_until_it_writes(&mut run, &sandbox.backup());
            fs::remove_dir_all(sandbox.backup()).unwrap();
            let outcome = run.wait().exits(1);
            assert_eq!(
                outcome.end_event()["code"],
                "path-not-found",
                "{}",
                outcome.report()
            );
            assert!(
                !sandbox.backup().exists(),
                "the directory should not be created again\n{}",
                outcome.report()
            );
            fs::create_dir(sandbox.backup()).unwrap();
        }
    }
}

#[test]
fn a_backup_directory_renamed_during_a_backup_has_the_backup() {
    let sandbox = large();
    for program in Program::BOTH {
        let mut run = program
            .back_up(&sandbox, "store", "backup", &["--quiet"])
            .start();
        wait_until_it_writes(&mut run, &sandbox.backup());
        fs::rename(sandbox.backup(), sandbox.path("moved")).unwrap();
        run.wait().exits(0);
        sandbox
            .license_backup(["verify", "--from", "moved"])
            .run()
            .exits(0);
        assert_eq!(
            Snapshot::of(&sandbox.path("moved")).names(),
            ["licenses.zip"]
        );
        assert!(
            !sandbox.backup().exists(),
            "nothing should be created under the old name"
        );
        fs::remove_dir_all(sandbox.path("moved")).unwrap();
        fs::create_dir(sandbox.backup()).unwrap();
    }
}

#[test]
fn a_store_removed_during_a_restore_is_reported() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(1000));
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let new = sandbox.path("new");
    for program in Program::BOTH {
        fs::create_dir(&new).unwrap();
        let mut run = program
            .restore(&sandbox, "backup", "new", &["--json"])
            .start();
        wait_until_it_writes(&mut run, &new.join("ordinary/0000"));
        // Repeated, since the restore may create more files during the removal.
        while new.exists() {
            let _ = fs::remove_dir_all(&new);
        }
        let outcome = run.wait().exits(1);
        assert_eq!(
            outcome.end_event()["code"],
            "path-not-found",
            "{}",
            outcome.report()
        );
        assert!(
            !new.exists(),
            "the directory should not be created again\n{}",
            outcome.report()
        );
    }
}

#[test]
fn a_file_system_detached_during_a_backup_has_the_backup() {
    let sandbox = Sandbox::with_many_files(5000);
    for program in Program::BOTH {
        let Some(mut disk) = tmpfs(&sandbox, "size=64m") else {
            return;
        };
        let root = fs::File::open(disk.directory()).unwrap();
        let mut run = program
            .back_up(&sandbox, "store", disk.path(), &["--quiet"])
            .start();
        wait_until_it_writes(&mut run, disk.directory());
        disk.detach().expect("a file system in use can be detached");
        run.wait().exits(0);
        assert_eq!(
            Snapshot::of(disk.directory()).names(),
            [""; 0],
            "the file system should be detached"
        );
        let detached = format!("/proc/{}/fd/{}", std::process::id(), root.as_raw_fd());
        sandbox
            .license_backup(["verify", "--from", &detached])
            .run()
            .exits(0);
    }
}

#[test]
fn a_store_that_loses_files_fails_or_is_backed_up_whole() {
    let sandbox = Sandbox::new();
    let paths: Vec<_> = (0..1000)
        .map(|number| format!("{:02}/{number:04}.lcpl", number % 20))
        .collect();
    for path in &paths {
        let file = sandbox.store().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, allowed(path)).unwrap();
    }
    let (staying, changing): (Vec<_>, Vec<_>) = paths
        .into_iter()
        .enumerate()
        .partition(|(index, _)| index % 3 == 0);
    let changing: Vec<_> = changing.into_iter().map(|(_, path)| path).collect();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let (mut backups, mut all_lost, mut failed, mut unlisted) = (0, 0, 0, 0);
    for round in 0..scaled(4, 60) {
        let program = Program::BOTH[round % 2];
        let back_up = || {
            program
                .back_up(&sandbox, "store", "backup", &["--json", "--overwrite"])
                .run()
        };
        let mut next = changing.iter().cycle();
        let lose_one = || {
            let path = next.next().expect("a cycle does not end");
            fs::remove_file(sandbox.store().join(path)).unwrap();
            thread::yield_now();
            fs::write(sandbox.store().join(path), allowed(path)).unwrap();
        };
        let earlier = fs::read(sandbox.backup_file()).unwrap();
        let (outcome, lost) = concurrently(lose_one, back_up);
        backups += 1;
        all_lost += lost;
        if outcome.code() == Some(1) {
            assert_eq!(
                outcome.end_event()["code"],
                "path-not-found",
                "{}",
                outcome.report()
            );
            assert!(
                fs::read(sandbox.backup_file()).unwrap() == earlier,
                "the earlier backup should be unchanged"
            );
            failed += 1;
            continue;
        }
        assert!(
            [Some(0), Some(3)].contains(&outcome.code()),
            "{}",
            outcome.report()
        );
        sandbox
            .license_backup(["verify", "--from", "backup", "--quiet"])
            .run()
            .exits(0);

        let unpacked = sandbox.path(format!("unpacked-{round}"));
        sandbox.archive().unpack(&unpacked);
        let documents = files_below(&unpacked.join("licenses"));
        for (path, bytes) in &documents {
            let path = path.to_str().unwrap();
            assert!(
                *bytes == allowed(path),
                "{path} should have all of its bytes\n{}",
                outcome.report()
            );
        }
        for (_, path) in &staying {
            assert!(
                documents.contains_key(Path::new(path)),
                "{path} existed throughout, and should be in the backup\n{}",
                outcome.report()
            );
        }
        // The backup has only the licenses that exist when the store is listed.
        unlisted += staying.len() + changing.len() - documents.len();
        fs::remove_dir_all(unpacked).unwrap();
    }
    counted(
        backups,
        format_args!(
            "backups of a store that lost {all_lost} files concurrently: {failed} failed and kept \
             the earlier backup, and the others lack {unlisted} licenses that did not exist when \
             the store was listed"
        ),
    );
    assert!(
        all_lost > 0,
        "the store should lose files during the backups"
    );
}

#[test]
fn a_store_that_loses_a_directory_keeps_the_earlier_backup() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let before = Snapshot::of(&sandbox.backup());
    // The first license is new, so that the backup writes from the start.
    fs::write(sandbox.path("store/0.lcpl"), allowed("0.lcpl")).unwrap();
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let (last, elsewhere) = (sandbox.path("store/0019"), sandbox.path("elsewhere"));
    for program in Program::BOTH {
        let mut run = program
            .back_up(&sandbox, "store", "backup", &["--json", "--overwrite"])
            .start();
        let has_bytes = || fs::metadata(&temporary).is_ok_and(|metadata| metadata.len() > 0);
        assert!(
            run.wait_until(has_bytes),
            "licenses should be written during the backup"
        );
        fs::rename(&last, &elsewhere).unwrap();
        let outcome = run.wait().exits(1);
        fs::rename(&elsewhere, &last).unwrap();
        let end = outcome.end_event();
        assert_eq!(
            (&end["code"], &end["path"]),
            (&"path-not-found".into(), &"0019/0000.lic".into())
        );
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
    }
}
