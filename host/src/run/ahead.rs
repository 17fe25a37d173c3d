//! Reading ahead: while the component judges one license, a second thread reads the next ones of the same directory.
//!
//! Whoever opens two files of a directory in order of their names is taken to go on like that. What was read ahead is
//! what the file held between then and now, and a file that cannot be read ahead is left to be opened as usual, so that
//! nobody can tell but by the time it takes. Only directories that are open for reading alone are read ahead: in others the
//! component could have changed a file meanwhile.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::iter::Peekable;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::vec;

use cap_primitives::fs::read_base_dir;
use wasmtime_wasi::filesystem::{Dir, File};
use wasmtime_wasi::{FsPerms, OpenMode};

/// How many files are handed over at once: to wake the other thread for each would take longer than to read it.
const BATCH: usize = 16;
/// How many batches are kept ahead.
const BATCHES: usize = 4;
/// The largest file that is read ahead, in bytes; a larger one is only opened.
const LARGEST: u64 = 64 << 10;
/// The room that is made for a file at first, in bytes: that of a usual license, and a byte to see its end.
const USUAL: usize = 8 << 10;

/// A file that was opened ahead.
pub(super) struct Found {
    name: String,
    pub(super) file: File,
    /// All that it holds; nothing if it is too large.
    pub(super) content: Option<Vec<u8>>,
}

/// The reader ahead, as the component's thread sees it.
#[derive(Default)]
pub(super) struct ReadAhead {
    helper: Option<Helper>,
    /// The directory in which a file was opened last, and the name of that file.
    last: Option<(Arc<std::fs::File>, String)>,
    run: Option<Run>,
}

/// A directory that is being read ahead.
struct Run {
    directory: Arc<std::fs::File>,
    found: Receiver<Vec<Found>>,
    /// Those that were handed over and not asked for yet.
    next: Peekable<vec::IntoIter<Found>>,
}

/// The second thread.
struct Helper {
    tasks: Sender<Task>,
    thread: JoinHandle<()>,
}

/// A directory to read ahead from behind a name on.
struct Task {
    directory: Arc<std::fs::File>,
    behind: String,
    found: SyncSender<Vec<Found>>,
}

impl ReadAhead {
    /// Takes the file of this name, which is about to be opened for reading, if it was opened ahead.
    pub(super) fn take(&mut self, directory: &Dir, name: &str) -> Option<Found> {
        if directory.perms != FsPerms::ReadOnly {
            return None;
        }
        if let Some(run) = self.run.as_mut().filter(|run| Arc::ptr_eq(&run.directory, &directory.dir)) {
            return run.take(name);
        }
        let is_next =
            |(last, before): &(Arc<std::fs::File>, String)| Arc::ptr_eq(last, &directory.dir) && before.as_str() < name;
        self.run = if self.last.as_ref().is_some_and(is_next) { self.start(directory, name) } else { None };
        self.last = Some((Arc::clone(&directory.dir), name.to_owned()));
        None
    }

    /// Has a directory read ahead from behind a name on. Nothing where there can be no second thread.
    fn start(&mut self, directory: &Dir, behind: &str) -> Option<Run> {
        if self.helper.is_none() {
            self.helper = Helper::start().ok();
        }
        let (sender, found) = sync_channel(BATCHES);
        let directory = Arc::clone(&directory.dir);
        let task = Task { directory: Arc::clone(&directory), behind: behind.to_owned(), found: sender };
        self.helper.as_ref()?.tasks.send(task).ok()?;
        Some(Run { directory, found, next: Vec::new().into_iter().peekable() })
    }
}

impl Run {
    fn take(&mut self, name: &str) -> Option<Found> {
        loop {
            while self.next.next_if(|found| found.name.as_str() < name).is_some() {}
            if self.next.peek().is_some() {
                return self.next.next_if(|found| found.name == name);
            }
            self.next = self.found.recv().ok()?.into_iter().peekable();
        }
    }
}

impl Drop for ReadAhead {
    /// Nothing is open any more when the operation is over.
    fn drop(&mut self) {
        self.run = None;
        if let Some(Helper { tasks, thread }) = self.helper.take() {
            drop(tasks);
            // It ended early if it panicked, and then nothing was read ahead any more.
            let _ = thread.join();
        }
    }
}

impl Helper {
    fn start() -> io::Result<Self> {
        let (tasks, received) = channel::<Task>();
        let work = move || {
            // Whoever drops a file last closes it: that is to be this thread.
            let mut open = VecDeque::with_capacity((BATCHES + 3) * BATCH);
            for task in received {
                task.work(&mut open);
            }
        };
        let thread = thread::Builder::new().name("license-backup-ahead".to_owned()).spawn(work)?;
        Ok(Self { tasks, thread })
    }
}

impl Task {
    /// Opens and reads the files of the directory in order of their names, until nobody wants them any more.
    fn work(self, open: &mut VecDeque<File>) {
        for names in self.names().unwrap_or_default().chunks(BATCH) {
            let batch: Vec<Found> = names.iter().filter_map(|name| read(&self.directory, name).ok()).collect();
            let excess = (open.len() + batch.len()).saturating_sub(open.capacity());
            open.drain(..excess.min(open.len()));
            open.extend(batch.iter().map(|found| found.file.clone()));
            if self.found.send(batch).is_err() {
                break;
            }
        }
        open.clear();
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in read_base_dir(&self.directory)? {
            let entry = entry?;
            // To open a FIFO would hang.
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
                && name > self.behind
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Opens a file and reads it.
fn read(directory: &std::fs::File, name: &str) -> io::Result<Found> {
    let file = open(directory, name)?;
    let mut content = Vec::with_capacity(USUAL);
    (&file).take(LARGEST + 1).read_to_end(&mut content)?;
    let is_whole = content.len() as u64 <= LARGEST;
    let file = File::new(file, FsPerms::ReadOnly, OpenMode::READ, super::sandbox::BLOCKS_ITS_THREAD);
    Ok(Found { name: name.to_owned(), file, content: is_whole.then_some(content) })
}

/// Opens a regular file of this directory, following no link and waiting for nobody: what was listed as a file may be
/// something else by now.
#[cfg(unix)]
fn open(directory: &std::fs::File, name: &str) -> io::Result<std::fs::File> {
    use nix::fcntl::{OFlag, openat};
    use nix::sys::stat::Mode;

    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = std::fs::File::from(openat(directory, name, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Elsewhere each file is opened when the component asks for it.
#[cfg(not(unix))]
fn open(_: &std::fs::File, _: &str) -> io::Result<std::fs::File> {
    Err(io::ErrorKind::Unsupported.into())
}
