//! The name of a license out of a publication in a backup.
//!
//! The license in `book.epub` is `book.epub.lcpl` in the backup, as if it were a file beside the
//! publication. If the store has a file of that name itself, that file is backed up, and not the
//! license in the publication.

use super::{Content, StoreReader};
use crate::catalogue::{Catalogue, FileId};
use crate::entry_names::{LICENSES, LONGEST_NAME};
use crate::{Directory, ErrorCode, Failure};

/// What follows the name of a publication in the name of its license.
const EXTENSION: &str = ".lcpl";
/// The length of the longest file name that usual file systems can hold: bytes on Linux (`NAME_MAX`
/// in `linux/limits.h`), UTF-16 code units on Windows and macOS.
const LONGEST_FILE_NAME: usize = 255;

/// Returns the name that the license in a publication has in a backup; either may be a path.
pub(crate) fn name_in_backup(publication: &str) -> String {
    format!("{publication}{EXTENSION}")
}

/// What the store has under the name that the license in a publication has in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackupName {
    /// Nothing.
    Free,
    /// A file with the same bytes.
    Same,
    /// Anything else.
    Taken,
    /// The name is too long for an archive, or for the file system that holds the publication.
    TooLong,
}

impl BackupName {
    /// Looks for `path` among the first `files` files of the catalogue, and compares a file of that
    /// name with `document`. `is_skipped` says whether the walk has met `path` and put no file
    /// into the catalogue.
    pub(crate) fn look_up<D: Directory>(
        path: &str,
        document: &[u8],
        reader: &mut StoreReader<D>,
        catalogue: &Catalogue,
        files: FileId,
        is_skipped: impl Fn(&str) -> bool,
    ) -> Self {
        if is_too_long(path) {
            return Self::TooLong;
        }
        match catalogue.find(path, files) {
            // A file that cannot be read is reported when its own turn comes.
            Some(file) => match reader.read(catalogue, file) {
                Ok(Content::Document(own)) if own == document => Self::Same,
                _ => Self::Taken,
            },
            None if is_skipped(path) || catalogue.has_directory(path) => Self::Taken,
            None => Self::Free,
        }
    }
}

/// Returns `true` if a license of this name could be in no archive, or could not be restored to where
/// its publication was.
fn is_too_long(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // The file system counts UTF-16 code units if the publication's own name has more bytes.
    let counts_bytes = name.len() - EXTENSION.len() <= LONGEST_FILE_NAME;
    let length = if counts_bytes {
        name.len()
    } else {
        name.encode_utf16().count()
    };
    length > LONGEST_FILE_NAME || LICENSES.len() + path.len() > LONGEST_NAME
}

/// Returns the failure to report for the license in a publication that is not backed up, since its
/// name would be too long.
pub(crate) fn too_long(publication: String) -> Failure {
    let message = format!(
        "the license in {publication} is not backed up, since its name, that of the publication followed by \
         {EXTENSION}, is too long: rename the publication"
    );
    Failure::at(ErrorCode::IllegalName, publication, message)
}

/// Returns the failure to report for the license in a publication that is not backed up, since the
/// store has something else of its name.
pub(crate) fn shadowed(publication: String, path: &str) -> Failure {
    let message = format!(
        "the license in {publication} is not backed up, since the store has something else named {path}: remove that \
         if the license in the publication is the current one"
    );
    Failure::at(ErrorCode::Shadowed, publication, message)
}
