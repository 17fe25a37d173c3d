//! The conflicts of a restore: entries of the store, and limits of its file system, because of
//! which a license is not restored although nothing failed.

use crate::archive::ArchiveIndex;
use crate::catalogue::DirectoryId;
use crate::{ErrorCode, Failure};

/// The reason why a license is not restored. An existing entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflict {
    /// A file of this name has other content.
    OtherContent,
    /// A file of this name has a version of the same license that is newer, or may be. It is kept
    /// even with [`RestoreOptions::overwrite`](super::RestoreOptions::overwrite).
    Newer,
    /// A file of this name cannot be read.
    Unreadable,
    /// An entry of this name is not a regular file.
    NotAFile,
    /// The file system takes this name for the name of another file.
    OtherName,
    /// The file system cannot hold this name.
    Incompatible,
    /// An entry with the name of this directory of the path is not a directory.
    NotADirectory(DirectoryId),
    /// The file system takes the name of this directory of the path for the name of another one.
    OtherDirectory(DirectoryId),
    /// The file system cannot hold the name of this directory of the path.
    IncompatibleDirectory(DirectoryId),
}

impl Conflict {
    /// Returns the failure that is reported for a license.
    pub(super) fn failure(self, contents: &ArchiveIndex, license: usize) -> Failure {
        const OTHER_FILE_SYSTEM: &str = "restore to a store on another file system";

        let directory = |id| contents.catalogue().directory_path(id);
        let cause = match self {
            Self::OtherContent => "a file of this name has other content, and is kept; \
                                   move it away or restore with overwrite"
                .to_owned(),
            Self::Newer => "the store has a version of the same license that is newer, or has no \
                            date to compare, and is kept; move it away to restore the version in \
                            the backup"
                .to_owned(),
            Self::Unreadable => "a file of this name cannot be read, and is kept; \
                                 make it readable or move it away"
                .to_owned(),
            Self::NotAFile => "an entry of this name is not a regular file, and is kept; \
                               move it away"
                .to_owned(),
            Self::OtherName => {
                format!("the file system takes its name for another name; {OTHER_FILE_SYSTEM}")
            }
            Self::Incompatible => {
                format!("the file system cannot hold its name; {OTHER_FILE_SYSTEM}")
            }
            Self::NotADirectory(id) => {
                format!(
                    "{} is not a directory, and is kept; move it away",
                    directory(id)
                )
            }
            Self::OtherDirectory(id) => format!(
                "the file system takes the name of the directory {} for another name; \
                 {OTHER_FILE_SYSTEM}",
                directory(id)
            ),
            Self::IncompatibleDirectory(id) => format!(
                "the file system cannot hold the name of the directory {}; {OTHER_FILE_SYSTEM}",
                directory(id)
            ),
        };
        let path = contents.path(license);
        let message = format!("cannot restore {path}: {cause}");
        Failure::at(ErrorCode::FileExists, path, message)
    }
}
