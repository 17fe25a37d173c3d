//! Why a license is not restored although nothing went wrong.

use crate::archive::Contents;
use crate::store::DirectoryId;
use crate::{ErrorCode, Failure};

/// What is in the way of a license, and is kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Conflict {
    /// A file of this name with other content.
    OtherContent,
    /// A version of the same license under this name that is newer, or may be: even overwriting keeps it.
    Newer,
    /// A file of this name that cannot be read.
    Unreadable,
    /// Something of this name that is no regular file.
    NoFile,
    /// A file of another name, for which the file system takes this one.
    OtherName,
    /// The file system cannot hold the name.
    Incompatible,
    /// Something that is no directory, where this one is on the way.
    NoDirectory(DirectoryId),
    /// A directory of another name, for which the file system takes this one on the way.
    OtherDirectory(DirectoryId),
    /// The file system cannot hold the name of this directory on the way.
    IncompatibleDirectory(DirectoryId),
}

impl Conflict {
    /// What to tell of it.
    pub(super) fn failure(self, contents: &Contents, license: usize) -> Failure {
        let directory = |id| contents.catalogue().path_in(id, "");
        let why = match self {
            Self::OtherContent => {
                "there is a file of that name with other content, which is kept: move it away, or ask for overwriting"
                    .to_owned()
            }
            Self::Newer => "the store has another version of the same license, which is newer or has no date to \
                            compare, and is kept: move it away to restore the one in the backup"
                .to_owned(),
            Self::Unreadable => {
                "there is a file of that name that cannot be read, and is kept: make it readable, or move it away"
                    .to_owned()
            }
            Self::NoFile => "what has that name is no regular file, and is kept: move it away".to_owned(),
            Self::OtherName => {
                "the file system takes its name for another one: restore into a store on another file system".to_owned()
            }
            Self::Incompatible => {
                "the file system cannot hold its name: restore into a store on another file system".to_owned()
            }
            Self::NoDirectory(id) => {
                format!("{}, on the way to it, is no directory, and is kept: move it away", directory(id))
            }
            Self::OtherDirectory(id) => format!(
                "the file system takes the name of {}, on the way to it, for another one: restore into a store on another \
                 file system",
                directory(id)
            ),
            Self::IncompatibleDirectory(id) => format!(
                "the file system cannot hold the name of {}, on the way to it: restore into a store on another file system",
                directory(id)
            ),
        };
        let path = contents.path(license);
        let message = format!("{path} cannot be restored: {why}");
        Failure::at(ErrorCode::FileExists, path, message)
    }
}
