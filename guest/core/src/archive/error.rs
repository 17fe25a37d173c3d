//! The error of reading an archive.

use crate::directory::FsError;

/// An error returned when an archive cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ArchiveError {
    /// The file system returned an error.
    Io(FsError),
    /// The archive differs from what the writer writes. The text states where and how.
    Corrupt(String),
}

impl ArchiveError {
    /// Returns the error for an entry whose content has another CRC-32 than its header.
    pub(crate) fn crc32_mismatch() -> Self {
        Self::Corrupt("the content does not match the CRC-32 of its header".to_owned())
    }

    /// Returns the error for an entry whose two headers differ.
    pub(crate) fn local_header_mismatch() -> Self {
        Self::Corrupt("the local header does not match the central directory".to_owned())
    }

    /// Adds the name of the entry that the error is about.
    pub(crate) fn in_entry(self, name: &str) -> Self {
        match self {
            Self::Io(error) => Self::Io(error),
            Self::Corrupt(cause) => Self::Corrupt(format!("entry {name}: {cause}")),
        }
    }
}

impl From<FsError> for ArchiveError {
    fn from(error: FsError) -> Self {
        match error {
            FsError::Damaged => Self::Corrupt(error.to_string()),
            error => Self::Io(error),
        }
    }
}
