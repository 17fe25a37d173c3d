//! Reading ahead: while the component evaluates one license, a second thread reads the next files
//! of the same directory.
//!
//! Two consecutive opens in name order are taken as the start of a sequential scan. The contents of
//! a prefetched file are those that it had at some moment between its prefetching and its opening.
//! A file that cannot be prefetched is opened in the usual way. The component can therefore notice
//! only that it waits less. Directories that the component can write to are not read ahead, since
//! it could have changed a file in between.

use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, Read as _};
use std::iter::Peekable;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::vec;

use wasmtime_wasi::filesystem::{Dir, File};
use wasmtime_wasi::p2::bindings::filesystem::types::DescriptorType;
use wasmtime_wasi::{FsPerms, OpenMode};

use super::blocking::ALLOW_BLOCKING;
use super::open::{self, Opened};
use super::read_dir::entries;

/// The number of files that the worker sends at once. Waking the other thread for each file would
/// take longer than reading it.
const BATCH_SIZE: usize = 16;
/// The number of batches that wait for the component. All their files are open.
const QUEUED_BATCHES: usize = 3;
/// The maximum number of names of a directory that are kept at once. The worker lists the directory
/// again for the names after them.
const MAX_NAMES: usize = 1 << 16;
/// The maximum number of operations of this process that read ahead at once, with some 80 files
/// open each. A process may often have no more than 1024 files open. Further operations do not read
/// ahead.
const MAX_PREFETCHERS: usize = 4;
/// The maximum size of a file whose contents are prefetched, in bytes. A larger one is only opened.
const MAX_PREFETCHED_FILE: u64 = 64 << 10;
/// The initial capacity for the contents of a file, in bytes: an ordinary license fits, with room
/// for the read that finds its end.
const INITIAL_CAPACITY: usize = 8 << 10;

/// The permits of this process.
static PERMITS: Permits = Permits(AtomicUsize::new(0));

/// A file that was opened ahead.
pub(super) struct Prefetched {
    name: String,
    pub(super) file: File,
    /// The whole contents, or `None` if the file is too large.
    pub(super) content: Option<Vec<u8>>,
}

/// The side of reading ahead that the component's thread uses.
pub(super) struct ReadAhead {
    permits: &'static Permits,
    worker: Option<Worker>,
    /// The directory and the name of the file that was opened last.
    last: Option<(Arc<std::fs::File>, String)>,
    scan: Option<Scan>,
}

/// A directory that is being read ahead.
struct Scan {
    directory: Arc<std::fs::File>,
    batches: Receiver<Vec<Prefetched>>,
    /// The files of the last batch that the component has not opened yet.
    next: Peekable<vec::IntoIter<Prefetched>>,
}

/// The second thread.
struct Worker {
    tasks: Sender<Task>,
    thread: JoinHandle<()>,
}

/// The number of permits in use.
struct Permits(AtomicUsize);

/// The permit of an operation to read ahead.
struct Permit(&'static Permits);

/// A directory to read ahead.
struct Task {
    directory: Arc<std::fs::File>,
    /// The name after which to start.
    start_after: String,
    batches: SyncSender<Vec<Prefetched>>,
}

impl Default for ReadAhead {
    fn default() -> Self {
        Self::with_permits(&PERMITS)
    }
}

impl ReadAhead {
    fn with_permits(permits: &'static Permits) -> Self {
        Self {
            permits,
            worker: None,
            last: None,
            scan: None,
        }
    }

    /// Returns the file of this name, which the component opens for reading, if it was prefetched.
    pub(super) fn take(&mut self, directory: &Dir, name: &str) -> Option<Prefetched> {
        if directory.perms != FsPerms::ReadOnly {
            return None;
        }
        if let Some(scan) = self
            .scan
            .as_mut()
            .filter(|scan| Arc::ptr_eq(&scan.directory, &directory.dir))
        {
            return scan.take(name);
        }
        let is_next = |(last, before): &(Arc<std::fs::File>, String)| {
            Arc::ptr_eq(last, &directory.dir) && before.as_str() < name
        };
        self.scan = if self.last.as_ref().is_some_and(is_next) {
            self.start(directory, name)
        } else {
            None
        };
        self.last = Some((Arc::clone(&directory.dir), name.to_owned()));
        None
    }

    /// Starts to read a directory ahead, after a name, or returns `None` if there is no worker.
    fn start(&mut self, directory: &Dir, start_after: &str) -> Option<Scan> {
        if self.worker.is_none() {
            self.worker = Worker::start(self.permits);
        }
        let (sender, batches) = sync_channel(QUEUED_BATCHES);
        let directory = Arc::clone(&directory.dir);
        let task = Task {
            directory: Arc::clone(&directory),
            start_after: start_after.to_owned(),
            batches: sender,
        };
        self.worker.as_ref()?.tasks.send(task).ok()?;
        Some(Scan {
            directory,
            batches,
            next: Vec::new().into_iter().peekable(),
        })
    }
}

impl Scan {
    fn take(&mut self, name: &str) -> Option<Prefetched> {
        loop {
            while self
                .next
                .next_if(|prefetched| prefetched.name.as_str() < name)
                .is_some()
            {}
            if self.next.peek().is_some() {
                return self.next.next_if(|prefetched| prefetched.name == name);
            }
            self.next = self.batches.recv().ok()?.into_iter().peekable();
        }
    }
}

impl Drop for ReadAhead {
    /// Waits until the worker has closed its files: none is open after the operation.
    fn drop(&mut self) {
        self.scan = None;
        if let Some(Worker { tasks, thread }) = self.worker.take() {
            drop(tasks);
            // A worker that panicked has closed its files, too.
            let _ = thread.join();
        }
    }
}

impl Worker {
    /// Starts a worker, or returns `None` if no permit or no thread is available.
    fn start(permits: &'static Permits) -> Option<Self> {
        let Some(permit) = permits.acquire() else {
            tracing::debug!(
                max = MAX_PREFETCHERS,
                "prefetching is disabled: too many operations prefetch"
            );
            return None;
        };
        let (tasks, received) = channel::<Task>();
        let work = move || {
            // The last owner of a file closes it. With these clones that is the worker.
            let mut open = VecDeque::with_capacity((QUEUED_BATCHES + 2) * BATCH_SIZE);
            for task in received {
                task.run(&mut open);
            }
            drop(permit);
        };
        let spawned = thread::Builder::new()
            .name("license-backup-prefetch".to_owned())
            .spawn(work);
        match spawned {
            Ok(thread) => Some(Self { tasks, thread }),
            Err(error) => {
                tracing::debug!(%error, "prefetching is disabled: cannot start a thread");
                None
            }
        }
    }
}

impl Permits {
    fn acquire(&'static self) -> Option<Permit> {
        let increment = |used| (used < MAX_PREFETCHERS).then_some(used + 1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, increment)
            .ok()
            .map(|_| Permit(self))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Task {
    /// Opens and reads the files of the directory in name order, until the scan is dropped.
    fn run(self, open: &mut VecDeque<File>) {
        let mut start_after = self.start_after;
        loop {
            let mut names = names(&self.directory, &start_after, MAX_NAMES).unwrap_or_default();
            for names in names.chunks(BATCH_SIZE) {
                let batch: Vec<Prefetched> = names
                    .iter()
                    .filter_map(|name| prefetch(&self.directory, name).ok())
                    .collect();
                let excess = (open.len() + batch.len()).saturating_sub(open.capacity());
                open.drain(..excess.min(open.len()));
                open.extend(batch.iter().map(|prefetched| prefetched.file.clone()));
                if self.batches.send(batch).is_err() {
                    return open.clear();
                }
            }
            match names.pop() {
                Some(last) if names.len() + 1 == MAX_NAMES => start_after = last,
                _ => return open.clear(),
            }
        }
    }
}

/// Returns the first `max` names of files in a directory after a name, in order.
fn names(directory: &std::fs::File, start_after: &str, max: usize) -> io::Result<Vec<String>> {
    let mut names = BinaryHeap::new();
    for entry in entries(directory)? {
        let entry = entry?;
        if entry.type_ == DescriptorType::RegularFile
            && let Ok(name) = entry.name.into_string()
            && name.as_str() > start_after
        {
            names.push(name);
            if names.len() > max {
                names.pop();
            }
        }
    }
    Ok(names.into_sorted_vec())
}

/// Opens and reads a file. Its type may have changed since the directory was listed.
fn prefetch(directory: &std::fs::File, name: &str) -> io::Result<Prefetched> {
    let Opened::File { file, length } = open::open(directory, name)? else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    let content = if length <= MAX_PREFETCHED_FILE {
        read_whole(&file)?
    } else {
        None
    };
    let file = File::new(file, FsPerms::ReadOnly, OpenMode::READ, ALLOW_BLOCKING);
    Ok(Prefetched {
        name: name.to_owned(),
        file,
        content,
    })
}

/// Reads the whole contents of a file, or returns `None` if it has become too large.
fn read_whole(file: &std::fs::File) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::with_capacity(INITIAL_CAPACITY);
    file.take(MAX_PREFETCHED_FILE + 1)
        .read_to_end(&mut content)?;
    Ok((content.len() as u64 <= MAX_PREFETCHED_FILE).then_some(content))
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::{Path, PathBuf};
    use std::{env, fs, process};

    use super::*;

    /// A temporary directory with files.
    struct Scratch(PathBuf);

    impl Scratch {
        fn with_files(test: &str, names: &[&str]) -> Self {
            let path = env::temp_dir().join(format!(
                "license-backup-read-ahead-{test}-{}",
                process::id()
            ));
            fs::create_dir(&path).expect("a temporary directory is writable");
            for name in names {
                fs::write(path.join(name), name).expect("a temporary directory is writable");
            }
            Self(path)
        }

        fn path(&self) -> &Path {
            &self.0
        }

        fn open(&self, permissions: FsPerms) -> Dir {
            Dir::new(
                fs::File::open(&self.0).expect("the directory exists"),
                permissions,
                OpenMode::READ,
                true,
            )
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Returns a reader with permits of its own, since the tests of a process share the others.
    fn isolated() -> ReadAhead {
        ReadAhead::with_permits(permits())
    }

    fn permits() -> &'static Permits {
        Box::leak(Box::new(Permits(AtomicUsize::new(0))))
    }

    /// Opens files in this order, and returns the contents of those that were prefetched. Each
    /// file contains its name.
    fn prefetched(directory: &Dir, names: &[&str]) -> Vec<String> {
        let mut read_ahead = isolated();
        let prefetched = names
            .iter()
            .filter_map(|name| read_ahead.take(directory, name));
        let content = prefetched.map(|file| file.content.expect("the file is small"));
        content
            .map(|content| String::from_utf8(content).expect("the file contains its name"))
            .collect()
    }

    #[test]
    fn after_two_files_in_order_the_next_ones_are_prefetched() {
        let scratch = Scratch::with_files("order", &["a", "b", "c", "d", "e"]);
        let directory = scratch.open(FsPerms::ReadOnly);
        assert_eq!(prefetched(&directory, &["a", "b", "c", "e"]), ["c", "e"]);
    }

    #[test]
    fn files_in_another_order_are_not_prefetched() {
        let scratch = Scratch::with_files("disorder", &["a", "b", "c", "d"]);
        let directory = scratch.open(FsPerms::ReadOnly);
        assert!(prefetched(&directory, &["d", "c", "b", "a"]).is_empty());
        assert_eq!(
            prefetched(&directory, &["a", "b", "d", "c", "a", "z"]),
            ["d"]
        );
    }

    #[test]
    fn more_files_than_the_queue_holds_are_all_prefetched() {
        let names: Vec<String> = (0..2 * BATCH_SIZE * QUEUED_BATCHES)
            .map(|number| format!("{number:04}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let scratch = Scratch::with_files("many", &names);
        let directory = scratch.open(FsPerms::ReadOnly);
        assert_eq!(prefetched(&directory, &names), names[2..]);
    }

    #[test]
    fn the_first_names_come_first_and_the_others_next() {
        let scratch = Scratch::with_files("first", &["a", "b", "c", "d", "e"]);
        let directory = fs::File::open(scratch.path()).expect("the directory exists");
        let first = |start_after: &str| {
            names(&directory, start_after, 2).expect("the directory can be listed")
        };
        assert_eq!(first(""), ["a", "b"]);
        assert_eq!(first("b"), ["c", "d"]);
        assert_eq!(first("d"), ["e"]);
        assert!(first("e").is_empty());
    }

    #[test]
    fn each_directory_that_is_scanned_is_read_ahead() {
        let one = Scratch::with_files("one", &["a", "b", "c"]);
        let other = Scratch::with_files("other", &["a", "b", "d"]);
        let directories = [one.open(FsPerms::ReadOnly), other.open(FsPerms::ReadOnly)];
        let mut read_ahead = isolated();
        for (directory, third) in directories.iter().zip(["c", "d"]) {
            assert!(read_ahead.take(directory, "a").is_none());
            assert!(read_ahead.take(directory, "b").is_none());
            assert!(read_ahead.take(directory, third).is_some(), "{third}");
        }
    }

    #[test]
    fn only_regular_files_are_prefetched() {
        let scratch = Scratch::with_files("special", &["a", "b", "f"]);
        nix::unistd::mkfifo(&scratch.path().join("c"), nix::sys::stat::Mode::S_IRWXU)
            .expect("a FIFO can be created");
        std::os::unix::fs::symlink("a", scratch.path().join("d")).expect("a link can be created");
        fs::create_dir(scratch.path().join("e")).expect("a temporary directory is writable");
        let directory = scratch.open(FsPerms::ReadOnly);
        assert_eq!(
            prefetched(&directory, &["a", "b", "c", "d", "e", "f"]),
            ["f"]
        );
    }

    #[test]
    fn a_large_file_is_opened_but_not_read() {
        let scratch = Scratch::with_files("large", &["a", "b"]);
        let largest = usize::try_from(MAX_PREFETCHED_FILE).expect("the size fits");
        fs::write(scratch.path().join("c"), vec![b'c'; largest])
            .expect("a temporary directory is writable");
        fs::write(scratch.path().join("d"), vec![b'd'; largest + 1])
            .expect("a temporary directory is writable");
        let directory = scratch.open(FsPerms::ReadOnly);
        let mut read_ahead = isolated();
        for name in ["a", "b"] {
            assert!(read_ahead.take(&directory, name).is_none());
        }
        let mut length = |name| {
            read_ahead
                .take(&directory, name)
                .expect("the file is next")
                .content
                .map(|content| content.len())
        };
        assert_eq!(length("c"), Some(largest));
        assert_eq!(length("d"), None);
    }

    #[test]
    fn an_operation_without_a_permit_does_not_read_ahead() {
        let scratch = Scratch::with_files("places", &["a", "b", "c"]);
        let directory = scratch.open(FsPerms::ReadOnly);
        let permits = permits();
        let reads_ahead = |ahead: &mut ReadAhead| {
            ["a", "b", "c"].map(|name| ahead.take(&directory, name).is_some())[2]
        };
        let mut readers: Vec<_> = (0..MAX_PREFETCHERS)
            .map(|_| ReadAhead::with_permits(permits))
            .collect();
        assert!(readers.iter_mut().all(reads_ahead), "each gets a permit");
        assert!(
            !reads_ahead(&mut ReadAhead::with_permits(permits)),
            "no permit is available"
        );
        readers.pop();
        assert!(
            reads_ahead(&mut ReadAhead::with_permits(permits)),
            "a permit is available again"
        );
    }

    #[test]
    fn a_writable_directory_is_not_read_ahead() {
        let scratch = Scratch::with_files("writable", &["a", "b", "c"]);
        let directory = scratch.open(FsPerms::ReadWrite);
        assert!(prefetched(&directory, &["a", "b", "c"]).is_empty());
    }
}
