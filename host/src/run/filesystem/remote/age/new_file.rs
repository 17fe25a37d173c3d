//! A new file, which is encrypted if it begins like an archive.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex};

use age::Encryptor;

use super::encryption_thread::{EncryptionThread, PIECE_SIZE};
use super::format::MAX_RECIPIENTS;
use super::{SealedArchive, SealedArchives, lock};
use crate::encryption::Recipients;
use crate::run::filesystem::remote::{File, Metadata};

/// The first bytes of an archive, which is a ZIP file.
const ARCHIVE: &[u8] = b"PK";

/// A file that was created.
pub(super) struct NewFile {
    inner: Arc<dyn File>,
    name: String,
    recipients: Recipients,
    sealed: SealedArchives,
    state: Mutex<State>,
}

/// How far a file was written.
enum State {
    /// These are all bytes so far, too few to decide whether it is an archive.
    Start(Vec<u8>),
    /// It is not an archive.
    Plain,
    /// It is an archive, of this many bytes so far.
    Sealing { thread: EncryptionThread, size: u64 },
    /// It is an archive, and its last chunk was written.
    Complete(SealedArchive),
    /// An error has occurred, after which it cannot be known what was written.
    Failed,
}

impl NewFile {
    /// Returns a file that was just created as `inner`. Its `name` is added to `sealed` as soon as
    /// it is encrypted and synced.
    pub(super) fn new(
        inner: Box<dyn File>,
        name: String,
        recipients: Recipients,
        sealed: SealedArchives,
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
            State::Sealing { mut thread, size } => {
                thread.append(bytes)?;
                let size = size + bytes.len() as u64;
                Ok(State::Sealing { thread, size })
            }
            State::Complete(_) => Err(io::Error::other("the encrypted file is complete")),
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
        let thread = EncryptionThread::start(encryptor, Arc::clone(&self.inner))?;
        Ok(State::Sealing { thread, size: 0 })
    }

    /// Writes what is not written yet in this state. Returns the next state.
    fn completed(&self, state: State) -> io::Result<State> {
        match state {
            State::Start(start) if start.is_empty() => Ok(State::Plain),
            State::Start(start) => self.appended(State::Plain, &start),
            State::Sealing { thread, size } => {
                let stored_blake3 = thread.finish()?;
                Ok(State::Complete(SealedArchive {
                    size,
                    stored_blake3,
                }))
            }
            State::Failed => Err(failed()),
            state @ (State::Plain | State::Complete(_)) => Ok(state),
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
            State::Sealing { size, .. } | State::Complete(SealedArchive { size, .. }) => *size,
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

    fn append_size(&self) -> usize {
        PIECE_SIZE
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.advance(|state| self.appended(state, bytes))
    }

    fn sync(&self) -> io::Result<()> {
        self.advance(|state| self.completed(state))?;
        self.inner.sync()?;
        if let State::Complete(archive) = *lock(&self.state) {
            lock(&self.sealed).insert(self.name.clone(), archive);
        }
        Ok(())
    }
}

fn failed() -> io::Error {
    io::Error::other("an earlier write has failed")
}
