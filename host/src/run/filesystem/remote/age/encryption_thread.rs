//! The encryption of an archive on a thread of its own, while the component produces the next
//! bytes.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use age::Encryptor;
use age::stream::StreamWriter;

use crate::run::filesystem::remote::File;

/// The number of bytes that the thread gets at once: they fit into the cache of a processor.
pub(super) const PIECE_SIZE: usize = 256 << 10;
/// The number of pieces that wait for the thread.
const WAITING_PIECES: usize = 16;

/// A thread that encrypts an archive, and appends it to a file.
pub(super) struct EncryptionThread {
    /// The pieces of the archive in turn, and `None` after the last one.
    pieces: Option<SyncSender<Option<Vec<u8>>>>,
    thread: Option<JoinHandle<io::Result<blake3::Hash>>>,
}

impl EncryptionThread {
    /// Starts to encrypt with `encryptor`, and to append to `file`.
    pub(super) fn start(encryptor: Encryptor, file: Arc<dyn File>) -> io::Result<Self> {
        let sink = Sink {
            file,
            buffer: Vec::new(),
            hasher: blake3::Hasher::new(),
        };
        let (pieces, received) = sync_channel(WAITING_PIECES);
        let thread = thread::Builder::new()
            .name("encryption".to_owned())
            .spawn(move || encrypt(encryptor.wrap_output(sink)?, &received))?;
        Ok(Self {
            pieces: Some(pieces),
            thread: Some(thread),
        })
    }

    /// Encrypts more bytes of the archive. Returns an error of the thread, perhaps of an earlier
    /// call.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes
            .chunks(PIECE_SIZE)
            .try_for_each(|piece| self.send(Some(piece.to_vec())))
    }

    /// Encrypts the end of the archive. Returns the hash of the encrypted file after all of it was
    /// appended.
    pub(super) fn finish(mut self) -> io::Result<blake3::Hash> {
        self.send(None)?;
        self.join()
    }

    fn send(&mut self, piece: Option<Vec<u8>>) -> io::Result<()> {
        let sent = self.pieces.as_ref().map(|pieces| pieces.send(piece));
        match sent {
            Some(Ok(())) => Ok(()),
            // The thread has ended because of an error.
            _ => self.join().and_then(|_| Err(ended())),
        }
    }

    /// Waits for the end of the thread. If the archive is not complete, the thread leaves it so.
    fn join(&mut self) -> io::Result<blake3::Hash> {
        self.pieces = None;
        let joined = self.thread.take().map(JoinHandle::join);
        joined.and_then(Result::ok).unwrap_or_else(|| Err(ended()))
    }
}

impl Drop for EncryptionThread {
    /// Waits until nothing more is appended to a file that was given up.
    fn drop(&mut self) {
        let _ = self.join();
    }
}

/// Encrypts an archive. Returns the hash of the encrypted file.
fn encrypt(
    mut writer: StreamWriter<Sink>,
    pieces: &Receiver<Option<Vec<u8>>>,
) -> io::Result<blake3::Hash> {
    // Without a last piece, the archive is incomplete.
    while let Some(piece) = pieces.recv().map_err(|_| ended())? {
        writer.write_all(&piece)?;
    }
    let mut sink = writer.finish()?;
    sink.flush()?;
    Ok(sink.hasher.finalize())
}

fn ended() -> io::Error {
    io::Error::other("the encryption ended early")
}

/// The inner file, to which encrypted bytes are appended in large blocks.
struct Sink {
    file: Arc<dyn File>,
    buffer: Vec<u8>,
    /// The hasher of all that was appended.
    hasher: blake3::Hasher,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= self.file.append_size() {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
