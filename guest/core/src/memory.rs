//! A disk in memory, for tests: it counts and records each call, and fails where a test wants it to.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::vec;

use crate::directory::FsError;
use crate::{Directory, Entries, EntryKind, File, Metadata, NamedEntry, Timestamp};

type Inode = usize;
type Hook = Box<dyn FnMut(&Call) -> Result<(), FsError>>;

/// A call that reached the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// What was called, as the traits name it; `sync_file` and `sync_directory` for the two that share a name.
    pub(crate) operation: &'static str,
    /// The name it concerns; empty for one on an opened file or directory.
    pub(crate) name: String,
}

/// A disk, to be shared by all that is opened on it.
#[derive(Clone, Default)]
pub(crate) struct Disk(Rc<State>);

#[derive(Default)]
struct State {
    nodes: RefCell<Vec<Node>>,
    clock: Cell<u64>,
    calls: RefCell<Vec<Call>>,
    hook: RefCell<Option<Hook>>,
    kinds_are_hidden: Cell<bool>,
    writes_take_nothing: Cell<bool>,
}

/// What a directory or file is now, and what of it a power cut leaves.
#[derive(Clone)]
enum Node {
    File { content: Vec<u8>, modified: u64, durable: Vec<u8> },
    Directory { names: BTreeMap<String, Inode>, illegal: usize, durable: BTreeMap<String, Inode> },
    Other,
}

impl Node {
    fn new_directory() -> Self {
        Self::Directory { names: BTreeMap::new(), illegal: 0, durable: BTreeMap::new() }
    }

    /// Makes what it is now durable.
    fn settle(&mut self) {
        match self {
            Self::File { content, durable, .. } => durable.clone_from(content),
            Self::Directory { names, durable, .. } => durable.clone_from(names),
            Self::Other => {}
        }
    }

    /// Goes back to what was durable.
    fn lose(&mut self) {
        match self {
            Self::File { content, durable, .. } => content.clone_from(durable),
            Self::Directory { names, durable, .. } => names.clone_from(durable),
            Self::Other => {}
        }
    }
}

#[derive(Clone)]
pub(crate) struct MemoryDirectory {
    disk: Disk,
    inode: Inode,
}

pub(crate) struct MemoryFile {
    disk: Disk,
    inode: Inode,
}

pub(crate) struct MemoryEntries {
    disk: Disk,
    entries: vec::IntoIter<Option<NamedEntry>>,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let disk = Self::default();
        disk.0.clock.set(1_000_000);
        disk.add(Node::new_directory());
        disk
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.0.clock.set(self.0.clock.get() + seconds);
    }

    /// Has `hook` called before each call; an error that it gives is what the call answers.
    pub(crate) fn on_call(&self, hook: impl FnMut(&Call) -> Result<(), FsError> + 'static) {
        *self.0.hook.borrow_mut() = Some(Box::new(hook));
    }

    /// Fails every call that `matches` says yes to.
    pub(crate) fn fail(&self, error: FsError, matches: impl Fn(&Call) -> bool + 'static) {
        self.on_call(move |call| if matches(call) { Err(error) } else { Ok(()) });
    }

    pub(crate) fn heal(&self) {
        *self.0.hook.borrow_mut() = None;
    }

    /// Makes everything durable, as time does.
    pub(crate) fn settle(&self) {
        self.0.nodes.borrow_mut().iter_mut().for_each(Node::settle);
    }

    /// Loses everything that was not made durable.
    pub(crate) fn cut_power(&self) {
        self.0.nodes.borrow_mut().iter_mut().for_each(Node::lose);
    }

    /// Has listings say [`EntryKind::Unknown`] of every name, as some file systems do.
    pub(crate) fn hide_kinds(&self) {
        self.0.kinds_are_hidden.set(true);
    }

    /// Has every write succeed without taking a byte.
    pub(crate) fn take_nothing(&self) {
        self.0.writes_take_nothing.set(true);
    }

    /// The calls since the last look.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        self.0.calls.take()
    }

    /// Opens a directory by its path from the root, creating what is missing.
    pub(crate) fn directory(&self, path: &str) -> MemoryDirectory {
        let inode = path.split('/').filter(|part| !part.is_empty()).fold(0, |parent, name| {
            self.lookup(parent, name).unwrap_or_else(|| {
                let inode = self.add(Node::new_directory());
                self.bind(parent, name, inode);
                inode
            })
        });
        MemoryDirectory { disk: self.clone(), inode }
    }

    /// Writes a whole file, creating the directories it is in.
    pub(crate) fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        let file = self.add(Node::File { content: content.into(), modified: self.0.clock.get(), durable: Vec::new() });
        self.put(path, file);
    }

    /// Gives a file that is there other content, without making it another file.
    pub(crate) fn overwrite(&self, path: &str, bytes: Vec<u8>) {
        let (parent, name) = path.rsplit_once('/').expect("a path has a directory");
        let inode = self.lookup(self.directory(parent).inode, name).expect("the file is there");
        let now = self.0.clock.get();
        if let Node::File { content, modified, .. } = &mut self.0.nodes.borrow_mut()[inode] {
            *content = bytes;
            *modified = now;
        }
    }

    /// Makes a link, FIFO or the like.
    pub(crate) fn write_other(&self, path: &str) {
        let other = self.add(Node::Other);
        self.put(path, other);
    }

    /// Puts a number of names that are not UTF-8 into a directory.
    pub(crate) fn write_illegal_names(&self, path: &str, count: usize) {
        let directory = self.directory(path).inode;
        if let Node::Directory { illegal, .. } = &mut self.0.nodes.borrow_mut()[directory] {
            *illegal = count;
        }
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (parent, name) = path.rsplit_once('/')?;
        let inode = self.lookup(self.directory(parent).inode, name)?;
        match &self.0.nodes.borrow()[inode] {
            Node::File { content, .. } => Some(content.clone()),
            Node::Directory { .. } | Node::Other => None,
        }
    }

    /// Each file of a directory with its content and time, for comparing a directory before and after.
    pub(crate) fn snapshot(&self, path: &str) -> BTreeMap<String, (Vec<u8>, u64)> {
        let directory = self.directory(path).inode;
        let nodes = self.0.nodes.borrow();
        let Node::Directory { names, .. } = &nodes[directory] else { return BTreeMap::new() };
        let file = |inode: &Inode| match &nodes[*inode] {
            Node::File { content, modified, .. } => (content.clone(), *modified),
            Node::Directory { .. } | Node::Other => (Vec::new(), 0),
        };
        names.iter().map(|(name, inode)| (name.clone(), file(inode))).collect()
    }

    fn add(&self, node: Node) -> Inode {
        let mut nodes = self.0.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }

    fn put(&self, path: &str, inode: Inode) {
        let (parent, name) = path.rsplit_once('/').expect("a path has a directory");
        self.bind(self.directory(parent).inode, name, inode);
    }

    fn bind(&self, directory: Inode, name: &str, inode: Inode) {
        if let Node::Directory { names, .. } = &mut self.0.nodes.borrow_mut()[directory] {
            names.insert(name.to_owned(), inode);
        }
    }

    fn unbind(&self, directory: Inode, name: &str) -> Result<Inode, FsError> {
        match &mut self.0.nodes.borrow_mut()[directory] {
            Node::Directory { names, .. } => names.remove(name).ok_or(FsError::NoEntry),
            Node::File { .. } | Node::Other => Err(FsError::NotDirectory),
        }
    }

    fn lookup(&self, directory: Inode, name: &str) -> Option<Inode> {
        match &self.0.nodes.borrow()[directory] {
            Node::Directory { names, .. } => names.get(name).copied(),
            Node::File { .. } | Node::Other => None,
        }
    }

    fn metadata(&self, inode: Inode) -> Metadata {
        let time = |seconds| Some(Timestamp { seconds, nanoseconds: 0 });
        match &self.0.nodes.borrow()[inode] {
            Node::File { content, modified, .. } => {
                Metadata { kind: EntryKind::File, size: content.len() as u64, modified: time(*modified) }
            }
            Node::Directory { .. } => Metadata { kind: EntryKind::Directory, size: 0, modified: time(0) },
            Node::Other => Metadata { kind: EntryKind::Other, size: 0, modified: time(0) },
        }
    }

    fn called(&self, operation: &'static str, name: &str) -> Result<(), FsError> {
        let number = self.0.calls.borrow().len();
        let call = Call { number, operation, name: name.to_owned() };
        self.0.calls.borrow_mut().push(call.clone());
        // The hook may use the disk, and so must not be borrowed meanwhile.
        let hook = self.0.hook.borrow_mut().take();
        let Some(mut hook) = hook else { return Ok(()) };
        let answer = hook(&call);
        self.0.hook.borrow_mut().get_or_insert(hook);
        answer
    }
}

impl MemoryDirectory {
    fn found(&self, name: &str) -> Result<Inode, FsError> {
        self.disk.lookup(self.inode, name).ok_or(FsError::NoEntry)
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
                Node::Other => EntryKind::Other,
            };
            Some(NamedEntry { name: name.clone(), kind })
        });
        // In no useful order, as file systems have it.
        let entries: Vec<_> = std::iter::repeat_n(None, *illegal).chain(legal.rev()).collect();
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

    fn create_file(&self, name: &str) -> Result<MemoryFile, FsError> {
        self.disk.called("create_file", name)?;
        if self.found(name).is_ok() {
            return Err(FsError::Exist);
        }
        let modified = self.disk.0.clock.get();
        let inode = self.disk.add(Node::File { content: Vec::new(), modified, durable: Vec::new() });
        self.disk.bind(self.inode, name, inode);
        Ok(MemoryFile { disk: self.disk.clone(), inode })
    }

    fn metadata(&self, name: &str) -> Result<Metadata, FsError> {
        self.disk.called("metadata", name)?;
        self.found(name).map(|inode| self.disk.metadata(inode))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.disk.called("rename", to)?;
        let inode = self.disk.unbind(self.inode, from)?;
        self.disk.bind(self.inode, to, inode);
        Ok(())
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.disk.called("hard_link", to)?;
        if self.found(to).is_ok() {
            return Err(FsError::Exist);
        }
        self.disk.bind(self.inode, to, self.found(from)?);
        Ok(())
    }

    fn unlink(&self, name: &str) -> Result<(), FsError> {
        self.disk.called("unlink", name)?;
        self.disk.unbind(self.inode, name).map(|_| ())
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
    fn read(&self, length: usize, offset: u64) -> Result<Vec<u8>, FsError> {
        self.disk.called("read", "")?;
        let nodes = self.disk.0.nodes.borrow();
        let Node::File { content, .. } = &nodes[self.inode] else { return Err(FsError::IsDirectory) };
        let start = content.len().min(usize::try_from(offset).map_err(|_| FsError::Invalid)?);
        let end = content.len().min(start + length.min(64 << 10));
        Ok(content[start..end].to_vec())
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
