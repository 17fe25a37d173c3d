//! The name of a license out of a publication in a backup.
//!
//! The license in `book.epub` is `book.epub.lcpl` in the backup, as if it were a file beside the
//! publication. If the store has a file of that name itself, that file is backed up, and not the
//! license in the publication.

use super::{Catalogue, Content, FileId, StoreReader};
use crate::{Directory, ErrorCode, Failure};

/// What follows the name of a publication in the name of its license.
const EXTENSION: &str = ".lcpl";

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
        match catalogue.find(path, files) {
            // A file that cannot be read is reported when its own turn comes.
            Some(file) => match reader.read(catalogue, file) {
                Ok(Content::Document(own)) if own == document => Self::Same,
                _ => Self::Taken,
            },
            None if is_skipped(path) || catalogue.has_files_in(path, files) => Self::Taken,
            None => Self::Free,
        }
    }
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
