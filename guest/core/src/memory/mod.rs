//! A disk in memory, for tests and fuzzing: it counts and records each call, and fails where a test wants it to.

mod access;
mod faults;
mod nodes;
mod power;
mod trials;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::vec;

use faults::{Extent, Subject};
pub(crate) use faults::{FAULTS, Fault, Struck};
use nodes::{Inode, Node};
pub(crate) use power::Left;
pub(crate) use trials::{lefts, tell_count};

use crate::NamedEntry;
use crate::directory::FsError;

type Hook = Box<dyn FnMut(&Call) -> Result<(), FsError>>;

/// Everything below a directory by its path there: files with their content, directories with a `/` at the end.
pub(crate) type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// A call that reached the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// What was called, as the traits name it; `sync_file` and `sync_directory` for the two that share a name.
    pub(crate) operation: &'static str,
    /// The name it concerns, which is the new one for `rename` and `hard_link`, and the one that `next_entry` tells; empty for
    /// one on an opened file or directory.
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
    bytes_read: Cell<usize>,
    hook: RefCell<Option<Hook>>,
    planned: Cell<Option<(usize, Fault)>>,
    struck: RefCell<Option<Struck>>,
    kinds_are_hidden: Cell<bool>,
    most_read: Cell<usize>,
    most_written: Cell<usize>,
    names_are_repeated: Cell<bool>,
    ends_are_told: Cell<bool>,
    case_is_folded: Cell<bool>,
    backslashes_separate: Cell<bool>,
    final_dots_are_dropped: Cell<bool>,
    links_are_missing: Cell<bool>,
    refusal: Cell<Option<Refusal>>,
}

/// Names that a file system cannot hold.
#[derive(Clone, Copy)]
struct Refusal {
    refuses: fn(&str) -> bool,
    error: FsError,
    /// Whether it says so of looking such a name up, too; otherwise the name is not there.
    on_lookup: bool,
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
    inode: Inode,
    entries: vec::IntoIter<Option<NamedEntry>>,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let disk = Self::default();
        disk.0.clock.set(1_000_000);
        disk.0.most_read.set(64 << 10);
        disk.0.most_written.set(100_000);
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
        self.0.planned.set(None);
    }

    /// Makes everything durable, as time does.
    pub(crate) fn settle(&self) {
        self.0.nodes.borrow_mut().iter_mut().for_each(Node::settle);
    }

    /// Has listings say [`EntryKind::Unknown`] of every name, as some file systems do.
    pub(crate) fn hide_kinds(&self) {
        self.0.kinds_are_hidden.set(true);
    }

    /// Has every read give so many bytes and no more.
    pub(crate) fn give_at_most(&self, count: usize) {
        self.0.most_read.set(count);
    }

    /// Has every write take so many bytes and no more.
    pub(crate) fn take_at_most(&self, count: usize) {
        self.0.most_written.set(count);
    }

    /// Has the read that gives the last bytes of a file say so, as some hosts do.
    pub(crate) fn tell_ends(&self) {
        self.0.ends_are_told.set(true);
    }

    /// Has listings give every name twice, as they may while a directory changes.
    pub(crate) fn repeat_names(&self) {
        self.0.names_are_repeated.set(true);
    }

    /// Has names that differ in case alone be one. Listings tell the one that was given first, as most such systems do.
    pub(crate) fn fold_case(&self) {
        self.0.case_is_folded.set(true);
    }

    /// Has a backslash separate the components of a path, as Windows does.
    pub(crate) fn separate_at_backslashes(&self) {
        self.0.backslashes_separate.set(true);
    }

    /// Has the dots at the end of a name be nothing, as FAT does.
    pub(crate) fn drop_final_dots(&self) {
        self.0.final_dots_are_dropped.set(true);
    }

    /// Has no hard links, as FAT has none.
    pub(crate) fn miss_links(&self) {
        self.0.links_are_missing.set(true);
    }

    /// Answers `error` instead of creating a name that `refuses` says yes to, and with `on_lookup` instead of looking one
    /// up.
    pub(crate) fn refuse_names(&self, error: FsError, on_lookup: bool, refuses: fn(&str) -> bool) {
        self.0.refusal.set(Some(Refusal {
            refuses,
            error,
            on_lookup,
        }));
    }

    /// The calls since the last look.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        self.0.calls.take()
    }

    /// Returns how many bytes of files were read so far.
    pub(crate) fn bytes_read(&self) -> usize {
        self.0.bytes_read.get()
    }

    /// Opens a directory by its path from the root, creating what is missing.
    pub(crate) fn directory(&self, path: &str) -> MemoryDirectory {
        let inode = path
            .split('/')
            .filter(|part| !part.is_empty())
            .fold(0, |parent, name| {
                self.lookup(parent, name).unwrap_or_else(|| {
                    let inode = self.add(Node::new_directory());
                    self.bind(parent, name, inode);
                    inode
                })
            });
        MemoryDirectory {
            disk: self.clone(),
            inode,
        }
    }

    /// Writes a whole file, creating the directories it is in.
    pub(crate) fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        let file = self.add(Node::new_file(content.into(), self.0.clock.get()));
        self.put(path, file);
    }

    /// Gives a file that is there other content, without making it another file.
    pub(crate) fn overwrite(&self, path: &str, bytes: Vec<u8>) {
        let (parent, name) = path.rsplit_once('/').expect("a path has a directory");
        let inode = self
            .lookup(self.directory(parent).inode, name)
            .expect("the file is there");
        let now = self.0.clock.get();
        if let Node::File {
            content, modified, ..
        } = &mut self.0.nodes.borrow_mut()[inode]
        {
            *content = bytes;
            *modified = now;
        }
    }

    /// Makes a FIFO or the like.
    pub(crate) fn write_other(&self, path: &str) {
        self.write_link(path, 0);
    }

    /// Makes a link whose target has a path of this length, which is its size.
    pub(crate) fn write_link(&self, path: &str, length: usize) {
        let link = self.add(Node::Other {
            size: length as u64,
        });
        self.put(path, link);
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
            Node::Directory { .. } | Node::Other { .. } => None,
        }
    }

    /// Each file of a directory with its content and time, for comparing a directory before and after.
    pub(crate) fn snapshot(&self, path: &str) -> BTreeMap<String, (Vec<u8>, u64)> {
        let file = |inode| match &self.0.nodes.borrow()[inode] {
            Node::File {
                content, modified, ..
            } => (content.clone(), *modified),
            Node::Directory { .. } | Node::Other { .. } => (Vec::new(), 0),
        };
        self.names(self.directory(path).inode)
            .into_iter()
            .map(|(name, inode)| (name, file(inode)))
            .collect()
    }

    /// Everything below a directory.
    pub(crate) fn tree(&self, path: &str) -> Tree {
        let mut tree = Tree::new();
        let mut left = vec![(String::new(), self.directory(path).inode)];
        while let Some((path, inode)) = left.pop() {
            let content = match &self.0.nodes.borrow()[inode] {
                Node::File { content, .. } => Some(content.clone()),
                Node::Directory { names, .. } => {
                    left.extend(
                        names
                            .iter()
                            .map(|(name, inode)| (format!("{path}/{name}"), *inode)),
                    );
                    None
                }
                Node::Other { .. } => None,
            };
            let is_directory = matches!(self.0.nodes.borrow()[inode], Node::Directory { .. });
            tree.insert(if is_directory { path + "/" } else { path }, content);
        }
        tree
    }

    fn put(&self, path: &str, inode: Inode) {
        let (parent, name) = path.rsplit_once('/').expect("a path has a directory");
        self.bind(self.directory(parent).inode, name, inode);
    }

    /// Notes a call, asks the hook, and has a fault strike that is planned for it.
    fn called(&self, operation: &'static str, subject: Subject<'_>) -> Result<Extent, FsError> {
        let number = self.0.calls.borrow().len();
        let call = Call {
            number,
            operation,
            name: subject.name().to_owned(),
        };
        self.0.calls.borrow_mut().push(call.clone());
        // The hook may use the disk, and so must not be borrowed meanwhile.
        let hook = self.0.hook.borrow_mut().take();
        if let Some(mut hook) = hook {
            let answer = hook(&call);
            self.0.hook.borrow_mut().get_or_insert(hook);
            answer?;
        }
        match self.0.planned.get() {
            Some((planned, fault)) if planned == number => self.meet(fault, call, subject),
            _ => Ok(Extent::Whole),
        }
    }
}
