//! Reading ahead: while the component judges one license, a second thread reads the next ones of the same directory.
//!
//! Whoever opens two files of a directory in order of their names is taken to go on like that. What was read ahead is
//! what the file held between then and now, and a file that cannot be read ahead is left to be opened as usual, so that
//! nobody can tell but by the time it takes. Only directories that are open for reading alone are read ahead: in others the
//! component could have changed a file meanwhile.

use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, Read as _};
use std::iter::Peekable;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::vec;

use cap_primitives::fs::read_base_dir;
use wasmtime_wasi::filesystem::{Dir, File};
use wasmtime_wasi::{FsPerms, OpenMode};

use super::regular::{self, Opened};

/// How many files are handed over at once: to wake the other thread for each would take longer than to read it.
const BATCH: usize = 16;
/// How many batches are kept ahead. Each file of them is open.
const BATCHES: usize = 3;
/// How many names of a directory are kept at once. For those behind them it is listed again.
const NAMES: usize = 1 << 16;
/// How many operations of this process may read ahead at once, with some 80 files open each: a process may have no more than
/// so many open files, often 1024. The others do without.
const HELPERS: usize = 4;

/// Those of this process.
static PLACES: Places = Places(AtomicUsize::new(0));
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
pub(super) struct ReadAhead {
    places: &'static Places,
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

/// How many operations read ahead.
struct Places(AtomicUsize);

/// The place of one of them.
struct Place(&'static Places);

/// A directory to read ahead from behind a name on.
struct Task {
    directory: Arc<std::fs::File>,
    behind: String,
    found: SyncSender<Vec<Found>>,
}

impl Default for ReadAhead {
    fn default() -> Self {
        Self::among(&PLACES)
    }
}

impl ReadAhead {
    fn among(places: &'static Places) -> Self {
        Self {
            places,
            helper: None,
            last: None,
            run: None,
        }
    }

    /// Takes the file of this name, which is about to be opened for reading, if it was opened ahead.
    pub(super) fn take(&mut self, directory: &Dir, name: &str) -> Option<Found> {
        if directory.perms != FsPerms::ReadOnly {
            return None;
        }
        if let Some(run) = self
            .run
            .as_mut()
            .filter(|run| Arc::ptr_eq(&run.directory, &directory.dir))
        {
            return run.take(name);
        }
        let is_next = |(last, before): &(Arc<std::fs::File>, String)| {
            Arc::ptr_eq(last, &directory.dir) && before.as_str() < name
        };
        self.run = if self.last.as_ref().is_some_and(is_next) {
            self.start(directory, name)
        } else {
            None
        };
        self.last = Some((Arc::clone(&directory.dir), name.to_owned()));
        None
    }

    /// Has a directory read ahead from behind a name on. Nothing where there can be no second thread.
    fn start(&mut self, directory: &Dir, behind: &str) -> Option<Run> {
        if self.helper.is_none() {
            self.helper = Helper::start(self.places);
        }
        let (sender, found) = sync_channel(BATCHES);
        let directory = Arc::clone(&directory.dir);
        let task = Task {
            directory: Arc::clone(&directory),
            behind: behind.to_owned(),
            found: sender,
        };
        self.helper.as_ref()?.tasks.send(task).ok()?;
        Some(Run {
            directory,
            found,
            next: Vec::new().into_iter().peekable(),
        })
    }
}

impl Run {
    fn take(&mut self, name: &str) -> Option<Found> {
        loop {
            while self
                .next
                .next_if(|found| found.name.as_str() < name)
                .is_some()
            {}
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
    /// Nothing if there are enough, or there can be no other thread.
    fn start(places: &'static Places) -> Option<Self> {
        let place = places.take()?;
        let (tasks, received) = channel::<Task>();
        let work = move || {
            // Whoever drops a file last closes it: that is to be this thread.
            let mut open = VecDeque::with_capacity((BATCHES + 2) * BATCH);
            for task in received {
                task.work(&mut open);
            }
            drop(place);
        };
        let thread = thread::Builder::new()
            .name("license-backup-ahead".to_owned())
            .spawn(work)
            .ok()?;
        Some(Self { tasks, thread })
    }
}

impl Places {
    fn take(&'static self) -> Option<Place> {
        let another = |taken| (taken < HELPERS).then_some(taken + 1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, another)
            .ok()
            .map(|_| Place(self))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Task {
    /// Opens and reads the files of the directory in order of their names, until nobody wants them any more.
    fn work(self, open: &mut VecDeque<File>) {
        let mut behind = self.behind;
        loop {
            let mut names = names(&self.directory, &behind, NAMES).unwrap_or_default();
            for names in names.chunks(BATCH) {
                let batch: Vec<Found> = names
                    .iter()
                    .filter_map(|name| read(&self.directory, name).ok())
                    .collect();
                let excess = (open.len() + batch.len()).saturating_sub(open.capacity());
                open.drain(..excess.min(open.len()));
                open.extend(batch.iter().map(|found| found.file.clone()));
                if self.found.send(batch).is_err() {
                    return open.clear();
                }
            }
            match names.pop() {
                Some(last) if names.len() + 1 == NAMES => behind = last,
                _ => return open.clear(),
            }
        }
    }
}

/// The names of the files in a directory that come first behind a name, in order, and no more than so many.
fn names(directory: &std::fs::File, behind: &str, most: usize) -> io::Result<Vec<String>> {
    let mut names = BinaryHeap::new();
    for entry in read_base_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Ok(name) = entry.file_name().into_string()
            && name.as_str() > behind
        {
            names.push(name);
            if names.len() > most {
                names.pop();
            }
        }
    }
    Ok(names.into_sorted_vec())
}

/// Opens a file and reads it. What was listed as a file may be something else by now.
fn read(directory: &std::fs::File, name: &str) -> io::Result<Found> {
    let Opened::File { file, length } = regular::open(directory, name)? else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    let content = if length <= LARGEST {
        read_whole(&file)?
    } else {
        None
    };
    let file = File::new(
        file,
        FsPerms::ReadOnly,
        OpenMode::READ,
        super::sandbox::BLOCKS_ITS_THREAD,
    );
    Ok(Found {
        name: name.to_owned(),
        file,
        content,
    })
}

/// Reads all that a file holds, or returns `None` if it has grown too large.
fn read_whole(file: &std::fs::File) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::with_capacity(USUAL);
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    Ok((content.len() as u64 <= LARGEST).then_some(content))
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::{Path, PathBuf};
    use std::{env, fs, process};

    use super::*;

    /// A directory under the name of a test, and what it holds.
    struct Scratch(PathBuf);

    impl Scratch {
        fn with_files(test: &str, names: &[&str]) -> Self {
            let path =
                env::temp_dir().join(format!("license-backup-ahead-{test}-{}", process::id()));
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
                fs::File::open(&self.0).expect("it is there"),
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

    /// A reader that shares with nobody, unlike those of the process, which all its tests share.
    fn alone() -> ReadAhead {
        ReadAhead::among(places())
    }

    fn places() -> &'static Places {
        Box::leak(Box::new(Places(AtomicUsize::new(0))))
    }

    /// Of the files that are asked for in this order those that were opened ahead, each by what it holds: its name.
    fn found(directory: &Dir, names: &[&str]) -> Vec<String> {
        let mut ahead = alone();
        let found = names.iter().filter_map(|name| ahead.take(directory, name));
        let content = found.map(|found| found.content.expect("it is small"));
        content
            .map(|content| String::from_utf8(content).expect("it holds its name"))
            .collect()
    }

    #[test]
    fn after_two_files_in_order_the_next_ones_are_found() {
        let scratch = Scratch::with_files("order", &["a", "b", "c", "d", "e"]);
        let directory = scratch.open(FsPerms::ReadOnly);
        assert_eq!(found(&directory, &["a", "b", "c", "e"]), ["c", "e"]);
    }

    #[test]
    fn files_in_another_order_are_not_found_and_keep_nobody_waiting() {
        let scratch = Scratch::with_files("disorder", &["a", "b", "c", "d"]);
        let directory = scratch.open(FsPerms::ReadOnly);
        assert!(found(&directory, &["d", "c", "b", "a"]).is_empty());
        assert_eq!(found(&directory, &["a", "b", "d", "c", "a", "z"]), ["d"]);
    }

    #[test]
    fn more_files_than_are_kept_ahead_are_all_found() {
        let names: Vec<String> = (0..2 * BATCH * BATCHES)
            .map(|number| format!("{number:04}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let scratch = Scratch::with_files("many", &names);
        let directory = scratch.open(FsPerms::ReadOnly);
        assert_eq!(found(&directory, &names), names[2..]);
    }

    #[test]
    fn of_many_names_the_first_ones_are_kept_and_those_behind_them_come_next() {
        let scratch = Scratch::with_files("first", &["a", "b", "c", "d", "e"]);
        let directory = fs::File::open(scratch.path()).expect("it is there");
        let first = |behind: &str| names(&directory, behind, 2).expect("it can be listed");
        assert_eq!(first(""), ["a", "b"]);
        assert_eq!(first("b"), ["c", "d"]);
        assert_eq!(first("d"), ["e"]);
        assert!(first("e").is_empty());
    }

    #[test]
    fn another_directory_is_read_ahead_when_the_component_has_come_to_it() {
        let one = Scratch::with_files("one", &["a", "b", "c"]);
        let other = Scratch::with_files("other", &["a", "b", "d"]);
        let directories = [one.open(FsPerms::ReadOnly), other.open(FsPerms::ReadOnly)];
        let mut ahead = alone();
        for (directory, third) in directories.iter().zip(["c", "d"]) {
            assert!(ahead.take(directory, "a").is_none());
            assert!(ahead.take(directory, "b").is_none());
            assert!(ahead.take(directory, third).is_some(), "{third}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        let scratch = Scratch::with_files("special", &["a", "b", "f"]);
        nix::unistd::mkfifo(&scratch.path().join("c"), nix::sys::stat::Mode::S_IRWXU)
            .expect("a FIFO can be made");
        std::os::unix::fs::symlink("a", scratch.path().join("d")).expect("a link can be made");
        fs::create_dir(scratch.path().join("e")).expect("a temporary directory is writable");
        let directory = scratch.open(FsPerms::ReadOnly);
        assert_eq!(found(&directory, &["a", "b", "c", "d", "e", "f"]), ["f"]);
    }

    #[test]
    fn of_a_large_file_only_the_handle_is_found() {
        let scratch = Scratch::with_files("large", &["a", "b"]);
        let largest = usize::try_from(LARGEST).expect("it is small");
        fs::write(scratch.path().join("c"), vec![b'c'; largest])
            .expect("a temporary directory is writable");
        fs::write(scratch.path().join("d"), vec![b'd'; largest + 1])
            .expect("a temporary directory is writable");
        let directory = scratch.open(FsPerms::ReadOnly);
        let mut ahead = alone();
        for name in ["a", "b"] {
            assert!(ahead.take(&directory, name).is_none());
        }
        let mut length = |name| {
            ahead
                .take(&directory, name)
                .expect("it is next")
                .content
                .map(|content| content.len())
        };
        assert_eq!(length("c"), Some(largest));
        assert_eq!(length("d"), None);
    }

    #[test]
    fn one_operation_too_many_does_without_until_another_has_ended() {
        let scratch = Scratch::with_files("places", &["a", "b", "c"]);
        let directory = scratch.open(FsPerms::ReadOnly);
        let places = places();
        let is_ahead = |ahead: &mut ReadAhead| {
            ["a", "b", "c"].map(|name| ahead.take(&directory, name).is_some())[2]
        };
        let mut helped: Vec<_> = (0..HELPERS).map(|_| ReadAhead::among(places)).collect();
        assert!(helped.iter_mut().all(is_ahead), "there is a place for each");
        assert!(
            !is_ahead(&mut ReadAhead::among(places)),
            "there is none left"
        );
        helped.pop();
        assert!(
            is_ahead(&mut ReadAhead::among(places)),
            "there is one again"
        );
    }

    #[test]
    fn a_directory_that_can_be_written_to_is_not_read_ahead() {
        let scratch = Scratch::with_files("writable", &["a", "b", "c"]);
        let directory = scratch.open(FsPerms::ReadWrite);
        assert!(found(&directory, &["a", "b", "c"]).is_empty());
    }
}
