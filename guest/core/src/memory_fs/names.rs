//! Names: which node a name has, and how the file system interprets a name.

use super::disk::Disk;
use super::fault::Tree;
use super::node::{Inode, Names, Node};
use crate::directory::FsError;
use crate::{EntryKind, Metadata, Timestamp};

impl Disk {
    /// Returns the names in a directory.
    pub(super) fn names(&self, directory: Inode) -> Names {
        match &self.0.nodes.borrow()[directory] {
            Node::Directory { names, .. } => names.clone(),
            Node::File { .. } | Node::Other { .. } => Names::new(),
        }
    }

    /// Sets the node of a name. An existing name keeps its spelling.
    pub(super) fn bind(&self, directory: Inode, name: &str, inode: Inode) {
        let name = self
            .stored_name(directory, name)
            .unwrap_or_else(|| name.to_owned());
        if let Node::Directory { names, changes, .. } = &mut self.0.nodes.borrow_mut()[directory] {
            changes.push((name.clone(), Some(inode)));
            names.insert(name, inode);
        }
    }

    /// Removes a name, and returns its node.
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

    /// Returns the node of a name.
    pub(super) fn lookup(&self, directory: Inode, name: &str) -> Option<Inode> {
        let name = self.stored_name(directory, name)?;
        match &self.0.nodes.borrow()[directory] {
            Node::Directory { names, .. } => names.get(&name).copied(),
            Node::File { .. } | Node::Other { .. } => None,
        }
    }

    /// Returns the spelling of a name in a directory, or `None` if there is no such name.
    fn stored_name(&self, directory: Inode, name: &str) -> Option<String> {
        let nodes = self.0.nodes.borrow();
        let Node::Directory { names, .. } = &nodes[directory] else {
            return None;
        };
        if self.0.folds_case.get() {
            names
                .keys()
                .find(|stored| stored.to_lowercase() == name.to_lowercase())
                .cloned()
        } else {
            names.contains_key(name).then(|| name.to_owned())
        }
    }

    /// Returns the directory and the name to look up there for a name that a caller passed.
    pub(super) fn resolve<'a>(
        &self,
        directory: Inode,
        name: &'a str,
    ) -> Result<(Inode, &'a str), FsError> {
        if let Some(rejection) = self
            .0
            .rejection
            .get()
            .filter(|rejection| rejection.on_lookup && (rejection.rejects)(name))
        {
            return Err(rejection.error);
        }
        let (mut directory, mut last) = (directory, name);
        while let Some((first, rest)) = last
            .split_once('\\')
            .filter(|_| self.0.separates_at_backslashes.get())
        {
            directory = self.lookup(directory, first).ok_or(FsError::NoEntry)?;
            if self.metadata(directory).kind != EntryKind::Directory {
                return Err(FsError::NotDirectory);
            }
            last = rest;
        }
        let name = if self.0.strips_trailing_dots.get() {
            last.trim_end_matches('.')
        } else {
            last
        };
        Ok((directory, name))
    }

    /// Returns the directory and the name to create there for a name that a caller passed.
    pub(super) fn resolve_new<'a>(
        &self,
        directory: Inode,
        name: &'a str,
    ) -> Result<(Inode, &'a str), FsError> {
        if let Some(rejection) = self
            .0
            .rejection
            .get()
            .filter(|rejection| (rejection.rejects)(name))
        {
            return Err(rejection.error);
        }
        self.resolve(directory, name)
    }

    pub(super) fn metadata(&self, inode: Inode) -> Metadata {
        let time = |seconds| {
            (!self.0.hides_times.get()).then_some(Timestamp {
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

    /// Returns the node of the directory at a path from the root. Creates the directories
    /// that do not exist.
    pub(super) fn make_directory(&self, path: &str) -> Inode {
        path.split('/')
            .filter(|name| !name.is_empty())
            .fold(0, |parent, name| {
                self.lookup(parent, name).unwrap_or_else(|| {
                    let inode = self.add(Node::new_directory());
                    self.bind(parent, name, inode);
                    inode
                })
            })
    }

    /// Returns everything below a directory.
    pub(crate) fn tree(&self, path: &str) -> Tree {
        let mut tree = Tree::new();
        let mut remaining = vec![(String::new(), self.make_directory(path))];
        while let Some((path, inode)) = remaining.pop() {
            let (path, content) = match &self.0.nodes.borrow()[inode] {
                Node::File { content, .. } => (path, Some(content.clone())),
                Node::Directory { names, .. } => {
                    let below = names
                        .iter()
                        .map(|(name, inode)| (format!("{path}/{name}"), *inode));
                    remaining.extend(below);
                    (path + "/", None)
                }
                Node::Other { .. } => (path, None),
            };
            tree.insert(path, content);
        }
        tree
    }
}
