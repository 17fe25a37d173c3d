//! A new file, which is encrypted if it begins like an archive.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex};

use age::Encryptor;
use age::stream::StreamWriter;

use super::format::MAX_RECIPIENTS;
use super::{Sealed, lock};
use crate::encryption::Recipients;
use crate::run::filesystem::remote::{File, Metadata};

/// The first bytes of an archive, which is a ZIP file.
const ARCHIVE: &[u8] = b"PK";
/// The number of bytes that are appended to the inner file at once.
const BLOCK_SIZE: usize = 4 << 20;

/// A file that was created.
pub(super) struct NewFile {
    inner: Arc<dyn File>,
    name: String,
    recipients: Recipients,
    sealed: Sealed,
    state: Mutex<State>,
}

/// How far a file was written.
enum State {
    /// These are all bytes so far, too few to decide whether it is an archive.
    Start(Vec<u8>),
    /// It is not an archive.
    Plain,
    /// It is an archive, of this many bytes so far.
    Sealing {
        writer: Box<StreamWriter<Sink>>,
        size: u64,
    },
    /// It is an archive of this many bytes, and its last chunk was written.
    Complete { size: u64 },
    /// An error has occurred, after which it cannot be known what was written.
    Failed,
}

/// The inner file, to which encrypted bytes are appended in large blocks.
struct Sink {
    file: Arc<dyn File>,
    buffer: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BLOCK_SIZE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl NewFile {
    /// Returns a file that was just created as `inner`. Its `name` is added to `sealed` as soon as
    /// it is encrypted and synced.
    pub(super) fn new(
        inner: Box<dyn File>,
        name: String,
        recipients: Recipients,
        sealed: Sealed,
    ) -> Self {
        Self {
            inner: inner.into(),
            name,
            recipients,
            sealed,
            state: Mutex::new(State::Start(Vec::new())),
        }
    }

    /// Appends to a file in this state. Returns the next state.
    fn appended(&self, state: State, bytes: &[u8]) -> io::Result<State> {
        match state {
            State::Start(mut start) => {
                start.extend_from_slice(bytes);
                if start.len() < ARCHIVE.len() {
                    Ok(State::Start(start))
                } else if start.starts_with(ARCHIVE) {
                    self.appended(self.sealing()?, &start)
                } else {
                    self.appended(State::Plain, &start)
                }
            }
            State::Plain => {
                self.inner.append(bytes)?;
                Ok(State::Plain)
            }
            State::Sealing { mut writer, size } => {
                writer.write_all(bytes)?;
                let size = size + bytes.len() as u64;
                Ok(State::Sealing { writer, size })
            }
            State::Complete { .. } => Err(io::Error::other("the encrypted file is complete")),
            State::Failed => Err(failed()),
        }
    }

    /// Returns the state of an archive of which nothing but the header was written.
    fn sealing(&self) -> io::Result<State> {
        if self.recipients.keys().count() > MAX_RECIPIENTS {
            return Err(io::Error::other("there are too many recipients"));
        }
        let encryptor = Encryptor::with_recipients(self.recipients.keys())
            .map_err(|_| io::Error::other("there is no recipient to encrypt for"))?;
        let writer = encryptor.wrap_output(Sink {
            file: Arc::clone(&self.inner),
            buffer: Vec::new(),
        })?;
        Ok(State::Sealing {
            writer: Box::new(writer),
            size: 0,
        })
    }

    /// Writes what is not written yet in this state. Returns the next state.
    fn completed(&self, state: State) -> io::Result<State> {
        match state {
            State::Start(start) if start.is_empty() => Ok(State::Plain),
            State::Start(start) => self.appended(State::Plain, &start),
            State::Sealing { writer, size } => {
                writer.finish()?.flush()?;
                Ok(State::Complete { size })
            }
            State::Failed => Err(failed()),
            state @ (State::Plain | State::Complete { .. }) => Ok(state),
        }
    }

    /// Replaces the state by the next one, or by [`State::Failed`] after an error.
    fn advance(&self, next: impl FnOnce(State) -> io::Result<State>) -> io::Result<()> {
        let mut state = lock(&self.state);
        *state = next(mem::replace(&mut *state, State::Failed))?;
        Ok(())
    }
}

impl File for NewFile {
    fn metadata(&self) -> io::Result<Metadata> {
        let metadata = self.inner.metadata()?;
        let size = match &*lock(&self.state) {
            State::Start(start) => start.len() as u64,
            State::Sealing { size, .. } | State::Complete { size } => *size,
            State::Plain | State::Failed => metadata.size,
        };
        Ok(Metadata { size, ..metadata })
    }

    /// Reads a file that is not encrypted. An archive is opened again to read it.
    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        match &*lock(&self.state) {
            State::Plain => self.inner.read(offset, length),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.advance(|state| self.appended(state, bytes))
    }

    fn sync(&self) -> io::Result<()> {
        self.advance(|state| self.completed(state))?;
        self.inner.sync()?;
        if let State::Complete { size } = *lock(&self.state) {
            lock(&self.sealed).insert(self.name.clone(), size);
        }
        Ok(())
    }
}

fn failed() -> io::Error {
    io::Error::other("an earlier write has failed")
}
