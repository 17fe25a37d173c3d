//! The content of the entry that contains the license document.

use std::ops::Range;

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::central_directory::{CentralDirectory, Entry};
use super::error::PublicationError;
use super::random_reader::RandomReader;
use crate::File;
use crate::crc32::crc32;
use crate::license::MAX_DOCUMENT_SIZE;
use crate::zip::{LOCAL_HEADER, LOCAL_HEADER_LENGTH, get16, get32};

/// The flags of an encrypted entry: traditional encryption, strong encryption, masked
/// header values (`APPNOTE.TXT` 4.4.4).
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// The compression methods that are supported (`APPNOTE.TXT` 4.4.5).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// The largest size of compressed data that is read, in bytes. Deflate adds five bytes to
/// each 64 KiB that it cannot compress; this limit allows more.
const MAX_COMPRESSED_SIZE: u64 = MAX_DOCUMENT_SIZE + (64 << 10);
/// The number of bytes for extra fields that are read together with a local header. Their
/// length is not known before the header was read, and most are shorter.
const EXPECTED_EXTRA_LENGTH: u64 = 128;

const MISPLACED: PublicationError = PublicationError::License(
    "the entry of its license is not at the position in its central directory",
);

/// Reads the content of the license entry called `name`.
///
/// # Errors
///
/// [`PublicationError::License`] if the entry differs from its description in the central
/// directory, which starts at `directory_start`, is encrypted, is too large, or overlaps
/// another entry.
pub(super) fn read<F: File>(
    reader: &mut RandomReader<'_, F>,
    entry: &Entry,
    name: &str,
    directory: &CentralDirectory,
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
        _ => decompress_to_vec_with_limit(&data, to_usize(entry.size)?)
            .map_err(|_| malformed("the entry of its license cannot be inflated to its size"))?,
    };
    if document.len() as u64 != entry.size {
        return Err(malformed("the entry of its license has a wrong size"));
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
    directory: &CentralDirectory,
    directory_start: u64,
) -> Result<Vec<u8>, PublicationError> {
    let available = directory_start.checked_sub(entry.offset).ok_or(MISPLACED)?;
    let fixed_length = LOCAL_HEADER_LENGTH + name.len();
    let expected_length = fixed_length as u64 + entry.compressed_size + EXPECTED_EXTRA_LENGTH;
    let mut bytes = reader.read(entry.offset, to_usize(expected_length.min(available))?)?;
    let header = bytes.get(..fixed_length).ok_or(MISPLACED)?;
    let matches = get32(header, 0) == Some(LOCAL_HEADER)
        && get16(header, 6).is_some_and(|flags| flags & ENCRYPTED == 0)
        && get16(header, 8) == Some(entry.method)
        && get16(header, 26).map(usize::from) == Some(name.len())
        && header.get(LOCAL_HEADER_LENGTH..) == Some(name.as_bytes());
    let extra_length = get16(header, 28).filter(|_| matches).ok_or(MISPLACED)?;
    let data_start = fixed_length + usize::from(extra_length);
    let length = data_start as u64 + entry.compressed_size;
    if length > available {
        return Err(MISPLACED);
    }
    let range = entry.offset..entry.offset + length;
    let overlaps = |other: &Range<u64>| other.start < range.end && range.start < other.end;
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
