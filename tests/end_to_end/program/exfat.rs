//! Tests of backup and restore on exFAT, which ignores case, has no hard links and rejects some
//! names.
//!
//! To mount exFAT requires root, a loop device and FUSE. Without them, these tests report that they
//! are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use license_backup_tests::harness::{Sandbox, Snapshot, files_below, skipped};
use license_backup_tests::sample::SampleStore;

use crate::expected::allowed;

/// An exFAT file system of 16 MiB that is mounted until the value is dropped.
struct ExFat {
    device: String,
    directory: PathBuf,
}

impl ExFat {
    /// Mounts an empty file system at `name` in a sandbox. Returns `None` if this machine does not
    /// permit it.
    fn mount(sandbox: &Sandbox, name: &str) -> Option<Self> {
        let image = sandbox.path(format!("{name}.img"));
        let directory = sandbox.path(name);
        fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        fs::create_dir_all(&directory).unwrap();
        run("mkfs.exfat", &[image.as_os_str()])?;
        let device = run(
            "losetup",
            &["--find".as_ref(), "--show".as_ref(), image.as_os_str()],
        )?;
        let mounted = Self {
            device: device.trim().to_owned(),
            directory,
        };
        run(
            "mount.exfat-fuse",
            &[mounted.device.as_ref(), mounted.directory.as_os_str()],
        )?;
        Some(mounted)
    }
}

impl Drop for ExFat {
    fn drop(&mut self) {
        run("umount", &[self.directory.as_os_str()]);
        run("losetup", &["--detach".as_ref(), self.device.as_ref()]);
    }
}

/// Runs a command and returns its output. If it fails, reports a skipped test and returns `None`.
fn run(command: &str, arguments: &[&std::ffi::OsStr]) -> Option<String> {
    let output = Command::new(command).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        failed => {
            skipped(
                format_args!("exFAT: {command} {arguments:?}"),
                format_args!("{failed:?}"),
            );
            None
        }
    }
}

#[test]
fn names_that_exfat_folds_or_rejects_are_conflicts() {
    let sandbox = Sandbox::new();
    let plain = ["plain.lic", "deep/er/one.lic", "deep/ünï.lic", "Dir/a.lic"];
    let conflicting = ["A.lic", "a.lic", "back\\slash.lic", "c:x.lic", "dir/b.lic"];
    for path in plain.iter().chain(&conflicting) {
        let file = sandbox.store().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, allowed(path)).unwrap();
    }
    sandbox.back_up(&[]).run().exits(0);
    let Some(_exfat) = ExFat::mount(&sandbox, "other") else {
        return;
    };

    let restore = ["restore", "--from", "backup", "--store", "other", "--json"];
    let outcome = sandbox.license_backup(restore).run().exits(4);
    let restored = files_below(&sandbox.path("other"));
    for path in plain {
        assert_eq!(
            restored.get(Path::new(path)),
            Some(&allowed(path)),
            "{path}\n{}",
            outcome.report()
        );
    }
    // For exFAT, A.lic and a.lic are the same file. The first in byte order is restored.
    assert_eq!(
        restored.get(Path::new("A.lic")),
        Some(&allowed("A.lic")),
        "{}",
        outcome.report()
    );
    assert_eq!(
        restored.len(),
        plain.len() + 1,
        "{:?}\n{}",
        restored.keys(),
        outcome.report()
    );
    let errors = outcome
        .events()
        .into_iter()
        .filter(|event| event["event"] == "error");
    let mut reported: Vec<_> = errors
        .map(|event| (event["path"].to_string(), event["code"].to_string()))
        .collect();
    reported.sort();
    let conflicts = ["a.lic", "back\\slash.lic", "c:x.lic", "dir/b.lic"];
    let expected = conflicts.map(|path| (format!("{path:?}"), "\"file-exists\"".to_owned()));
    assert_eq!(reported, expected, "{}", outcome.report());

    let before = Snapshot::of(&sandbox.path("other"));
    for arguments in [&[][..], &["--overwrite"]] {
        sandbox
            .license_backup([&restore[..], arguments].concat())
            .run()
            .exits(4);
        assert_eq!(
            Snapshot::of(&sandbox.path("other")),
            before,
            "a second restore should change nothing: {arguments:?}"
        );
    }
}

#[test]
fn a_backup_works_without_hard_links() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(20));
    let Some(_exfat) = ExFat::mount(&sandbox, "other") else {
        return;
    };
    let backup = ["backup", "--store", "store", "--to", "other"];
    sandbox.license_backup(backup).run().exits(0);
    let earlier = Snapshot::of(&sandbox.path("other"));
    assert_eq!(earlier.names(), ["licenses.zip"]);
    sandbox.license_backup(backup).run().exits(4);
    assert_eq!(Snapshot::of(&sandbox.path("other")), earlier);
    sandbox
        .license_backup([&backup[..], &["--overwrite"]].concat())
        .run()
        .exits(0);
    sandbox
        .license_backup(["verify", "--from", "other"])
        .run()
        .exits(0);
}
