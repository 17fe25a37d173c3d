//! Requests that fail.

use std::io::{self, ErrorKind};

use russh_sftp::protocol::StatusCode;

use super::ssh::printable;

/// Why a request has failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection was lost, for this cause. Whether the request had an effect is unknown.
    Lost(String),
    /// The server has answered with an error.
    Refused {
        code: StatusCode,
        /// OpenSSH sends the name of the code.
        message: String,
    },
    /// The answers of the server mean this error.
    Found(io::Error),
}

impl Failure {
    /// Returns the failure for a file that is not the one that it was, or not whole.
    pub(super) fn changed(cause: &'static str) -> Self {
        Self::Found(io::Error::new(ErrorKind::InvalidData, cause))
    }

    /// Returns whether there is no such file.
    pub(super) fn is_not_found(&self) -> bool {
        self.is(StatusCode::NoSuchFile)
    }

    /// Returns whether the server has answered with this code.
    pub(super) fn is(&self, expected: StatusCode) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == expected)
    }
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Self {
        Self::Found(kind.into())
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(cause) => lost(&cause),
            Failure::Found(error) => error,
            Failure::Refused { code, message } => {
                let kind = match code {
                    StatusCode::NoSuchFile => ErrorKind::NotFound,
                    StatusCode::PermissionDenied => ErrorKind::PermissionDenied,
                    StatusCode::OpUnsupported => ErrorKind::Unsupported,
                    StatusCode::Failure if is_about_space(&message) => ErrorKind::StorageFull,
                    _ => ErrorKind::Other,
                };
                Self::new(kind, format!("the server reports: {}", printable(&message)))
            }
        }
    }
}

/// Returns the error after the connection could not be restored.
pub(super) fn lost(cause: &str) -> io::Error {
    let message = format!("the connection to the server was lost: {cause}");
    io::Error::new(ErrorKind::ConnectionAborted, message)
}

/// Returns whether the text of an error, which servers other than OpenSSH send, is about space.
fn is_about_space(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["no space", "quota", "disk full"]
        .iter()
        .any(|text| message.contains(text))
}
