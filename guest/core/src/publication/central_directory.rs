//! The central directory of a ZIP container, which is read once in chunks.

use std::ops::Range;

use super::end_record::DirectoryLocation;
use super::entry_name::license_entry_name;
use super::error::PublicationError;
use super::random_reader::RandomReader;
use crate::File;
use crate::zip::{
    CENTRAL_HEADER, CENTRAL_HEADER_LENGTH, IN_ZIP64_32, LOCAL_HEADER_LENGTH, ZIP64_EXTRA, get16,
    get32, get64,
};

/// The number of bytes that are read at a time. A header has 46 bytes and at most three
/// fields of 64 KiB.
const CHUNK: u64 = 64 << 10;

const DAMAGED: PublicationError = PublicationError::Container("its central directory is damaged");

/// An entry, as its header in the central directory describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    /// The size of its data in the container, in bytes.
    pub(super) compressed_size: u64,
    /// The size of its content in bytes.
    pub(super) size: u64,
    /// The position of its local header, in bytes from the start of the file.
    pub(super) offset: u64,
}

/// The parts of a central directory that are needed to read the license.
pub(super) struct CentralDirectory {
    /// The entry that contains the license document, and its name.
    pub(super) license: Option<(Entry, &'static str)>,
    /// The range of bytes that each other entry occupies at least.
    pub(super) other_entries: Vec<Range<u64>>,
}

/// Reads the central directory.
///
/// # Errors
///
/// [`PublicationError::Container`] if a header is damaged or their number differs from
/// that in the end record, [`PublicationError::License`] if two entries have the name of
/// a license document.
pub(super) fn read<F: File>(
    reader: &mut RandomReader<'_, F>,
    location: &DirectoryLocation,
) -> Result<CentralDirectory, PublicationError> {
    let mut directory = CentralDirectory {
        license: None,
        other_entries: Vec::new(),
    };
    let mut headers = Headers {
        buffer: Vec::new(),
        next: 0,
        unread: location.start..location.start + location.size,
    };
    let mut count = 0_u64;
    while let Some(header) = headers.next_header(reader)? {
        count += 1;
        let name = header.get(CENTRAL_HEADER_LENGTH..).ok_or(DAMAGED)?;
        let name = name
            .get(..usize::from(get16(header, 28).ok_or(DAMAGED)?))
            .ok_or(DAMAGED)?;
        let entry = parse(header, name.len(), location.prefix).ok_or(DAMAGED)?;
        if let Some(license) = license_entry_name(name) {
            if directory.license.replace((entry, license)).is_some() {
                return Err(PublicationError::License(
                    "it contains more than one license document",
                ));
            }
        } else {
            let end = entry
                .offset
                .checked_add(LOCAL_HEADER_LENGTH as u64 + name.len() as u64);
            let end = end
                .and_then(|end| end.checked_add(entry.compressed_size))
                .ok_or(DAMAGED)?;
            directory.other_entries.push(entry.offset..end);
        }
    }
    // Without ZIP64, some tools count more than 65,535 entries modulo 65,536.
    let counted = if location.is_zip64 {
        count
    } else {
        count & 0xFFFF
    };
    if counted == location.entries {
        Ok(directory)
    } else {
        Err(DAMAGED)
    }
}

/// The headers that were not returned yet.
struct Headers {
    buffer: Vec<u8>,
    /// The index of the next header in the buffer.
    next: usize,
    /// The part of the file that was not read yet.
    unread: Range<u64>,
}

impl Headers {
    /// Returns the bytes of the next header, or `None` after the last one.
    fn next_header<F: File>(
        &mut self,
        reader: &mut RandomReader<'_, F>,
    ) -> Result<Option<&[u8]>, PublicationError> {
        if self.next == self.buffer.len() && self.unread.is_empty() {
            return Ok(None);
        }
        self.fill(reader, CENTRAL_HEADER_LENGTH)?;
        let fixed = self.buffer.get(self.next..).ok_or(DAMAGED)?;
        if get32(fixed, 0) != Some(CENTRAL_HEADER) {
            return Err(DAMAGED);
        }
        let variable = [28, 30, 32]
            .into_iter()
            .map(|at| get16(fixed, at).map(usize::from))
            .sum::<Option<usize>>();
        let length = CENTRAL_HEADER_LENGTH + variable.ok_or(DAMAGED)?;
        self.fill(reader, length)?;
        let start = self.next;
        self.next += length;
        Ok(self.buffer.get(start..self.next))
    }

    /// Reads until the buffer has at least `length` bytes from the start of the next header.
    fn fill<F: File>(
        &mut self,
        reader: &mut RandomReader<'_, F>,
        length: usize,
    ) -> Result<(), PublicationError> {
        while self.buffer.len() - self.next < length {
            self.buffer.drain(..self.next);
            self.next = 0;
            let chunk = (self.unread.end - self.unread.start).min(CHUNK);
            if chunk == 0 {
                return Err(DAMAGED);
            }
            let read = reader.read(
                self.unread.start,
                usize::try_from(chunk).map_err(|_| DAMAGED)?,
            )?;
            self.unread.start += chunk;
            self.buffer.extend_from_slice(&read);
        }
        Ok(())
    }
}

/// Returns the entry that a header describes, or `None` if the header is damaged.
fn parse(header: &[u8], name_length: usize, prefix: u64) -> Option<Entry> {
    let extra_start = CENTRAL_HEADER_LENGTH + name_length;
    let extra = header.get(extra_start..extra_start + usize::from(get16(header, 30)?))?;
    let fields = [get32(header, 24)?, get32(header, 20)?, get32(header, 42)?];
    let mut zip64 = Zip64Fields {
        extra: zip64_extra(extra),
        next: 0,
    };
    let mut take = |field: u32| {
        if field == IN_ZIP64_32 {
            zip64.take()
        } else {
            Some(u64::from(field))
        }
    };
    // The ZIP64 field has them in this order, each only if its field of 32 bits cannot
    // hold it (4.5.3).
    let [size, compressed_size, offset] = [take(fields[0])?, take(fields[1])?, take(fields[2])?];
    Some(Entry {
        flags: get16(header, 8)?,
        method: get16(header, 10)?,
        crc32: get32(header, 16)?,
        compressed_size,
        size,
        offset: offset.checked_add(prefix)?,
    })
}

/// The values of a ZIP64 extra field that were not returned yet.
struct Zip64Fields<'h> {
    extra: Option<&'h [u8]>,
    next: usize,
}

impl Zip64Fields<'_> {
    fn take(&mut self) -> Option<u64> {
        let value = get64(self.extra?, self.next)?;
        self.next += 8;
        Some(value)
    }
}

/// Returns the data of the ZIP64 extra field among the extra fields of a header (4.5.3).
fn zip64_extra(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (id, length) = (get16(extra, 0)?, usize::from(get16(extra, 2)?));
        let data = extra.get(4..4 + length)?;
        if id == ZIP64_EXTRA {
            return Some(data);
        }
        extra = extra.get(4 + length..)?;
    }
}
