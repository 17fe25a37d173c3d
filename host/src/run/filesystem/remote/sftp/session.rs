//! A session: one connection, and the requests that are made through it.

use std::future::ready;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use russh_sftp::client::error::Error;
use russh_sftp::client::rawsession::SftpResult;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::protocol::{FileAttributes, OpenFlags, Packet, StatusCode};

use super::failure::Failure;
use super::ssh::{Ssh, Target, not_connected};

const POSIX_RENAME: &str = "posix-rename@openssh.com";
const HARDLINK: &str = "hardlink@openssh.com";
const FSYNC: &str = "fsync@openssh.com";
const LIMITS: &str = "limits@openssh.com";
/// The extensions without which no file can be written as promised.
const REQUIRED: [&str; 3] = [POSIX_RENAME, HARDLINK, FSYNC];
/// The version of the protocol that OpenSSH and most other servers have.
const VERSION: u32 = 3;
/// The number of bytes that each server accepts and returns with a request.
const MIN_BLOCK: u32 = 32 << 10;
/// The largest number of bytes of a request: OpenSSH's limit.
const MAX_BLOCK: u64 = 255 << 10;
/// The number of requests that are sent before the answer to the first one is there.
const IN_FLIGHT: usize = 32;
/// The time in seconds after which a request has no answer any more. `ssh` itself finds out that
/// the connection is lost; this is for a server that hangs, and leaves time to sync a large file.
const TIMEOUT: u64 = 600;
/// The time within which the cause of a lost connection is known.
const CAUSE: Duration = Duration::from_secs(1);
/// The time that `ssh` has to end in order. It needs about a round trip.
const END: Duration = Duration::from_secs(1);

/// A connection.
pub(super) struct Session {
    raw: RawSftpSession,
    pub(super) ssh: Ssh,
    max_read: u32,
    max_write: u32,
    can_sync: bool,
}

impl Session {
    /// Connects, and checks that the server has what is required for writing.
    pub(super) async fn open(target: &Target, is_writable: bool) -> io::Result<Self> {
        let (stream, ssh) = Ssh::start(target)?;
        let config = Config {
            request_timeout_secs: TIMEOUT,
            ..Config::default()
        };
        let mut session = Self {
            raw: RawSftpSession::new_with_config(stream, config),
            ssh,
            max_read: MIN_BLOCK,
            max_write: MIN_BLOCK,
            can_sync: false,
        };
        if let Err(error) = session.negotiate(is_writable).await {
            session.end().await;
            return Err(error);
        }
        Ok(session)
    }

    /// Finds out what the server supports.
    async fn negotiate(&mut self, is_writable: bool) -> io::Result<()> {
        let version = match self.request(self.raw.init()).await {
            Err(Failure::Lost(cause)) => return Err(not_connected(&cause)),
            version => version?,
        };
        if version.version != VERSION {
            return Err(unsupported(&format!("version {VERSION} of SFTP")));
        }
        let has = |extension: &str| version.extensions.contains_key(extension);
        if is_writable && let Some(missing) = REQUIRED.iter().find(|extension| !has(extension)) {
            return Err(unsupported_extension(missing));
        }
        self.can_sync = has(FSYNC);
        if has(LIMITS) {
            let limits = self.request(self.raw.limits()).await?;
            self.max_read = block(limits.max_read_len);
            self.max_write = block(limits.max_write_len);
        }
        Ok(())
    }

    /// Returns the answer to a request.
    async fn request<T>(&self, request: impl Future<Output = SftpResult<T>>) -> Result<T, Failure> {
        match select(pin!(request), pin!(self.ssh.ended())).await {
            Either::Left((Ok(answer), _)) => Ok(answer),
            Either::Left((Err(Error::Status(status)), _)) => Err(Failure::Refused {
                code: status.status_code,
                message: status.error_message,
            }),
            Either::Left((Err(error), ended)) => {
                let cause = tokio::time::timeout(CAUSE, ended).await;
                Err(Failure::Lost(cause.unwrap_or_else(|_| error.to_string())))
            }
            Either::Right((cause, _)) => Err(Failure::Lost(cause)),
        }
    }

    /// Makes a request of an extension that is answered with a status.
    async fn extended(&self, extension: &str, data: Vec<u8>) -> Result<(), Failure> {
        let request = async {
            match self.raw.extended(extension, data).await? {
                Packet::Status(status) if status.status_code == StatusCode::Ok => Ok(()),
                Packet::Status(status) => Err(Error::Status(status)),
                _ => Err(Error::UnexpectedPacket),
            }
        };
        self.request(request).await
    }

    /// Returns the metadata of what a path refers to, after links.
    pub(super) async fn stat(&self, path: &str) -> Result<FileAttributes, Failure> {
        Ok(self.request(self.raw.stat(path)).await?.attrs)
    }

    /// Returns the metadata of a path. No link is followed.
    pub(super) async fn lstat(&self, path: &str) -> Result<FileAttributes, Failure> {
        Ok(self.request(self.raw.lstat(path)).await?.attrs)
    }

    pub(super) async fn fstat(&self, handle: &str) -> Result<FileAttributes, Failure> {
        Ok(self.request(self.raw.fstat(handle)).await?.attrs)
    }

    /// Returns whether there is anything at a path.
    pub(super) async fn exists(&self, path: &str) -> Result<bool, Failure> {
        match self.lstat(path).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is_not_found() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Opens a file, and returns its handle. The owner alone can access a new file.
    pub(super) async fn open_file(&self, path: &str, flags: OpenFlags) -> Result<String, Failure> {
        let attributes = FileAttributes {
            permissions: flags.contains(OpenFlags::CREATE).then_some(0o600),
            ..FileAttributes::empty()
        };
        let opened = self.request(self.raw.open(path, flags, attributes)).await?;
        Ok(opened.handle)
    }

    pub(super) async fn close(&self, handle: &str) -> Result<(), Failure> {
        self.request(self.raw.close(handle)).await?;
        Ok(())
    }

    /// Makes a directory for its owner alone.
    pub(super) async fn make_directory(&self, path: &str) -> Result<(), Failure> {
        let attributes = FileAttributes {
            permissions: Some(0o700),
            ..FileAttributes::empty()
        };
        self.request(self.raw.mkdir(path, attributes)).await?;
        Ok(())
    }

    /// Returns the names and the metadata in a directory.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<(String, FileAttributes)>, Failure> {
        let handle = self.request(self.raw.opendir(path)).await?.handle;
        let mut entries = Vec::new();
        loop {
            match self.request(self.raw.readdir(handle.as_str())).await {
                Ok(names) => {
                    let names = names.files.into_iter();
                    entries.extend(names.map(|file| (file.filename, file.attrs)));
                }
                Err(failure) if failure.is(StatusCode::Eof) => break,
                Err(failure) => return Err(failure),
            }
        }
        self.close(&handle).await?;
        Ok(entries)
    }

    pub(super) async fn remove(&self, path: &str) -> Result<(), Failure> {
        self.request(self.raw.remove(path)).await?;
        Ok(())
    }

    /// Adds a second name to a file. Most servers report an existing name as a failure without a
    /// cause.
    pub(super) async fn link(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.request(self.raw.hardlink(from, to)).await?;
        Ok(())
    }

    /// Renames a file, and replaces an existing one.
    pub(super) async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        let data = [string(from), string(to)].concat();
        self.extended(POSIX_RENAME, data).await
    }

    /// Syncs a file. A server from which files are only read may be unable to.
    pub(super) async fn sync(&self, handle: &str) -> Result<(), Failure> {
        if !self.can_sync {
            return Err(Failure::Found(unsupported_extension(FSYNC)));
        }
        self.request(self.raw.fsync(handle)).await?;
        Ok(())
    }

    /// Returns whether the file system of a path has no space for another block, if it is known.
    pub(super) async fn is_full(&self, path: &str) -> bool {
        let Ok(space) = self.request(self.raw.statvfs(path)).await else {
            return false;
        };
        let free = space.blocks_avail.saturating_mul(space.fragment_size);
        free < self.max_write.into() || (space.inodes > 0 && space.inodes_avail == 0)
    }

    /// Returns up to `length` bytes from `offset` on: fewer only at the end of the file.
    pub(super) async fn read(
        &self,
        handle: &str,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, Failure> {
        let block = self.max_read as usize;
        let blocks = (0..length)
            .step_by(block)
            .map(|start| self.read_block(handle, offset + start as u64, block.min(length - start)));
        let mut blocks = stream::iter(blocks).buffered(IN_FLIGHT);
        let mut bytes = Vec::with_capacity(length);
        while let Some(read) = blocks.try_next().await? {
            bytes.extend_from_slice(&read);
            // What follows the end, in a file that grows, is not contiguous.
            if read.len() < block {
                break;
            }
        }
        Ok(bytes)
    }

    /// Reads at most as many bytes as the server returns at once, or fewer at the end of the file.
    async fn read_block(
        &self,
        handle: &str,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, Failure> {
        let mut bytes: Vec<u8> = Vec::new();
        while bytes.len() < length {
            let rest = u32::try_from(length - bytes.len()).unwrap_or(self.max_read);
            let request = self.raw.read(handle, offset + bytes.len() as u64, rest);
            match self.request(request).await {
                Ok(read) if read.data.is_empty() => break,
                Ok(read) if bytes.is_empty() => bytes = read.data,
                Ok(read) => bytes.extend_from_slice(&read.data),
                Err(failure) if failure.is(StatusCode::Eof) => break,
                Err(failure) => return Err(failure),
            }
        }
        // A server that returns more than it was asked for.
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Writes bytes at an offset.
    pub(super) async fn write(
        &self,
        handle: &str,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let block = self.max_write as usize;
        // Of numbers, since a future of a closure that takes references is not `Send`.
        stream::iter((0..bytes.len()).step_by(block))
            .map(|start| {
                let end = bytes.len().min(start + block);
                let request =
                    self.raw
                        .write(handle, offset + start as u64, bytes[start..end].to_vec());
                self.request(request)
            })
            .buffer_unordered(IN_FLIGHT)
            .try_for_each(|_| ready(Ok(())))
            .await
    }

    /// Ends the connection: in order, by the end of the standard input of `ssh`, or else by force.
    pub(super) async fn end(&self) {
        // An error is that it has ended.
        drop(self.raw.close_session());
        if tokio::time::timeout(END, self.ssh.ended()).await.is_err() {
            self.ssh.kill();
            // It takes a moment, unless the system keeps the process from ending.
            drop(tokio::time::timeout(END, self.ssh.ended()).await);
        }
    }
}

fn unsupported_extension(name: &str) -> io::Error {
    unsupported(&format!("the extension {name}"))
}

fn unsupported(what: &str) -> io::Error {
    let message = format!("the server does not support {what}; use OpenSSH's server");
    io::Error::new(io::ErrorKind::Unsupported, message)
}

/// Returns the size of a request. A limit of 0 is none.
fn block(limit: u64) -> u32 {
    match limit {
        0 => MIN_BLOCK,
        limit => u32::try_from(limit.min(MAX_BLOCK)).unwrap_or(MIN_BLOCK),
    }
}

/// Encodes a string (draft-ietf-secsh-filexfer-02, section 3; RFC 4251, section 5).
fn string(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), text.as_bytes()].concat()
}
