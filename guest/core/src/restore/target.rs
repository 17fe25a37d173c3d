//! What is in the store where a license is to go.

use super::budget::Budget;
use super::conflict::Conflict;
use super::names::Names;
use crate::archive::StoredLicense;
use crate::directory::FsError;
use crate::license::{self, LARGEST_DOCUMENT};
use crate::{Directory, EntryKind, File, Metadata};

/// What one read asks for, in bytes: hosts of `wasi:filesystem` give no more than 64 KiB at a time.
const READ_LENGTH: usize = 64 << 10;

/// The place of a license in the store.
pub(super) struct Target<'a, D: Directory> {
    pub(super) directory: &'a D,
    /// The names in the directory.
    pub(super) names: &'a Names<D::Entries>,
    pub(super) name: &'a str,
    pub(super) license: &'a StoredLicense,
    /// Whether a file with other content may be replaced.
    pub(super) overwrite: bool,
}

/// What is there.
pub(super) enum Finding {
    /// Nothing.
    Free,
    /// The license itself, under whatever name the file system finds it.
    Present,
    /// A file that is to be replaced.
    Replaceable,
    /// Something that is to be kept.
    Conflict(Conflict),
}

impl<D: Directory> Target<'_, D> {
    /// Looks what is there.
    pub(super) fn look(&self, budget: &mut Budget) -> Result<Finding, FsError> {
        let looked = self.directory.metadata(self.name).map(|metadata| {
            (
                metadata,
                is_license(self.directory, self.name, metadata, self.license, budget),
            )
        });
        let looked = match looked {
            // The file is there, whatever is in it.
            Ok((_, Err(FsError::AccessDenied | FsError::NotPermitted))) => {
                return Ok(Finding::Conflict(Conflict::Unreadable));
            }
            Ok((metadata, compared)) => compared.map(|is_license| (metadata, is_license)),
            Err(error) => Err(error),
        };
        match looked {
            Ok((_, true)) => Ok(Finding::Present),
            Ok((metadata, false)) if metadata.kind != EntryKind::File => {
                Ok(Finding::Conflict(Conflict::NoFile))
            }
            Ok(_) => Ok(match self.names.has(self.name)? {
                true if self.overwrite => Finding::Replaceable,
                true => Finding::Conflict(Conflict::OtherContent),
                false => Finding::Conflict(Conflict::OtherName),
            }),
            Err(FsError::NoEntry) => Ok(Finding::Free),
            // By the time that it is opened it may be something else than it was.
            Err(FsError::Link | FsError::IsDirectory) => Ok(Finding::Conflict(Conflict::NoFile)),
            Err(error) if is_of_the_name(error) => Ok(Finding::Conflict(Conflict::Incompatible)),
            Err(error) => Err(error),
        }
    }
}

/// Returns the conflict if the file of this name holds, or may hold, a newer version of the license
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
        Ok(own) => {
            let own = own.and_then(|own| license::version(&own));
            Ok(own
                .is_some_and(|own| version.may_be_older_than(&own))
                .then_some(Conflict::Newer))
        }
        Err(FsError::NoEntry) => Ok(None),
        Err(FsError::Link | FsError::IsDirectory) => Ok(Some(Conflict::NoFile)),
        Err(error @ FsError::OutOfMemory) => Err(error),
        // It may be the newer version, and is kept.
        Err(_) => Ok(Some(Conflict::Unreadable)),
    }
}

/// Reads a document, or returns `None` if the file is larger than any can be.
pub(super) fn read_document<D: Directory>(
    directory: &D,
    name: &str,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, FsError> {
    let file = directory.open_file(name)?;
    let mut document = Vec::new();
    while document.len() as u64 <= LARGEST_DOCUMENT {
        let bytes = file.read(READ_LENGTH, document.len() as u64)?.bytes;
        if bytes.is_empty() {
            return Ok(Some(document));
        }
        budget.spend_bytes(bytes.len());
        document.extend_from_slice(&bytes);
    }
    Ok(None)
}

/// Whether the file system answers so because it cannot hold a name.
///
/// A single name that leads through something that is missing, or that is no directory, is taken for several; one that is
/// not permitted, for a path out of the directory.
pub(super) fn is_of_the_name(error: FsError) -> bool {
    match error {
        FsError::NoEntry
        | FsError::NotDirectory
        | FsError::NotPermitted
        | FsError::IllegalName
        | FsError::Invalid
        | FsError::Other("name-too-long") => true,
        FsError::AccessDenied
        | FsError::Exist
        | FsError::IsDirectory
        | FsError::Link
        | FsError::NoSpace
        | FsError::OutOfMemory
        | FsError::Unsupported
        | FsError::Other(_) => false,
    }
}

/// Whether a name, of which the file system says `metadata`, stands for a file with the content of a license.
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
