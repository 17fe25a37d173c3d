//! The content of a directory.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Every path below a directory, with all properties that an unchanged file keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, Item>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    kind: &'static str,
    length: u64,
    mode: u32,
    inode: u64,
    modified: Option<SystemTime>,
    hash: Option<blake3::Hash>,
}

impl Snapshot {
    /// Reads a directory. Opens only regular files.
    ///
    /// # Panics
    ///
    /// If a directory or a file cannot be read.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let mut items = BTreeMap::new();
        for path in paths_below(directory).expect("the directory can be listed") {
            let full = directory.join(&path);
            let item = Item::of(&full)
                .unwrap_or_else(|error| panic!("cannot read {}: {error}", full.display()));
            items.insert(path, item);
        }
        Self(items)
    }

    /// Returns the paths, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0
            .keys()
            .map(|path| path.to_string_lossy().into_owned())
            .collect()
    }
}

impl Item {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        let kind = metadata.file_type();
        let hash = if kind.is_file() {
            Some(blake3::hash(&fs::read(path)?))
        } else {
            None
        };
        let kind = if kind.is_dir() {
            "directory"
        } else if kind.is_file() {
            "file"
        } else if kind.is_symlink() {
            "link"
        } else {
            "special"
        };
        // A cancelled run may create and remove temporary files, which changes the modification
        // time of a directory.
        let modified = if kind == "directory" {
            None
        } else {
            metadata.modified().ok()
        };
        #[cfg(unix)]
        let (mode, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.mode() & 0o7777, metadata.ino())
        };
        #[cfg(not(unix))]
        let (mode, inode) = (0, 0);
        let length = if kind == "directory" {
            0
        } else {
            metadata.len()
        };
        Ok(Self {
            kind,
            length,
            mode,
            inode,
            modified,
            hash,
        })
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, item) in &self.0 {
            let name = path.to_string_lossy();
            writeln!(
                f,
                "{:04o} {:>9} {:<9} {name:?}",
                item.mode, item.length, item.kind
            )?;
        }
        Ok(())
    }
}

/// Returns the content of every regular file below a directory, by path below the directory.
///
/// # Panics
///
/// If a directory or a file cannot be read.
#[must_use]
pub fn files_below(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = paths_below(directory).expect("the directory can be listed");
    let files = paths
        .into_iter()
        .filter(|path| directory.join(path).is_file());
    files
        .map(|path| {
            (
                path.clone(),
                fs::read(directory.join(path)).expect("a file can be read"),
            )
        })
        .collect()
}

/// Returns every path below a directory. Does not follow links.
pub(super) fn paths_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(parent) = open.pop() {
        for entry in fs::read_dir(directory.join(&parent))? {
            let entry = entry?;
            let path = parent.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path.clone());
            }
            paths.push(path);
        }
    }
    Ok(paths)
}
