//! The end of a ZIP container: where its central directory is.
//!
//! Section numbers are those of PKWARE's `APPNOTE.TXT` 6.3.10. Bytes before the container, such as
//! the program of a self-extracting archive, are found as other tools find them: the central
//! directory ends where the end record starts, and what its offset is short of is their length.

use memchr::memrchr_iter;

use super::bytes::RandomReader;
use super::{MAX_DIRECTORY_SIZE, PublicationError};
use crate::File;
use crate::zip::{
    CENTRAL_HEADER, CENTRAL_HEADER_LENGTH, END_LENGTH, END_RECORD, IN_ZIP64_16, IN_ZIP64_32, LOCAL_HEADER,
    ZIP64_END_LOCATOR, ZIP64_END_RECORD, ZIP64_LOCATOR_LENGTH, ZIP64_RECORD_LENGTH, get16, get32, get64,
};

/// The number of bytes that are read first from the end of a file: most containers have no comment,
/// and the central directory of most publications fits, too.
const FIRST_TAIL: usize = 16 << 10;
/// The number of bytes in which the end record is searched: it can have a comment of up to 65,535
/// bytes (4.4.12), and the ZIP64 structures come before it.
const LONGEST_TAIL: usize = ZIP64_RECORD_LENGTH + ZIP64_LOCATOR_LENGTH + END_LENGTH + u16::MAX as usize;

/// The place of a central directory in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryLocation {
    /// Where it starts, in bytes from the start of the file.
    pub(super) start: u64,
    /// Its size in bytes, at most [`MAX_DIRECTORY_SIZE`].
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
/// [`PublicationError::Malformed`] only for a file that starts as a ZIP container does: in any
/// other, bytes that look like an end record are taken for a coincidence.
pub(super) fn find_directory<F: File>(
    reader: &mut RandomReader<'_, F>,
    head: &[u8],
) -> Result<Option<DirectoryLocation>, PublicationError> {
    let signature = get32(head, 0);
    let starts_as_zip = signature == Some(LOCAL_HEADER) || signature == Some(END_RECORD);
    let located = match find_end(reader)? {
        Some((end, position)) => locate(reader, &end, position),
        None => return Ok(None),
    };
    match located {
        Err(PublicationError::Malformed(_)) if !starts_as_zip => Ok(None),
        located => located,
    }
}

/// Returns the end record of the file, and where it starts.
fn find_end<F: File>(reader: &mut RandomReader<'_, F>) -> Result<Option<([u8; END_LENGTH], u64)>, PublicationError> {
    for length in [FIRST_TAIL, LONGEST_TAIL] {
        let size = reader.size();
        let tail = reader.tail(length)?;
        if let Some(at) = find_end_in(tail) {
            let end = tail.get(at..).and_then(<[u8]>::first_chunk).copied();
            return Ok(end.map(|end| (end, size - (tail.len() - at) as u64)));
        }
        if tail.len() as u64 == size {
            break;
        }
    }
    Ok(None)
}

/// Returns where the end record starts in the last bytes of a file: at the last signature whose
/// comment reaches exactly to the end of the file.
fn find_end_in(tail: &[u8]) -> Option<usize> {
    let [first, ..] = END_RECORD.to_le_bytes();
    memrchr_iter(first, tail).find(|&at| {
        get32(tail, at) == Some(END_RECORD)
            && get16(tail, at + 20).is_some_and(|comment| at + END_LENGTH + usize::from(comment) == tail.len())
    })
}

fn locate<F: File>(
    reader: &mut RandomReader<'_, F>,
    end: &[u8; END_LENGTH],
    position: u64,
) -> Result<Option<DirectoryLocation>, PublicationError> {
    let field16 = |at| get16(end, at).unwrap_or_default();
    let field32 = |at| get32(end, at).unwrap_or_default();
    let (disk, directory_disk) = (field16(4), field16(6));
    let (entries, size, offset) = (field16(10), field32(12), field32(16));
    let mut record = EndRecord {
        entries: entries.into(),
        size: size.into(),
        offset: offset.into(),
        is_zip64: false,
        start: position,
    };
    let in_zip64 = [disk, directory_disk, entries].contains(&IN_ZIP64_16) || [size, offset].contains(&IN_ZIP64_32);
    if in_zip64 && let Some(zip64) = read_zip64(reader, position)? {
        record = zip64;
    } else if (disk, directory_disk) != (0, 0) {
        // One part of an archive in several files.
        return Ok(None);
    }
    let EndRecord { entries, size, offset, is_zip64, start: end } = record;
    let wrong = PublicationError::Malformed("the place of its central directory is wrong");
    let start = end.checked_sub(size).ok_or(wrong)?;
    let prefix = start.checked_sub(offset).ok_or(wrong)?;
    if size > 0 && get32(&reader.read(start, 4)?, 0) != Some(CENTRAL_HEADER) {
        return Err(wrong);
    }
    if entries > size / CENTRAL_HEADER_LENGTH as u64 {
        return Err(PublicationError::Malformed("its central directory has fewer entries than it claims"));
    }
    if size > MAX_DIRECTORY_SIZE {
        return Err(PublicationError::DirectoryTooLarge(size));
    }
    Ok(Some(DirectoryLocation { start, size, entries, is_zip64, prefix }))
}

/// Returns the fields of the ZIP64 end record (4.3.14), or `None` if there is no locator of one
/// before the end record at `position`.
fn read_zip64<F: File>(reader: &mut RandomReader<'_, F>, position: u64) -> Result<Option<EndRecord>, PublicationError> {
    let Some(locator_start) = position.checked_sub(ZIP64_LOCATOR_LENGTH as u64) else { return Ok(None) };
    let locator = reader.read(locator_start, ZIP64_LOCATOR_LENGTH)?;
    if get32(&locator, 0) != Some(ZIP64_END_LOCATOR) {
        return Ok(None);
    }
    let wrong = PublicationError::Malformed("its ZIP64 end record is missing");
    // Right before the locator, unless it has extensible data. Then it is where the locator says,
    // which does not count the bytes before the container.
    let expected = locator_start.checked_sub(ZIP64_RECORD_LENGTH as u64).ok_or(wrong)?;
    let claimed = get64(&locator, 8).ok_or(wrong)?;
    for start in [expected, claimed] {
        if start > expected {
            continue;
        }
        let record = reader.read(start, ZIP64_RECORD_LENGTH)?;
        if get32(&record, 0) == Some(ZIP64_END_RECORD) {
            let field = |at| get64(&record, at).ok_or(wrong);
            let (entries, size, offset) = (field(32)?, field(40)?, field(48)?);
            return Ok(Some(EndRecord { entries, size, offset, is_zip64: true, start }));
        }
    }
    Err(wrong)
}
