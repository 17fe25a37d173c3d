//! The choice of many stores, and the backup directory of each.
//!
//! The backup directory of a store is at the whole path of the store below the directory of all
//! backups, as in an archive of `tar`, so that it stays the same when stores are added.

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Component, Path, PathBuf, Prefix};
use std::{fs, path};

use license_backup_report::escape;

/// The stores that the caller chose.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Selection<'a> {
    /// The directories that match glob patterns.
    Globs(&'a [String]),
    /// The lines of a file.
    List(&'a Path),
}

/// A store and its backup directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The absolute path of the store.
    pub(crate) store: PathBuf,
    /// The path of the backup directory.
    pub(crate) directory: PathBuf,
}

/// An error in the choice of stores.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoresError {
    #[error(
        "the pattern {} is invalid: {source}; escape a character as in [[]",
        escape(pattern)
    )]
    Pattern {
        pattern: String,
        source: glob::PatternError,
    },
    #[error(
        "cannot look for stores: {0}; make the directory readable, or name the stores in a file"
    )]
    Search(#[from] glob::GlobError),
    #[error(
        "no directory matches {}; check the pattern, and that the stores are mounted",
        escape(pattern)
    )]
    NoMatch { pattern: String },
    #[error(
        "cannot read the list of stores {}: {source}; name a text file in UTF-8 with one store a line",
        shown(file)
    )]
    List { file: PathBuf, source: io::Error },
    #[error("the list of stores {} names no store; write one a line", shown(file))]
    EmptyList { file: PathBuf },
    #[error(
        "cannot make the path {} absolute: {source}; name an absolute path",
        shown(path)
    )]
    Absolute { path: PathBuf, source: io::Error },
    #[error("the path {} contains ..; name it without", shown(path))]
    Parent { path: PathBuf },
    #[error("the store {} is named twice; name it once", shown(store))]
    Twice { store: PathBuf },
    #[error(
        "the store {} contains the store {}, so that their backup directories would overlap; name \
         only one of them",
        shown(outer),
        shown(inner)
    )]
    Overlap { outer: PathBuf, inner: PathBuf },
    #[error(
        "the store {} and the directory of the backups {} contain each other; back up into another \
         directory",
        shown(store),
        shown(to)
    )]
    Destination { store: PathBuf, to: PathBuf },
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// Returns the chosen stores with their backup directories below `to`, sorted by store.
pub(crate) fn targets(selection: Selection, to: &Path) -> Result<Vec<Target>, StoresError> {
    let stores = match selection {
        Selection::Globs(patterns) => matching(patterns)?,
        Selection::List(file) => listed(file)?,
    };
    let to = absolute(to)?;
    let mut targets = Vec::with_capacity(stores.len());
    for store in stores {
        let store = absolute(&store)?;
        let directory = to.join(relative(&store));
        targets.push(Target { store, directory });
    }
    targets.sort_unstable_by(|one, other| one.store.cmp(&other.store));
    check_overlaps(&targets)?;
    check_destination(&targets, &to)?;
    Ok(targets)
}

/// Returns the directories that match the patterns.
fn matching(patterns: &[String]) -> Result<Vec<PathBuf>, StoresError> {
    let mut stores = Vec::new();
    for pattern in patterns {
        let paths = glob::glob(pattern).map_err(|source| StoresError::Pattern {
            pattern: pattern.clone(),
            source,
        })?;
        let before = stores.len();
        for path in paths {
            let path = path?;
            if path.is_dir() {
                stores.push(path);
            }
        }
        if stores.len() == before {
            return Err(StoresError::NoMatch {
                pattern: pattern.clone(),
            });
        }
    }
    Ok(stores)
}

/// Returns the stores that a file lists. Blank lines and lines that begin with `#` are comments.
fn listed(file: &Path) -> Result<Vec<PathBuf>, StoresError> {
    let text = fs::read_to_string(file).map_err(|source| StoresError::List {
        file: file.to_owned(),
        source,
    })?;
    let stores: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(PathBuf::from)
        .collect();
    if stores.is_empty() {
        let file = file.to_owned();
        return Err(StoresError::EmptyList { file });
    }
    Ok(stores)
}

/// Returns an absolute path without `.`, and without a separator at its end.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, StoresError> {
    let absolute = path::absolute(path).map_err(|source| StoresError::Absolute {
        path: path.to_owned(),
        source,
    })?;
    if absolute
        .components()
        .any(|part| part == Component::ParentDir)
    {
        let path = path.to_owned();
        return Err(StoresError::Parent { path });
    }
    Ok(absolute.components().collect())
}

/// Returns an absolute path as one below another directory: without its root, and with the letter of
/// a drive or the names of a server and a share as directories.
pub(crate) fn relative(path: &Path) -> PathBuf {
    let mut relative = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
                    relative.push(char::from(letter).to_string());
                }
                Prefix::UNC(server, share) | Prefix::VerbatimUNC(server, share) => {
                    relative.push(server);
                    relative.push(share);
                }
                Prefix::Verbatim(name) | Prefix::DeviceNS(name) => relative.push(name),
            },
            Component::Normal(name) => relative.push(name),
            Component::RootDir | Component::CurDir | Component::ParentDir => {}
        }
    }
    relative
}

/// Refuses a store that is named twice or contains another one.
fn check_overlaps(sorted: &[Target]) -> Result<(), StoresError> {
    // A directory precedes those in it, and nothing else is in between.
    for (one, next) in sorted.iter().zip(sorted.iter().skip(1)) {
        if one.directory == next.directory {
            return Err(StoresError::Twice {
                store: next.store.clone(),
            });
        }
        if next.directory.starts_with(&one.directory) {
            return Err(StoresError::Overlap {
                outer: one.store.clone(),
                inner: next.store.clone(),
            });
        }
    }
    Ok(())
}

/// Refuses backups in a store, and a store among the backups.
fn check_destination(targets: &[Target], to: &Path) -> Result<(), StoresError> {
    let resolved_to = resolved(to);
    for Target { store, .. } in targets {
        let resolved_store = resolved(store);
        if resolved_store.starts_with(&resolved_to) || resolved_to.starts_with(&resolved_store) {
            return Err(StoresError::Destination {
                store: store.clone(),
                to: to.to_owned(),
            });
        }
    }
    Ok(())
}

/// Returns a path without symbolic links in the part of it that exists.
fn resolved(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(existing) = ancestor.canonicalize() {
            let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
            return existing.join(rest);
        }
    }
    path.to_owned()
}
