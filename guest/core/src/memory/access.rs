//! The disk in memory behind the traits of the crate.

use super::nodes::{Inode, Node};
use super::{MemoryDirectory, MemoryEntries, MemoryFile};
use crate::directory::FsError;
use crate::{Directory, Entries, EntryKind, File, Metadata, NamedEntry, Read};

impl MemoryDirectory {
    fn found(&self, name: &str) -> Result<Inode, FsError> {
        let (directory, name) = self.disk.resolve(self.inode, name)?;
        self.disk.lookup(directory, name).ok_or(FsError::NoEntry)
    }

    /// Where a new name is to be put, if it is not taken.
    fn free<'a>(&self, name: &'a str) -> Result<(Inode, &'a str), FsError> {
        let (directory, name) = self.disk.resolve_new(self.inode, name)?;
        match self.disk.lookup(directory, name) {
            Some(_) => Err(FsError::Exist),
            None => Ok((directory, name)),
        }
    }

    fn remove(&self, name: &str) -> Result<Inode, FsError> {
        let (directory, name) = self.disk.resolve(self.inode, name)?;
        self.disk.unbind(directory, name)
    }
}

impl Directory for MemoryDirectory {
    type File = MemoryFile;
    type Entries = MemoryEntries;

    fn entries(&self) -> Result<MemoryEntries, FsError> {
        self.disk.called("entries", "")?;
        let nodes = self.disk.0.nodes.borrow();
        let Node::Directory { names, illegal, .. } = &nodes[self.inode] else { return Err(FsError::NotDirectory) };
        let legal = names.iter().map(|(name, inode)| {
            let kind = match nodes[*inode] {
                _ if self.disk.0.kinds_are_hidden.get() => EntryKind::Unknown,
                Node::File { .. } => EntryKind::File,
                Node::Directory { .. } => EntryKind::Directory,
                Node::Other { .. } => EntryKind::Other,
            };
            Some(NamedEntry { name: name.clone(), kind })
        });
        // In no useful order, as file systems have it.
        let mut entries: Vec<_> = std::iter::repeat_n(None, *illegal).chain(legal.rev()).collect();
        if self.disk.0.names_are_repeated.get() {
            entries.extend_from_within(..);
        }
        Ok(MemoryEntries { disk: self.disk.clone(), entries: entries.into_iter() })
    }

    fn open_directory(&self, name: &str) -> Result<Self, FsError> {
        self.disk.called("open_directory", name)?;
        let inode = self.found(name)?;
        match self.disk.metadata(inode).kind {
            EntryKind::Directory => Ok(Self { disk: self.disk.clone(), inode }),
            EntryKind::Other => Err(FsError::Link),
            EntryKind::File | EntryKind::Unknown => Err(FsError::NotDirectory),
        }
    }

    fn open_file(&self, name: &str) -> Result<MemoryFile, FsError> {
        self.disk.called("open_file", name)?;
        let inode = self.found(name)?;
        match self.disk.metadata(inode).kind {
            EntryKind::File => Ok(MemoryFile { disk: self.disk.clone(), inode }),
            EntryKind::Directory => Err(FsError::IsDirectory),
            EntryKind::Other | EntryKind::Unknown => Err(FsError::Link),
        }
    }

    fn create_directory(&self, name: &str) -> Result<(), FsError> {
        self.disk.called("create_directory", name)?;
        let (directory, name) = self.free(name)?;
        self.disk.bind(directory, name, self.disk.add(Node::new_directory()));
        Ok(())
    }

    fn remove_directory(&self, name: &str) -> Result<(), FsError> {
        self.disk.called("remove_directory", name)?;
        let inode = self.found(name)?;
        match &self.disk.0.nodes.borrow()[inode] {
            Node::Directory { names, .. } if names.is_empty() => {}
            Node::Directory { .. } => return Err(FsError::Other("not-empty")),
            Node::File { .. } | Node::Other { .. } => return Err(FsError::NotDirectory),
        }
        self.remove(name).map(|_| ())
    }

    fn create_file(&self, name: &str) -> Result<MemoryFile, FsError> {
        self.disk.called("create_file", name)?;
        let (directory, name) = self.free(name)?;
        let inode = self.disk.add(Node::new_file(Vec::new(), self.disk.0.clock.get()));
        self.disk.bind(directory, name, inode);
        Ok(MemoryFile { disk: self.disk.clone(), inode })
    }

    fn metadata(&self, name: &str) -> Result<Metadata, FsError> {
        self.disk.called("metadata", name)?;
        self.found(name).map(|inode| self.disk.metadata(inode))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.disk.called("rename", to)?;
        let inode = self.found(from)?;
        let (directory, name) = self.disk.resolve_new(self.inode, to)?;
        match self.disk.lookup(directory, name) {
            // Two names of one file: POSIX has nothing happen.
            Some(replaced) if replaced == inode => return Ok(()),
            Some(replaced) if self.disk.metadata(replaced).kind == EntryKind::Directory => {
                return Err(FsError::IsDirectory);
            }
            _ => {}
        }
        self.remove(from)?;
        self.disk.bind(directory, name, inode);
        Ok(())
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.disk.called("hard_link", to)?;
        if self.disk.0.links_are_missing.get() {
            return Err(FsError::NotPermitted);
        }
        let (directory, name) = self.free(to)?;
        self.disk.bind(directory, name, self.found(from)?);
        Ok(())
    }

    fn unlink(&self, name: &str) -> Result<(), FsError> {
        self.disk.called("unlink", name)?;
        match self.disk.metadata(self.found(name)?).kind {
            EntryKind::Directory => Err(FsError::IsDirectory),
            EntryKind::File | EntryKind::Other | EntryKind::Unknown => self.remove(name).map(|_| ()),
        }
    }

    fn sync_file(&self, name: &str) -> Result<(), FsError> {
        self.disk.called("sync_file", name)?;
        let inode = self.found(name)?;
        self.disk.0.nodes.borrow_mut()[inode].settle();
        Ok(())
    }

    fn sync(&self) -> Result<(), FsError> {
        self.disk.called("sync_directory", "")?;
        self.disk.0.nodes.borrow_mut()[self.inode].settle();
        Ok(())
    }

    fn is_same_object(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    fn is_name_of(&self, name: &str, file: &MemoryFile) -> Result<bool, FsError> {
        self.disk.called("is_name_of", name)?;
        self.found(name).map(|inode| inode == file.inode)
    }
}

impl File for MemoryFile {
    fn read(&self, length: usize, offset: u64) -> Result<Read, FsError> {
        self.disk.called("read", "")?;
        let nodes = self.disk.0.nodes.borrow();
        let Node::File { content, .. } = &nodes[self.inode] else { return Err(FsError::IsDirectory) };
        let start = content.len().min(usize::try_from(offset).map_err(|_| FsError::Invalid)?);
        let end = content.len().min(start + length.min(64 << 10));
        let is_end = start == end || (end == content.len() && self.disk.0.ends_are_told.get());
        Ok(Read { bytes: content[start..end].to_vec(), is_end })
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        self.disk.called("write", "")?;
        let mut nodes = self.disk.0.nodes.borrow_mut();
        let Node::File { content, modified, .. } = &mut nodes[self.inode] else { return Err(FsError::IsDirectory) };
        let offset = usize::try_from(offset).map_err(|_| FsError::Invalid)?;
        // Short writes are legal, and so the disk makes many.
        let most = if self.disk.0.writes_take_nothing.get() { 0 } else { 100_000 };
        let taken = bytes.len().min(most);
        content.resize(content.len().max(offset + taken), 0);
        content[offset..offset + taken].copy_from_slice(&bytes[..taken]);
        *modified = self.disk.0.clock.get();
        Ok(taken)
    }

    // What is written is in memory, and nothing can begin before the sync.
    fn release(&self, _: u64, _: u64) {}

    fn sync(&self) -> Result<(), FsError> {
        self.disk.called("sync_file", "")?;
        self.disk.0.nodes.borrow_mut()[self.inode].settle();
        Ok(())
    }

    fn metadata(&self) -> Result<Metadata, FsError> {
        self.disk.called("file_metadata", "")?;
        Ok(self.disk.metadata(self.inode))
    }
}

impl Entries for MemoryEntries {
    fn next_entry(&mut self) -> Result<Option<NamedEntry>, FsError> {
        self.disk.called("next_entry", "")?;
        self.entries.next().map_or(Ok(None), |entry| entry.map(Some).ok_or(FsError::IllegalName))
    }
}
