//! The files that a listing returns, and their totals.

use crate::archive::SkippedEntry;
use crate::reason::Reason;
use crate::store::{FileState, StoreFile};
use crate::{ErrorCode, LicenseIdentity, Restriction};

/// The standing of a file with regard to a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum LicenseStanding {
    /// The file is in the store and may be backed up.
    Allowed,
    /// The file is in the backup.
    BackedUp,
    /// The file may not be backed up, for this reason.
    Restricted(Restriction),
    /// The file could not be read, for this reason.
    Failed(ErrorCode),
}

impl From<Reason> for LicenseStanding {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Restricted(restriction) => Self::Restricted(restriction),
            Reason::Failed(code) => Self::Failed(code),
        }
    }
}

/// A file of a store or of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LicenseListing {
    /// The path relative to the store, with `/` between its components, not escaped.
    pub path: String,
    /// The identifiers in the document.
    pub identity: LicenseIdentity,
    /// The size in bytes of a license that may be backed up or is in the backup. `None` for other
    /// files.
    pub size: Option<u64>,
    /// The name of the entry that holds the license, if the file is a publication of the store.
    pub entry: Option<String>,
    /// Whether the file is in the backup or may be backed up, and the reason if not.
    pub standing: LicenseStanding,
    /// The error message for a file of a store that is [`LicenseStanding::Failed`]. A backup does
    /// not record it.
    pub message: Option<String>,
}

impl LicenseListing {
    /// Returns the listing of a file of which only the path and the standing are known.
    #[must_use]
    pub fn new(path: String, standing: LicenseStanding) -> Self {
        Self {
            path,
            identity: LicenseIdentity::default(),
            size: None,
            entry: None,
            standing,
            message: None,
        }
    }

    /// Returns the listing of a file of the store, or `None` if a backup would not mention it.
    pub(super) fn of_store_file(file: StoreFile) -> Option<Self> {
        let StoreFile {
            path,
            identity,
            entry,
            state,
        } = file;
        let listing = match state {
            FileState::Allowed(document) => Self {
                size: Some(document.len() as u64),
                ..Self::new(path, LicenseStanding::Allowed)
            },
            FileState::Restricted(reason) => Self::new(path, LicenseStanding::Restricted(reason)),
            FileState::Failed(failure) => Self {
                message: Some(failure.message),
                ..Self::new(path, LicenseStanding::Failed(failure.code))
            },
            FileState::Absent => return None,
        };
        Some(Self {
            identity,
            entry: entry.map(str::to_owned),
            ..listing
        })
    }

    /// Returns the listing of a file that a backup skipped.
    pub(super) fn of_skipped(skipped: SkippedEntry) -> Self {
        Self {
            identity: skipped.clone().identity(),
            ..Self::new(skipped.path, skipped.reason.into())
        }
    }
}

/// The totals of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListSummary {
    /// The name of the backup file. `None` for a store.
    pub file: Option<String>,
    /// The number of license documents that are in the backup or may be backed up.
    pub licenses: u64,
    /// The number of bytes of these documents.
    pub bytes: u64,
    /// The number of skipped files, for any reason.
    pub skipped: u64,
    /// The program that wrote the backup, with its version. `None` for a store.
    pub program: Option<String>,
}

impl ListSummary {
    /// Adds files to the totals.
    pub(super) fn add(&mut self, listings: &[LicenseListing]) {
        for listing in listings {
            match listing.standing {
                LicenseStanding::Allowed | LicenseStanding::BackedUp => {
                    self.licenses += 1;
                    self.bytes += listing.size.unwrap_or_default();
                }
                LicenseStanding::Restricted(_) | LicenseStanding::Failed(_) => self.skipped += 1,
            }
        }
    }
}
