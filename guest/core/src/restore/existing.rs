//! What the store has under the name of a license.

use super::conflict::Conflict;
use super::dir_listing::DirListing;
use crate::archive::StoredLicense;
use crate::budget::Budget;
use crate::directory::{FsError, READ_LENGTH};
use crate::license::{self, MAX_DOCUMENT_SIZE};
use crate::{Directory, EntryKind, File, Metadata};

/// The name of a license in a directory of the store.
pub(super) struct Target<'a, D: Directory> {
    pub(super) directory: &'a D,
    /// The names in the directory.
    pub(super) listing: &'a DirListing<D::Entries>,
    pub(super) name: &'a str,
    pub(super) license: &'a StoredLicense,
    /// Whether a file with other content may be replaced.
    pub(super) overwrite: bool,
}

/// An entry of the store that a target finds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Existing {
    /// There is no entry.
    Nothing,
    /// A file with the content of the license. The file system may spell its name differently.
    Present,
    /// A file that is to be replaced.
    Replaceable,
    /// An entry that is kept.
    Conflict(Conflict),
}

impl<D: Directory> Target<'_, D> {
    /// Looks for an entry of the target's name.
    pub(super) fn find(&self, budget: &mut Budget) -> Result<Existing, FsError> {
        let metadata = match self.directory.metadata(self.name) {
            Ok(metadata) => metadata,
            Err(error) => return not_found(error),
        };
        match is_license(self.directory, self.name, metadata, self.license, budget) {
            Ok(true) => Ok(Existing::Present),
            Ok(false) if metadata.kind != EntryKind::File => {
                Ok(Existing::Conflict(Conflict::NotAFile))
            }
            Ok(false) => Ok(match self.listing.has(self.name)? {
                true if self.overwrite => Existing::Replaceable,
                true => Existing::Conflict(Conflict::OtherContent),
                false => Existing::Conflict(Conflict::OtherName),
            }),
            Err(FsError::AccessDenied | FsError::Busy | FsError::NotPermitted) => {
                Ok(Existing::Conflict(Conflict::Unreadable))
            }
            Err(error) => not_found(error),
        }
    }
}

/// Returns what an entry is that cannot be looked at, or opened, because of `error`.
fn not_found(error: FsError) -> Result<Existing, FsError> {
    match error {
        FsError::NoEntry => Ok(Existing::Nothing),
        // Another program may have replaced the file since its metadata was read.
        FsError::Link | FsError::IsDirectory => Ok(Existing::Conflict(Conflict::NotAFile)),
        error if is_name_rejected(error) => Ok(Existing::Conflict(Conflict::Incompatible)),
        error => Err(error),
    }
}

/// Returns a conflict if the file of this name has, or may have, a newer version of the license
/// document `document`.
pub(super) fn newer_version<D: Directory>(
    directory: &D,
    name: &str,
    document: &[u8],
    budget: &mut Budget,
) -> Result<Option<Conflict>, FsError> {
    let Some(version) = license::version(document) else {
        return Ok(None);
    };
    match read_document(directory, name, budget) {
        Ok(existing) => {
            let existing = existing.and_then(|existing| license::version(&existing));
            Ok(existing
                .is_some_and(|existing| version.may_be_older_than(&existing))
                .then_some(Conflict::Newer))
        }
        Err(FsError::NoEntry) => Ok(None),
        Err(FsError::Link | FsError::IsDirectory) => Ok(Some(Conflict::NotAFile)),
        Err(error @ FsError::OutOfMemory) => Err(error),
        // The file may have the newer version, and so it is kept.
        Err(_) => Ok(Some(Conflict::Unreadable)),
    }
}

/// Reads a document, or returns `None` if the file is larger than any document can be.
pub(super) fn read_document<D: Directory>(
    directory: &D,
    name: &str,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, FsError> {
    let file = directory.open_file(name)?;
    let mut document = Vec::new();
    while document.len() as u64 <= MAX_DOCUMENT_SIZE {
        let bytes = file.read(READ_LENGTH, document.len() as u64)?.bytes;
        if bytes.is_empty() {
            return Ok(Some(document));
        }
        budget.spend_bytes(bytes.len());
        document.extend_from_slice(&bytes);
    }
    Ok(None)
}

/// Returns `true` if a call fails with `error` because the file system cannot hold a name.
///
/// A file system that splits a name into several fails because a component does not exist or is no
/// directory. A host that takes a name for a path out of the directory does not permit it.
pub(super) fn is_name_rejected(error: FsError) -> bool {
    match error {
        FsError::NoEntry
        | FsError::NotDirectory
        | FsError::NotPermitted
        | FsError::IllegalName
        | FsError::Invalid
        | FsError::Other("name-too-long") => true,
        FsError::AccessDenied
        | FsError::Busy
        | FsError::Damaged
        | FsError::Encrypted
        | FsError::Exist
        | FsError::IsDirectory
        | FsError::Link
        | FsError::NoSpace
        | FsError::OutOfMemory
        | FsError::Unsupported
        | FsError::Other(_) => false,
    }
}

/// Returns `true` if the file of this name, which has this metadata, has the content of a license.
pub(super) fn is_license<D: Directory>(
    directory: &D,
    name: &str,
    metadata: Metadata,
    license: &StoredLicense,
    budget: &mut Budget,
) -> Result<bool, FsError> {
    if metadata.kind != EntryKind::File || metadata.size != u64::from(license.size) {
        return Ok(false);
    }
    let file = directory.open_file(name)?;
    let mut hasher = blake3::Hasher::new();
    while hasher.count() <= metadata.size {
        let bytes = file.read(READ_LENGTH, hasher.count())?.bytes;
        if bytes.is_empty() {
            return Ok(
                hasher.count() == metadata.size && *hasher.finalize().as_bytes() == license.hash
            );
        }
        budget.spend_bytes(bytes.len());
        hasher.update(&bytes);
    }
    Ok(false)
}
