//! The directories that an operation opens for the component, under the names that it knows them by.

use std::borrow::Cow;
use std::path::PathBuf;

use license_backup_core::{Failure, STORE};

use crate::unc::{Place, Shares};

/// A directory of the host that the component can reach.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    /// What it is to the operation, for messages.
    pub(super) role: &'static str,
    /// The path as it was given.
    pub(super) path: PathBuf,
    /// Where that is.
    pub(super) place: Place,
    /// What the component knows it by.
    pub(super) name: &'static str,
    /// What the component can do to it.
    pub(super) access: Access,
}

/// What the component can do to a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    ReadAndWrite,
}

impl Directory {
    /// What the component knows the directory of the backup by.
    pub(crate) const BACKUP: &str = "/backup";

    /// The license store.
    pub(crate) fn store(path: PathBuf, access: Access) -> Self {
        let place = Place {
            directory: path.clone(),
            below: Vec::new(),
        };
        Self {
            role: "license store",
            path,
            place,
            name: STORE,
            access,
        }
    }

    /// The directory of the backup, which may be on a share.
    pub(crate) fn backup(path: PathBuf, access: Access, shares: &Shares) -> Result<Self, Failure> {
        let place = shares.locate(&path)?;
        Ok(Self {
            role: "backup directory",
            path,
            place,
            name: Self::BACKUP,
            access,
        })
    }

    /// Whether the component can create files in it.
    pub(super) fn is_written(&self) -> bool {
        self.access == Access::ReadAndWrite
    }

    /// The path as it was given, as far as text can hold it.
    fn given(&self) -> String {
        self.path.display().to_string()
    }
}

/// Puts the paths that the caller gave into a failure that names directories by the component's names for them.
pub(super) fn in_terms_of_the_host(failure: Failure, directories: &[Directory]) -> Failure {
    let given = |text: &str| {
        directories
            .iter()
            .find(|directory| directory.name == text)
            .map(Directory::given)
    };
    let path = failure.path.map(|path| given(&path).unwrap_or(path));
    // A name is a word of the message. Within a word it is a part of another path, such as that of a license.
    let words = failure.message.split_inclusive(' ').map(|word| {
        let name = word.trim_matches(|character: char| " ():;,.".contains(character));
        given(name).map_or(Cow::Borrowed(word), |path| {
            Cow::Owned(word.replace(name, &path))
        })
    });
    Failure {
        path,
        ..Failure::new(failure.code, words.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use license_backup_core::ErrorCode;

    use super::*;

    /// A store that the caller knows by the name that the component has for the other directory.
    fn told(path: &str, message: &str) -> Failure {
        let backup = Directory::backup("/mnt/nas".into(), Access::ReadAndWrite, &Shares::default());
        let directories = [
            Directory::store("/backup".into(), Access::Read),
            backup.expect("it is the host's own path"),
        ];
        in_terms_of_the_host(Failure::at(ErrorCode::Io, path, message), &directories)
    }

    #[test]
    fn a_failure_of_a_directory_names_it_as_the_caller_does() {
        let expected = Failure::at(
            ErrorCode::Io,
            "/mnt/nas",
            "in /mnt/nas: something (/mnt/nas) that /backup has",
        );
        assert_eq!(
            told(
                "/backup",
                "in /backup: something (/backup) that /licenses has"
            ),
            expected
        );
        assert_eq!(
            told("/licenses", "/licenses"),
            Failure::at(ErrorCode::Io, "/backup", "/backup")
        );
    }

    #[test]
    fn a_failure_of_a_license_keeps_the_path_of_the_license() {
        let message = "licenses/backup/a is no part of /backup/a,  /backups or licenses/backup";
        assert_eq!(
            told("backup/a", message),
            Failure::at(ErrorCode::Io, "backup/a", message)
        );
    }
}
