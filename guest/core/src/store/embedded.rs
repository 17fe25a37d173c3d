//! The name that the license in a publication has in a backup.
//!
//! The license in `book.epub` is `book.epub.lcpl` in the backup, as if it were a file next to the
//! publication. If the store has a file of that name, that file is backed up instead of the license
//! in the publication.

use super::{Content, StoreReader};
use crate::catalogue::{Catalogue, FileId};
use crate::entry_names::{LICENSES, MAX_NAME_LENGTH};
use crate::{Directory, ErrorCode, Failure};

/// The extension that is added to the name of a publication.
const EXTENSION: &str = ".lcpl";
/// The length of the longest file name of common file systems: in bytes on Linux (`NAME_MAX` in
/// `linux/limits.h`), in UTF-16 code units on Windows and macOS.
const MAX_FILE_NAME_LENGTH: usize = 255;

/// Returns the name that the license in a publication has in a backup; either may be a path.
pub(crate) fn name_in_backup(publication: &str) -> String {
    format!("{publication}{EXTENSION}")
}

/// The state, in the store, of the name that the license in a publication has in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackupName {
    /// The store has no entry of this name.
    Free,
    /// The store has a file with the same bytes.
    Same,
    /// The store has another entry of this name.
    Taken,
    /// The name is too long for an archive, or for the file system that holds the publication.
    TooLong,
}

impl BackupName {
    /// Looks up `path` among the first `files` files of the catalogue, and compares a file of that
    /// path with `document`. `is_skipped` returns `true` for a path that the walk skipped.
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

/// Returns `true` if an archive, or the directory of the publication, cannot hold a license of this
/// name.
fn is_too_long(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // The file system counts UTF-16 code units if the name of the publication has more bytes.
    let counts_bytes = name.len() - EXTENSION.len() <= MAX_FILE_NAME_LENGTH;
    let length = if counts_bytes {
        name.len()
    } else {
        name.encode_utf16().count()
    };
    length > MAX_FILE_NAME_LENGTH || LICENSES.len() + path.len() > MAX_NAME_LENGTH
}

/// Returns the failure to report for the license in a publication whose name would be too long.
pub(crate) fn too_long(publication: String) -> Failure {
    let message = format!(
        "cannot back up the license in {publication}: its name, that of the publication followed by \
         {EXTENSION}, is too long; rename the publication"
    );
    Failure::at(ErrorCode::IllegalName, publication, message)
}

/// Returns the failure to report for the license in a publication if the store has another entry of
/// its name.
pub(crate) fn shadowed(publication: String, path: &str) -> Failure {
    let message = format!(
        "cannot back up the license in {publication}: the store has another entry named {path}; remove \
         that entry if the license in the publication is the current one"
    );
    Failure::at(ErrorCode::Shadowed, publication, message)
}
