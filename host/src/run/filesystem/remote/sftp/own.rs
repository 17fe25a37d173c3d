//! The files that this connection has created.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh_sftp::protocol::{FileAttributes, OpenFlags};

use super::failure::Failure;
use super::session::Session;

const PREFIX: &str = ".license-backup-";
const SUFFIX: &str = ".tmp";
/// The largest number of a temporary name on the server has this many digits.
const DIGITS: u32 = 19;
/// The number of bytes of a file that are read back at once.
const READ_BACK: usize = 4 << 20;

/// A file that was created through this connection.
pub(super) struct Own {
    pub(super) id: u128,
    path: Mutex<String>,
    pub(super) state: tokio::sync::Mutex<State>,
}

/// What is known about the file. A task that writes to it holds the lock.
pub(super) struct State {
    handle: Option<Handle>,
    /// The number of bytes that the server has acknowledged.
    pub(super) size: u64,
    pub(super) hasher: blake3::Hasher,
    /// The time of the last change, once the file is synced.
    pub(super) modified: Option<u32>,
    /// Whether the connection was lost, so that a server that has restarted may have forgotten what
    /// it acknowledged before.
    pub(super) is_doubtful: bool,
    /// Whether bytes are missing, because they could not be written.
    pub(super) is_incomplete: bool,
}

/// The handle of an open file, which is valid in one session.
pub(super) struct Handle {
    pub(super) session: Arc<Session>,
    pub(super) handle: String,
}

impl Handle {
    /// Returns the handle if it is one of this session.
    pub(super) fn of<'a>(handle: Option<&'a Self>, session: &Arc<Session>) -> Option<&'a str> {
        let handle = handle.filter(|handle| Arc::ptr_eq(&handle.session, session))?;
        Some(&handle.handle)
    }

    pub(super) async fn close(self) {
        // The server closes it at the end of the session, too.
        drop(self.session.close(&self.handle).await);
    }
}

impl Own {
    pub(super) fn new(path: String, handle: Handle) -> Self {
        Self {
            id: u128::from(random()) << 64 | u128::from(random()),
            path: Mutex::new(path),
            state: tokio::sync::Mutex::new(State {
                handle: Some(handle),
                size: 0,
                hasher: blake3::Hasher::new(),
                modified: None,
                is_doubtful: false,
                is_incomplete: false,
            }),
        }
    }

    /// Returns the path that the file has now.
    pub(super) fn path(&self) -> String {
        lock(&self.path).clone()
    }

    pub(super) fn set_path(&self, path: String) {
        *lock(&self.path) = path;
    }
}

impl State {
    /// Returns the handle of the file in this session, in which it may have to be opened again.
    pub(super) async fn handle(
        &mut self,
        session: &Arc<Session>,
        path: &str,
    ) -> Result<String, Failure> {
        if let Some(handle) = Handle::of(self.handle.as_ref(), session) {
            return Ok(handle.to_owned());
        }
        self.is_doubtful = true;
        let flags = OpenFlags::READ | OpenFlags::WRITE;
        let handle = session.open_file(path, flags).await?;
        self.handle = Some(Handle {
            session: Arc::clone(session),
            handle: handle.clone(),
        });
        if size(&session.fstat(&handle).await?) < self.size {
            return Err(lost_part());
        }
        Ok(handle)
    }

    /// Returns whether a name of the file has the size and the time of the synced file.
    pub(super) fn is_as_synced(&self, attributes: &FileAttributes) -> bool {
        self.size == size(attributes) && self.modified == attributes.mtime
    }

    pub(super) fn take_handle(&mut self) -> Option<Handle> {
        self.handle.take()
    }

    /// Makes the file durable, and checks that all of it is on the server if there is a doubt.
    pub(super) async fn sync(&mut self, session: &Arc<Session>, path: &str) -> Result<(), Failure> {
        let handle = self.handle(session, path).await?;
        session.sync(&handle).await?;
        let attributes = session.fstat(&handle).await?;
        if size(&attributes) != self.size
            || (self.is_doubtful && !self.is_content(session, &handle).await?)
        {
            return Err(lost_part());
        }
        self.is_doubtful = false;
        self.modified = attributes.mtime;
        Ok(())
    }

    /// Returns whether a path is that of a file with the same content.
    pub(super) async fn is_content_of(
        &self,
        session: &Session,
        path: &str,
    ) -> Result<bool, Failure> {
        let attributes = session.lstat(path).await?;
        if !attributes.is_regular() || size(&attributes) != self.size {
            return Ok(false);
        }
        let handle = session.open_file(path, OpenFlags::READ).await?;
        let is_same = self.is_content(session, &handle).await;
        let closed = session.close(&handle).await;
        let is_same = is_same?;
        closed?;
        Ok(is_same)
    }

    /// Returns whether an open file of the same size has the same content.
    async fn is_content(&self, session: &Session, handle: &str) -> Result<bool, Failure> {
        let mut hasher = blake3::Hasher::new();
        let mut offset = 0;
        while offset < self.size {
            let bytes = session.read(handle, offset, READ_BACK).await?;
            if bytes.is_empty() {
                return Ok(false);
            }
            hasher.update(&bytes);
            offset += bytes.len() as u64;
        }
        Ok(hasher.finalize() == self.hasher.finalize())
    }
}

fn lost_part() -> Failure {
    Failure::changed("the server has lost a part of the file")
}

/// Returns the size of a file. A server that does not report it is treated like one that reports 0.
pub(super) fn size(attributes: &FileAttributes) -> u64 {
    attributes.size.unwrap_or(0)
}

/// The names of files that this connection has created.
///
/// A temporary file has another name on the server, which no other run chooses: servers report no
/// identity of files, and a name that only this run has replaces it.
#[derive(Default)]
pub(super) struct Names {
    /// The names on the server of temporary files.
    temporary: HashMap<String, String>,
    /// All files, by their names on the server.
    own: HashMap<String, Arc<Own>>,
}

impl Names {
    /// Returns the name on the server.
    pub(super) fn resolve(&self, name: &str) -> String {
        let temporary = self.temporary.get(name);
        temporary.map_or_else(|| name.to_owned(), Clone::clone)
    }

    /// Returns the name that has this name on the server.
    pub(super) fn unresolve(&self, server_name: String) -> String {
        let mut temporary = self.temporary.iter();
        match temporary.find(|(_, own)| **own == server_name) {
            Some((name, _)) => name.clone(),
            None => server_name,
        }
    }

    /// Returns the file of a name on the server, if it was created here.
    pub(super) fn own(&self, server_name: &str) -> Option<Arc<Own>> {
        self.own.get(server_name).cloned()
    }

    pub(super) fn is_own(&self, name: &str) -> bool {
        self.temporary.contains_key(name)
    }

    pub(super) fn add(&mut self, name: &str, server_name: String, own: Arc<Own>) {
        if name != server_name {
            self.temporary.insert(name.to_owned(), server_name.clone());
        }
        self.own.insert(server_name, own);
    }

    /// Removes a name.
    pub(super) fn remove(&mut self, name: &str) {
        let server_name = self.temporary.remove(name);
        self.own.remove(server_name.as_deref().unwrap_or(name));
    }
}

/// Returns a name for a temporary file that no other run chooses, or `None` if the name is not that
/// of a temporary file. Other runs recognize it, and remove it if it is stale.
pub(super) fn temporary_name(name: &str) -> Option<String> {
    let number = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| {
        let number = random() % 10u64.pow(DIGITS);
        format!("{PREFIX}{number:0width$}{SUFFIX}", width = DIGITS as usize)
    })
}

/// Returns a number that differs from those of other runs and from earlier ones.
fn random() -> u64 {
    // Keyed with numbers of the operating system's generator.
    RandomState::new().hash_one(())
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
