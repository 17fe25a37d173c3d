//! The directories and files on the disk, and the state of each that is on stable storage.

use std::collections::BTreeMap;

/// The number of a node.
pub(super) type Inode = usize;

/// The names in a directory, and the node of each.
pub(super) type Names = BTreeMap<String, Inode>;

/// A file, a directory or another object: its current state, and the state that survives
/// a loss of power.
#[derive(Clone)]
pub(super) enum Node {
    File {
        content: Vec<u8>,
        modified: u64,
        durable: Vec<u8>,
    },
    Directory {
        names: Names,
        /// The number of names that are not UTF-8.
        illegal: usize,
        durable: Names,
        /// The changes of names since the directory was synced, in order: the new node of
        /// a name, or `None` if the name was removed.
        changes: Vec<(String, Option<Inode>)>,
    },
    /// A link, a FIFO or the like.
    Other { size: u64 },
}

impl Node {
    pub(super) fn new_directory() -> Self {
        Self::Directory {
            names: Names::new(),
            illegal: 0,
            durable: Names::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn new_file(content: Vec<u8>, modified: u64) -> Self {
        Self::File {
            content,
            modified,
            durable: Vec::new(),
        }
    }

    /// Makes the current state durable.
    pub(super) fn sync(&mut self) {
        match self {
            Self::File {
                content, durable, ..
            } => durable.clone_from(content),
            Self::Directory {
                names,
                durable,
                changes,
                ..
            } => {
                durable.clone_from(names);
                changes.clear();
            }
            Self::Other { .. } => {}
        }
    }
}
