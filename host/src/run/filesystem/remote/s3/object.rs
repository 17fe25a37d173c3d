//! Objects: their metadata, their bytes, and their removal.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use ureq::http::Method;

use super::super::{EntryKind, File, Metadata};
use super::client::Client;
use super::connection::{Connection, identity};
use super::failure::{Cause, Failure};
use super::request::Request;

/// The header with the identity of an upload, which becomes metadata of the object.
const IDENTITY: &str = "x-amz-meta-license-backup-id";

/// Returns the request with the identity that the object will have.
pub(super) fn with_identity(request: Request<'_>, id: u128) -> Request<'_> {
    request.header(IDENTITY, format!("{id:032x}"))
}

/// What is known about an object.
pub(super) struct Object {
    key: String,
    /// The tag of its content.
    tag: Option<String>,
    pub(super) metadata: Metadata,
}

impl Object {
    /// Asks for an object.
    pub(super) fn find(client: &Client, key: &str) -> Result<Self, Failure> {
        let answer = client.send(&Request::new(Method::HEAD, key).limit(0));
        let answer = match answer {
            // The answer to `HEAD` has no document with the cause.
            Err(failure) if !failure.is_transient() => {
                let first = Request::new(Method::GET, key).header("range", "bytes=0-0");
                client.send(&first).err().map_or(Err(failure), Err)
            }
            answer => answer,
        }?;
        let size = answer
            .header("content-length")
            .and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| Failure::new(Cause::Other, "the server reports no size"))?;
        let tag = answer.header("etag").map(str::to_owned);
        let id = answer
            .header(IDENTITY)
            .and_then(|id| u128::from_str_radix(id, 16).ok());
        let metadata = Metadata {
            kind: EntryKind::File,
            size,
            modified: answer.time("last-modified"),
            id: id.unwrap_or_else(|| {
                let tag = tag.as_deref().unwrap_or_default();
                identity([key, tag, &size.to_string()])
            }),
        };
        Ok(Self {
            key: key.to_owned(),
            tag,
            metadata,
        })
    }

    /// Removes an object. That an object does not exist is no failure of the request itself, so it
    /// is asked for before.
    pub(super) fn remove(client: &Client, key: &str) -> Result<(), Failure> {
        Self::find(client, key)?;
        client.send(&Request::new(Method::DELETE, key)).map(drop)
    }
}

/// An object that is open for reading.
pub(super) struct ObjectFile {
    pub(super) connection: Arc<Connection>,
    pub(super) object: Object,
}

impl File for ObjectFile {
    fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.object.metadata)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let Object { key, tag, metadata } = &self.object;
        let rest = metadata.size.saturating_sub(offset);
        let length = usize::try_from(rest).map_or(length, |rest| rest.min(length));
        if length == 0 {
            return Ok(Vec::new());
        }
        let range = format!("bytes={offset}-{}", offset + length as u64 - 1);
        let mut request = Request::new(Method::GET, key)
            .header("range", range)
            .limit(length);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        let answer = match self.connection.client.send(&request) {
            Err(failure) if matches!(failure.cause, Cause::Condition | Cause::NoSuchKey) => {
                return Err(io::Error::other(
                    "the file was replaced or removed while it was read",
                ));
            }
            answer => answer?,
        };
        let is_whole = offset == 0 && length as u64 == metadata.size;
        if !(answer.is_partial || is_whole) || answer.body.len() != length {
            let message = "the server does not return the requested part of the file";
            return Err(io::Error::new(ErrorKind::Unsupported, message));
        }
        Ok(answer.body)
    }

    fn append(&self, _bytes: &[u8]) -> io::Result<()> {
        Err(opened_for_reading())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the error of a change that is not permitted here.
pub(super) fn opened_for_reading() -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, "it is open for reading only")
}
