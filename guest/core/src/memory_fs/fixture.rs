//! What tests put on the disk and read back, without calls that are recorded.

use std::collections::BTreeMap;

use super::disk::Disk;
use super::node::{Inode, Node};

impl Disk {
    /// Writes a new file, and creates the directories of its path.
    pub(crate) fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        let file = self.add(Node::new_file(content.into(), self.0.clock.get()));
        self.put(path, file);
    }

    /// Replaces the content of an existing file. It remains the same file.
    pub(crate) fn overwrite(&self, path: &str, bytes: Vec<u8>) {
        let (parent, name) = path.rsplit_once('/').expect("a path has a directory");
        let inode = self
            .lookup(self.make_directory(parent), name)
            .expect("the file exists");
        let now = self.0.clock.get();
        if let Node::File {
            content, modified, ..
        } = &mut self.0.nodes.borrow_mut()[inode]
        {
            *content = bytes;
            *modified = now;
        }
    }

    /// Creates a FIFO or the like.
    pub(crate) fn write_other(&self, path: &str) {
        self.write_link(path, 0);
    }

    /// Creates a link whose target has a path of this length, which is the size of the link.
    pub(crate) fn write_link(&self, path: &str, length: usize) {
        let link = self.add(Node::Other {
            size: length as u64,
        });
        self.put(path, link);
    }

    /// Sets the number of names in a directory that are not UTF-8.
    pub(crate) fn write_illegal_names(&self, path: &str, count: usize) {
        let directory = self.make_directory(path);
        if let Node::Directory { illegal, .. } = &mut self.0.nodes.borrow_mut()[directory] {
            *illegal = count;
        }
    }

    /// Returns the content of a file.
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (parent, name) = path.rsplit_once('/')?;
        let inode = self.lookup(self.make_directory(parent), name)?;
        match &self.0.nodes.borrow()[inode] {
            Node::File { content, .. } => Some(content.clone()),
            Node::Directory { .. } | Node::Other { .. } => None,
        }
    }

    /// Returns each file of a directory with its content and time, to compare a directory
    /// before and after.
    pub(crate) fn snapshot(&self, path: &str) -> BTreeMap<String, (Vec<u8>, u64)> {
        let file = |inode| match &self.0.nodes.borrow()[inode] {
            Node::File {
                content, modified, ..
            } => (content.clone(), *modified),
            Node::Directory { .. } | Node::Other { .. } => (Vec::new(), 0),
        };
        self.names(self.make_directory(path))
            .into_iter()
            .map(|(name, inode)| (name, file(inode)))
            .collect()
    }

    fn put(&self, path: &str, inode: Inode) {
        let (parent, name) = path.rsplit_once('/').expect("a path has a directory");
        self.bind(self.make_directory(parent), name, inode);
    }
}
