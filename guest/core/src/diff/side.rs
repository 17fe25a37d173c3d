//! A side of a comparison: its licenses in byte order of path.

use super::unread::Unread;
use crate::archive::{Entry, Hash};
use crate::{Failure, LicenseIdentity};

/// The next item of a side.
pub(super) enum Head<T> {
    /// The item was not read yet.
    Pending,
    Item(T),
    /// There is none: the side has ended.
    End,
}

/// A license of a backup.
pub(super) struct BackedUpLicense {
    /// The path below the store.
    pub(super) path: String,
    pub(super) hash: Hash,
    /// The entry of the document.
    pub(super) entry: Entry<String>,
}

/// An item of the newer side.
pub(super) enum Newer {
    BackedUp(BackedUpLicense),
    Stored(StoredLicense),
    Unreadable(Unread, Failure),
}

/// A license of the store.
pub(super) struct StoredLicense {
    /// The path that it has in a backup.
    pub(super) path: String,
    pub(super) hash: Hash,
    pub(super) identity: LicenseIdentity,
}

impl Newer {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::BackedUp(license) => &license.path,
            Self::Stored(license) => &license.path,
            Self::Unreadable(unread, _) => unread.path(),
        }
    }
    /// Returns the hash, or `None` for a file that could not be read.
    pub(super) fn hash(&self) -> Option<Hash> {
        match self {
            Self::BackedUp(license) => Some(license.hash),
            Self::Stored(license) => Some(license.hash),
            Self::Unreadable(..) => None,
        }
    }
}
