//! The programs that are compared, and how each is called.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The directories and programs of this project that a comparison works with.
#[derive(Clone)]
pub(crate) struct Places {
    /// The directory that `make` builds into.
    pub(crate) target: PathBuf,
    /// The license store.
    pub(crate) store: PathBuf,
    /// A store with as many licenses, each in a publication.
    pub(crate) publications: PathBuf,
    /// A backup of it.
    pub(crate) backup: PathBuf,
    /// An empty directory for what a run makes, another one for each.
    pub(crate) output: PathBuf,
    /// The command component, compiled ahead by wasmtime.
    pub(crate) compiled: PathBuf,
}

impl Places {
    /// The program of this project, with a verb.
    fn ours(&self, verb: &str) -> Command {
        let mut command = Command::new(self.target.join("release/license-backup"));
        command.arg(verb).arg("--quiet");
        command
    }

    /// A backup of the store into a directory.
    pub(crate) fn back_up_into(&self, directory: &Path) -> Command {
        self.back_up(&self.store, directory)
    }

    /// A backup of a store into a directory.
    fn back_up(&self, store: &Path, directory: &Path) -> Command {
        let mut command = self.ours("backup");
        command.arg("--store").arg(store).arg("--to").arg(directory);
        command
    }

    /// The backup file.
    fn archive(&self) -> PathBuf {
        self.backup.join("licenses.zip")
    }
}

/// restic with a repository in the output directory, and nothing kept elsewhere.
fn restic(places: &Places) -> Command {
    let mut command = Command::new("restic");
    command
        .args(["--quiet", "--no-cache", "--repo"])
        .arg(places.output.join("repository"));
    command.env("RESTIC_PASSWORD", "benchmark");
    command
}

/// A program, or a way to call one.
pub(crate) struct Entrant {
    pub(crate) name: &'static str,
    /// Whether it makes a file for each license.
    pub(crate) makes_files: bool,
    /// What has to be done before each run, and is not measured.
    pub(crate) prepare: Option<fn(&Places) -> Command>,
    pub(crate) command: fn(&Places) -> Command,
}

/// An entrant that makes one file.
const fn one_file(name: &'static str, command: fn(&Places) -> Command) -> Entrant {
    Entrant {
        name,
        makes_files: false,
        prepare: None,
        command,
    }
}

/// An entrant that makes a file for each license.
const fn many_files(name: &'static str, command: fn(&Places) -> Command) -> Entrant {
    Entrant {
        name,
        makes_files: true,
        prepare: None,
        command,
    }
}

/// Short runs.
pub(crate) const START: [Entrant; 2] = [
    one_file("license-backup backup", |places| {
        places.back_up_into(&places.output)
    }),
    one_file("true", |_| Command::new("true")),
];

/// A backup of the whole store.
pub(crate) const BACKUP: [Entrant; 8] = [
    one_file("license-backup backup", |places| {
        places.back_up_into(&places.output)
    }),
    one_file("license-backup-command.wasm under wasmtime", |places| {
        let mut command = Command::new("wasmtime");
        command.args(["run", "--allow-precompiled", "--dir"]);
        command.arg(format!("{}::/licenses", places.store.display()));
        command
            .arg("--dir")
            .arg(format!("{}::/backup", places.output.display()));
        command
            .arg(&places.compiled)
            .args(["backup", "--to", "/backup"]);
        command
    }),
    one_file("tar cf", |places| {
        let mut command = Command::new("tar");
        command
            .arg("cf")
            .arg(places.output.join("licenses.tar"))
            .arg("-C")
            .arg(&places.store)
            .arg(".");
        command
    }),
    one_file("zip -0 -r", |places| {
        let mut command = Command::new("zip");
        command
            .args(["-0", "-r", "-q"])
            .arg(places.output.join("licenses.zip"))
            .arg(".")
            .current_dir(&places.store);
        command
    }),
    many_files("cp -r", |places| {
        let mut command = Command::new("cp");
        command.arg("-r").arg(&places.store).arg(&places.output);
        command
    }),
    many_files("rsync -a", |places| {
        let mut command = Command::new("rsync");
        command.arg("-a").arg(&places.store).arg(&places.output);
        command
    }),
    Entrant {
        name: "restic backup",
        makes_files: false,
        prepare: Some(|places| {
            let mut command = restic(places);
            command.arg("init");
            command
        }),
        command: |places| {
            let mut command = restic(places);
            command.arg("backup").arg(&places.store);
            command
        },
    },
    one_file("floor: open, read, close, append", |places| {
        let mut command = Command::new(places.target.join("release/floor"));
        command
            .arg(&places.store)
            .arg(places.output.join("licenses"));
        command
    }),
];

/// A backup of licenses that are in publications, beside one of as many that are files.
pub(crate) const PUBLICATIONS: [Entrant; 2] = [
    one_file("license-backup backup, publications of 2 MiB", |places| {
        places.back_up(&places.publications, &places.output)
    }),
    one_file("license-backup backup, documents of 4 KiB", |places| {
        places.back_up_into(&places.output)
    }),
];

/// A look at a backup, as thorough as the program has it.
pub(crate) const VERIFY: [Entrant; 2] = [
    one_file("license-backup verify", |places| {
        let mut command = places.ours("verify");
        command.arg("--from").arg(&places.backup);
        command
    }),
    one_file("unzip -t", |places| {
        let mut command = Command::new("unzip");
        command.arg("-tqq").arg(places.archive());
        command
    }),
];

/// All licenses out of a backup.
pub(crate) const RESTORE: [Entrant; 2] = [
    many_files("license-backup restore", |places| {
        let mut command = places.ours("restore");
        command
            .arg("--from")
            .arg(&places.backup)
            .arg("--store")
            .arg(&places.output);
        command
    }),
    many_files("unzip", |places| {
        let mut command = Command::new("unzip");
        command
            .arg("-qq")
            .arg(places.archive())
            .arg("-d")
            .arg(&places.output);
        command
    }),
];
