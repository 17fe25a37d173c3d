//! Why a request failed, and what to do about it.

use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

use ureq::Error as HttpError;
use ureq::http::HeaderMap;

use super::response;
use super::xml::ErrorDocument;

/// The largest number of characters of a message of the server that is reported.
const MAX_MESSAGE: usize = 200;
/// The difference of clocks that servers accept.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_mins(15);

/// Why a request failed.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// `true` if an attempt of the request, though not necessarily the last one, may have had an
    /// effect.
    pub(super) may_have_effect: bool,
    message: String,
}

/// What a failure means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// No connection was made, so the request has no effect.
    Unreachable,
    /// The connection or the answer was lost: the request may have an effect.
    Lost,
    /// The server asks to come back later, or failed: the request may have an effect.
    Busy,
    /// Another request changed the key at the same moment.
    Conflict,
    /// The condition of the request does not hold.
    Condition,
    /// Neither the key nor, as far as the answer says so, the bucket exists.
    NoSuchKey,
    NoSuchUpload,
    Denied,
    Full,
    /// The server does not support the request.
    NotImplemented,
    Other,
}

impl Failure {
    pub(super) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self {
            cause,
            may_have_effect: matches!(cause, Cause::Lost | Cause::Busy | Cause::Conflict),
            message: message.into(),
        }
    }

    /// Returns the failure of a request without an answer. No URL gets into the message.
    pub(super) fn of_transport(error: &HttpError) -> Self {
        match error {
            HttpError::HostNotFound => Self::new(
                Cause::Unreachable,
                "the server was not found: check its name and the connection",
            ),
            HttpError::ConnectionFailed | HttpError::Timeout(ureq::Timeout::Connect) => Self::new(
                Cause::Unreachable,
                "the server does not answer: check its address and port, and the connection",
            ),
            HttpError::Io(error) if error.kind() == ErrorKind::ConnectionRefused => Self::new(
                Cause::Unreachable,
                "the server refuses the connection: check its address and port",
            ),
            HttpError::Timeout(_) => Self::new(
                Cause::Lost,
                "the server did not answer in time: check its address and port, and the connection",
            ),
            HttpError::Rustls(error) => Self::new(
                Cause::Other,
                format!("no secure connection can be made: {error}"),
            ),
            // rustls reports a certificate that is not accepted as an I/O error, too.
            HttpError::Io(error) if error.kind() == ErrorKind::InvalidData => Self::new(
                Cause::Other,
                format!("no secure connection can be made: {error}"),
            ),
            HttpError::Io(error) => {
                Self::new(Cause::Lost, format!("the connection broke: {error}"))
            }
            HttpError::Protocol(_) => {
                Self::new(Cause::Lost, "the answer of the server is not valid")
            }
            HttpError::ConnectProxyFailed(_) | HttpError::InvalidProxyUrl => Self::new(
                Cause::Other,
                "the proxy refuses the connection: check HTTPS_PROXY",
            ),
            _ => Self::new(Cause::Other, "the request cannot be sent"),
        }
    }

    /// Returns the failure that a server reports with a status and, except for `HEAD`, a document.
    pub(super) fn of_answer(status: u16, headers: &HeaderMap, document: ErrorDocument) -> Self {
        let ErrorDocument {
            code,
            message,
            region,
        } = document;
        let region = headers
            .get("x-amz-bucket-region")
            .and_then(|value| value.to_str().ok().map(str::to_owned))
            .or(region);
        let cause = Cause::of(status, &code);
        let message = match code.as_str() {
            "RequestTimeTooSkewed" => clock_message(headers),
            "RequestExpired" | "AccessDenied" if is_clock_wrong(headers) => clock_message(headers),
            "ExpiredToken"
            | "ExpiredTokenException"
            | "TokenRefreshRequired"
            | "RequestExpired" => "the credentials have expired: obtain new ones".to_owned(),
            "InvalidToken" => "the session token is not valid: check AWS_SESSION_TOKEN".to_owned(),
            "InvalidAccessKeyId" => {
                "the server does not know the access key: check AWS_ACCESS_KEY_ID or the profile"
                    .to_owned()
            }
            "SignatureDoesNotMatch" => {
                "the secret key is wrong: check AWS_SECRET_ACCESS_KEY or the profile".to_owned()
            }
            "NoSuchBucket" => {
                "the bucket does not exist: create it, or check its name and the server".to_owned()
            }
            _ if is_other_region(status, &code) => match region {
                Some(region) => format!(
                    "the bucket is in another region: set AWS_REGION to {}",
                    one_line(&region)
                ),
                None => "the bucket is in another region: set AWS_REGION".to_owned(),
            },
            _ => {
                let what = match cause {
                    Cause::Denied => {
                        "the server denies access: check the policies of user and bucket"
                    }
                    Cause::Full => {
                        "the server has no space left, or the quota is used up: free some space"
                    }
                    Cause::Busy => "the server is overloaded or failed: try again later",
                    Cause::Conflict => "another run changed the file at the same moment: try again",
                    Cause::Condition => "the file exists, or was replaced: try again",
                    Cause::NoSuchKey => "the file does not exist: check its name and the prefix",
                    Cause::NoSuchUpload => {
                        "the upload was aborted or completed by someone else: try again"
                    }
                    Cause::NotImplemented => {
                        "the server does not support the request: use another server"
                    }
                    _ => "the server refuses the request: check the settings of server and bucket",
                };
                format!("{what} ({})", answer(status, &code, &message))
            }
        };
        Self::new(cause, message)
    }

    /// Returns `true` if the same request may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self.cause,
            Cause::Unreachable | Cause::Lost | Cause::Busy | Cause::Conflict
        )
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure.cause {
            Cause::Conflict | Cause::Condition => ErrorKind::AlreadyExists,
            Cause::NoSuchKey => ErrorKind::NotFound,
            Cause::Denied => ErrorKind::PermissionDenied,
            Cause::Full => ErrorKind::StorageFull,
            Cause::NotImplemented => ErrorKind::Unsupported,
            Cause::Unreachable | Cause::Lost | Cause::Busy | Cause::NoSuchUpload | Cause::Other => {
                ErrorKind::Other
            }
        };
        Self::new(kind, failure.message)
    }
}

impl Cause {
    /// Returns the cause by the code of the document or, without one, by the status. The codes are
    /// those of AWS ("Error responses" in the API reference of S3), and of others with a limited
    /// space.
    fn of(status: u16, code: &str) -> Self {
        match code {
            "NoSuchKey" | "NotFound" => Self::NoSuchKey,
            "NoSuchUpload" => Self::NoSuchUpload,
            "PreconditionFailed" => Self::Condition,
            "ConditionalRequestConflict" | "OperationAborted" => Self::Conflict,
            "SlowDown"
            | "ServiceUnavailable"
            | "InternalError"
            | "RequestTimeout"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequests"
            | "BadDigest" => Self::Busy,
            "QuotaExceeded"
            | "XMinioAdminBucketQuotaExceeded"
            | "XMinioStorageFull"
            | "InsufficientStorage"
            | "InsufficientCapacity" => Self::Full,
            "NotImplemented" | "MethodNotAllowed" => Self::NotImplemented,
            "NoSuchBucket" => Self::Other,
            _ if is_other_region(status, code) => Self::Other,
            _ => match status {
                401 | 403 => Self::Denied,
                404 => Self::NoSuchKey,
                405 | 501 => Self::NotImplemented,
                409 if code.is_empty() => Self::Conflict,
                412 => Self::Condition,
                507 => Self::Full,
                429 | 500 | 502..=504 => Self::Busy,
                400 if matches!(
                    code,
                    "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "RequestExpired"
                ) =>
                {
                    Self::Denied
                }
                _ => Self::Other,
            },
        }
    }
}

fn is_other_region(status: u16, code: &str) -> bool {
    matches!(status, 301 | 302 | 307)
        || matches!(
            code,
            "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException"
        )
}

/// Returns the difference between the clock of the server and that of this device.
fn clock_difference(headers: &HeaderMap) -> Option<Duration> {
    let server = response::time(headers, "date")?;
    let here = SystemTime::now();
    Some(match server.duration_since(here) {
        Ok(difference) => difference,
        Err(earlier) => earlier.duration(),
    })
}

fn is_clock_wrong(headers: &HeaderMap) -> bool {
    clock_difference(headers).is_some_and(|difference| difference > MAX_CLOCK_DIFFERENCE)
}

fn clock_message(headers: &HeaderMap) -> String {
    let difference = clock_difference(headers).unwrap_or_default();
    let differs = match difference.as_secs() / 60 {
        0 => String::new(),
        minutes => format!(" by {minutes} min"),
    };
    format!("the clock of this device differs from that of the server{differs}: set it")
}

/// Returns what the server said, on one line.
fn answer(status: u16, code: &str, message: &str) -> String {
    match (one_line(code), one_line(message)) {
        (code, _) if code.is_empty() => format!("status {status}"),
        (code, message) if message.is_empty() => format!("{status} {code}"),
        (code, message) => format!("{status} {code}: {message}"),
    }
}

/// Returns the beginning of a text without control characters, which could change a terminal.
fn one_line(text: &str) -> String {
    let printable = text.chars().filter(|character| !character.is_control());
    printable
        .take(MAX_MESSAGE)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, code: &str, headers: &[(&'static str, &str)]) -> io::Error {
        let document = ErrorDocument {
            code: code.into(),
            message: "what\nhappened".into(),
            region: None,
        };
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let name = name.parse().expect("it is a name");
                (name, value.parse().expect("it is a value"))
            })
            .collect();
        Failure::of_answer(status, &headers, document).into()
    }

    #[test]
    fn each_cause_has_its_kind_and_says_what_to_do() {
        for (status, code, kind, expected) in [
            (
                403,
                "AccessDenied",
                ErrorKind::PermissionDenied,
                "check the policies",
            ),
            (
                403,
                "InvalidAccessKeyId",
                ErrorKind::PermissionDenied,
                "AWS_ACCESS_KEY_ID",
            ),
            (
                403,
                "SignatureDoesNotMatch",
                ErrorKind::PermissionDenied,
                "AWS_SECRET_ACCESS_KEY",
            ),
            (
                400,
                "ExpiredToken",
                ErrorKind::PermissionDenied,
                "obtain new ones",
            ),
            (
                403,
                "RequestTimeTooSkewed",
                ErrorKind::PermissionDenied,
                "clock of this device",
            ),
            (404, "NoSuchBucket", ErrorKind::Other, "create it"),
            (404, "NoSuchKey", ErrorKind::NotFound, "check its name"),
            (
                412,
                "PreconditionFailed",
                ErrorKind::AlreadyExists,
                "try again",
            ),
            (
                507,
                "",
                ErrorKind::StorageFull,
                "free some space (status 507)",
            ),
            (
                400,
                "QuotaExceeded",
                ErrorKind::StorageFull,
                "free some space",
            ),
            (503, "SlowDown", ErrorKind::Other, "try again later"),
            (
                501,
                "NotImplemented",
                ErrorKind::Unsupported,
                "use another server",
            ),
            (404, "NoSuchUpload", ErrorKind::Other, "try again"),
            (
                400,
                "Strange",
                ErrorKind::Other,
                "bucket (400 Strange: whathappened)",
            ),
        ] {
            let error = failure(status, code, &[]);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn the_region_of_the_bucket_is_named() {
        let region = [("x-amz-bucket-region", "eu-west-1")];
        for (status, code) in [
            (301, "PermanentRedirect"),
            (400, "AuthorizationHeaderMalformed"),
        ] {
            let message = failure(status, code, &region).to_string();
            assert!(
                message.ends_with("set AWS_REGION to eu-west-1"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_refusal_because_of_the_clock_says_so() {
        let date = [("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
        let message = failure(403, "AccessDenied", &date).to_string();
        assert!(message.contains("clock"), "{message}");
    }
}
