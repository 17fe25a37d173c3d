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
use crate::zip::{END_RECORD, get32};

/// The largest central directory that is searched, in bytes. A publication has some hundred entries
/// of about 100 bytes each: a container with a larger one is none.
const MAX_DIRECTORY_SIZE: u64 = 16 << 20;

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
    /// The container is damaged or contradicts itself, so that nobody knows whether it has a license.
    /// The text contains nothing of the file.
    #[error("{0}")]
    Container(&'static str),
    /// The entry of the license cannot be read. The text contains nothing of the file.
    #[error("{0}")]
    License(&'static str),
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
    let Some(location) = end::find_directory(reader, head)? else {
        return Ok(None);
    };
    if location.size > MAX_DIRECTORY_SIZE {
        return Ok(None);
    }
    let directory = directory::scan(reader, &location)?;
    let Some((entry, name)) = directory.license else {
        return Ok(None);
    };
    let document = entry::read(reader, &entry, name, &directory, location.start)?;
    Ok(Some(EmbeddedLicense {
        entry: name,
        document,
    }))
}

/// Returns `false` if these bytes are certainly not those of a ZIP container: they have no end record.
pub(crate) fn may_be_container(bytes: &[u8]) -> bool {
    // The last byte of its signature is a control character, which text does not contain.
    let [.., last] = END_RECORD.to_le_bytes();
    let is_signature = |at: usize| {
        at.checked_sub(3)
            .is_some_and(|start| get32(bytes, start) == Some(END_RECORD))
    };
    memchr::memchr_iter(last, bytes).any(is_signature)
}
