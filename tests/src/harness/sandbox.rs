//! A directory of its own for each test.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::run::Invocation;
use super::tools::Archive;
use crate::sample::{SampleLicense, SampleStore};

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
        let sandbox = Self { directory: tempfile::tempdir().expect("there is a directory for temporary files") };
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
        let files = store.write_into(&sandbox.store()).expect("the sample store can be written");
        (sandbox, files)
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
    pub fn license_backup<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Invocation {
        Invocation::new(self.directory.path(), arguments)
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
