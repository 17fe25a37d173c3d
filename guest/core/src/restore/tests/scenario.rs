//! The store with which every call of a restore is faulted, and the properties of it afterwards.

use std::sync::LazyLock;

use super::*;
use crate::temporary::is_temporary_name;

/// The licenses of the backup: new ones, one that is present, and one that replaces a file.
pub(super) const PATHS: [&str; 7] = [
    "a",
    "deep/er/one",
    "deep/two",
    "new/er/x",
    "new/y",
    "old/z",
    "same",
];

/// Those of them that a filter includes.
const FILTERED_PATHS: [&str; 4] = ["deep/er/one", "deep/two", "new/y", "same"];

/// The content of an existing file under the name of a license.
pub(super) const OTHER: &[u8] = b"another one";

static BACKUP: LazyLock<Vec<u8>> =
    LazyLock::new(|| backup_of(PATHS.map(|path| (path, allowed(path)))));

/// Creates a disk with a backup of these licenses, and a store with an entry of every kind.
pub(super) fn mixed() -> Disk {
    let disk = Disk::new();
    disk.write("/backup/licenses.zip", BACKUP.clone());
    disk.write("/licenses/deep/two", OTHER);
    disk.write("/licenses/old/mine", "mine");
    disk.write("/licenses/same", allowed("same"));
    disk.sync_all();
    disk
}

/// Returns the store of [`mixed`] after a restore that overwrites.
pub(super) fn complete() -> Tree {
    let scenario = Scenario {
        overwrite: true,
        is_bare: false,
        is_filtered: false,
    };
    scenario.complete(&store(&mixed()))
}

/// A kind of restore on a kind of file system.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) overwrite: bool,
    /// Whether the file system has no hard links and lists names without their kinds, on a host
    /// that reports the ends of files.
    is_bare: bool,
    /// Whether a filter includes only [`FILTERED_PATHS`].
    is_filtered: bool,
}

pub(super) const SCENARIOS: [Scenario; 6] = [
    Scenario {
        overwrite: false,
        is_bare: false,
        is_filtered: false,
    },
    Scenario {
        overwrite: false,
        is_bare: true,
        is_filtered: false,
    },
    Scenario {
        overwrite: true,
        is_bare: false,
        is_filtered: false,
    },
    Scenario {
        overwrite: true,
        is_bare: true,
        is_filtered: false,
    },
    Scenario {
        overwrite: true,
        is_bare: false,
        is_filtered: true,
    },
    Scenario {
        overwrite: false,
        is_bare: true,
        is_filtered: true,
    },
];

impl Scenario {
    pub(super) fn options(self) -> RestoreOptions {
        let include: &[&str] = if self.is_filtered {
            &["deep/**", "new/?", "same"]
        } else {
            &[]
        };
        RestoreOptions {
            overwrite: self.overwrite,
            filter: including(include),
            ..KEEP
        }
    }

    /// Returns the paths of the licenses to restore.
    pub(super) fn paths(self) -> &'static [&'static str] {
        if self.is_filtered {
            &FILTERED_PATHS
        } else {
            &PATHS
        }
    }

    pub(super) fn disk(self) -> Disk {
        let disk = mixed();
        if self.is_bare {
            disk.disable_hard_links();
            disk.hide_kinds();
            disk.report_eof();
        }
        disk.limit_reads(1000);
        disk.limit_writes(100);
        disk.take_calls();
        disk
    }

    /// Returns the store after a restore that succeeds.
    pub(super) fn complete(self, before: &Tree) -> Tree {
        let mut complete = store_with(self.paths());
        let is_kept = |path: &str| before.contains_key(path) && !self.overwrite;
        complete.retain(|path, _| !is_kept(path));
        for (path, content) in before {
            complete
                .entry(path.clone())
                .or_insert_with(|| content.clone());
        }
        complete
    }

    pub(super) fn run(
        self,
        disk: &Disk,
    ) -> (Vec<BackupRestoreStatus>, Result<RestoreSummary, Failure>) {
        match start(disk, self.options()) {
            Ok(restore) => run(restore),
            Err(failure) => (Vec::new(), Err(failure)),
        }
    }

    /// Asserts that another restore succeeds, is durable, and keeps the temporary files of the
    /// first one, and that a restore some hours later removes these.
    pub(super) fn assert_recovers(self, disk: &Disk, when: &str) {
        replace_backup(disk);
        let before = store(disk);
        let (_, conflicts) = restored(disk, self.options());
        let after = store(disk);
        self.assert_old_or_complete(&before, &after, &format!("after another restore {when}"));
        assert_eq!(
            temporaries(&before),
            temporaries(&after),
            "after another restore {when}"
        );
        for path in self.paths() {
            let is_conflict = conflicts.iter().any(|conflict| conflict == path);
            assert_ne!(
                is_right(&after, path),
                is_conflict,
                "{path} after another restore {when}"
            );
        }
        assert!(
            conflicts.is_empty() || !self.overwrite,
            "{conflicts:?} {when}"
        );
        disk.lose_power(Surviving::Nothing);
        assert_eq!(
            files(&store(disk)),
            files(&after),
            "another restore is not durable {when}"
        );

        disk.advance_clock(2 * 3600);
        // So that the restore has a license to write in every directory.
        for path in self.paths() {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let _ = disk
                .directory(&format!("/licenses/{directory}"))
                .unlink(name);
        }
        restored(disk, self.options());
        let after = store(disk);
        assert_eq!(temporaries(&after), [] as [&str; 0], "hours later {when}");
        assert!(
            self.paths().iter().all(|path| is_right(&after, path)),
            "hours later {when}: {after:#?}"
        );
    }

    /// Asserts that each entry except temporary files is as before or as after the restore, and
    /// that no entry has disappeared.
    pub(super) fn assert_old_or_complete(self, before: &Tree, now: &Tree, when: &str) {
        let complete = self.complete(before);
        for (path, content) in now {
            let is_expected = [before, &complete]
                .iter()
                .any(|expected| expected.get(path) == Some(content));
            assert!(is_expected || is_temporary(path), "{path} {when}");
        }
        for path in before.keys() {
            assert!(
                now.contains_key(path) || is_temporary(path),
                "{path} has disappeared {when}"
            );
        }
    }
}

/// Writes the backup again if a fault has changed it.
fn replace_backup(disk: &Disk) {
    if disk.read("/backup/licenses.zip").as_deref() != Some(BACKUP.as_slice()) {
        disk.write("/backup/licenses.zip", BACKUP.clone());
        let directory = disk.directory("/backup");
        directory
            .sync_file("licenses.zip")
            .expect("the backup exists");
        directory.sync().expect("the directory exists");
    }
}

/// Returns `true` if the store has the license of a path.
pub(super) fn is_right(store: &Tree, path: &str) -> bool {
    store.get(&format!("/{path}")) == Some(&Some(allowed(path)))
}

/// Returns the temporary files in a store.
pub(super) fn temporaries(store: &Tree) -> Vec<&str> {
    store
        .keys()
        .filter(|path| is_temporary(path))
        .map(String::as_str)
        .collect()
}

/// Returns a store without its temporary files.
pub(super) fn files(store: &Tree) -> Tree {
    store
        .iter()
        .filter(|(path, _)| !is_temporary(path))
        .map(|(path, content)| (path.clone(), content.clone()))
        .collect()
}

fn is_temporary(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(is_temporary_name)
}
