//! The request that makes a file visible, and its outcome if the answer is lost.

use ureq::http::Method;

use super::client::Client;
use super::failure::{Cause, Failure};
use super::object::{Object, with_identity};
use super::request::Request;

/// The condition of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// The key does not exist.
    Absent,
    /// None: an existing object is replaced.
    Any,
}

/// Stores a small file under a key.
pub(super) fn put(
    client: &Client,
    key: &str,
    id: u128,
    bytes: &[u8],
    condition: Condition,
) -> Result<(), Failure> {
    let request = with_identity(Request::new(Method::PUT, key), id).body(bytes);
    commit(client, request, id, condition)
}

/// Sends a request that makes the file with this identity visible, and finds out whether it did.
///
/// An attempt whose answer was lost may have had an effect. Then a later attempt fails for whatever
/// cause: it finds the condition violated by the file itself, or the upload gone, or the
/// credentials expired. So may the first attempt, if something between here and the server repeated
/// it. The identity is that of the run that wrote the file. If the key cannot be looked at, the
/// outcome is unknown, and the cause [`Cause::Lost`].
pub(super) fn commit(
    client: &Client,
    request: Request<'_>,
    id: u128,
    condition: Condition,
) -> Result<(), Failure> {
    let request = match condition {
        Condition::Absent => request.header("if-none-match", "*"),
        Condition::Any => request,
    };
    let Err(mut failure) = client.send(&request) else {
        return Ok(());
    };
    let may_be_done = failure.may_have_effect
        || failure.is_transient()
        || matches!(failure.cause, Cause::Condition | Cause::NoSuchUpload);
    if may_be_done {
        match Object::find(client, request.key()) {
            Ok(object) if object.metadata.id == id => return Ok(()),
            Ok(_) if condition == Condition::Absent => {
                return Err(Failure::new(Cause::Condition, "the file exists"));
            }
            Err(found) if found.cause == Cause::NoSuchKey => {
                // It would claim that the file exists.
                if matches!(failure.cause, Cause::Conflict | Cause::Condition) {
                    failure.cause = Cause::Other;
                }
            }
            // Whether it is done remains unknown.
            Err(_) if failure.may_have_effect => failure.cause = Cause::Lost,
            Ok(_) | Err(_) => {}
        }
    }
    if condition == Condition::Absent && failure.cause == Cause::NotImplemented {
        // As an unsupported link, it would be replaced by a rename, which has no condition.
        failure.cause = Cause::Other;
    }
    Err(failure)
}
