//! Backup directories that do not exist yet.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use license_backup::{DirectoryRole, OperationError, create_private_directory};

use crate::files::sync_directory;

/// The number of times that directories are created again whose parent was removed in between: a run
/// removes the empty directories that it has created, and others may use them at the same time.
const ATTEMPTS: usize = 100;

/// Creates and syncs a backup directory unless it exists, and returns whether it was created. Its
/// parent must exist. It is accessible to its owner only.
pub(crate) fn create_directory(directory: &Path) -> Result<bool, OperationError> {
    // Drops a `.` at the end, which cannot be created.
    let directory: PathBuf = directory.components().collect();
    let parent = match directory.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(false),
    };
    let directory_error = |role, path: &Path, source| OperationError::Directory {
        role,
        path: path.to_owned(),
        source,
    };
    match create_private_directory(&directory) {
        Ok(()) => {
            sync_directory(parent)
                .map_err(|source| directory_error(DirectoryRole::BackupParent, parent, source))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) if !parent.is_dir() => {
            Err(directory_error(DirectoryRole::BackupParent, parent, error))
        }
        Err(error) => Err(directory_error(DirectoryRole::Backup, &directory, error)),
    }
}

/// The backup directories below a root that a run has created. Those that are still empty are
/// removed when this is dropped.
#[derive(Debug)]
pub(crate) struct CreatedDirectories {
    root: PathBuf,
    created: Mutex<BTreeSet<PathBuf>>,
}

impl CreatedDirectories {
    /// Creates no directory yet. The root must exist when one is created.
    pub(crate) fn below(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            created: Mutex::default(),
        }
    }

    /// Creates the root unless it exists. Its parent must exist.
    pub(crate) fn create_root(&self) -> Result<(), OperationError> {
        if create_directory(&self.root)? {
            self.lock().insert(self.root.clone());
        }
        Ok(())
    }

    /// Creates the missing directories from the root down to `directory`.
    pub(crate) fn create(&self, directory: &Path) -> Result<(), OperationError> {
        let mut attempt = 1;
        loop {
            match self.create_missing(directory) {
                Err(OperationError::Directory { source, .. })
                    if source.kind() == io::ErrorKind::NotFound
                        && attempt < ATTEMPTS
                        && self.root.is_dir() =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn create_missing(&self, directory: &Path) -> Result<(), OperationError> {
        let below = directory.strip_prefix(&self.root).unwrap_or(Path::new(""));
        let mut path = self.root.clone();
        for name in below {
            path.push(name);
            if create_directory(&path)? {
                self.lock().insert(path.clone());
            }
        }
        Ok(())
    }

    /// Keeps a directory in which there is a backup.
    pub(crate) fn keep(&self, directory: &Path) {
        let mut created = self.lock();
        for directory in directory.ancestors() {
            created.remove(directory);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CreatedDirectories {
    fn drop(&mut self) {
        // A directory precedes those in it.
        for directory in self.lock().iter().rev() {
            // It fails if the directory is not empty.
            let _ = fs::remove_dir(directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_directories_are_created_and_removed_while_they_are_empty() {
        let root = tempfile::tempdir().expect("there is a temporary directory");
        let created = CreatedDirectories::below(root.path());
        for directory in ["a/b/c", "a/b/d", "e"] {
            let directory = root.path().join(directory);
            created.create(&directory).expect("it can be created");
            assert!(directory.is_dir());
        }
        drop(created);
        let left = fs::read_dir(root.path()).expect("the root exists");
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn directories_with_a_backup_or_another_file_remain() {
        let root = tempfile::tempdir().expect("there is a temporary directory");
        let path = |name| root.path().join(name);
        let created = CreatedDirectories::below(root.path());
        for directory in ["a/b", "a/c", "d"] {
            created.create(&path(directory)).expect("it can be created");
        }
        created.keep(&path("a/b"));
        fs::write(path("d/file"), "").expect("it can be written");
        drop(created);
        assert!(path("a/b").is_dir() && !path("a/c").exists() && path("d/file").exists());
    }

    #[test]
    fn runs_that_share_directories_do_not_disturb_each_other() {
        let root = tempfile::tempdir().expect("there is a temporary directory");
        std::thread::scope(|scope| {
            for run in 0..8 {
                let root = root.path();
                scope.spawn(move || {
                    for _ in 0..50 {
                        let created = CreatedDirectories::below(root);
                        let directory = root.join(format!("a/b/{run}"));
                        created.create(&directory).expect("it can be created");
                        assert!(directory.is_dir());
                    }
                });
            }
        });
    }

    #[test]
    fn a_missing_root_is_not_created() {
        let root = tempfile::tempdir().expect("there is a temporary directory");
        let missing = root.path().join("missing");
        let created = CreatedDirectories::below(&missing);
        let error = created.create(&missing.join("a")).expect_err("it fails");
        assert_eq!(error.path(), Some(missing.as_path()));
    }
}
