//! Opening the directories of an operation.

use std::fs::File;
use std::io;
use std::sync::Arc;

use cap_primitives::ambient_authority;
use cap_primitives::fs::{open_ambient_dir, open_dir_nofollow};
use wasmtime_wasi::filesystem::Dir;
use wasmtime_wasi::{FsPerms, OpenMode};

use super::filesystem::{ALLOW_BLOCKING, Purpose, RemoteDescriptor, RemoteDirectory, s3, sftp};
#[cfg(feature = "age")]
use super::filesystem::{Local, encrypted_in};
use super::preopens::{Access, Preopen, Target};
#[cfg(feature = "age")]
use crate::DirectoryRole;
use crate::unc::HostLocation;

/// An open directory.
#[derive(Clone)]
pub(super) enum Opened {
    Local(Dir),
    Remote(RemoteDescriptor),
}

/// Opens a directory, and the layer of encryption over it if its backups are encrypted.
pub(super) fn open(preopen: &Preopen) -> io::Result<Opened> {
    let is_writable = preopen.is_writable();
    let archive = preopen.stored_archive();
    let purpose = Purpose {
        is_writable,
        archive: archive.as_deref(),
    };
    let directory = match &preopen.target {
        Target::Host(location) => {
            let opened = open_on_host(location)?;
            return Ok(match encrypted_on_host(&opened, preopen)? {
                Some(directory) => remote(directory, is_writable),
                None => Opened::Local(with_access(opened, preopen.access)),
            });
        }
        Target::Sftp(location) => sftp(location, purpose)?,
        Target::S3(location) => s3(location, purpose)?,
    };
    #[cfg(feature = "age")]
    let directory = encrypted_in(&directory, &preopen.keys)?.unwrap_or(directory);
    Ok(remote(directory, is_writable))
}

fn remote(directory: Arc<dyn RemoteDirectory>, is_writable: bool) -> Opened {
    Opened::Remote(RemoteDescriptor::Directory {
        directory,
        is_writable,
    })
}

/// Returns the layer over a directory of this machine if its backups are encrypted.
#[cfg(feature = "age")]
fn encrypted_on_host(
    opened: &File,
    preopen: &Preopen,
) -> io::Result<Option<Arc<dyn RemoteDirectory>>> {
    if preopen.role != DirectoryRole::Backup {
        return Ok(None);
    }
    let directory: Arc<dyn RemoteDirectory> = Arc::new(Local::new(opened.try_clone()?));
    encrypted_in(&directory, &preopen.keys)
}

/// Returns `None`: this build has no encryption.
#[cfg(not(feature = "age"))]
#[expect(clippy::unnecessary_wraps, reason = "with encryption, it can fail")]
fn encrypted_on_host(_: &File, _: &Preopen) -> io::Result<Option<Arc<dyn RemoteDirectory>>> {
    Ok(None)
}

/// Opens a directory that the embedder has named, and then each directory below it by its name and
/// without following links.
///
/// A user who can write to a share therefore cannot lead an operation out of it. Checking the path
/// before using it would not be enough, since it can change in between.
fn open_on_host(HostLocation { directory, below }: &HostLocation) -> io::Result<File> {
    let opened = open_ambient_dir(directory, ambient_authority())?;
    below.iter().try_fold(opened, |parent, name| {
        open_dir_nofollow(&parent, name.as_ref()).map_err(|error| {
            let message = format!("{name}, which must be a directory and no link: {error}");
            io::Error::new(error.kind(), message)
        })
    })
}

fn with_access(directory: File, access: Access) -> Dir {
    let (permissions, mode) = match access {
        Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
        Access::ReadAndWrite => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
    };
    Dir::new(directory, permissions, mode, ALLOW_BLOCKING)
}
