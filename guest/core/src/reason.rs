//! The reason why a file of the store is not in a backup.

use serde::de::IntoDeserializer as _;
use serde::de::value::{self, StrDeserializer};
use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Restriction};

/// Why a file is not in the backup. The names of the two kinds differ, so that no tag is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "String")]
pub enum Reason {
    /// It may not be backed up.
    Restricted(Restriction),
    /// It could not be read.
    Failed(ErrorCode),
}

impl TryFrom<String> for Reason {
    type Error = value::Error;

    fn try_from(name: String) -> Result<Self, value::Error> {
        let name: StrDeserializer<'_, value::Error> = name.as_str().into_deserializer();
        Restriction::deserialize(name)
            .map(Self::Restricted)
            .or_else(|_| ErrorCode::deserialize(name).map(Self::Failed))
    }
}

impl Reason {
    /// Whether it can be told of a file of the store. The other failures are those of a whole operation.
    pub(crate) fn is_of_a_file(self) -> bool {
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
                | ErrorCode::Busy
                | ErrorCode::FileExists,
            ) => false,
        }
    }
}
