//! The open directories and files of the disk, which implement the traits of the crate.

use std::ops::Range;
use std::vec;

use super::disk::Disk;
use super::fault::{Extent, Subject};
use super::node::{Inode, Node};
use crate::directory::{FileId, FsError};
use crate::{Directory, Entries, EntryKind, File, Metadata, NamedEntry, Read};

/// An open directory.
#[derive(Clone)]
pub(crate) struct MemoryDirectory {
    disk: Disk,
    inode: Inode,
}

/// An open file. The disk knows which files are open.
pub(crate) struct MemoryFile {
    disk: Disk,
    inode: Inode,
}

impl MemoryFile {
    fn open(disk: &Disk, inode: Inode) -> Self {
        disk.0.open_files.borrow_mut().push(inode);
        Self {
            disk: disk.clone(),
            inode,
        }
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        let mut open = self.disk.0.open_files.borrow_mut();
        if let Some(place) = open.iter().position(|inode| *inode == self.inode) {
            open.swap_remove(place);
        }
    }
}

/// A listing of a directory. `None` represents a name that is not UTF-8.
pub(crate) struct MemoryEntries {
    disk: Disk,
    inode: Inode,
    entries: vec::IntoIter<Option<NamedEntry>>,
}

impl Disk {
    /// Opens a directory by its path from the root. Creates the directories that do not exist.
    pub(crate) fn directory(&self, path: &str) -> MemoryDirectory {
        MemoryDirectory {
            disk: self.clone(),
            inode: self.make_directory(path),
        }
    }
}

impl MemoryDirectory {
    /// Returns the node of a name.
    fn find(&self, name: &str) -> Result<Inode, FsError> {
        let (directory, name) = self.disk.resolve(self.inode, name)?;
        self.disk.lookup(directory, name).ok_or(FsError::NoEntry)
    }

    /// Returns the directory and the name there for a new name, unless it exists already.
    fn find_free<'a>(&self, name: &'a str) -> Result<(Inode, &'a str), FsError> {
        let (directory, name) = self.disk.resolve_new(self.inode, name)?;
        match self.disk.lookup(directory, name) {
            Some(_) => Err(FsError::Exist),
            None => Ok((directory, name)),
        }
    }

    /// Records a call that concerns a name.
    fn called(&self, operation: &'static str, name: &str) -> Result<(), FsError> {
        self.disk
            .called(operation, Subject::Name(self.inode, name))
            .map(|_| ())
    }

    /// Returns the content of a file that a directory provides which encrypts archives: the stored
    /// form of an archive, or the hash of that.
    fn stored_content(&self, name: &str) -> Option<Vec<u8>> {
        if !self.disk.0.seals_archives.get() {
            return None;
        }
        let of_hash = name.strip_suffix(".blake3");
        let archive = of_hash.unwrap_or(name).strip_suffix(".age")?;
        let inode = self.find(archive).ok()?;
        let Node::File { content, .. } = &self.disk.0.nodes.borrow()[inode] else {
            return None;
        };
        let stored = [b"encrypted: ", content.as_slice()].concat();
        Some(if of_hash.is_some() {
            blake3::hash(&stored).to_hex().as_bytes().to_vec()
        } else {
            stored
        })
    }

    /// Removes a name, and returns its node.
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
                _ if self.disk.0.hides_kinds.get() => EntryKind::Unknown,
                Node::File { .. } => EntryKind::File,
                Node::Directory { .. } => EntryKind::Directory,
                Node::Other { .. } => EntryKind::Other,
            };
            Some(NamedEntry {
                name: name.clone(),
                kind,
            })
        });
        // The order is not sorted, as on other file systems.
        let mut entries: Vec<_> = std::iter::repeat_n(None, *illegal)
            .chain(legal.rev())
            .collect();
        if self.disk.0.lists_names_twice.get() {
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
        let inode = self.find(name)?;
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
        let inode = match self.stored_content(name) {
            Some(content) => self.disk.add(Node::new_file(content, 0)),
            None => self.find(name)?,
        };
        match self.disk.metadata(inode).kind {
            EntryKind::File => Ok(MemoryFile::open(&self.disk, inode)),
            EntryKind::Directory => Err(FsError::IsDirectory),
            EntryKind::Other | EntryKind::Unknown => Err(FsError::Link),
        }
    }

    fn create_directory(&self, name: &str) -> Result<(), FsError> {
        self.called("create_directory", name)?;
        let (directory, name) = self.find_free(name)?;
        self.disk
            .bind(directory, name, self.disk.add(Node::new_directory()));
        Ok(())
    }

    fn remove_directory(&self, name: &str) -> Result<(), FsError> {
        self.called("remove_directory", name)?;
        let inode = self.find(name)?;
        match &self.disk.0.nodes.borrow()[inode] {
            Node::Directory { names, .. } if names.is_empty() => {}
            Node::Directory { .. } => return Err(FsError::Other("not-empty")),
            Node::File { .. } | Node::Other { .. } => return Err(FsError::NotDirectory),
        }
        self.remove(name).map(|_| ())
    }

    fn create_file(&self, name: &str) -> Result<MemoryFile, FsError> {
        self.called("create_file", name)?;
        let (directory, name) = self.find_free(name)?;
        let inode = self
            .disk
            .add(Node::new_file(Vec::new(), self.disk.0.clock.get()));
        self.disk.bind(directory, name, inode);
        Ok(MemoryFile::open(&self.disk, inode))
    }

    fn metadata(&self, name: &str) -> Result<Metadata, FsError> {
        self.called("metadata", name)?;
        self.find(name).map(|inode| self.disk.metadata(inode))
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
        let inode = self.find(from)?;
        let (directory, name) = self.disk.resolve_new(self.inode, to)?;
        let replaced = self.disk.lookup(directory, name);
        if self.disk.0.keeps_names_of_open_files.get() {
            let open = self.disk.0.open_files.borrow();
            if open.contains(&inode) || replaced.is_some_and(|inode| open.contains(&inode)) {
                return Err(FsError::AccessDenied);
            }
        }
        match replaced {
            // Two names of one file: by POSIX, nothing happens.
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
        if self.disk.0.has_no_hard_links.get() {
            return Err(FsError::NotPermitted);
        }
        let (directory, name) = self.find_free(to)?;
        self.disk.bind(directory, name, self.find(from)?);
        Ok(())
    }

    fn unlink(&self, name: &str) -> Result<(), FsError> {
        self.called("unlink", name)?;
        match self.disk.metadata(self.find(name)?).kind {
            EntryKind::Directory => Err(FsError::IsDirectory),
            EntryKind::File | EntryKind::Other | EntryKind::Unknown => {
                self.remove(name).map(|_| ())
            }
        }
    }

    fn sync_file(&self, name: &str) -> Result<(), FsError> {
        self.called("sync_file", name)?;
        let inode = self.find(name)?;
        self.disk.0.nodes.borrow_mut()[inode].sync();
        Ok(())
    }

    fn sync(&self) -> Result<(), FsError> {
        self.disk
            .called("sync_directory", Subject::Directory(self.inode))?;
        self.disk.0.nodes.borrow_mut()[self.inode].sync();
        Ok(())
    }

    fn is_same_object(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    fn is_name_of(&self, name: &str, file: &MemoryFile) -> Result<bool, FsError> {
        self.called("is_name_of", name)?;
        self.find(name).map(|inode| inode == file.inode)
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
        if self.disk.0.seals_archives.get() && content.starts_with(b"PK") {
            return Err(FsError::Encrypted);
        }
        let bytes = match extent {
            Extent::All => &content[range.clone()],
            Extent::Half => &content[range.start..range.start + range.len().div_ceil(2)],
        };
        self.disk
            .0
            .bytes_read
            .set(self.disk.0.bytes_read.get() + bytes.len());
        let is_at_end = range.start + bytes.len() == content.len();
        let is_end = is_at_end && (bytes.is_empty() || self.disk.0.reports_eof.get());
        Ok(Read {
            bytes: bytes.to_vec(),
            is_end,
        })
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        // Short writes are allowed, so the disk makes many.
        let max = bytes.len().min(self.disk.0.max_write.get());
        let written = match self.disk.called("write", Subject::Write(self.inode, max))? {
            Extent::All => max,
            Extent::Half => max.div_ceil(2),
        };
        let mut nodes = self.disk.0.nodes.borrow_mut();
        let Node::File {
            content, modified, ..
        } = &mut nodes[self.inode]
        else {
            return Err(FsError::IsDirectory);
        };
        let offset = usize::try_from(offset).map_err(|_| FsError::Invalid)?;
        content.resize(content.len().max(offset + written), 0);
        content[offset..offset + written].copy_from_slice(&bytes[..written]);
        *modified = self.disk.0.clock.get();
        Ok(written)
    }

    // The disk writes nothing back before a sync.
    fn release(&self, _: u64, _: u64) {}

    fn sync(&self) -> Result<(), FsError> {
        self.disk.called("sync_file", Subject::File(self.inode))?;
        self.disk.0.nodes.borrow_mut()[self.inode].sync();
        Ok(())
    }

    fn metadata(&self) -> Result<Metadata, FsError> {
        self.disk
            .called("file_metadata", Subject::File(self.inode))?;
        Ok(self.disk.metadata(self.inode))
    }

    fn id(&self) -> Result<FileId, FsError> {
        self.disk.called("file_id", Subject::File(self.inode))?;
        Ok(FileId(0, self.inode as u64))
    }
}

impl MemoryFile {
    /// Returns the range of the file that a read at `offset` may return.
    fn range(&self, length: usize, offset: u64) -> Result<Range<usize>, FsError> {
        let size =
            usize::try_from(self.disk.metadata(self.inode).size).map_err(|_| FsError::Invalid)?;
        let start = size.min(usize::try_from(offset).map_err(|_| FsError::Invalid)?);
        Ok(start..size.min(start + length.min(self.disk.0.max_read.get())))
    }
}

impl Entries for MemoryEntries {
    fn next_entry(&mut self) -> Result<Option<NamedEntry>, FsError> {
        // An error concerns one name, which is not returned again.
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
