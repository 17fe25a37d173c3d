//! A directory of its own for each test.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::run::{Invocation, target};
use super::tools::Archive;
use crate::sample::{SampleLicense, SampleStore};

/// How many files of a large store are the same license, which is far fewer than any file system allows.
const FILES_PER_LICENSE: u64 = 1000;

/// A directory that is removed at the end of the test, with an empty `store` and an empty `backup` in it.
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
    /// An empty sandbox.
    ///
    /// # Panics
    ///
    /// When there is no place for temporary files.
    #[must_use]
    pub fn new() -> Self {
        let sandbox = Self {
            directory: tempfile::tempdir().expect("there is a directory for temporary files"),
        };
        for name in ["store", "backup"] {
            fs::create_dir(sandbox.path(name)).expect("a temporary directory is writable");
        }
        sandbox
    }

    /// A sandbox whose store is written, and the files of the store.
    ///
    /// # Panics
    ///
    /// When the store cannot be written.
    #[must_use]
    pub fn with_store(store: SampleStore) -> (Self, Vec<SampleLicense>) {
        let sandbox = Self::new();
        let files = store
            .write_into(&sandbox.store())
            .expect("the sample store can be written");
        (sandbox, files)
    }

    /// A sandbox whose store has so many files that may be backed up, but few licenses: most files are further names of
    /// them. That makes a large store in a fraction of the time, and is the same to a reader.
    ///
    /// # Panics
    ///
    /// When the store cannot be written.
    #[must_use]
    pub fn with_many_files(files: u64) -> Self {
        let sandbox = Self::new();
        let directories = files.div_ceil(FILES_PER_LICENSE);
        for (number, license) in (0..directories).zip(SampleStore::ordinary(directories).files()) {
            let directory = sandbox.path(format!("store/{number:04}"));
            fs::create_dir(&directory).expect("the store can be changed");
            let first = directory.join("0000.lic");
            fs::write(&first, license.bytes).expect("the store can be changed");
            for name in 1..FILES_PER_LICENSE.min(files - number * FILES_PER_LICENSE) {
                fs::hard_link(&first, directory.join(format!("{name:04}.lic")))
                    .expect("a file can have many names");
            }
        }
        sandbox
    }

    /// The path of a name in the sandbox, absolute.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The license store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// The backup directory.
    #[must_use]
    pub fn backup(&self) -> PathBuf {
        self.path("backup")
    }

    /// The backup file.
    #[must_use]
    pub fn backup_file(&self) -> PathBuf {
        self.path("backup/licenses.zip")
    }

    /// The backup file, for the tools from elsewhere.
    #[must_use]
    pub fn archive(&self) -> Archive {
        Archive::new(self.backup_file())
    }

    /// The binary with these arguments, to be run in the sandbox.
    #[must_use]
    pub fn license_backup<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Invocation {
        Invocation::new(self.directory.path(), arguments)
    }

    /// A program of the system, looked for in `PATH`, and its arguments, to be run in the sandbox.
    #[must_use]
    pub fn system<A: AsRef<OsStr>>(&self, line: impl IntoIterator<Item = A>) -> Invocation {
        self.license_backup(line).with_binary("/usr/bin/env".into())
    }

    /// The command component under the wasmtime CLI with these arguments, to be run in the sandbox. Each directory is opened
    /// as `--dir` has it: its path in the sandbox, `::`, and its name for the component. No other option is given.
    #[must_use]
    pub fn wasmtime(&self, directories: &[&str], arguments: &[&str]) -> Invocation {
        let component = target().join("components/license-backup-command.wasm");
        let mut all: Vec<OsString> = vec!["run".into()];
        all.extend(
            directories
                .iter()
                .flat_map(|directory| ["--dir".into(), directory.into()]),
        );
        all.push(component.into());
        all.extend(arguments.iter().map(Into::into));
        Invocation::new(self.directory.path(), all).with_binary(target().join("tools/bin/wasmtime"))
    }

    /// A backup of `store` into `backup`, with further arguments.
    #[must_use]
    pub fn back_up(&self, further: &[&str]) -> Invocation {
        self.license_backup([&["backup", "--store", "store", "--to", "backup"], further].concat())
    }

    /// A listing of the backup in `backup`, with further arguments.
    #[must_use]
    pub fn list(&self, further: &[&str]) -> Invocation {
        self.license_backup([&["list", "--from", "backup"], further].concat())
    }
}
