//! Multipart uploads: large files, whose parts are sent while the next part is written.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use ureq::http::Method;

use super::client::Client;
use super::commit::{Condition, commit};
use super::connection::Connection;
use super::failure::{Cause, Failure};
use super::object::with_identity;
use super::request::Request;
use super::xml::{self, InitiatedUpload};

/// The size of a part in bytes. Servers require 5 MiB, except of the last part. Two parts are in
/// memory at most.
pub(super) const PART_SIZE: usize = 8 << 20;
/// The largest number of parts, which all servers support.
const MAX_PARTS: usize = 10_000;

/// A multipart upload that is not complete.
pub(super) struct Multipart {
    connection: Arc<Connection>,
    pub(super) key: String,
    pub(super) upload_id: String,
    id: u128,
    /// The tags of the parts that the server has.
    tags: Vec<String>,
    /// The part that is being sent.
    sending: Option<JoinHandle<Result<String, Failure>>>,
    /// The last part, of at most [`PART_SIZE`] bytes. It is never empty.
    last: Vec<u8>,
    /// The tag of the last part, if the server has it as it is now.
    last_tag: Option<String>,
    /// Why a part is missing. The upload cannot be completed then.
    failure: Option<Failure>,
}

impl Multipart {
    /// Begins an upload for a key. `id` is the identity of the file, and `start` its bytes up to
    /// now.
    pub(super) fn begin(
        connection: &Arc<Connection>,
        key: String,
        id: u128,
        start: Vec<u8>,
    ) -> Result<Self, Failure> {
        let request = with_identity(Request::new(Method::POST, &key), id);
        let upload_id = initiate(&connection.client, request)?;
        Ok(Self {
            connection: Arc::clone(connection),
            key,
            upload_id,
            id,
            tags: Vec::new(),
            sending: None,
            last: start,
            last_tag: None,
            failure: None,
        })
    }

    /// Appends bytes. Reports a failure of an earlier part.
    pub(super) fn append(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            self.last_tag = None;
            if self.last.len() >= PART_SIZE {
                self.send_last()?;
            }
            let length = bytes.len().min(PART_SIZE - self.last.len());
            let (fitting, rest) = bytes.split_at(length);
            self.last.extend_from_slice(fitting);
            bytes = rest;
        }
        Ok(())
    }

    /// Sends the last part in the background, and begins another one.
    fn send_last(&mut self) -> Result<(), Failure> {
        self.wait()?;
        let number = self.next_number()?;
        let bytes = std::mem::replace(&mut self.last, Vec::with_capacity(PART_SIZE));
        let connection = Arc::clone(&self.connection);
        let (key, upload_id) = (self.key.clone(), self.upload_id.clone());
        let thread = Builder::new()
            .name("s3-upload".to_owned())
            .spawn(move || send_part(&connection.client, &key, &upload_id, number, &bytes));
        match thread {
            Ok(thread) => {
                self.sending = Some(thread);
                Ok(())
            }
            Err(error) => {
                let message = format!("no thread can be started: {error}");
                Err(self.fail(Failure::new(Cause::Other, message)))
            }
        }
    }

    /// Waits for the part that is being sent.
    fn wait(&mut self) -> Result<(), Failure> {
        if let Some(thread) = self.sending.take() {
            let stopped = |_| {
                Err(Failure::new(
                    Cause::Other,
                    "the thread of an upload stopped",
                ))
            };
            match thread.join().unwrap_or_else(stopped) {
                Ok(tag) => self.tags.push(tag),
                Err(failure) => return Err(self.fail(failure)),
            }
        }
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Remembers that a part is missing.
    fn fail(&mut self, failure: Failure) -> Failure {
        self.failure.insert(failure).clone()
    }

    fn next_number(&self) -> Result<usize, Failure> {
        if self.tags.len() < MAX_PARTS {
            Ok(self.tags.len() + 1)
        } else {
            let message = "the file is larger than 80 GB, which is the limit for an upload";
            Err(Failure::new(Cause::Other, message))
        }
    }

    /// Sends all parts. The last one is kept, and sent again if more bytes are appended.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        self.wait()?;
        if self.last_tag.is_none() {
            let number = self.next_number()?;
            let Self {
                connection,
                key,
                upload_id,
                last,
                ..
            } = self;
            self.last_tag = Some(send_part(&connection.client, key, upload_id, number, last)?);
        }
        Ok(())
    }

    /// Makes the file visible under the key of the upload.
    pub(super) fn complete(&mut self, condition: Condition) -> Result<(), Failure> {
        self.sync()?;
        let tags = self.tags.iter().chain(&self.last_tag);
        let body = xml::completion(tags)?;
        let request = completion(&self.key, &self.upload_id, body.as_bytes());
        commit(&self.connection.client, request, self.id, condition)
    }

    /// Aborts the upload, and removes its parts.
    pub(super) fn abort(&mut self) -> Result<(), Failure> {
        // The server could keep a part that arrives after the upload is aborted.
        let _ = self.wait();
        abort(&self.connection.client, &self.key, &self.upload_id)
    }
}

/// Begins an upload with a request for its key, and returns its ID.
pub(super) fn initiate(client: &Client, request: Request<'_>) -> Result<String, Failure> {
    let request = request
        .query("uploads", "")
        .answer("InitiateMultipartUploadResult");
    let InitiatedUpload { upload_id } = xml::parse(&client.send(&request)?.body)?;
    Ok(upload_id)
}

/// Returns the request that completes an upload. `body` names its parts.
pub(super) fn completion<'a>(key: &'a str, upload_id: &str, body: &'a [u8]) -> Request<'a> {
    Request::new(Method::POST, key)
        .query("uploadId", upload_id)
        .body(body)
        .answer("CompleteMultipartUploadResult")
}

/// Aborts an upload, which may be gone.
pub(super) fn abort(client: &Client, key: &str, upload_id: &str) -> Result<(), Failure> {
    let request = Request::new(Method::DELETE, key).query("uploadId", upload_id);
    match client.send(&request) {
        Err(failure) if !matches!(failure.cause, Cause::NoSuchUpload | Cause::NoSuchKey) => {
            Err(failure)
        }
        _ => Ok(()),
    }
}

/// Sends a part, and returns its tag.
pub(super) fn send_part(
    client: &Client,
    key: &str,
    upload_id: &str,
    number: usize,
    bytes: &[u8],
) -> Result<String, Failure> {
    let request = Request::new(Method::PUT, key)
        .query("partNumber", number.to_string())
        .query("uploadId", upload_id)
        .body(bytes);
    let answer = client.send(&request)?;
    let tag = answer.header("etag").map(str::to_owned);
    tag.ok_or_else(|| Failure::new(Cause::Other, "the server reports no tag for a part"))
}
