//! The directories of an operation, and the names under which the component knows them.

use std::borrow::Cow;
use std::path::PathBuf;

use license_backup_core::{Failure, STORE};

#[cfg(feature = "age")]
use super::filesystem::ARCHIVE_SUFFIX;
use crate::DirectoryRole;
#[cfg(feature = "age")]
use crate::encryption::{Identities, Recipients};
use crate::location::{BackupLocation, Place, S3Location, SftpLocation};
use crate::unc::{HostLocation, Shares};

/// A directory of the host that the component can reach.
#[derive(Debug, Clone)]
pub(crate) struct Preopen {
    /// The role of the directory, for messages.
    pub(super) role: DirectoryRole,
    /// The path or the URL from the caller.
    pub(super) path: PathBuf,
    pub(super) target: Target,
    /// The keys of encrypted backups in the directory.
    #[cfg(feature = "age")]
    pub(super) keys: (Recipients, Identities),
    /// The name of the archive that the operation creates, if any.
    pub(super) archive: Option<String>,
    /// The name under which the component knows the directory.
    pub(super) name: &'static str,
    /// The access of the component.
    pub(super) access: Access,
}

/// The opened part of a [`BackupLocation`], or the store.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Host(HostLocation),
    Sftp(SftpLocation),
    S3(S3Location),
}

/// The access of a component to a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    ReadAndWrite,
}

impl Preopen {
    /// The name under which the component knows the backup directory.
    pub(crate) const BACKUP: &str = "/backup";

    /// Returns the license store.
    pub(crate) fn store(path: PathBuf, access: Access) -> Self {
        let location = HostLocation {
            directory: path.clone(),
            below: Vec::new(),
        };
        Self {
            role: DirectoryRole::Store,
            path,
            target: Target::Host(location),
            #[cfg(feature = "age")]
            keys: Default::default(),
            archive: None,
            name: STORE,
            access,
        }
    }

    /// Returns the backup directory, which may be on a share or another machine.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Shares::resolve`].
    pub(crate) fn backup(
        location: &BackupLocation,
        access: Access,
        shares: &Shares,
    ) -> Result<Self, Failure> {
        let (path, target) = match location.place() {
            Place::Directory(path) => {
                let location = shares.resolve(path)?;
                (path.clone(), Target::Host(location))
            }
            Place::Sftp(sftp) => (location.to_string().into(), Target::Sftp(sftp.clone())),
            Place::S3(s3) => (location.to_string().into(), Target::S3(s3.clone())),
        };
        Ok(Self {
            role: DirectoryRole::Backup,
            path,
            target,
            #[cfg(feature = "age")]
            keys: location.keys(),
            archive: None,
            name: Self::BACKUP,
            access,
        })
    }

    /// Sets the name of the archive that the operation creates.
    pub(crate) fn for_archive(self, name: String) -> Self {
        Self {
            archive: Some(name),
            ..self
        }
    }

    /// Returns the name under which the archive is stored, with the suffix of an encrypted one.
    pub(super) fn stored_archive(&self) -> Option<String> {
        #[cfg(feature = "age")]
        if !self.keys.0.is_empty() {
            return self
                .archive
                .as_ref()
                .map(|name| format!("{name}{ARCHIVE_SUFFIX}"));
        }
        self.archive.clone()
    }

    /// Returns `true` if the component can create files in the directory.
    pub(super) fn is_writable(&self) -> bool {
        self.access == Access::ReadAndWrite
    }
}

/// Replaces the component's names of directories in a failure by the paths from the caller.
pub(super) fn with_host_paths(failure: Failure, preopens: &[Preopen]) -> Failure {
    let host_path = |name: &str| {
        preopens
            .iter()
            .find(|preopen| preopen.name == name)
            .map(|preopen| preopen.path.display().to_string())
    };
    let path = failure.path.map(|path| host_path(&path).unwrap_or(path));
    // Only a whole word is a name. Within a word it is part of another path, such as that of a
    // license.
    let words = failure.message.split_inclusive(' ').map(|word| {
        let name = word.trim_matches(|character: char| " ():;,.".contains(character));
        host_path(name).map_or(Cow::Borrowed(word), |path| {
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

    /// Rewrites a failure for a store whose path is the component's name of the backup directory.
    fn rewritten(path: &str, message: &str) -> Failure {
        let backup = Preopen::backup(&"/mnt/nas".into(), Access::ReadAndWrite, &Shares::default());
        let preopens = [
            Preopen::store("/backup".into(), Access::Read),
            backup.expect("it is a path of the host"),
        ];
        with_host_paths(Failure::at(ErrorCode::Io, path, message), &preopens)
    }

    #[test]
    fn a_failure_of_a_directory_has_the_path_from_the_caller() {
        let expected = Failure::at(
            ErrorCode::Io,
            "/mnt/nas",
            "in /mnt/nas: something (/mnt/nas) that /backup has",
        );
        assert_eq!(
            rewritten(
                "/backup",
                "in /backup: something (/backup) that /licenses has"
            ),
            expected
        );
        assert_eq!(
            rewritten("/licenses", "/licenses"),
            Failure::at(ErrorCode::Io, "/backup", "/backup")
        );
    }

    #[test]
    fn a_failure_of_a_license_keeps_the_path_of_the_license() {
        let message = "licenses/backup/a is no part of /backup/a,  /backups or licenses/backup";
        assert_eq!(
            rewritten("backup/a", message),
            Failure::at(ErrorCode::Io, "backup/a", message)
        );
    }
}
