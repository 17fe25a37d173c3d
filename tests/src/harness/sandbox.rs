//! A temporary directory for each test.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::run::{Invocation, target};
use super::tools::Archive;
use crate::sample::{SampleLicense, SampleStore};

/// The number of files of a large store that are hard links to the same license. NTFS allows
/// 1023.
const FILES_PER_LICENSE: u64 = 1000;

/// The machine code of the command component, which the wasmtime CLI loads in milliseconds. It would
/// compile the component in each of hundreds of runs otherwise, for half a second each.
static COMMAND: LazyLock<PathBuf> = LazyLock::new(|| {
    let components = target().join("components");
    let compiled = components.join("license-backup-command.cwasm");
    // Another run of the tests can read the file, so a rename replaces it.
    let new = components.join(format!("license-backup-command.{}", std::process::id()));
    let status = Command::new(wasmtime())
        .arg("compile")
        .arg("--output")
        .arg(&new)
        .arg(components.join("license-backup-command.wasm"))
        .status()
        .expect("`make setup-tests` installs wasmtime");
    assert!(
        status.success(),
        "wasmtime should compile the component that `make component` builds"
    );
    fs::rename(new, &compiled).expect("the build directory is writable");
    compiled
});

/// Returns the path of the wasmtime CLI.
fn wasmtime() -> PathBuf {
    target().join("tools/bin/wasmtime")
}

/// A directory with the subdirectories `store` and `backup`. It is removed at the end of the test.
#[derive(Debug)]
pub struct Sandbox {
    directory: tempfile::TempDir,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// Creates a sandbox with an empty store and an empty backup directory.
    ///
    /// # Panics
    ///
    /// If temporary files cannot be created.
    #[must_use]
    pub fn new() -> Self {
        let sandbox = Self {
            directory: tempfile::tempdir().expect("temporary files can be created"),
        };
        for name in ["store", "backup"] {
            fs::create_dir(sandbox.path(name)).expect("a temporary directory is writable");
        }
        sandbox
    }

    /// Creates a sandbox with a store. Returns it and the files of the store.
    ///
    /// # Panics
    ///
    /// If the store cannot be written.
    #[must_use]
    pub fn with_store(store: SampleStore) -> (Self, Vec<SampleLicense>) {
        let sandbox = Self::new();
        let files = store
            .write_into(&sandbox.store())
            .expect("the sample store can be written");
        (sandbox, files)
    }

    /// Creates a sandbox whose store has this number of files that permit a backup. Most are hard
    /// links, which readers cannot distinguish from separate files but which are created in a
    /// fraction of the time.
    ///
    /// # Panics
    ///
    /// If the store cannot be written.
    #[must_use]
    pub fn with_many_files(files: u64) -> Self {
        let sandbox = Self::new();
        let directories = files.div_ceil(FILES_PER_LICENSE);
        for (number, license) in (0..directories).zip(SampleStore::ordinary(directories).files()) {
            let directory = sandbox.path(format!("store/{number:04}"));
            fs::create_dir(&directory).expect("the store is writable");
            let first = directory.join("0000.lic");
            fs::write(&first, license.bytes).expect("the store is writable");
            for name in 1..FILES_PER_LICENSE.min(files - number * FILES_PER_LICENSE) {
                fs::hard_link(&first, directory.join(format!("{name:04}.lic")))
                    .expect("a file can have many hard links");
            }
        }
        sandbox
    }

    /// Returns the absolute path of a name in the sandbox.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the path of the license store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// Returns the path of the backup directory.
    #[must_use]
    pub fn backup(&self) -> PathBuf {
        self.path("backup")
    }

    /// Returns the path of the backup file.
    #[must_use]
    pub fn backup_file(&self) -> PathBuf {
        self.path("backup/licenses.zip")
    }

    /// Returns the backup file for inspection with independent tools.
    #[must_use]
    pub fn archive(&self) -> Archive {
        Archive::new(self.backup_file())
    }

    /// Returns a command that runs the program in the sandbox.
    #[must_use]
    pub fn license_backup<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Invocation {
        Invocation::new(self.directory.path(), arguments)
    }

    /// Returns a command that runs a program from `PATH` in the sandbox.
    #[must_use]
    pub fn system<A: AsRef<OsStr>>(&self, line: impl IntoIterator<Item = A>) -> Invocation {
        self.license_backup(line).with_binary("/usr/bin/env".into())
    }

    /// Returns a command that runs the command component with the wasmtime CLI in the sandbox. The
    /// only options are `--dir`, one for each directory: its path in the sandbox, `::`, and its
    /// path for the component.
    #[must_use]
    pub fn wasmtime(&self, directories: &[&str], arguments: &[&str]) -> Invocation {
        let mut all: Vec<OsString> = vec!["run".into(), "--allow-precompiled".into()];
        all.extend(
            directories
                .iter()
                .flat_map(|directory| ["--dir".into(), directory.into()]),
        );
        all.push(COMMAND.as_os_str().to_owned());
        all.extend(arguments.iter().map(Into::into));
        Invocation::new(self.directory.path(), all).with_binary(wasmtime())
    }

    /// Returns a command that backs up `store` into `backup`, with more arguments.
    #[must_use]
    pub fn back_up(&self, arguments: &[&str]) -> Invocation {
        self.license_backup([&["backup", "--store", "store", "--to", "backup"], arguments].concat())
    }

    /// Returns a command that lists the backup in `backup`, with more arguments.
    #[must_use]
    pub fn list(&self, arguments: &[&str]) -> Invocation {
        self.license_backup([&["list", "--from", "backup"], arguments].concat())
    }
}
