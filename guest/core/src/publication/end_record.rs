//! The end record of a ZIP container, which locates its central directory.
//!
//! Section numbers are those of PKWARE's `APPNOTE.TXT` 6.3.10. There may be bytes before
//! the container, such as the program of a self-extracting archive. Their number is
//! computed as other tools do: the central directory ends where the end record starts,
//! and the difference between the position of its first byte and the offset in the end
//! record is the number of bytes before the container.

use memchr::{memchr_iter, memrchr_iter};

use super::entry_name::license_entry_name;
use super::error::PublicationError;
use super::random_reader::RandomReader;
use crate::File;
use crate::zip::{
    CENTRAL_HEADER, CENTRAL_HEADER_LENGTH, END_LENGTH, END_RECORD, IN_ZIP64_16, LOCAL_HEADER,
    LOCAL_HEADER_LENGTH, ZIP64_END_LOCATOR, ZIP64_END_RECORD, ZIP64_LOCATOR_LENGTH,
    ZIP64_RECORD_LENGTH, get16, get32, get64,
};

/// The number of bytes that are read first from the end of a file. Most containers have
/// no comment, so they contain the end record, and often the whole central directory of a
/// small publication.
const FIRST_TAIL: usize = 4 << 10;
/// The number of bytes at the end of a file in which the end record is searched: it can
/// have a comment of up to 65,535 bytes (4.4.12), and the ZIP64 structures precede it.
const MAX_TAIL: usize = ZIP64_RECORD_LENGTH + ZIP64_LOCATOR_LENGTH + END_LENGTH + u16::MAX as usize;
/// The number of bytes before the ZIP64 locator in which the ZIP64 end record is
/// searched. Usually the record directly precedes the locator; extensible data
/// (4.3.14.2), which is rare and short, may be between them.
const MAX_ZIP64_DISTANCE: usize = 4 << 10;
/// The start of an EPUB (EPUB 3.3, section 4.2.3): the name and the content of its first entry,
/// which follow the local header.
const EPUB_START: &[u8] = b"mimetypeapplication/epub+zip";

/// The location of a central directory in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryLocation {
    /// The position of its first byte, in bytes from the start of the file.
    pub(super) start: u64,
    /// Its size in bytes.
    pub(super) size: u64,
    /// The number of entries according to the end record.
    pub(super) entries: u64,
    /// Whether that number can be larger than 65,535.
    pub(super) is_zip64: bool,
    /// The number of bytes before the container.
    pub(super) prefix: u64,
}

/// The fields of an end record, or of a ZIP64 end record.
struct EndRecord {
    entries: u64,
    size: u64,
    offset: u64,
    is_zip64: bool,
    /// The position of the record in the file, where the central directory ends.
    start: u64,
}

/// Returns the location of the central directory, or `None` if the file, which starts
/// with `head`, is not a ZIP container in one piece.
///
/// # Errors
///
/// [`PublicationError::Container`] only for a file that starts like a ZIP container: in
/// any other file, bytes that look like an end record are a coincidence. A file without
/// an end record of its own is an error if it starts like a publication: it is truncated
/// or damaged.
pub(super) fn find_directory<F: File>(
    reader: &mut RandomReader<'_, F>,
    head: &[u8],
) -> Result<Option<DirectoryLocation>, PublicationError> {
    let signature = get32(head, 0);
    let starts_as_zip = signature == Some(LOCAL_HEADER) || signature == Some(END_RECORD);
    let (mut error, mut is_part) = (None, false);
    for length in [FIRST_TAIL, MAX_TAIL] {
        let size = reader.size();
        let tail = reader.tail(length)?;
        let tail_start = size - tail.len() as u64;
        for (record, at) in end_records(tail) {
            match locate(reader, &record, tail_start + at as u64) {
                Err(PublicationError::Container(found)) => error = error.or(Some(found)),
                // Part of an archive in several files, unless another record is valid.
                Ok(None) => is_part = true,
                located => return located,
            }
        }
        if tail_start == 0 {
            break;
        }
    }
    let error = match error {
        _ if !starts_as_zip => None,
        Some(error) if !is_part => Some(error),
        _ if !starts_as_publication(head) => None,
        _ if is_part => Some("it is one part of an archive in several files"),
        _ => Some("its end record is missing"),
    };
    error.map_or(Ok(None), |error| Err(PublicationError::Container(error)))
}

/// Returns `true` if the first bytes of a container are those of an EPUB, or contain the
/// local header of an entry for a license.
fn starts_as_publication(head: &[u8]) -> bool {
    let after_header = head.get(LOCAL_HEADER_LENGTH..).unwrap_or_default();
    let [first, ..] = LOCAL_HEADER.to_le_bytes();
    let is_license = |at: usize| {
        let header = &head[at..];
        let name = header.get(LOCAL_HEADER_LENGTH..).unwrap_or_default();
        get32(header, 0) == Some(LOCAL_HEADER)
            && get16(header, 26)
                .and_then(|length| name.get(..usize::from(length)))
                .is_some_and(|name| license_entry_name(name).is_some())
    };
    after_header.starts_with(EPUB_START) || memchr_iter(first, head).any(is_license)
}

/// Returns the candidates for the end record in the last bytes of a file, each with its
/// index, the most likely first: the last one whose comment reaches exactly to the end of
/// the file, then the others, because bytes may have been appended to the container.
fn end_records(tail: &[u8]) -> Vec<([u8; END_LENGTH], usize)> {
    let [first, ..] = END_RECORD.to_le_bytes();
    let record_at = |at: usize| {
        let record: [u8; END_LENGTH] = *tail.get(at..)?.first_chunk()?;
        (get32(&record, 0) == Some(END_RECORD)).then_some((record, at))
    };
    let mut records: Vec<_> = memrchr_iter(first, tail).filter_map(record_at).collect();
    let reaches_end = |(record, at): &([u8; END_LENGTH], usize)| {
        get16(record, 20)
            .is_some_and(|comment| at + END_LENGTH + usize::from(comment) == tail.len())
    };
    records.sort_by_key(|record| !reaches_end(record));
    records.truncate(MAX_END_RECORDS);
    records
}

/// The largest number of candidates that are tried. It bounds the time for a file that
/// consists of end records.
const MAX_END_RECORDS: usize = 16;

fn locate<F: File>(
    reader: &mut RandomReader<'_, F>,
    end: &[u8; END_LENGTH],
    position: u64,
) -> Result<Option<DirectoryLocation>, PublicationError> {
    let field16 = |at| get16(end, at).unwrap_or_default();
    let field32 = |at| u64::from(get32(end, at).unwrap_or_default());
    let record = match read_zip64(reader, position)? {
        Some(record) => record,
        // Part of an archive in several files.
        None if [field16(4), field16(6)]
            .iter()
            .any(|disk| !matches!(*disk, 0 | IN_ZIP64_16)) =>
        {
            return Ok(None);
        }
        None => EndRecord {
            entries: field16(10).into(),
            size: field32(12),
            offset: field32(16),
            is_zip64: false,
            start: position,
        },
    };
    let EndRecord {
        entries,
        size,
        offset,
        is_zip64,
        start: end,
    } = record;
    let wrong = PublicationError::Container("the location of its central directory is wrong");
    let start = end.checked_sub(size).ok_or(wrong)?;
    let prefix = start.checked_sub(offset).ok_or(wrong)?;
    // Most central directories are short enough to be read with one call now.
    if let Ok(length) = usize::try_from(reader.size() - start)
        && length <= MAX_TAIL
    {
        reader.tail(length)?;
    }
    if size > 0 && get32(&reader.read(start, 4)?, 0) != Some(CENTRAL_HEADER) {
        return Err(wrong);
    }
    if entries > size / CENTRAL_HEADER_LENGTH as u64 {
        return Err(PublicationError::Container(
            "its central directory is too short for the number of its entries",
        ));
    }
    Ok(Some(DirectoryLocation {
        start,
        size,
        entries,
        is_zip64,
        prefix,
    }))
}

/// Returns the fields of the ZIP64 end record (4.3.14), or `None` if no locator precedes
/// the end record at `position`.
fn read_zip64<F: File>(
    reader: &mut RandomReader<'_, F>,
    position: u64,
) -> Result<Option<EndRecord>, PublicationError> {
    let Some(locator_start) = position.checked_sub(ZIP64_LOCATOR_LENGTH as u64) else {
        return Ok(None);
    };
    if get32(&reader.read(locator_start, 4)?, 0) != Some(ZIP64_END_LOCATOR) {
        return Ok(None);
    }
    let distance = usize::try_from(locator_start)
        .map_or(MAX_ZIP64_DISTANCE, |start| start.min(MAX_ZIP64_DISTANCE));
    let before = reader.read(locator_start - distance as u64, distance)?;
    let [first, ..] = ZIP64_END_RECORD.to_le_bytes();
    // Its length field does not count its first twelve bytes, and it ends where the
    // locator starts.
    let is_record = |at: &usize| {
        let record = &before[*at..];
        get32(record, 0) == Some(ZIP64_END_RECORD)
            && get64(record, 4).and_then(|length| length.checked_add(12))
                == Some(record.len() as u64)
            && record.len() >= ZIP64_RECORD_LENGTH
    };
    let missing = PublicationError::Container("its ZIP64 end record is missing");
    let at = memrchr_iter(first, &before)
        .find(is_record)
        .ok_or(missing)?;
    let field = |offset| get64(&before, at + offset).ok_or(missing);
    let (entries, size, offset) = (field(32)?, field(40)?, field(48)?);
    let start = locator_start - (distance - at) as u64;
    Ok(Some(EndRecord {
        entries,
        size,
        offset,
        is_zip64: true,
        start,
    }))
}
