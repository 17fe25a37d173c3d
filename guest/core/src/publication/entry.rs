//! The content of one entry of a ZIP container.

use std::ops::Range;

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::PublicationError;
use super::bytes::RandomReader;
use super::directory::{Directory, Entry};
use crate::File;
use crate::crc32::crc32;
use crate::license::MAX_DOCUMENT_SIZE;
use crate::zip::{LOCAL_HEADER, LOCAL_HEADER_LENGTH, get16, get32};

/// The flags of an entry that is encrypted: traditionally, strongly, or with its header masked
/// (`APPNOTE.TXT` 4.4.4).
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// The compression methods that are read (`APPNOTE.TXT` 4.4.5).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// The largest compressed data that is read, in bytes. Deflate adds five bytes to each 64 KiB that
/// it cannot compress; this leaves more room than that.
const MAX_COMPRESSED_SIZE: u64 = MAX_DOCUMENT_SIZE + (64 << 10);
/// The number of bytes that are read for the extra fields of a local header together with the
/// header: their length is not known before, and most are shorter.
const USUAL_EXTRA_LENGTH: u64 = 128;

const MISPLACED: PublicationError =
    PublicationError::License("the entry of its license is not where its central directory says");

/// Reads the content of the license entry called `name`.
///
/// # Errors
///
/// [`PublicationError::License`] if the entry cannot be read to its end exactly as the central
/// directory, which starts at `directory_start`, describes it.
pub(super) fn read<F: File>(
    reader: &mut RandomReader<'_, F>,
    entry: &Entry,
    name: &str,
    directory: &Directory,
    directory_start: u64,
) -> Result<Vec<u8>, PublicationError> {
    let malformed = PublicationError::License;
    if entry.flags & ENCRYPTED != 0 {
        return Err(malformed("the entry of its license is encrypted"));
    }
    if ![STORED, DEFLATED].contains(&entry.method) {
        return Err(malformed(
            "the entry of its license is neither stored nor deflated",
        ));
    }
    if entry.size > MAX_DOCUMENT_SIZE || entry.compressed_size > MAX_COMPRESSED_SIZE {
        return Err(malformed(
            "the entry of its license is larger than a license document can be",
        ));
    }
    let data = read_data(reader, entry, name, directory, directory_start)?;
    let document = match entry.method {
        STORED => data,
        _ => decompress_to_vec_with_limit(&data, to_usize(entry.size)?).map_err(|_| {
            malformed("the entry of its license does not inflate to the size that it claims")
        })?,
    };
    if document.len() as u64 != entry.size {
        return Err(malformed(
            "the entry of its license has another size than it claims",
        ));
    }
    if crc32(&document) != entry.crc32 {
        return Err(malformed("the CRC-32 of its license is wrong"));
    }
    Ok(document)
}

/// Reads the data of an entry, which may be compressed, and checks its local header.
fn read_data<F: File>(
    reader: &mut RandomReader<'_, F>,
    entry: &Entry,
    name: &str,
    directory: &Directory,
    directory_start: u64,
) -> Result<Vec<u8>, PublicationError> {
    let available = directory_start.checked_sub(entry.offset).ok_or(MISPLACED)?;
    let fixed_length = LOCAL_HEADER_LENGTH + name.len();
    let usual_length = fixed_length as u64 + entry.compressed_size + USUAL_EXTRA_LENGTH;
    let mut bytes = reader.read(entry.offset, to_usize(usual_length.min(available))?)?;
    let header = bytes.get(..fixed_length).ok_or(MISPLACED)?;
    let agrees = get32(header, 0) == Some(LOCAL_HEADER)
        && get16(header, 6).is_some_and(|flags| flags & ENCRYPTED == 0)
        && get16(header, 8) == Some(entry.method)
        && get16(header, 26).map(usize::from) == Some(name.len())
        && header.get(LOCAL_HEADER_LENGTH..) == Some(name.as_bytes());
    let extra_length = get16(header, 28).filter(|_| agrees).ok_or(MISPLACED)?;
    let data_start = fixed_length + usize::from(extra_length);
    let length = data_start as u64 + entry.compressed_size;
    if length > available {
        return Err(MISPLACED);
    }
    let taken = entry.offset..entry.offset + length;
    let overlaps = |other: &Range<u64>| other.start < taken.end && taken.start < other.end;
    if directory.other_entries.iter().any(overlaps) {
        return Err(PublicationError::License(
            "the entry of its license overlaps another entry",
        ));
    }
    let length = to_usize(length)?;
    if let Some(missing) = length.checked_sub(bytes.len()) {
        bytes.append(&mut reader.read(entry.offset + bytes.len() as u64, missing)?);
    }
    bytes.truncate(length);
    Ok(bytes.split_off(data_start))
}

fn to_usize(length: u64) -> Result<usize, PublicationError> {
    usize::try_from(length).map_err(|_| MISPLACED)
}
