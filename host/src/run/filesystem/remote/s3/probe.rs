//! Whether a server supports conditions of writes.

use std::io::{self, ErrorKind};

use ureq::http::Method;

use super::client::Client;
use super::failure::{Cause, Failure};
use super::request::Request;
use super::{multipart, xml};

/// The name of the object that is written twice. It stays, since a run may not have the right to
/// delete, and the next run then needs one request.
pub(super) const NAME: &str = ".license-backup-probe";
const CONTENT: &[u8] =
    b"license-backup writes this file to find out whether the server supports If-None-Match.\n";

/// Returns `true` if the server refuses to write an object that exists, if the request says so.
pub(super) fn has_conditions(client: &Client, prefix: &str) -> Result<bool, Failure> {
    let key = format!("{prefix}{NAME}");
    for _ in 0..2 {
        let request = Request::new(Method::PUT, &key)
            .header("if-none-match", "*")
            .body(CONTENT);
        match client.send(&request) {
            Ok(_) => {}
            Err(failure) if failure.cause == Cause::Condition => return Ok(true),
            Err(failure) if failure.cause == Cause::NotImplemented => return Ok(false),
            Err(failure) => return Err(failure),
        }
    }
    Ok(false)
}

/// Returns `true` if the server refuses to complete an upload under a key that exists, if the
/// request says so. Some servers know the condition, but ignore it then. [`has_conditions`] was
/// `true`, so that the key exists.
pub(super) fn has_conditions_of_uploads(client: &Client, prefix: &str) -> Result<bool, Failure> {
    let key = format!("{prefix}{NAME}");
    let upload_id = multipart::initiate(client, Request::new(Method::POST, &key))?;
    let completed = multipart::send_part(client, &key, &upload_id, 1, CONTENT).and_then(|tag| {
        let body = xml::completion([&tag].into_iter())?;
        let request = multipart::completion(&key, &upload_id, body.as_bytes());
        client.send(&request.header("if-none-match", "*"))
    });
    let Err(failure) = completed else {
        return Ok(false);
    };
    multipart::abort(client, &key, &upload_id)?;
    match failure.cause {
        Cause::Condition => Ok(true),
        Cause::NotImplemented => Ok(false),
        _ => Err(failure),
    }
}

/// Returns the error for a server that does not support conditions.
pub(super) fn unsupported() -> io::Error {
    let message = "the server does not support conditional writes (If-None-Match), so another run \
                   could replace a backup at the same moment; to accept that, use \
                   --s3-unconditional-writes";
    io::Error::new(ErrorKind::Unsupported, message)
}
