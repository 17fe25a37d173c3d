//! A pipe that blocks its writer.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;

/// The longest time in which a writer must fill the pipe.
const LIMIT: Duration = Duration::from_mins(2);

/// A named pipe whose reader reads nothing, so that a program that writes to it blocks as soon as
/// the pipe is full.
#[derive(Debug)]
pub struct UnreadPipe {
    path: PathBuf,
    /// Open for reading and writing: neither side waits for the other to open the pipe, and the
    /// writer does not fail.
    pipe: File,
}

impl UnreadPipe {
    /// Creates the pipe.
    ///
    /// # Panics
    ///
    /// If the pipe cannot be created.
    #[must_use]
    pub fn create(path: PathBuf) -> Self {
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("the directory is writable");
        let pipe = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .expect("the pipe can be opened");
        Self { path, pipe }
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until the pipe is full.
    ///
    /// # Panics
    ///
    /// If the writer does not fill it in time.
    pub fn wait_until_full(&self) {
        let start = Instant::now();
        loop {
            let mut files = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLOUT)];
            let writable = poll(&mut files, PollTimeout::ZERO).expect("a pipe can be polled");
            if writable == 0 {
                return;
            }
            assert!(
                start.elapsed() < LIMIT,
                "the pipe is not full after {LIMIT:?}"
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Reads everything that the writer has written and writes until it closes the pipe.
    ///
    /// # Panics
    ///
    /// If the pipe cannot be read, or its content is not UTF-8.
    #[must_use]
    pub fn read_to_end(self) -> String {
        // A reader that is not also a writer gets the end of the stream.
        let mut reader = File::open(&self.path).expect("the pipe can be opened");
        drop(self.pipe);
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .expect("the writer writes UTF-8");
        text
    }
}
