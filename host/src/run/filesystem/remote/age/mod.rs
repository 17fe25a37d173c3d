//! A directory whose archives are encrypted with age.
//!
//! An archive has the suffix `.age` on the inner directory: a backup that is `licenses.zip` to the
//! component is the file `licenses.zip.age`. An archive without the suffix is not part of this
//! directory, and no call here reads, replaces or removes it. All other files are stored as they
//! are.
//!
//! The first bytes decide: what begins like a ZIP file is encrypted as it is appended. No other
//! file gets the name of an archive, so that a mistake cannot store a backup unencrypted.
//!
//! Without identities, the file that is stored of an archive can be read by its name on the inner
//! directory. With identities it cannot, since they are given to verify the content. After an
//! archive was written here, the file `licenses.zip.age.blake3` contains the hash of the stored
//! file as 64 hexadecimal digits. Neither is listed. The component records the hash, and a later
//! verification without identities compares the stored file with it.
//!
//! The header of an age file and the sizes of its chunks are not secret. So everything but reading
//! works without an identity, and a size is always that of the plaintext.

mod content;
mod encryption_thread;
mod format;
mod new_file;
mod sealed_file;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::content::Content;
use self::format::Format;
use self::new_file::NewFile;
use self::sealed_file::SealedFile;
use super::{Directory, Entry, EntryKind, File, Metadata, SealError};
use crate::encryption::{Identities, Recipients};

/// The end of the name of an encrypted archive.
pub(crate) const SUFFIX: &str = ".age";
/// The end of the name of the file that contains the hash of an encrypted archive.
const BLAKE3_SUFFIX: &str = ".blake3";

/// Returns the layer over a directory whose backups are encrypted: if keys are given, or if it
/// contains encrypted backups and no others. Without keys, these can be listed and removed, but
/// neither read nor made.
///
/// # Errors
///
/// Returns the error if it cannot be found out whether the backups are encrypted.
pub(crate) fn encrypted_in(
    inner: &Arc<dyn Directory>,
    (recipients, identities): &(Recipients, Identities),
) -> io::Result<Option<Arc<dyn Directory>>> {
    let has_keys = !recipients.is_empty() || !identities.is_empty();
    if !has_keys && !are_encrypted(inner.entries())? {
        return Ok(None);
    }
    Ok(Some(Arc::new(Encrypted::new(
        Arc::clone(inner),
        recipients.clone(),
        identities.clone(),
    ))))
}

/// Returns `true` if these entries of a directory are encrypted backups, and no others are among
/// them. A directory that may not be listed can be used for single backups, which are not
/// encrypted.
fn are_encrypted(entries: io::Result<Vec<Entry>>) -> io::Result<bool> {
    let entries = match entries {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        entries => entries?,
    };
    let has = |is_such: fn(&str) -> bool| entries.iter().any(|entry| is_such(&entry.name));
    Ok(has(|name| archive_name(name).is_some()) && !has(is_archive))
}

/// An archive that was encrypted and synced here.
#[derive(Debug, Clone, Copy)]
struct SealedArchive {
    /// The size of the plaintext in bytes.
    size: u64,
    /// The BLAKE3 of the encrypted file.
    stored_blake3: blake3::Hash,
}

/// Archives that were encrypted here, by the names of their files.
type SealedArchives = Arc<Mutex<HashMap<String, SealedArchive>>>;

/// A directory whose archives are encrypted.
pub(crate) struct Encrypted {
    inner: Arc<dyn Directory>,
    recipients: Recipients,
    identities: Identities,
    /// Those that have the names with which they were created.
    sealed: SealedArchives,
    /// The hashes of those that were moved to the name of an archive.
    written: Mutex<HashMap<String, blake3::Hash>>,
}

impl Encrypted {
    /// Returns a directory that encrypts the archives in `inner` for these recipients, and opens
    /// them with these identities. Without recipients no archive can be created, and without an
    /// identity of a recipient none can be read.
    pub(crate) fn new(
        inner: Arc<dyn Directory>,
        recipients: Recipients,
        identities: Identities,
    ) -> Self {
        Self {
            inner,
            recipients,
            identities,
            sealed: SealedArchives::default(),
            written: Mutex::default(),
        }
    }

    /// Moves a file to another name with `call`.
    fn move_to(
        &self,
        from: &str,
        to: &str,
        call: impl FnOnce(&dyn Directory, &str, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let (stored, new) = (stored_name(from)?, stored_name(to)?);
        let sealed = lock(&self.sealed).get(from).copied();
        if is_archive(to) && sealed.is_none() {
            self.inner.metadata(&stored)?;
            return Err(io::Error::other("the file is not encrypted"));
        }
        call(&*self.inner, &stored, &new)?;
        if let Some(archive) = sealed {
            lock(&self.written).insert(to.to_owned(), archive.stored_blake3);
        }
        Ok(())
    }

    /// Returns a file that can be read although it is not listed: the one that is stored of an
    /// archive, or the hash of that. Returns `None` for all other names.
    fn unlisted(&self, name: &str) -> Option<io::Result<Box<dyn File>>> {
        if archive_name(name).is_some() {
            return Some(if self.identities.is_empty() {
                self.inner.open(name)
            } else {
                Err(io::ErrorKind::NotFound.into())
            });
        }
        let archive = archive_name(name.strip_suffix(BLAKE3_SUFFIX)?)?;
        let written = lock(&self.written).get(archive).copied();
        Some(match written {
            Some(hash) => Ok(Box::new(Content(hash.to_hex().as_bytes().to_vec()))),
            None => Err(io::ErrorKind::NotFound.into()),
        })
    }
}

impl Directory for Encrypted {
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let entries = self.inner.entries()?.into_iter();
        let visible = |Entry { name, kind }| {
            Some(Entry {
                name: visible_name(name)?,
                kind,
            })
        };
        Ok(entries.filter_map(visible).collect())
    }

    /// The size of a temporary file of another run is the one that is stored: such a file may exist
    /// only in part, and need not be possible to open.
    fn metadata(&self, name: &str) -> io::Result<Metadata> {
        let stored = stored_name(name)?;
        let metadata = self.inner.metadata(&stored)?;
        if let Some(archive) = lock(&self.sealed).get(name) {
            return Ok(Metadata {
                size: archive.size,
                ..metadata
            });
        }
        if metadata.kind != EntryKind::File || !is_archive(name) {
            return Ok(metadata);
        }
        let file = self.inner.open(&stored)?;
        Ok(Format::of(&*file)?.with_plain_size(metadata))
    }

    /// Opens a file also if no identity can read it. Reading it then fails with
    /// [`SealError::IdentityMissing`].
    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        if let Some(opened) = self.unlisted(name) {
            return opened;
        }
        let file = self.inner.open(&stored_name(name)?)?;
        match Format::of(&*file)? {
            Format::Plain if !is_archive(name) => Ok(file),
            format => Ok(Box::new(SealedFile::new(
                file,
                format,
                self.identities.clone(),
            )?)),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let file = self.inner.create(&stored_name(name)?)?;
        Ok(Box::new(NewFile::new(
            file,
            name.to_owned(),
            self.recipients.clone(),
            Arc::clone(&self.sealed),
        )))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.move_to(from, to, |inner, from, to| inner.link(from, to))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.move_to(from, to, |inner, from, to| inner.rename(from, to))?;
        lock(&self.sealed).remove(from);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(&stored_name(name)?)?;
        lock(&self.sealed).remove(name);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.inner.sync()
    }

    fn is_stored_in(&self, other: &std::fs::File) -> bool {
        self.inner.is_stored_in(other)
    }
}

/// Returns `true` if a name is that of an archive.
fn is_archive(name: &str) -> bool {
    name.strip_prefix("licenses")
        .and_then(|rest| rest.strip_suffix(".zip"))
        .is_some_and(|middle| middle.is_empty() || middle.starts_with('-'))
}

/// Returns the name of the archive that is stored as `name`, or `None` if that is another file.
fn archive_name(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX).filter(|name| is_archive(name))
}

/// Returns the name that a file has on the inner directory.
fn stored_name(name: &str) -> io::Result<String> {
    if archive_name(name).is_some() {
        // It would be the file of another name.
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    let suffix = if is_archive(name) { SUFFIX } else { "" };
    Ok(format!("{name}{suffix}"))
}

/// Returns the name of the file that is stored as `stored`, or `None` for an archive that is not
/// encrypted.
fn visible_name(stored: String) -> Option<String> {
    if let Some(name) = archive_name(&stored) {
        return Some(name.to_owned());
    }
    Some(stored).filter(|name| !is_archive(name))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the error for an encrypted file that is not as age writes it.
fn damaged(cause: &'static str) -> io::Error {
    io::Error::other(SealError::Damaged(cause))
}
