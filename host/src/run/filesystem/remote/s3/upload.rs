//! Files that were created here, which only this connection knows until they get their final name,
//! or are synced if they were created with it.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::super::{EntryKind, File, Metadata};
use super::commit::{Condition, put};
use super::connection::{Connection, random};
use super::failure::{Cause, Failure};
use super::multipart::{Multipart, PART_SIZE};
use super::object::Object;
use super::probe;

/// The number of bytes at the start of a large file that can be read. The layer that encrypts looks
/// at them, to know the size of the plaintext.
const HEAD_SIZE: usize = 1 << 20;

/// A file that was created here.
pub(super) struct Upload {
    connection: Arc<Connection>,
    id: u128,
    /// The final name, if the file was created with it.
    own_name: Option<String>,
    state: Mutex<State>,
}

struct State {
    content: Content,
    /// `true` if the server supports the condition of the commit.
    has_conditions: bool,
    /// The start of a file that is not in memory.
    head: Vec<u8>,
    size: u64,
    /// The time of the server at the last change.
    modified: Option<SystemTime>,
}

enum Content {
    /// A file of at most one part, in memory. Its key is known with its final name.
    Small(Vec<u8>),
    Large(Box<Multipart>),
    /// The file has its final name.
    Committed,
    /// Bytes are missing because of this failure.
    Broken(Failure),
}

impl Upload {
    /// Returns an empty file. With `own_name`, it is stored under that name when it is synced.
    pub(super) fn new(connection: &Arc<Connection>, own_name: Option<String>) -> io::Result<Self> {
        Ok(Self {
            id: u128::from_le_bytes(random()?),
            own_name,
            state: Mutex::new(State {
                content: Content::Small(Vec::new()),
                has_conditions: connection.has_conditions,
                head: Vec::new(),
                size: 0,
                modified: connection.client.server_time(),
            }),
            connection: Arc::clone(connection),
        })
    }

    /// Makes the file visible under its final name.
    pub(super) fn commit(&self, name: &str, condition: Condition) -> io::Result<()> {
        let key = self.connection.key(name)?;
        let mut state = self.state();
        let client = &self.connection.client;
        let condition = if condition == Condition::Absent && !state.has_conditions {
            match Object::find(client, &key) {
                Err(failure) if failure.cause == Cause::NoSuchKey => Condition::Any,
                found => {
                    found?;
                    return Err(Failure::new(Cause::Condition, "the file exists").into());
                }
            }
        } else {
            condition
        };
        match &mut state.content {
            Content::Small(bytes) => put(client, &key, self.id, bytes, condition)?,
            Content::Large(upload) if upload.key == key => upload.complete(condition)?,
            Content::Large(_) => {
                let message = "a large file can only get the name of the archive of this run";
                return Err(io::Error::new(ErrorKind::Unsupported, message));
            }
            Content::Committed => {
                let message = "a file of a bucket has one name";
                return Err(io::Error::new(ErrorKind::Unsupported, message));
            }
            Content::Broken(failure) => return Err(failure.clone().into()),
        }
        state.content = Content::Committed;
        Ok(())
    }

    /// Returns `true` if the bucket has the file under the name with which it was created.
    pub(super) fn is_stored_as(&self, name: &str) -> bool {
        let is_committed = matches!(self.state().content, Content::Committed);
        is_committed && self.own_name.as_deref() == Some(name)
    }

    /// Aborts the upload of the file, unless it has its final name.
    pub(super) fn discard(&self) -> io::Result<()> {
        if let Content::Large(upload) = &mut self.state().content {
            upload.abort()?;
        }
        Ok(())
    }

    /// Returns the ID of its multipart upload, if it has one.
    pub(super) fn upload_id(&self) -> Option<String> {
        match &self.state().content {
            Content::Large(upload) => Some(upload.upload_id.clone()),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns `true` if the server supports the condition that completes a multipart upload.
    ///
    /// # Errors
    ///
    /// `Unsupported` if it does not, and that is not accepted.
    fn has_conditions_of_uploads(&self) -> io::Result<bool> {
        let Connection {
            client,
            prefix,
            has_conditions,
            allow_unconditional_writes,
            ..
        } = &*self.connection;
        let has_conditions = *has_conditions && probe::has_conditions_of_uploads(client, prefix)?;
        if has_conditions || *allow_unconditional_writes {
            Ok(has_conditions)
        } else {
            Err(probe::unsupported())
        }
    }

    /// Begins a multipart upload for the archive with these bytes.
    fn begin(&self, start: Vec<u8>) -> io::Result<Content> {
        let archive = self.connection.archive.as_deref().ok_or_else(|| {
            let message = "a file other than the archive is larger than 8 MiB";
            io::Error::new(ErrorKind::Unsupported, message)
        })?;
        let key = self.connection.key(archive)?;
        let upload = Multipart::begin(&self.connection, key, self.id, start)?;
        Ok(Content::Large(Box::new(upload)))
    }
}

impl File for Arc<Upload> {
    fn metadata(&self) -> io::Result<Metadata> {
        let state = self.state();
        Ok(Metadata {
            kind: EntryKind::File,
            size: state.size,
            modified: state.modified,
            id: self.id,
        })
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let state = self.state();
        let end = offset.saturating_add(length as u64);
        let bytes = match &state.content {
            Content::Small(bytes) => bytes,
            _ if end <= state.head.len() as u64 => &state.head,
            _ => {
                let message = "the server cannot read a file before it has its final name";
                return Err(io::Error::new(ErrorKind::Unsupported, message));
            }
        };
        let start = usize::try_from(offset).map_or(bytes.len(), |start| start.min(bytes.len()));
        let end = start.saturating_add(length).min(bytes.len());
        Ok(bytes[start..end].to_vec())
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let state = &mut *state;
        if let Content::Small(start) = &mut state.content {
            if start.len() + bytes.len() <= PART_SIZE {
                start.extend_from_slice(bytes);
            } else {
                let start = std::mem::take(start);
                state.head = start[..start.len().min(HEAD_SIZE)].to_vec();
                // Unless it begins, these bytes are missing.
                let message = "the upload of the first part failed";
                state.content = Content::Broken(Failure::new(Cause::Other, message));
                state.has_conditions = self.has_conditions_of_uploads()?;
                state.content = self.begin(start)?;
            }
        }
        match &mut state.content {
            Content::Small(_) => {}
            Content::Large(upload) => upload.append(bytes)?,
            Content::Committed => {
                let message = "the file has its final name";
                return Err(io::Error::new(ErrorKind::Unsupported, message));
            }
            Content::Broken(failure) => return Err(failure.clone().into()),
        }
        state.size += bytes.len() as u64;
        state.modified = self.connection.client.server_time();
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if let Some(name) = &self.own_name
            && !self.is_stored_as(name)
        {
            return self.commit(name, Condition::Absent);
        }
        match &mut self.state().content {
            Content::Small(_) | Content::Committed => Ok(()),
            Content::Large(upload) => Ok(upload.sync()?),
            Content::Broken(failure) => Err(failure.clone().into()),
        }
    }
}
