//! The end of a ZIP container: where its central directory is.
//!
//! Section numbers are those of PKWARE's `APPNOTE.TXT` 6.3.10. Bytes before the container, such as
//! the program of a self-extracting archive, are found as other tools find them: the central
//! directory ends where the end record starts, and what its offset is short of is their length.

use memchr::{memchr_iter, memrchr_iter};

use super::bytes::RandomReader;
use super::{LICENSE_ENTRIES, PublicationError};
use crate::File;
use crate::zip::{
    CENTRAL_HEADER, CENTRAL_HEADER_LENGTH, END_LENGTH, END_RECORD, IN_ZIP64_16, LOCAL_HEADER,
    LOCAL_HEADER_LENGTH, ZIP64_END_LOCATOR, ZIP64_END_RECORD, ZIP64_LOCATOR_LENGTH,
    ZIP64_RECORD_LENGTH, get16, get32, get64,
};

/// The number of bytes that are read first from the end of a file: most containers have no comment,
/// and the central directory of a small publication fits, too.
const FIRST_TAIL: usize = 4 << 10;
/// The number of bytes in which the end record is searched: it can have a comment of up to 65,535
/// bytes (4.4.12), and the ZIP64 structures come before it.
const LONGEST_TAIL: usize =
    ZIP64_RECORD_LENGTH + ZIP64_LOCATOR_LENGTH + END_LENGTH + u16::MAX as usize;
/// The number of bytes before the ZIP64 locator in which the ZIP64 end record is searched. Most are
/// right before it; extensible data (4.3.14.2), which is rare and short, may come in between.
const ZIP64_REACH: usize = 4 << 10;
/// The start of an EPUB (EPUB 3.3, section 4.2.3): the name and the content of its first entry,
/// which follow the local header.
const EPUB_START: &[u8] = b"mimetypeapplication/epub+zip";

/// The place of a central directory in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryLocation {
    /// Where it starts, in bytes from the start of the file.
    pub(super) start: u64,
    /// Its size in bytes.
    pub(super) size: u64,
    /// The number of entries that the end record claims.
    pub(super) entries: u64,
    /// Whether that number can be larger than 65,535.
    pub(super) is_zip64: bool,
    /// The number of bytes before the container.
    pub(super) prefix: u64,
}

/// The fields of an end record, from whichever of the two structures they are.
struct EndRecord {
    entries: u64,
    size: u64,
    offset: u64,
    is_zip64: bool,
    /// Where the record starts in the file, which is where the central directory ends.
    start: u64,
}

/// Returns the place of the central directory, or `None` if the file, which starts with `head`, is
/// not a ZIP container in one piece.
///
/// # Errors
///
/// [`PublicationError::Container`] only for a file that starts as a ZIP container does: in any
/// other, bytes that look like an end record are taken for a coincidence. A file without an end
/// record of its own is an error if it starts as a publication does: it was cut short or damaged.
pub(super) fn find_directory<F: File>(
    reader: &mut RandomReader<'_, F>,
    head: &[u8],
) -> Result<Option<DirectoryLocation>, PublicationError> {
    let signature = get32(head, 0);
    let starts_as_zip = signature == Some(LOCAL_HEADER) || signature == Some(END_RECORD);
    let (mut fault, mut is_part) = (None, false);
    for length in [FIRST_TAIL, LONGEST_TAIL] {
        let size = reader.size();
        let tail = reader.tail(length)?;
        let tail_start = size - tail.len() as u64;
        for (record, at) in end_records(tail) {
            match locate(reader, &record, tail_start + at as u64) {
                Err(PublicationError::Container(found)) => fault = fault.or(Some(found)),
                // One part of an archive in several files, unless another record is a better one.
                Ok(None) => is_part = true,
                located => return located,
            }
        }
        if tail_start == 0 {
            break;
        }
    }
    let fault = match fault {
        _ if !starts_as_zip => None,
        Some(fault) if !is_part => Some(fault),
        _ if !starts_as_publication(head) => None,
        _ if is_part => Some("it claims to be one part of an archive in several files"),
        _ => Some("its end is missing"),
    };
    fault.map_or(Ok(None), |fault| Err(PublicationError::Container(fault)))
}

/// Returns `true` if the first bytes of a container are those of an EPUB, or have the local header of
/// an entry for a license.
fn starts_as_publication(head: &[u8]) -> bool {
    let after_header = head.get(LOCAL_HEADER_LENGTH..).unwrap_or_default();
    let [first, ..] = LOCAL_HEADER.to_le_bytes();
    let is_license = |at: usize| {
        let header = &head[at..];
        let name = header.get(LOCAL_HEADER_LENGTH..).unwrap_or_default();
        get32(header, 0) == Some(LOCAL_HEADER)
            && get16(header, 26)
                .and_then(|length| name.get(..usize::from(length)))
                .is_some_and(|name| {
                    LICENSE_ENTRIES
                        .iter()
                        .any(|license| license.as_bytes() == name)
                })
    };
    after_header.starts_with(EPUB_START) || memchr_iter(first, head).any(is_license)
}

/// Returns what may be end records in the last bytes of a file, and where each starts, the likeliest
/// first: the last one whose comment reaches exactly to the end of the file, then any other, since
/// bytes may have been appended.
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

/// The number of end records that are tried, so that a file that consists of them takes no longer.
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
        // One part of an archive in several files.
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
    let wrong = PublicationError::Container("the place of its central directory is wrong");
    let start = end.checked_sub(size).ok_or(wrong)?;
    let prefix = start.checked_sub(offset).ok_or(wrong)?;
    // Most central directories are short enough to be read now, with one call.
    if let Ok(length) = usize::try_from(reader.size() - start)
        && length <= LONGEST_TAIL
    {
        reader.tail(length)?;
    }
    if size > 0 && get32(&reader.read(start, 4)?, 0) != Some(CENTRAL_HEADER) {
        return Err(wrong);
    }
    if entries > size / CENTRAL_HEADER_LENGTH as u64 {
        return Err(PublicationError::Container(
            "its central directory has fewer entries than it claims",
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

/// Returns the fields of the ZIP64 end record (4.3.14), or `None` if there is no locator of one
/// before the end record at `position`.
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
    let reach = usize::try_from(locator_start).map_or(ZIP64_REACH, |start| start.min(ZIP64_REACH));
    let before = reader.read(locator_start - reach as u64, reach)?;
    let [first, ..] = ZIP64_END_RECORD.to_le_bytes();
    // It says how long it is after its first twelve bytes, and ends where the locator starts.
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
    let start = locator_start - (reach - at) as u64;
    Ok(Some(EndRecord {
        entries,
        size,
        offset,
        is_zip64: true,
        start,
    }))
}
