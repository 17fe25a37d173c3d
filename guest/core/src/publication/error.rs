//! The error of all modules that read a publication.

use crate::directory::FsError;

/// An error returned by [`read_license`](super::read_license).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PublicationError {
    /// The file system failed a read.
    #[error(transparent)]
    Refused(#[from] FsError),
    /// The container is damaged or contradicts itself, so that nobody knows whether it
    /// contains a license. The text contains nothing of the file.
    #[error("{0}")]
    Container(&'static str),
    /// The entry of the license cannot be read. The text contains nothing of the file.
    #[error("{0}")]
    License(&'static str),
}
