//! The programs that are compared, and their commands.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::places::Place;

/// The password of the repositories of restic.
pub(crate) const RESTIC_PASSWORD: &str = "benchmark";

/// The directories and programs of this project that a comparison uses.
#[derive(Clone)]
pub(crate) struct Paths {
    /// The directory that `make` builds into.
    pub(crate) target: PathBuf,
    /// The directory of all files of the benchmark.
    pub(crate) directory: PathBuf,
    /// The license store.
    pub(crate) store: PathBuf,
    /// A store with the same number of licenses, each in a publication.
    pub(crate) publications: PathBuf,
    /// A backup of the license store.
    pub(crate) backup: PathBuf,
    /// An empty directory for the output; each run has its own.
    pub(crate) output: PathBuf,
    /// The command component, compiled ahead of time by wasmtime.
    pub(crate) compiled: PathBuf,
    /// The path of one license, relative to the store.
    pub(crate) license: PathBuf,
    /// The server of the backups, if they are not on this machine.
    pub(crate) place: Place,
}

impl Paths {
    /// Returns a command of the program of this project.
    pub(crate) fn license_backup(&self, subcommand: &str) -> Command {
        let mut command = Command::new(self.target.join("release/license-backup"));
        command.arg(subcommand);
        command
    }

    /// Returns a command of the program of this project that prints nothing on success.
    pub(crate) fn quiet(&self, subcommand: &str) -> Command {
        let mut command = self.license_backup(subcommand);
        command.arg("--quiet");
        command
    }

    /// Returns the command that backs up the license store into a directory.
    pub(crate) fn back_up_into(&self, directory: &Path) -> Command {
        self.back_up(&self.store, directory)
    }

    /// Returns the command that backs up a store into a directory.
    fn back_up(&self, store: &Path, directory: &Path) -> Command {
        let mut command = self.quiet("backup");
        command.arg("--store").arg(store).arg("--to").arg(directory);
        command
    }

    /// Returns the path of the backup file.
    fn archive(&self) -> PathBuf {
        self.backup.join("licenses.zip")
    }
}

/// Returns a command of restic with a repository in the output directory, and without a cache.
fn restic(paths: &Paths) -> Command {
    let mut command = Command::new("restic");
    command
        .args(["--quiet", "--no-cache", "--repo"])
        .arg(paths.output.join("repository"));
    command.env("RESTIC_PASSWORD", RESTIC_PASSWORD);
    command
}

/// A program that is compared.
pub(crate) struct Candidate {
    /// The name in the results.
    pub(crate) name: &'static str,
    /// Whether it creates a file for each license.
    pub(crate) creates_many_files: bool,
    /// Whether it is measured with the largest store, too.
    pub(crate) scales: bool,
    /// The command that runs before each run, and is not measured.
    pub(crate) prepare: Option<fn(&Paths) -> Command>,
    /// The command that is measured.
    pub(crate) command: fn(&Paths) -> Command,
}

impl Candidate {
    /// Returns the candidate, to be measured with the largest store, too.
    const fn scaling(mut self) -> Self {
        self.scales = true;
        self
    }
}

/// Returns a candidate that creates a single file.
pub(crate) const fn one_file(name: &'static str, command: fn(&Paths) -> Command) -> Candidate {
    Candidate {
        name,
        creates_many_files: false,
        scales: false,
        prepare: None,
        command,
    }
}

/// Returns a candidate that creates a file for each license.
pub(crate) const fn many_files(name: &'static str, command: fn(&Paths) -> Command) -> Candidate {
    Candidate {
        name,
        creates_many_files: true,
        scales: false,
        prepare: None,
        command,
    }
}

/// The start of the program, beside that of a program that does nothing.
pub(crate) const START: [Candidate; 2] = [
    one_file("license-backup backup", |paths| {
        paths.back_up_into(&paths.output)
    }),
    one_file("true", |_| Command::new("true")),
];

/// The backup of a store.
pub(crate) const BACKUP: [Candidate; 8] = [
    one_file("license-backup backup", |paths| {
        paths.back_up_into(&paths.output)
    })
    .scaling(),
    one_file("license-backup-command.wasm under wasmtime", |paths| {
        let mut command = Command::new("wasmtime");
        command.args(["run", "--allow-precompiled", "--dir"]);
        command.arg(format!("{}::/licenses", paths.store.display()));
        command
            .arg("--dir")
            .arg(format!("{}::/backup", paths.output.display()));
        command
            .arg(&paths.compiled)
            .args(["backup", "--to", "/backup"]);
        command
    }),
    one_file("tar cf", |paths| {
        let mut command = Command::new("tar");
        command
            .arg("cf")
            .arg(paths.output.join("licenses.tar"))
            .arg("-C")
            .arg(&paths.store)
            .arg(".");
        command
    })
    .scaling(),
    one_file("zip -0 -r", |paths| {
        let mut command = Command::new("zip");
        command
            .args(["-0", "-r", "-q"])
            .arg(paths.output.join("licenses.zip"))
            .arg(".")
            .current_dir(&paths.store);
        command
    }),
    many_files("cp -r", |paths| {
        let mut command = Command::new("cp");
        command.arg("-r").arg(&paths.store).arg(&paths.output);
        command
    }),
    many_files("rsync -a", |paths| {
        let mut command = Command::new("rsync");
        command.arg("-a").arg(&paths.store).arg(&paths.output);
        command
    }),
    Candidate {
        name: "restic backup",
        creates_many_files: false,
        scales: false,
        prepare: Some(|paths| {
            let mut command = restic(paths);
            command.arg("init");
            command
        }),
        command: |paths| {
            let mut command = restic(paths);
            command.arg("backup").arg(&paths.store);
            command
        },
    },
    one_file("floor: open, read, close, append", |paths| {
        let mut command = Command::new(paths.target.join("release/floor"));
        command.arg(&paths.store).arg(paths.output.join("licenses"));
        command
    }),
];

/// The backup of licenses in publications, beside that of the same number of license documents.
pub(crate) const PUBLICATIONS: [Candidate; 2] = [
    one_file("license-backup backup, publications of 2 MiB", |paths| {
        paths.back_up(&paths.publications, &paths.output)
    }),
    one_file("license-backup backup, documents of 4 KiB", |paths| {
        paths.back_up_into(&paths.output)
    }),
];

/// The verification of a backup.
pub(crate) const VERIFY: [Candidate; 2] = [
    one_file("license-backup verify", |paths| {
        let mut command = paths.quiet("verify");
        command.arg("--from").arg(&paths.backup);
        command
    })
    .scaling(),
    one_file("unzip -t", |paths| {
        let mut command = Command::new("unzip");
        command.arg("-tqq").arg(paths.archive());
        command
    })
    .scaling(),
];

/// The restore of all licenses of a backup.
pub(crate) const RESTORE: [Candidate; 2] = [
    many_files("license-backup restore", |paths| {
        let mut command = paths.quiet("restore");
        command
            .arg("--from")
            .arg(&paths.backup)
            .arg("--store")
            .arg(&paths.output);
        command
    })
    .scaling(),
    many_files("unzip", |paths| {
        let mut command = Command::new("unzip");
        command
            .arg("-qq")
            .arg(paths.archive())
            .arg("-d")
            .arg(&paths.output);
        command
    })
    .scaling(),
];
