//! The reason why a file of the store is not in a backup.

use serde::{Deserialize, Serialize};

use crate::case_name::UnknownCaseName;
use crate::{ErrorCode, Restriction};

/// The reason why a file is not in a backup, or was not restored. The names of the two kinds differ,
/// so that a name identifies a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Reason {
    /// The file may not be backed up.
    Restricted(Restriction),
    /// The file could not be read.
    Failed(ErrorCode),
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.name()
    }
}

impl TryFrom<String> for Reason {
    type Error = UnknownCaseName;

    fn try_from(name: String) -> Result<Self, UnknownCaseName> {
        name.parse()
            .map(Self::Restricted)
            .or_else(|_| name.parse().map(Self::Failed))
    }
}

impl Reason {
    /// Returns the name of the restriction or error code in `wit/types.wit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restricted(restriction) => restriction.name(),
            Self::Failed(code) => code.name(),
        }
    }

    /// Returns `true` if a file of the store can have this reason. The other error codes
    /// are those of a whole operation.
    pub(crate) fn applies_to_file(self) -> bool {
        match self {
            Self::Restricted(_)
            | Self::Failed(
                ErrorCode::Io
                | ErrorCode::AccessDenied
                | ErrorCode::OutOfMemory
                | ErrorCode::PathNotFound
                | ErrorCode::DiskFull
                | ErrorCode::Malformed
                | ErrorCode::TooLarge
                | ErrorCode::Changed
                | ErrorCode::Shadowed
                | ErrorCode::IllegalName,
            ) => true,
            Self::Failed(
                ErrorCode::Cancelled
                | ErrorCode::InvalidArgument
                | ErrorCode::BackupExists
                | ErrorCode::BackupCorrupt
                | ErrorCode::Shrunk
                | ErrorCode::Stale
                | ErrorCode::Busy
                | ErrorCode::FileExists,
            ) => false,
        }
    }
}
