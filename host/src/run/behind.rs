//! Writing behind: what the component writes in large pieces, a second thread puts into the file while the component goes on.
//! It closes the file, too: when that has no name any more, the system takes all of it back meanwhile, and a large one takes
//! longer than whoever cancelled a backup should wait.
//!
//! A write is told as done when it is on its way, as it is by every operating system that has a cache: trouble with it is
//! told by the next write or sync of the file, whichever comes first, and no sync says yes before all is written. Whatever
//! else could see a difference waits for the writes first.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use super::deadline::Deadline;

/// The fewest bytes that are written behind: fewer are written sooner than another thread wakes.
const FEWEST: usize = 64 << 10;
/// How many writes may wait for the one in hand.
const WAITING: usize = 3;

/// The writes of a component.
pub(super) struct WriteBehind {
    deadline: Deadline,
    writer: Option<Writer>,
    /// How many writes were not answered yet.
    unanswered: usize,
    /// The first trouble with each file that was not told yet.
    troubles: Vec<(Arc<File>, io::Error)>,
}

/// The second thread.
struct Writer {
    /// The file that was written to last.
    written: Weak<File>,
    work: SyncSender<Work>,
    answers: Receiver<Answer>,
    thread: JoinHandle<()>,
}

enum Work {
    Write {
        file: Arc<File>,
        bytes: Vec<u8>,
        offset: u64,
    },
    Close(Arc<File>),
}

/// How a write to a file has ended.
type Answer = (Arc<File>, io::Result<()>);

impl WriteBehind {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            writer: None,
            unanswered: 0,
            troubles: Vec::new(),
        }
    }

    /// Whether a write of so many bytes is to be done behind.
    pub(super) fn is_for(length: usize) -> bool {
        cfg!(unix) && length >= FEWEST
    }

    /// Takes a write. An error is one of an earlier write to the same file.
    pub(super) fn write(
        &mut self,
        file: &Arc<File>,
        bytes: Vec<u8>,
        offset: u64,
    ) -> io::Result<()> {
        while let Some(answer) = self
            .writer
            .as_ref()
            .and_then(|writer| writer.answers.try_recv().ok())
        {
            self.take(answer);
        }
        self.tell(file)?;
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::start(self.deadline)?,
        };
        let writer = self.writer.insert(writer);
        writer.written = Arc::downgrade(file);
        self.unanswered += 1;
        writer
            .work
            .send(Work::Write {
                file: Arc::clone(file),
                bytes,
                offset,
            })
            .map_err(|_| ended())
    }

    /// Closes a file: behind if it is the one that was written to last, and otherwise here.
    pub(super) fn close(&mut self, file: Arc<File>) {
        if let Some(writer) = &self.writer
            && writer.written.as_ptr() == Arc::as_ptr(&file)
        {
            // A thread that has ended gives the file back, which closes it here.
            let _ = writer.work.send(Work::Close(file));
        }
    }

    /// Waits until all is written.
    pub(super) fn settle(&mut self) {
        while self.unanswered > 0 {
            match self.writer.as_ref().map(|writer| writer.answers.recv()) {
                Some(Ok(answer)) => self.take(answer),
                Some(Err(_)) | None => return,
            }
        }
    }

    /// Waits until all is written, and tells of trouble with a file.
    pub(super) fn finish(&mut self, file: &Arc<File>) -> io::Result<()> {
        self.settle();
        if self.unanswered > 0 {
            Err(ended())
        } else {
            self.tell(file)
        }
    }

    fn take(&mut self, (file, written): Answer) {
        self.unanswered -= 1;
        if let Err(error) = written
            && !self
                .troubles
                .iter()
                .any(|(troubled, _)| Arc::ptr_eq(troubled, &file))
        {
            self.troubles.push((file, error));
        }
    }

    fn tell(&mut self, file: &Arc<File>) -> io::Result<()> {
        let position = self
            .troubles
            .iter()
            .position(|(troubled, _)| Arc::ptr_eq(troubled, file));
        position.map_or(Ok(()), |position| {
            Err(self.troubles.swap_remove(position).1)
        })
    }
}

impl Drop for WriteBehind {
    /// Nothing is written any more when the operation is over.
    fn drop(&mut self) {
        if let Some(Writer {
            written: _,
            work,
            answers: _,
            thread,
        }) = self.writer.take()
        {
            drop(work);
            // A thread that panicked has written nothing since.
            let _ = thread.join();
        }
    }
}

impl Writer {
    fn start(deadline: Deadline) -> io::Result<Self> {
        let (work, received) = sync_channel(WAITING);
        let (sender, answers) = channel();
        let do_all = move || do_all(deadline, &received, &sender);
        let thread = thread::Builder::new()
            .name("license-backup-behind".to_owned())
            .spawn(do_all)?;
        Ok(Self {
            written: Weak::new(),
            work,
            answers,
            thread,
        })
    }
}

/// Does one thing after the other, for as long as there is time and somebody wants to know how the writes end.
fn do_all(deadline: Deadline, work: &Receiver<Work>, answers: &Sender<Answer>) {
    for next in work {
        match next {
            Work::Close(file) => drop(file),
            Work::Write {
                file,
                bytes,
                offset,
            } => {
                if deadline.check().is_err() {
                    return;
                }
                let written = write_at(&file, &bytes, offset);
                if answers.send((file, written)).is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Elsewhere nothing is written behind.
#[cfg(not(unix))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What is told when the second thread has ended before its time.
fn ended() -> io::Error {
    io::Error::other("the thread that writes has ended")
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::FileExt as _;
    use std::time::Duration;
    use std::{env, fs, process};

    use super::*;

    /// A file that is opened by `open`, and has no name any more.
    fn scratch(test: &str, open: impl FnOnce(&std::path::Path) -> io::Result<File>) -> Arc<File> {
        let path = env::temp_dir().join(format!("license-backup-behind-{test}-{}", process::id()));
        fs::write(&path, "").expect("a temporary directory is writable");
        let file = open(&path).expect("it was written");
        fs::remove_file(&path).expect("it was written");
        Arc::new(file)
    }

    fn writable(test: &str) -> Arc<File> {
        scratch(test, |path| {
            File::options().read(true).write(true).open(path)
        })
    }

    fn unwritable(test: &str) -> Arc<File> {
        scratch(test, |path| File::open(path))
    }

    #[test]
    fn what_is_settled_is_in_the_file() {
        const PIECES: u8 = 20;
        let file = writable("settled");
        let mut behind = WriteBehind::new(Deadline::NONE);
        for piece in 0..PIECES {
            behind
                .write(&file, vec![piece; FEWEST], u64::from(piece) * FEWEST as u64)
                .expect("it is writable");
        }
        behind.settle();
        assert_eq!(
            file.metadata().expect("it is open").len(),
            u64::from(PIECES) * FEWEST as u64
        );
        for piece in 0..PIECES {
            let mut bytes = vec![0; FEWEST];
            file.read_exact_at(&mut bytes, u64::from(piece) * FEWEST as u64)
                .expect("it is readable");
            assert!(bytes == vec![piece; FEWEST], "piece {piece} is another one");
        }
    }

    #[test]
    fn a_written_file_is_closed_when_the_operation_is_over_at_the_latest() {
        let file = writable("closed");
        let open = Arc::downgrade(&file);
        let mut behind = WriteBehind::new(Deadline::NONE);
        behind
            .write(&file, vec![0; FEWEST], 0)
            .expect("it is writable");
        behind.finish(&file).expect("it is writable");
        behind.close(file);
        drop(behind);
        assert!(open.upgrade().is_none(), "the file is still open");
    }

    #[test]
    fn a_file_that_was_not_written_behind_is_closed_at_once() {
        let (written, other) = (writable("written"), writable("other"));
        let open = Arc::downgrade(&other);
        let mut behind = WriteBehind::new(Deadline::NONE);
        behind
            .write(&written, vec![0; FEWEST], 0)
            .expect("it is writable");
        behind.close(other);
        assert!(open.upgrade().is_none(), "the file is still open");
    }

    #[test]
    fn when_the_time_is_up_nothing_that_waits_is_written() {
        let engine = crate::engine::engine(true).expect("this machine runs WebAssembly");
        let (past, _, _watch) =
            Deadline::start(Some(Duration::ZERO), &engine).expect("there is a thread to be had");
        let file = writable("late");
        let mut behind = WriteBehind::new(past);
        let _ = behind.write(&file, vec![0; FEWEST], 0);
        behind.finish(&file).expect_err("it was not written");
        assert_eq!(file.metadata().expect("it is open").len(), 0);
    }

    #[test]
    fn trouble_is_told_once_by_the_next_write_or_at_the_end() {
        let file = unwritable("told-once");
        let mut behind = WriteBehind::new(Deadline::NONE);
        behind
            .write(&file, vec![0; FEWEST], 0)
            .expect("nothing is known yet");
        behind.settle();
        behind
            .write(&file, vec![0; FEWEST], 0)
            .expect_err("the file is not writable");
        behind
            .finish(&file)
            .expect("it was told, and nothing was written since");
        behind
            .write(&file, vec![0; FEWEST], 0)
            .expect("nothing is known yet");
        behind.finish(&file).expect_err("the file is not writable");
        behind.finish(&file).expect("it was told");
    }

    #[test]
    fn trouble_with_one_file_is_not_put_down_to_another() {
        let (bad, good) = (unwritable("bad"), writable("good"));
        let mut behind = WriteBehind::new(Deadline::NONE);
        behind
            .write(&bad, vec![0; FEWEST], 0)
            .expect("nothing is known yet");
        behind.settle();
        behind
            .write(&good, vec![0; FEWEST], 0)
            .expect("this one is writable");
        behind.finish(&good).expect("this one is writable");
        behind.finish(&bad).expect_err("this one is not");
    }
}
