//! The disk: its state, and the settings of its behavior.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::fault::{Call, Fault, InjectedFault};
use super::node::{Inode, Node};
use crate::directory::FsError;

/// A function that is called before each call of the disk.
type Hook = Box<dyn FnMut(&Call) -> Result<(), FsError>>;

/// A disk, shared by all directories and files that are open on it.
#[derive(Clone, Default)]
pub(crate) struct Disk(pub(super) Rc<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) nodes: RefCell<Vec<Node>>,
    pub(super) clock: Cell<u64>,
    pub(super) calls: RefCell<Vec<Call>>,
    pub(super) bytes_read: Cell<usize>,
    pub(super) hook: RefCell<Option<Hook>>,
    pub(super) planned: Cell<Option<(usize, Fault)>>,
    pub(super) injected: RefCell<Option<InjectedFault>>,
    pub(super) hides_kinds: Cell<bool>,
    pub(super) hides_times: Cell<bool>,
    pub(super) max_read: Cell<usize>,
    pub(super) max_write: Cell<usize>,
    pub(super) lists_names_twice: Cell<bool>,
    pub(super) reports_eof: Cell<bool>,
    pub(super) folds_case: Cell<bool>,
    pub(super) separates_at_backslashes: Cell<bool>,
    pub(super) strips_trailing_dots: Cell<bool>,
    pub(super) has_no_hard_links: Cell<bool>,
    /// The files that are open, each as often as it is.
    pub(super) open_files: RefCell<Vec<Inode>>,
    pub(super) keeps_names_of_open_files: Cell<bool>,
    pub(super) seals_archives: Cell<bool>,
    pub(super) rejection: Cell<Option<Rejection>>,
}

/// A rule for names that the file system cannot store.
#[derive(Clone, Copy)]
pub(super) struct Rejection {
    pub(super) rejects: fn(&str) -> bool,
    pub(super) error: FsError,
    /// Whether looking up such a name fails with `error`, too. Otherwise the name does
    /// not exist.
    pub(super) on_lookup: bool,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let disk = Self::default();
        disk.0.clock.set(1_000_000);
        disk.0.max_read.set(64 << 10);
        disk.0.max_write.set(100_000);
        disk.add(Node::new_directory());
        disk
    }

    /// Advances the clock.
    pub(crate) fn advance_clock(&self, seconds: u64) {
        self.0.clock.set(self.0.clock.get() + seconds);
    }

    /// Calls `hook` before each call of the disk. If it returns an error, the call fails
    /// with it.
    pub(crate) fn on_call(&self, hook: impl FnMut(&Call) -> Result<(), FsError> + 'static) {
        *self.0.hook.borrow_mut() = Some(Box::new(hook));
    }

    /// Fails every call for which `matches` returns `true`.
    pub(crate) fn fail(&self, error: FsError, matches: impl Fn(&Call) -> bool + 'static) {
        self.on_call(move |call| if matches(call) { Err(error) } else { Ok(()) });
    }

    /// Injects a fault into the call of this number. A fault without a meaning for that
    /// call has no effect.
    pub(crate) fn inject(&self, number: usize, fault: Fault) {
        self.0.planned.set(Some((number, fault)));
    }

    /// Removes the hook and the planned fault.
    pub(crate) fn clear_faults(&self) {
        *self.0.hook.borrow_mut() = None;
        self.0.planned.set(None);
    }

    /// Returns the fault that was injected since the last call of this method, if there is one.
    pub(crate) fn take_injected(&self) -> Option<InjectedFault> {
        self.0.injected.take()
    }

    /// Makes everything durable.
    pub(crate) fn sync_all(&self) {
        self.0.nodes.borrow_mut().iter_mut().for_each(Node::sync);
    }

    /// Makes listings return [`EntryKind::Unknown`](crate::EntryKind::Unknown) for every
    /// name, as some file systems do.
    pub(crate) fn hide_kinds(&self) {
        self.0.hides_kinds.set(true);
    }

    /// Makes the metadata of files lack the time of the last modification.
    pub(crate) fn hide_times(&self) {
        self.0.hides_times.set(true);
    }

    /// Makes every read return at most `count` bytes.
    pub(crate) fn limit_reads(&self, count: usize) {
        self.0.max_read.set(count);
    }

    /// Makes every write write at most `count` bytes.
    pub(crate) fn limit_writes(&self, count: usize) {
        self.0.max_write.set(count);
    }

    /// Makes the read of the last bytes of a file report the end of the file, as some hosts do.
    pub(crate) fn report_eof(&self) {
        self.0.reports_eof.set(true);
    }

    /// Makes listings return every name twice, as they may while a directory changes.
    pub(crate) fn list_names_twice(&self) {
        self.0.lists_names_twice.set(true);
    }

    /// Ignores the case of names. Listings return the spelling with which a name was
    /// created, as on most such file systems.
    pub(crate) fn fold_case(&self) {
        self.0.folds_case.set(true);
    }

    /// Separates the components of a path at backslashes, as Windows does.
    pub(crate) fn separate_at_backslashes(&self) {
        self.0.separates_at_backslashes.set(true);
    }

    /// Ignores dots at the end of a name, as FAT does.
    pub(crate) fn strip_trailing_dots(&self) {
        self.0.strips_trailing_dots.set(true);
    }

    /// Fails the creation of hard links, as on FAT.
    pub(crate) fn disable_hard_links(&self) {
        self.0.has_no_hard_links.set(true);
    }

    /// Makes every rename of a file that is open fail, and every rename that replaces one, as on
    /// Windows.
    pub(crate) fn keep_names_of_open_files(&self) {
        self.0.keeps_names_of_open_files.set(true);
    }

    /// Makes archives unreadable, as if they were encrypted and no identity opened them. Provides
    /// their stored form, and the hash of that.
    pub(crate) fn seal_archives(&self, seals: bool) {
        self.0.seals_archives.set(seals);
    }

    /// Fails the creation of a name for which `rejects` returns `true`, and with
    /// `on_lookup` also each lookup of such a name.
    pub(crate) fn reject_names(&self, error: FsError, on_lookup: bool, rejects: fn(&str) -> bool) {
        self.0.rejection.set(Some(Rejection {
            rejects,
            error,
            on_lookup,
        }));
    }

    /// Returns the calls since the last call of this method.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        self.0.calls.take()
    }

    /// Returns the number of bytes that were read from files so far.
    pub(crate) fn bytes_read(&self) -> usize {
        self.0.bytes_read.get()
    }

    /// Adds a node without a name.
    pub(super) fn add(&self, node: Node) -> usize {
        let mut nodes = self.0.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }
}
