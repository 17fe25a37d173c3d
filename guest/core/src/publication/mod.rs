//! License documents inside publications.
//!
//! Reading applications keep the license of a protected publication inside the publication itself.
//! That is a ZIP container, and the license document is one of its entries: `META-INF/license.lcpl`
//! in an EPUB (Readium LCP 1.0, section 3.2), `license.lcpl` in the packages for audiobooks, PDF
//! and web publications (Readium "LCP for Audiobooks" and "LCP for PDF").
//!
//! [`read_license`] finds that entry by the central directory and returns its content. However
//! large the publication is, only the end of the file, the central directory and this one entry
//! are read, and all that is held in memory is bounded.

mod bytes;
mod directory;
mod end;
mod entry;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(crate) use bytes::RandomReader;

use crate::File;
use crate::directory::FsError;

/// The largest central directory that is searched, in bytes. A publication has some hundred entries
/// of about 100 bytes each.
pub(crate) const MAX_DIRECTORY_SIZE: u64 = 16 << 20;

/// The names of the entry that holds the license document.
const LICENSE_ENTRIES: [&str; 2] = ["META-INF/license.lcpl", "license.lcpl"];

/// A license document that was found in a publication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EmbeddedLicense {
    /// The name of the entry that holds it.
    pub(crate) entry: &'static str,
    /// The document, inflated.
    pub(crate) document: Vec<u8>,
}

/// An error returned by [`read_license`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PublicationError {
    /// The file system refused a read.
    #[error(transparent)]
    Refused(#[from] FsError),
    /// The container is damaged or contradicts itself. The text contains nothing of the file.
    #[error("{0}")]
    Malformed(&'static str),
    /// The central directory is larger than [`MAX_DIRECTORY_SIZE`].
    #[error("its central directory has {0} bytes, and at most {MAX_DIRECTORY_SIZE} are searched for a license")]
    DirectoryTooLarge(u64),
}

/// Returns the license document of the publication that `reader` reads and that starts with `head`,
/// or `None` if the file is not a ZIP container or contains no license.
///
/// # Errors
///
/// As [`PublicationError`] says. A file that only resembles a ZIP container is not an error.
pub(crate) fn read_license<F: File>(
    reader: &mut RandomReader<'_, F>,
    head: &[u8],
) -> Result<Option<EmbeddedLicense>, PublicationError> {
    let Some(location) = end::find_directory(reader, head)? else { return Ok(None) };
    let directory = directory::scan(reader, &location)?;
    let Some((entry, name)) = directory.license else { return Ok(None) };
    let document = entry::read(reader, &entry, name, &directory, location.start)?;
    Ok(Some(EmbeddedLicense { entry: name, document }))
}
