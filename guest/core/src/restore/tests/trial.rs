//! The store with which every call of a restore is tried, and what must be true of it afterwards.

use std::sync::LazyLock;

use super::*;
use crate::temporary::is_temporary_name;

/// The licenses of the backup: new ones, one that is there already, and one to be replaced.
pub(super) const PATHS: [&str; 7] = [
    "a",
    "deep/er/one",
    "deep/two",
    "new/er/x",
    "new/y",
    "old/z",
    "same",
];

/// What is in the store where a license is to go.
pub(super) const OTHER: &[u8] = b"another one";

static BACKUP: LazyLock<Vec<u8>> =
    LazyLock::new(|| backup_of(PATHS.map(|path| (path, allowed(path)))));

/// A disk with a backup of these licenses, and a store with something of every kind in it.
pub(super) fn mixed() -> Disk {
    let disk = Disk::new();
    disk.write("/backup/licenses.zip", BACKUP.clone());
    disk.write("/licenses/deep/two", OTHER);
    disk.write("/licenses/old/mine", "mine");
    disk.write("/licenses/same", allowed("same"));
    disk.sync_all();
    disk
}

/// What [`mixed`] becomes when what is there is overwritten.
pub(super) fn complete() -> Tree {
    Kind {
        flags: OVERWRITE,
        is_bare: false,
    }
    .complete(&store(&mixed()))
}

/// How a restore is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) flags: RestoreOptions,
    /// Whether the file system has no hard links and does not tell kinds of names, on a host that tells the ends of files.
    is_bare: bool,
}

pub(super) const KINDS: [Kind; 4] = [
    Kind {
        flags: KEEP,
        is_bare: false,
    },
    Kind {
        flags: KEEP,
        is_bare: true,
    },
    Kind {
        flags: OVERWRITE,
        is_bare: false,
    },
    Kind {
        flags: OVERWRITE,
        is_bare: true,
    },
];

impl Kind {
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

    /// What a store becomes.
    pub(super) fn complete(self, before: &Tree) -> Tree {
        let mut complete = holding(&PATHS);
        let is_kept = |path: &str| before.contains_key(path) && !self.flags.overwrite;
        complete.retain(|path, _| !is_kept(path));
        for (path, content) in before {
            complete
                .entry(path.clone())
                .or_insert_with(|| content.clone());
        }
        complete
    }

    pub(super) fn attempt(
        self,
        disk: &Disk,
    ) -> (Vec<BackupRestoreStatus>, Result<RestoreSummary, Failure>) {
        match start(disk, self.flags) {
            Ok(restore) => run(restore),
            Err(failure) => (Vec::new(), Err(failure)),
        }
    }

    /// That another restore succeeds, survives a power cut, and leaves the temporary files of the one before; and that one
    /// after some hours, which has to restore something everywhere, removes these.
    pub(super) fn recovers(self, disk: &Disk, when: &str) {
        replace_backup(disk);
        let before = store(disk);
        let (_, conflicts) = restored(disk, self.flags);
        let after = store(disk);
        self.is_old_or_new(&before, &after, &format!("after another restore {when}"));
        assert_eq!(
            temporaries(&before),
            temporaries(&after),
            "after another restore {when}"
        );
        for path in PATHS {
            let is_conflict = conflicts.iter().any(|conflict| conflict == path);
            assert_ne!(
                is_right(&after, path),
                is_conflict,
                "{path} after another restore {when}"
            );
        }
        assert!(
            conflicts.is_empty() || !self.flags.overwrite,
            "{conflicts:?} {when}"
        );
        disk.lose_power(Surviving::Nothing);
        assert_eq!(
            files(&store(disk)),
            files(&after),
            "another restore is not durable {when}"
        );

        disk.advance_clock(2 * 3600);
        for path in PATHS {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let _ = disk
                .directory(&format!("/licenses/{directory}"))
                .unlink(name);
        }
        restored(disk, self.flags);
        let after = store(disk);
        assert_eq!(temporaries(&after), [] as [&str; 0], "hours later {when}");
        assert!(
            PATHS.iter().all(|path| is_right(&after, path)),
            "hours later {when}: {after:#?}"
        );
    }

    /// That everything is what it was or what it is to be, but for temporary files, and that nothing is gone.
    pub(super) fn is_old_or_new(self, before: &Tree, now: &Tree, when: &str) {
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
                "{path} is gone {when}"
            );
        }
    }
}

/// Puts the backup itself in order, if something has befallen it.
fn replace_backup(disk: &Disk) {
    if disk.read("/backup/licenses.zip").as_deref() != Some(BACKUP.as_slice()) {
        disk.write("/backup/licenses.zip", BACKUP.clone());
        let directory = disk.directory("/backup");
        directory.sync_file("licenses.zip").expect("it is there");
        directory.sync().expect("it is there");
    }
}

/// Whether a license is what it is to be.
pub(super) fn is_right(store: &Tree, path: &str) -> bool {
    store.get(&format!("/{path}")) == Some(&Some(allowed(path)))
}

/// The temporary files in a store.
pub(super) fn temporaries(store: &Tree) -> Vec<&str> {
    store
        .keys()
        .filter(|path| is_temporary(path))
        .map(String::as_str)
        .collect()
}

/// A store without temporary files.
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
