//! The files as which a directory stores the archives that it encrypts.
//!
//! A directory that encrypts `licenses.zip` stores it as `licenses.zip.age`. It lists only the
//! former, but opens the latter for reading if it was given no identity. After a run has written
//! the archive, the file `licenses.zip.age.blake3` contains the BLAKE3 of what is stored, so that
//! nobody has to read it again.

use crate::directory::{FsError, READ_LENGTH};
use crate::{Directory, File};

/// The end of the name of a stored file.
const SUFFIX: &str = ".age";
/// The end of the name of the file that contains the BLAKE3 of a stored file.
const BLAKE3_SUFFIX: &str = ".age.blake3";

/// Opens the stored file of an archive.
pub(crate) fn open<D: Directory>(directory: &D, archive: &str) -> Result<D::File, FsError> {
    directory.open_file(&format!("{archive}{SUFFIX}"))
}

/// Returns the BLAKE3 of the stored file of an archive, if this run has written it, and the
/// directory provides the hash.
pub(crate) fn written_blake3<D: Directory>(directory: &D, archive: &str) -> Option<blake3::Hash> {
    let file = directory.open_file(&format!("{archive}{BLAKE3_SUFFIX}"));
    let hash = file.ok()?.read(READ_LENGTH, 0).ok()?.bytes;
    blake3::Hash::from_hex(hash).ok()
}
