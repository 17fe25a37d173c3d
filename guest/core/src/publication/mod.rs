//! License documents inside publications.
//!
//! Reading applications keep the license of a protected publication inside the
//! publication, which is a ZIP container. The license document is one of its entries:
//! `META-INF/license.lcpl` in an EPUB (Readium LCP 1.0, section 3.2), `license.lcpl` in
//! the packages for audiobooks, PDF and web publications (Readium "LCP for Audiobooks"
//! and "LCP for PDF").
//!
//! [`read_license`] finds that entry with the central directory and returns its content.
//! It reads only the end of the file, the central directory and this one entry, so that
//! memory is bounded even for a large publication.

mod central_directory;
mod end_record;
mod entry_name;
mod error;
mod license_entry;
mod random_reader;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(crate) use error::PublicationError;
pub(crate) use random_reader::RandomReader;

use crate::File;
use crate::zip::{END_RECORD, get32};

/// The largest central directory that is searched, in bytes. A publication has some
/// hundred entries of about 100 bytes each, so a container with a larger central
/// directory is not a publication.
const MAX_DIRECTORY_SIZE: u64 = 16 << 20;

/// A license document in a publication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EmbeddedLicense {
    /// The name of its entry.
    pub(crate) entry: &'static str,
    /// The document, inflated.
    pub(crate) document: Vec<u8>,
}

/// Returns the license document of the publication that `reader` reads and that starts
/// with `head`, or `None` if the file is not a ZIP container or contains no license.
///
/// # Errors
///
/// [`PublicationError`]. A file that only resembles a ZIP container is not an error.
pub(crate) fn read_license<F: File>(
    reader: &mut RandomReader<'_, F>,
    head: &[u8],
) -> Result<Option<EmbeddedLicense>, PublicationError> {
    let Some(location) = end_record::find_directory(reader, head)? else {
        return Ok(None);
    };
    if location.size > MAX_DIRECTORY_SIZE {
        return Ok(None);
    }
    let directory = central_directory::read(reader, &location)?;
    let Some((entry, name)) = directory.license else {
        return Ok(None);
    };
    let document = license_entry::read(reader, &entry, name, &directory, location.start)?;
    Ok(Some(EmbeddedLicense {
        entry: name,
        document,
    }))
}

/// Returns `false` if these bytes are not a ZIP container, because they contain no end record.
pub(crate) fn may_be_container(bytes: &[u8]) -> bool {
    // The last byte of its signature is a control character, which text does not contain.
    let [.., last] = END_RECORD.to_le_bytes();
    let is_signature = |at: usize| {
        at.checked_sub(3)
            .is_some_and(|start| get32(bytes, start) == Some(END_RECORD))
    };
    memchr::memchr_iter(last, bytes).any(is_signature)
}
