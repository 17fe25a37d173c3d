//! Opening a directory on another machine.

#[cfg(not(all(feature = "sftp", feature = "s3")))]
use std::io;
#[cfg(not(all(feature = "sftp", feature = "s3")))]
use std::sync::Arc;

#[cfg(not(all(feature = "sftp", feature = "s3")))]
use super::Directory;
#[cfg(not(feature = "s3"))]
use crate::location::S3Location;
#[cfg(not(feature = "sftp"))]
use crate::location::SftpLocation;

/// What an operation does in a directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'a> {
    /// Whether the operation creates or removes files.
    pub(crate) is_writable: bool,
    /// The name of the archive that the operation creates, if any.
    pub(crate) archive: Option<&'a str>,
}

#[cfg(feature = "sftp")]
pub(crate) use super::sftp::connect as sftp;

/// Connects to an SFTP server.
#[cfg(not(feature = "sftp"))]
pub(crate) fn sftp(_: &SftpLocation, _: Purpose<'_>) -> io::Result<Arc<dyn Directory>> {
    Err(without("sftp"))
}

#[cfg(feature = "s3")]
pub(crate) use super::s3::connect as s3;

/// Opens a part of a bucket.
#[cfg(not(feature = "s3"))]
pub(crate) fn s3(_: &S3Location, _: Purpose<'_>) -> io::Result<Arc<dyn Directory>> {
    Err(without("s3"))
}

/// Returns the error of a program that was built without a feature.
#[cfg(not(all(feature = "sftp", feature = "s3")))]
fn without(feature: &str) -> io::Error {
    let message = format!("this program was built without the feature `{feature}`");
    io::Error::new(io::ErrorKind::Unsupported, message)
}
