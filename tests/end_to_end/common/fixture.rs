//! A backup directory and a store, with their contents before and after a backup and a restore, for
//! tests that interrupt them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use license_backup_tests::harness::{Invocation, Sandbox, Snapshot, files_below};
use license_backup_tests::sample::SampleStore;

/// A backup directory and a store, with their initial and their expected contents.
pub(crate) struct Fixture {
    pub(crate) sandbox: Sandbox,
    /// The backup of `store`, which is also in `from`.
    pub(crate) new: Vec<u8>,
    /// The backup of another store, `other`.
    pub(crate) earlier: Vec<u8>,
    /// The initial files of the store `target`, by path. Of every three licenses of the backup, one
    /// is missing, one is unchanged and one has other bytes.
    pub(crate) initial: BTreeMap<PathBuf, Vec<u8>>,
    /// The files of the store `target` after a restore, by path.
    pub(crate) restored: BTreeMap<PathBuf, Vec<u8>>,
}

/// The initial contents of the backup directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    AnEarlierBackup,
}

impl Before {
    pub(crate) const BOTH: [Self; 2] = [Self::Nothing, Self::AnEarlierBackup];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "without an earlier backup",
            Self::AnEarlierBackup => "with an earlier backup",
        }
    }

    /// Returns the options of a backup that succeeds with these contents.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &["--quiet"],
            Self::AnEarlierBackup => &["--quiet", "--overwrite"],
        }
    }
}

/// A program that runs the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Binary,
    Wasmtime,
}

impl Program {
    pub(crate) const BOTH: [Self; 2] = [Self::Binary, Self::Wasmtime];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "license-backup",
            Self::Wasmtime => "wasmtime",
        }
    }

    /// Returns a backup of a store of a sandbox into a directory.
    pub(crate) fn back_up(
        self,
        sandbox: &Sandbox,
        store: &str,
        to: &str,
        options: &[&str],
    ) -> Invocation {
        match self {
            Self::Binary => sandbox
                .license_backup([&["backup", "--store", store, "--to", to], options].concat()),
            Self::Wasmtime => {
                let directories = [format!("{store}::/licenses"), format!("{to}::/backup")];
                let arguments = [&["backup", "--to", "/backup"], options].concat();
                sandbox.wasmtime(&directories.each_ref().map(String::as_str), &arguments)
            }
        }
    }

    /// Returns a command on the directory `backup` of a sandbox, with the store for the component.
    pub(crate) fn on_backup(
        self,
        sandbox: &Sandbox,
        command: &str,
        options: &[&str],
    ) -> Invocation {
        match self {
            Self::Binary => {
                sandbox.license_backup([&[command, "--from", "backup"], options].concat())
            }
            Self::Wasmtime => sandbox.wasmtime(
                &["store::/licenses", "backup::/backup"],
                &[&[command, "--from", "/backup"], options].concat(),
            ),
        }
    }

    /// Returns a restore of the backup in a directory into a store of a sandbox.
    pub(crate) fn restore(
        self,
        sandbox: &Sandbox,
        from: &str,
        store: &str,
        options: &[&str],
    ) -> Invocation {
        match self {
            Self::Binary => sandbox
                .license_backup([&["restore", "--from", from, "--store", store], options].concat()),
            Self::Wasmtime => {
                let directories = [format!("{store}::/licenses"), format!("{from}::/backup")];
                let arguments = [&["restore", "--from", "/backup"], options].concat();
                sandbox.wasmtime(&directories.each_ref().map(String::as_str), &arguments)
            }
        }
    }
}

impl Fixture {
    /// Creates a fixture with this number of licenses in each store.
    pub(crate) fn new(licenses: u64) -> Self {
        let sandbox = Sandbox::new();
        let files = SampleStore::ordinary(licenses)
            .write_into(&sandbox.store())
            .unwrap();
        SampleStore {
            seed: 2,
            ..SampleStore::ordinary(licenses)
        }
        .write_into(&sandbox.path("other"))
        .unwrap();
        let [new, earlier] = [("store", "from"), ("other", "from-other")].map(|(store, to)| {
            Program::Binary
                .back_up(&sandbox, store, to, &["--quiet"])
                .run()
                .exits(0);
            fs::read(sandbox.path(to).join("licenses.zip")).unwrap()
        });
        let restored: BTreeMap<_, _> = files
            .into_iter()
            .map(|file| (file.path, file.bytes))
            .collect();
        let kept = restored.iter().enumerate().filter(|(at, _)| at % 3 != 0);
        let initial = kept.map(|(at, (path, bytes))| {
            (
                path.clone(),
                if at % 3 == 1 {
                    bytes.clone()
                } else {
                    format!("not {}", path.display()).into_bytes()
                },
            )
        });
        Self {
            new,
            earlier,
            initial: initial.collect(),
            restored,
            sandbox,
        }
    }

    /// Returns the initial backup, if any.
    pub(crate) fn before(&self, before: Before) -> Option<&Vec<u8>> {
        match before {
            Before::Nothing => None,
            Before::AnEarlierBackup => Some(&self.earlier),
        }
    }

    /// Resets the backup directory to its initial contents.
    pub(crate) fn set_backup(&self, before: Before) {
        let directory = self.sandbox.backup();
        fs::remove_dir_all(&directory).unwrap();
        fs::create_dir(&directory).unwrap();
        if let Some(earlier) = self.before(before) {
            fs::write(self.sandbox.backup_file(), earlier).unwrap();
        }
    }

    /// Returns the current backup, if any.
    pub(crate) fn backup(&self) -> Option<Vec<u8>> {
        fs::read(self.sandbox.backup_file()).ok()
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.sandbox.path("target")
    }

    /// Returns the path in the target to which a restore writes its first license.
    pub(crate) fn first_missing(&self) -> &Path {
        self.restored
            .keys()
            .find(|path| !self.initial.contains_key(*path))
            .expect("a third of the licenses is missing")
    }

    /// Resets the target to its initial files.
    pub(crate) fn set_target(&self) {
        let target = self.target();
        if target.exists() {
            fs::remove_dir_all(&target).unwrap();
        }
        fs::create_dir(&target).unwrap();
        for (path, bytes) in &self.initial {
            let path = target.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// Returns the files in the target by path, and the paths of the temporary files there.
    pub(crate) fn target_files(&self) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<PathBuf>) {
        let (temporaries, files): (BTreeMap<_, _>, BTreeMap<_, _>) = files_below(&self.target())
            .into_iter()
            .partition(|(path, _)| is_temporary(path));
        (files, temporaries.into_keys().collect())
    }

    /// Returns the temporary files in the backup directory. Requires that it contains no other
    /// files, except a backup.
    pub(crate) fn temporaries(&self) -> Vec<PathBuf> {
        let directory = self.sandbox.backup();
        let names = Snapshot::of(&directory)
            .names()
            .into_iter()
            .filter(|name| name != "licenses.zip");
        let paths: Vec<_> = names.map(|name| directory.join(name)).collect();
        assert!(
            paths.iter().all(|path| is_temporary(path)),
            "only temporary files should be beside the backup: {paths:?}"
        );
        paths
    }
}

/// Waits until the next second begins, so that the next generation has another name.
pub(crate) fn wait_for_next_second() {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanoseconds = now().map_or(0, |now| now.subsec_nanos());
    thread::sleep(Duration::from_nanos(u64::from(1_000_000_000 - nanoseconds)));
}

/// Returns `true` if the name of the file is that of a temporary file of the program.
fn is_temporary(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_prefix(".license-backup-"));
    name.and_then(|name| name.strip_suffix(".tmp")).is_some()
}
