//! The disk in memory behind the traits of the crate.

use std::ops::Range;

use super::faults::{Extent, Subject};
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

    /// Notes a call that concerns a name.
    fn called(&self, operation: &'static str, name: &str) -> Result<(), FsError> {
        self.disk
            .called(operation, Subject::Name(self.inode, name))
            .map(|_| ())
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
        self.disk
            .called("entries", Subject::Directory(self.inode))?;
        let nodes = self.disk.0.nodes.borrow();
        let Node::Directory { names, illegal, .. } = &nodes[self.inode] else {
            return Err(FsError::NotDirectory);
        };
        let legal = names.iter().map(|(name, inode)| {
            let kind = match nodes[*inode] {
                _ if self.disk.0.kinds_are_hidden.get() => EntryKind::Unknown,
                Node::File { .. } => EntryKind::File,
                Node::Directory { .. } => EntryKind::Directory,
                Node::Other { .. } => EntryKind::Other,
            };
            Some(NamedEntry {
                name: name.clone(),
                kind,
            })
        });
        // In no useful order, as file systems have it.
        let mut entries: Vec<_> = std::iter::repeat_n(None, *illegal)
            .chain(legal.rev())
            .collect();
        if self.disk.0.names_are_repeated.get() {
            entries.extend_from_within(..);
        }
        Ok(MemoryEntries {
            disk: self.disk.clone(),
            inode: self.inode,
            entries: entries.into_iter(),
        })
    }

    fn open_directory(&self, name: &str) -> Result<Self, FsError> {
        self.called("open_directory", name)?;
        let inode = self.found(name)?;
        match self.disk.metadata(inode).kind {
            EntryKind::Directory => Ok(Self {
                disk: self.disk.clone(),
                inode,
            }),
            EntryKind::Other => Err(FsError::Link),
            EntryKind::File | EntryKind::Unknown => Err(FsError::NotDirectory),
        }
    }

    fn open_file(&self, name: &str) -> Result<MemoryFile, FsError> {
        self.called("open_file", name)?;
        let inode = self.found(name)?;
        match self.disk.metadata(inode).kind {
            EntryKind::File => Ok(MemoryFile {
                disk: self.disk.clone(),
                inode,
            }),
            EntryKind::Directory => Err(FsError::IsDirectory),
            EntryKind::Other | EntryKind::Unknown => Err(FsError::Link),
        }
    }

    fn create_directory(&self, name: &str) -> Result<(), FsError> {
        self.called("create_directory", name)?;
        let (directory, name) = self.free(name)?;
        self.disk
            .bind(directory, name, self.disk.add(Node::new_directory()));
        Ok(())
    }

    fn remove_directory(&self, name: &str) -> Result<(), FsError> {
        self.called("remove_directory", name)?;
        let inode = self.found(name)?;
        match &self.disk.0.nodes.borrow()[inode] {
            Node::Directory { names, .. } if names.is_empty() => {}
            Node::Directory { .. } => return Err(FsError::Other("not-empty")),
            Node::File { .. } | Node::Other { .. } => return Err(FsError::NotDirectory),
        }
        self.remove(name).map(|_| ())
    }

    fn create_file(&self, name: &str) -> Result<MemoryFile, FsError> {
        self.called("create_file", name)?;
        let (directory, name) = self.free(name)?;
        let inode = self
            .disk
            .add(Node::new_file(Vec::new(), self.disk.0.clock.get()));
        self.disk.bind(directory, name, inode);
        Ok(MemoryFile {
            disk: self.disk.clone(),
            inode,
        })
    }

    fn metadata(&self, name: &str) -> Result<Metadata, FsError> {
        self.called("metadata", name)?;
        self.found(name).map(|inode| self.disk.metadata(inode))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.disk.called(
            "rename",
            Subject::Names {
                directory: self.inode,
                from,
                to,
            },
        )?;
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
        self.disk.called(
            "hard_link",
            Subject::Names {
                directory: self.inode,
                from,
                to,
            },
        )?;
        if self.disk.0.links_are_missing.get() {
            return Err(FsError::NotPermitted);
        }
        let (directory, name) = self.free(to)?;
        self.disk.bind(directory, name, self.found(from)?);
        Ok(())
    }

    fn unlink(&self, name: &str) -> Result<(), FsError> {
        self.called("unlink", name)?;
        match self.disk.metadata(self.found(name)?).kind {
            EntryKind::Directory => Err(FsError::IsDirectory),
            EntryKind::File | EntryKind::Other | EntryKind::Unknown => {
                self.remove(name).map(|_| ())
            }
        }
    }

    fn sync_file(&self, name: &str) -> Result<(), FsError> {
        self.called("sync_file", name)?;
        let inode = self.found(name)?;
        self.disk.0.nodes.borrow_mut()[inode].settle();
        Ok(())
    }

    fn sync(&self) -> Result<(), FsError> {
        self.disk
            .called("sync_directory", Subject::Directory(self.inode))?;
        self.disk.0.nodes.borrow_mut()[self.inode].settle();
        Ok(())
    }

    fn is_same_object(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    fn is_name_of(&self, name: &str, file: &MemoryFile) -> Result<bool, FsError> {
        self.called("is_name_of", name)?;
        self.found(name).map(|inode| inode == file.inode)
    }
}

impl File for MemoryFile {
    fn read(&self, length: usize, offset: u64) -> Result<Read, FsError> {
        let extent = self.disk.called(
            "read",
            Subject::Read(self.inode, self.range(length, offset)?.len()),
        )?;
        let range = self.range(length, offset)?;
        let nodes = self.disk.0.nodes.borrow();
        let Node::File { content, .. } = &nodes[self.inode] else {
            return Err(FsError::IsDirectory);
        };
        let bytes = match extent {
            Extent::Whole => &content[range.clone()],
            Extent::Part => &content[range.start..range.start + range.len().div_ceil(2)],
        };
        self.disk
            .0
            .bytes_read
            .set(self.disk.0.bytes_read.get() + bytes.len());
        let is_at_end = range.start + bytes.len() == content.len();
        let is_end = is_at_end && (bytes.is_empty() || self.disk.0.ends_are_told.get());
        Ok(Read {
            bytes: bytes.to_vec(),
            is_end,
        })
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        // Short writes are legal, and so the disk makes many.
        let most = bytes.len().min(self.disk.0.most_written.get());
        let taken = match self
            .disk
            .called("write", Subject::Write(self.inode, most))?
        {
            Extent::Whole => most,
            Extent::Part => most.div_ceil(2),
        };
        let mut nodes = self.disk.0.nodes.borrow_mut();
        let Node::File {
            content, modified, ..
        } = &mut nodes[self.inode]
        else {
            return Err(FsError::IsDirectory);
        };
        let offset = usize::try_from(offset).map_err(|_| FsError::Invalid)?;
        content.resize(content.len().max(offset + taken), 0);
        content[offset..offset + taken].copy_from_slice(&bytes[..taken]);
        *modified = self.disk.0.clock.get();
        Ok(taken)
    }

    // What is written is in memory, and nothing can begin before the sync.
    fn release(&self, _: u64, _: u64) {}

    fn sync(&self) -> Result<(), FsError> {
        self.disk.called("sync_file", Subject::File(self.inode))?;
        self.disk.0.nodes.borrow_mut()[self.inode].settle();
        Ok(())
    }

    fn metadata(&self) -> Result<Metadata, FsError> {
        self.disk
            .called("file_metadata", Subject::File(self.inode))?;
        Ok(self.disk.metadata(self.inode))
    }
}

impl MemoryFile {
    /// What a read at `offset` may give of the file.
    fn range(&self, length: usize, offset: u64) -> Result<Range<usize>, FsError> {
        let size =
            usize::try_from(self.disk.metadata(self.inode).size).map_err(|_| FsError::Invalid)?;
        let start = size.min(usize::try_from(offset).map_err(|_| FsError::Invalid)?);
        Ok(start..size.min(start + length.min(self.disk.0.most_read.get())))
    }
}

impl Entries for MemoryEntries {
    fn next_entry(&mut self) -> Result<Option<NamedEntry>, FsError> {
        // An error concerns one name, which is not told again.
        let entry = self.entries.next();
        let name = entry
            .as_ref()
            .and_then(|entry| entry.as_ref())
            .map(|entry| entry.name.as_str());
        self.disk
            .called("next_entry", Subject::Listed(self.inode, name))?;
        entry.map_or(Ok(None), |entry| {
            entry.map(Some).ok_or(FsError::IllegalName)
        })
    }
}
