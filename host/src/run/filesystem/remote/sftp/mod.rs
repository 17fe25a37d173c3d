//! A directory of an SFTP server.
//!
//! The program `ssh` connects to the server, so that the user's configuration, agent, jump hosts
//! and known hosts count. `russh-sftp` speaks version 3 of the protocol through its pipes.
//!
//! # What is durable
//!
//! A file is synced with `fsync@openssh.com` before it gets its final name. The protocol has no
//! request that syncs a directory. OpenSSH on Linux opens a directory like a file, and syncs it
//! with the same request: then all names are as durable as on a local disk. On a server that
//! refuses that, the files that got a name are synced again, which on ext4, XFS, Btrfs and NTFS
//! includes the name; the removal of a name may then be undone when the server loses power. Nothing
//! helps against a server, or a disk, that reports a sync that it has not done.
//!
//! # Which file it is
//!
//! The protocol reports no identity of a file. One that was created here has an identity of its own
//! as long as its size and its time of the last change, in seconds, are what they were. For any
//! other file they are, together with its name, the identity: a file that is replaced within a
//! second by one of the same size is not noticed.
//!
//! # When the connection is lost
//!
//! The program tries for up to a minute to connect again, and repeats a request without an answer.
//! A file that was being written is read back before it is synced, because a server that has
//! restarted may have forgotten what it had acknowledged. After a link or a rename without an
//! answer, the file of the final name is compared with what was written.

mod connection;
mod failure;
mod own;
mod reader;
mod session;
mod ssh;
#[cfg(all(test, target_os = "linux"))]
pub(super) mod tests;
mod writer;

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};

use self::connection::Client;
use self::failure::Failure;
use self::own::{Handle, Names, Own, lock, size, temporary_name};
use self::reader::Reader;
use self::session::Session;
use self::ssh::Target;
use self::writer::Writer;
use super::connect::Purpose;
use super::{Directory, Entry, EntryKind, File, Metadata};
use crate::location::SftpLocation;

/// Connects to the server of a location with the program `ssh`. A missing directory is created for
/// an archive.
///
/// # Errors
///
/// [`ErrorKind::NotConnected`] with the last message of `ssh`, or [`ErrorKind::Unsupported`] with
/// the name of the missing extension of a server on which nothing can be written as promised.
pub(crate) fn connect(
    location: &SftpLocation,
    purpose: Purpose<'_>,
) -> io::Result<Arc<dyn Directory>> {
    Ok(Arc::new(Sftp::connect(
        vec!["ssh".into()],
        location,
        purpose,
    )?))
}

/// A directory of an SFTP server.
struct Sftp {
    client: Arc<Client>,
    directory: String,
    names: Mutex<Names>,
    /// The paths of files that got a name since the last sync.
    named: Mutex<Vec<String>>,
}

impl Sftp {
    fn connect(
        program: Vec<OsString>,
        location: &SftpLocation,
        purpose: Purpose<'_>,
    ) -> io::Result<Self> {
        let target = Target::new(program, location)?;
        let client = Client::connect(target, purpose.is_writable)?;
        let directory = location.path().to_owned();
        client.wait(async {
            let session = client.connection.attempts().next().await?;
            let is_created = purpose.archive.is_some();
            Ok(check_directory(&session, &directory, is_created).await?)
        })?;
        Ok(Self {
            client: Arc::new(client),
            directory,
            names: Mutex::default(),
            named: Mutex::default(),
        })
    }

    /// Returns the path of a name on the server.
    fn path(&self, name: &str) -> io::Result<String> {
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
            return Err(ErrorKind::InvalidFilename.into());
        }
        let directory = self.directory.trim_end_matches('/');
        Ok(format!("{directory}/{name}"))
    }

    /// Returns the name on the server, and the path.
    fn resolve(&self, name: &str) -> io::Result<(String, String)> {
        let name = lock(&self.names).resolve(name);
        let path = self.path(&name)?;
        Ok((name, path))
    }

    /// Returns the file of a name, if it was created here, and its path.
    fn own(&self, name: &str) -> io::Result<(Arc<Own>, String)> {
        let (name, path) = self.resolve(name)?;
        let own = lock(&self.names).own(&name).ok_or(ErrorKind::NotFound)?;
        Ok((own, path))
    }

    /// Returns the identity of a name on the server that has these attributes.
    async fn id(&self, name: &str, attributes: &FileAttributes) -> u128 {
        let own = lock(&self.names).own(name);
        if let Some(own) = own {
            // Nobody else has the name of a temporary file, whose size may change meanwhile.
            if temporary_name(name).is_some() || own.state.lock().await.is_as_synced(attributes) {
                return own.id;
            }
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&size(attributes).to_le_bytes());
        hasher.update(&attributes.mtime.unwrap_or(0).to_le_bytes());
        hasher.update(name.as_bytes());
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        u128::from_le_bytes(id)
    }

    /// Creates a file on the server. If the name is random, a file that exists after an answer was
    /// lost is the one of the first request.
    async fn create_in(
        &self,
        session: &Arc<Session>,
        path: &str,
        is_ours: bool,
    ) -> Result<Handle, Failure> {
        let flags = OpenFlags::READ | OpenFlags::WRITE;
        let new = OpenFlags::CREATE | OpenFlags::EXCLUDE;
        let handle = match session.open_file(path, flags | new).await {
            Err(failure @ Failure::Refused { .. }) => {
                if session.exists(path).await? {
                    if !is_ours {
                        return Err(ErrorKind::AlreadyExists.into());
                    }
                    session.open_file(path, flags).await?
                } else if failure.is(StatusCode::Failure) && session.is_full(&self.directory).await
                {
                    return Err(ErrorKind::StorageFull.into());
                } else {
                    return Err(failure);
                }
            }
            opened => opened?,
        };
        Ok(Handle {
            session: Arc::clone(session),
            handle,
        })
    }

    /// Notes that a file of this connection has got a final name.
    fn note_named(&self, own: Arc<Own>, name: &str, path: String) {
        own.set_path(path.clone());
        lock(&self.names).add(name, name.to_owned(), own);
        lock(&self.named).push(path);
    }
}

impl Directory for Sftp {
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let list = async |session: &Arc<Session>, _| session.list(&self.directory).await;
        let entries = self.client.call(list)?.into_iter();
        let names = lock(&self.names);
        Ok(entries
            .filter(|(name, _)| name != "." && name != "..")
            .map(|(name, attributes)| Entry {
                name: names.unresolve(name),
                kind: kind(&attributes),
            })
            .collect())
    }

    fn metadata(&self, name: &str) -> io::Result<Metadata> {
        let (name, path) = self.resolve(name)?;
        self.client.call(async |session, _| {
            let attributes = session.lstat(&path).await?;
            Ok(metadata(&attributes, self.id(&name, &attributes).await))
        })
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let (name, path) = self.resolve(name)?;
        let (handle, attributes, id) = self.client.call(async |session, _| {
            let (handle, attributes) = reader::open(session, &path).await?;
            let id = self.id(&name, &attributes).await;
            Ok((handle, attributes, id))
        })?;
        let client = Arc::clone(&self.client);
        Ok(Box::new(Reader::new(client, path, id, attributes, handle)))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let wanted = self.path(name)?;
        if lock(&self.names).is_own(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let random_name = temporary_name(name);
        let is_random = random_name.is_some();
        let server_name = random_name.unwrap_or_else(|| name.to_owned());
        let path = self.path(&server_name)?;
        let handle = self.client.call(async |session, is_answer_lost| {
            // A run that wrote through the file system of the server may have the name.
            if is_random && session.exists(&wanted).await? {
                return Err(ErrorKind::AlreadyExists.into());
            }
            let is_ours = is_random && is_answer_lost;
            self.create_in(session, &path, is_ours).await
        })?;
        let own = Arc::new(Own::new(path, handle));
        lock(&self.names).add(name, server_name, Arc::clone(&own));
        Ok(Box::new(Writer::new(Arc::clone(&self.client), own)))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        let (own, source) = self.own(from)?;
        let target = self.path(to)?;
        self.client.call(async |session, is_answer_lost| {
            let failure = match session.link(&source, &target).await {
                Err(failure @ Failure::Refused { .. }) if !failure.is_not_found() => failure,
                result => return result,
            };
            // OpenSSH reports an existing name like any other failure.
            if session.exists(&target).await? {
                let state = own.state.lock().await;
                if is_answer_lost && state.is_content_of(session, &target).await? {
                    return Ok(());
                }
                return Err(ErrorKind::AlreadyExists.into());
            }
            // A file system without hard links, such as FAT, may refuse them like one that allows
            // no change. The caller then renames the file, which reports a real refusal.
            let is_unsupported = [
                StatusCode::Failure,
                StatusCode::OpUnsupported,
                StatusCode::PermissionDenied,
            ];
            if is_unsupported.into_iter().any(|code| failure.is(code)) {
                return Err(no_links());
            }
            Err(failure)
        })?;
        self.note_named(own, to, target);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (own, source) = self.own(from)?;
        let target = self.path(to)?;
        self.client.call(async |session, is_answer_lost| {
            match session.rename(&source, &target).await {
                Err(failure) if is_answer_lost && failure.is_not_found() => {
                    let state = own.state.lock().await;
                    if session.exists(&target).await?
                        && state.is_content_of(session, &target).await?
                    {
                        return Ok(());
                    }
                    Err(failure)
                }
                result => result,
            }
        })?;
        lock(&self.names).remove(from);
        self.note_named(own, to, target);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (_, path) = self.resolve(name)?;
        let removed =
            self.client.call(
                async |session, is_answer_lost| match session.remove(&path).await {
                    Err(failure) if is_answer_lost && failure.is_not_found() => Ok(()),
                    result => result,
                },
            );
        let is_gone = removed
            .as_ref()
            .map_or_else(|error| error.kind() == ErrorKind::NotFound, |()| true);
        if is_gone {
            lock(&self.names).remove(name);
        }
        removed
    }

    fn sync(&self) -> io::Result<()> {
        let named = lock(&self.named).clone();
        self.client
            .call(async |session, _| sync(session, &self.directory, &named).await)?;
        lock(&self.named).drain(..named.len());
        Ok(())
    }
}

/// Checks that a directory exists, or creates it.
async fn check_directory(session: &Session, path: &str, is_created: bool) -> Result<(), Failure> {
    let mut attributes = session.stat(path).await;
    if is_created && attributes.as_ref().is_err_and(Failure::is_not_found) {
        let made = session.make_directory(path).await;
        attributes = session.stat(path).await;
        // Another run may have created it.
        if attributes.is_err() {
            made?;
        }
    }
    if attributes?.is_dir() {
        Ok(())
    } else {
        Err(ErrorKind::NotADirectory.into())
    }
}

/// Syncs a directory, or if the server cannot, the files of these paths.
async fn sync(session: &Session, directory: &str, named: &[String]) -> Result<(), Failure> {
    match session.open_file(directory, OpenFlags::READ).await {
        Ok(handle) => match sync_and_close(session, &handle).await {
            // The error of a disk has the code of any other failure. The other codes mean that the
            // file system cannot sync a directory.
            Err(failure @ Failure::Refused { .. }) if !failure.is(StatusCode::Failure) => {}
            result => return result,
        },
        Err(lost @ Failure::Lost(_)) => return Err(lost),
        Err(_) => {}
    }
    for path in named {
        match session.open_file(path, OpenFlags::READ).await {
            Ok(handle) => sync_and_close(session, &handle).await?,
            // It was removed again.
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

async fn sync_and_close(session: &Session, handle: &str) -> Result<(), Failure> {
    let synced = session.sync(handle).await;
    let closed = session.close(handle).await;
    synced?;
    closed
}

fn no_links() -> Failure {
    let message = "the server, or its file system, does not support hard links";
    Failure::Found(io::Error::new(ErrorKind::Unsupported, message))
}

fn metadata(attributes: &FileAttributes, id: u128) -> Metadata {
    let modified = attributes.mtime.map(u64::from).map(Duration::from_secs);
    Metadata {
        kind: kind(attributes),
        size: size(attributes),
        modified: modified.map(|modified| SystemTime::UNIX_EPOCH + modified),
        id,
    }
}

fn kind(attributes: &FileAttributes) -> EntryKind {
    let kind = attributes.file_type();
    if kind.is_file() {
        EntryKind::File
    } else if kind.is_dir() {
        EntryKind::Directory
    } else {
        EntryKind::Other
    }
}
