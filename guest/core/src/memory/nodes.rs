//! What is on the disk: directories, files, and what the file system makes of names.

use std::collections::BTreeMap;

use super::Disk;
use crate::directory::FsError;
use crate::{EntryKind, Metadata, Timestamp};

/// The number of a node.
pub(super) type Inode = usize;

/// What the names in a directory stand for.
pub(super) type Names = BTreeMap<String, Inode>;

/// What a directory or file is now, and what of it a power cut leaves.
#[derive(Clone)]
pub(super) enum Node {
    File {
        content: Vec<u8>,
        modified: u64,
        durable: Vec<u8>,
    },
    Directory {
        names: Names,
        illegal: usize,
        durable: Names,
        /// What became of which name since the directory was durable, in order.
        changes: Vec<(String, Option<Inode>)>,
    },
    Other {
        size: u64,
    },
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

    /// Makes what it is now durable.
    pub(super) fn settle(&mut self) {
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

impl Disk {
    pub(super) fn add(&self, node: Node) -> Inode {
        let mut nodes = self.0.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }

    /// The names in a directory.
    pub(super) fn names(&self, directory: Inode) -> Names {
        match &self.0.nodes.borrow()[directory] {
            Node::Directory { names, .. } => names.clone(),
            Node::File { .. } | Node::Other { .. } => Names::new(),
        }
    }

    /// Has a name stand for a node. A name that is there already keeps its spelling.
    pub(super) fn bind(&self, directory: Inode, name: &str, inode: Inode) {
        let name = self
            .stored_name(directory, name)
            .unwrap_or_else(|| name.to_owned());
        if let Node::Directory { names, changes, .. } = &mut self.0.nodes.borrow_mut()[directory] {
            changes.push((name.clone(), Some(inode)));
            names.insert(name, inode);
        }
    }

    pub(super) fn unbind(&self, directory: Inode, name: &str) -> Result<Inode, FsError> {
        let name = self.stored_name(directory, name).ok_or(FsError::NoEntry)?;
        match &mut self.0.nodes.borrow_mut()[directory] {
            Node::Directory { names, changes, .. } => {
                let inode = names.remove(&name).ok_or(FsError::NoEntry)?;
                changes.push((name, None));
                Ok(inode)
            }
            Node::File { .. } | Node::Other { .. } => Err(FsError::NotDirectory),
        }
    }

    pub(super) fn lookup(&self, directory: Inode, name: &str) -> Option<Inode> {
        let name = self.stored_name(directory, name)?;
        match &self.0.nodes.borrow()[directory] {
            Node::Directory { names, .. } => names.get(&name).copied(),
            Node::File { .. } | Node::Other { .. } => None,
        }
    }

    /// The name in a directory that this name is taken for.
    fn stored_name(&self, directory: Inode, name: &str) -> Option<String> {
        let nodes = self.0.nodes.borrow();
        let Node::Directory { names, .. } = &nodes[directory] else {
            return None;
        };
        if self.0.case_is_folded.get() {
            names
                .keys()
                .find(|stored| stored.to_lowercase() == name.to_lowercase())
                .cloned()
        } else {
            names.contains_key(name).then(|| name.to_owned())
        }
    }

    /// The directory and the name in it that a caller's name comes to, to be looked up there.
    pub(super) fn resolve<'a>(
        &self,
        directory: Inode,
        name: &'a str,
    ) -> Result<(Inode, &'a str), FsError> {
        if let Some(refusal) = self
            .0
            .refusal
            .get()
            .filter(|refusal| refusal.on_lookup && (refusal.refuses)(name))
        {
            return Err(refusal.error);
        }
        let (mut directory, mut last) = (directory, name);
        while let Some((first, rest)) = last
            .split_once('\\')
            .filter(|_| self.0.backslashes_separate.get())
        {
            directory = self.lookup(directory, first).ok_or(FsError::NoEntry)?;
            if self.metadata(directory).kind != EntryKind::Directory {
                return Err(FsError::NotDirectory);
            }
            last = rest;
        }
        let name = if self.0.final_dots_are_dropped.get() {
            last.trim_end_matches('.')
        } else {
            last
        };
        Ok((directory, name))
    }

    /// The same for a name that is to be created.
    pub(super) fn resolve_new<'a>(
        &self,
        directory: Inode,
        name: &'a str,
    ) -> Result<(Inode, &'a str), FsError> {
        if let Some(refusal) = self
            .0
            .refusal
            .get()
            .filter(|refusal| (refusal.refuses)(name))
        {
            return Err(refusal.error);
        }
        self.resolve(directory, name)
    }

    pub(super) fn metadata(&self, inode: Inode) -> Metadata {
        let time = |seconds| {
            Some(Timestamp {
                seconds,
                nanoseconds: 0,
            })
        };
        match &self.0.nodes.borrow()[inode] {
            Node::File {
                content, modified, ..
            } => Metadata {
                kind: EntryKind::File,
                size: content.len() as u64,
                modified: time(*modified),
            },
            Node::Directory { .. } => Metadata {
                kind: EntryKind::Directory,
                size: 0,
                modified: time(0),
            },
            Node::Other { size } => Metadata {
                kind: EntryKind::Other,
                size: *size,
                modified: time(0),
            },
        }
    }
}
