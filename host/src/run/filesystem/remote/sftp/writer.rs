//! A file that was created here, and is written.

use std::io;
use std::sync::{Arc, Mutex};

use futures_channel::oneshot;
use russh_sftp::protocol::StatusCode;

use super::connection::{Client, Connection};
use super::failure::{Failure, lost};
use super::metadata;
use super::own::{Own, State, lock};
use super::session::Session;
use crate::run::filesystem::remote::{File, Metadata};

/// A file to which blocks are appended. While the caller makes a block, the one before is on its
/// way.
pub(super) struct Writer {
    client: Arc<Client>,
    own: Arc<Own>,
    /// The result of the last block, until it is reported.
    pending: Mutex<Option<oneshot::Receiver<io::Result<()>>>>,
}

impl Writer {
    pub(super) fn new(client: Arc<Client>, own: Arc<Own>) -> Self {
        Self {
            client,
            own,
            pending: Mutex::new(None),
        }
    }

    /// Waits until the last block is written.
    fn finish(&self) -> io::Result<()> {
        match lock(&self.pending).take() {
            Some(pending) => self.client.wait(async {
                let result = pending.await;
                result.unwrap_or_else(|_| Err(lost("it was closed")))
            }),
            None => Ok(()),
        }
    }
}

impl File for Writer {
    fn metadata(&self) -> io::Result<Metadata> {
        self.finish()?;
        self.client.call(async |session, _| {
            let mut state = self.own.state.lock().await;
            let handle = state.handle(session, &self.own.path()).await?;
            let attributes = session.fstat(&handle).await?;
            Ok(metadata(&attributes, self.own.id))
        })
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.finish()?;
        self.client.call(async |session, _| {
            let mut state = self.own.state.lock().await;
            let handle = state.handle(session, &self.own.path()).await?;
            let rest = state.size.saturating_sub(offset);
            let length = usize::try_from(rest).map_or(length, |rest| rest.min(length));
            session.read(&handle, offset, length).await
        })
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.finish()?;
        let (sender, receiver) = oneshot::channel();
        let connection = Arc::clone(&self.client.connection);
        let own = Arc::clone(&self.own);
        let bytes = bytes.to_vec();
        self.client.spawn(async move {
            // Nobody asks for the result of a file that was dropped.
            drop(sender.send(append(&connection, &own, &bytes).await));
        });
        *lock(&self.pending) = Some(receiver);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.finish()?;
        self.client.call(async |session, _| {
            let mut state = self.own.state.lock().await;
            if state.is_incomplete {
                return Err(incomplete());
            }
            state.sync(session, &self.own.path()).await
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let own = Arc::clone(&self.own);
        self.client.spawn(async move {
            let handle = own.state.lock().await.take_handle();
            if let Some(handle) = handle {
                handle.close().await;
            }
        });
    }
}

/// Appends bytes to the acknowledged ones.
async fn append(connection: &Connection, own: &Own, bytes: &[u8]) -> io::Result<()> {
    let mut state = own.state.lock().await;
    if state.is_incomplete {
        return Err(incomplete().into());
    }
    // Until all bytes are acknowledged, whatever happens.
    state.is_incomplete = true;
    state.modified = None;
    state.hasher.update(bytes);
    let path = own.path();
    let mut attempts = connection.attempts();
    // `Connection::call` would need a closure whose future can be sent to another thread.
    loop {
        let session = attempts.next().await?;
        match append_in(&session, &mut state, &path, bytes).await {
            Ok(()) => break,
            Err(Failure::Lost(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    state.size += bytes.len() as u64;
    state.is_incomplete = false;
    Ok(())
}

/// Writes the whole block, also if the connection was lost in the middle of it: the same bytes at
/// the same offset, even if the server gets those of the lost connection later.
async fn append_in(
    session: &Arc<Session>,
    state: &mut State,
    path: &str,
    bytes: &[u8],
) -> Result<(), Failure> {
    let handle = state.handle(session, path).await?;
    match session.write(&handle, state.size, bytes).await {
        Err(failure) if failure.is(StatusCode::Failure) && session.is_full(path).await => {
            Err(io::ErrorKind::StorageFull.into())
        }
        written => written,
    }
}

fn incomplete() -> Failure {
    Failure::Found(io::Error::other(
        "an earlier part of the file could not be written",
    ))
}
