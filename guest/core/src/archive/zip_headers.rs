//! The headers of a ZIP archive, after PKWARE's `APPNOTE.TXT` 6.3.10; section numbers
//! below are those of that document.
//!
//! This module writes them itself, because the writer makes one forward pass, gives each
//! field the one permitted value, and derives the central directory from the index that
//! it holds anyway. The crates do not allow that: `zip` 9 seeks back to each local header
//! or writes data descriptors; `rawzip` 0.5 normalises names (a backslash is a legal
//! character of a license's name) or leaves the UTF-8 flag unset; both keep a table of
//! their own with a copy of each name, which exceeds the memory target at a million
//! entries.

use crate::zip::{
    CENTRAL_HEADER, CENTRAL_HEADER_LENGTH, END_LENGTH, END_RECORD, IN_ZIP64_16, IN_ZIP64_32,
    LOCAL_HEADER, LOCAL_HEADER_LENGTH, ZIP64_END_LOCATOR, ZIP64_END_RECORD, ZIP64_EXTRA,
    ZIP64_LOCATOR_LENGTH, ZIP64_RECORD_LENGTH, get16, get32, get64, put16, put32, put64,
};

/// The upper byte is host system 3, Unix: the external attributes hold a mode (4.4.2).
/// The lower byte is version 4.5.
const MADE_BY: u16 = (3 << 8) + 45;
/// The version needed to read a stored entry is 2.0, and 4.5 with ZIP64 sizes (4.4.3).
const VERSION_NEEDED: u16 = 20;
const VERSION_NEEDED_ZIP64: u16 = 45;
/// Bit 11: the name is UTF-8 (4.4.4).
const FLAGS: u16 = 1 << 11;
/// The compression method of an entry that is stored without compression (4.4.5).
const STORED: u16 = 0;
/// Midnight and 1980-01-01, the earliest date of a ZIP archive (4.4.6). They are
/// constant, because the same store must yield the same bytes.
const TIME: u16 = 0;
const DATE: u16 = 1 << 5 | 1;
/// The mode of a regular file that only its owner can read and write, as `st_mode` in the
/// upper half (4.4.15).
const ATTRIBUTES: u32 = 0o100_600 << 16;
/// The length of the ZIP64 structures at the end of an archive, in bytes.
pub(super) const ZIP64_END_LENGTH: usize = ZIP64_RECORD_LENGTH + ZIP64_LOCATOR_LENGTH;

/// The possible lengths of the extra field of a central header, in bytes: no ZIP64 field, the offset,
/// both sizes, and all three.
pub(super) const CENTRAL_EXTRA_LENGTHS: [usize; 4] = [0, 12, 20, 28];

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<N> {
    /// The name.
    pub(crate) name: N,
    /// The CRC-32 of the content.
    pub(crate) crc32: u32,
    /// The length of the content in bytes.
    pub(crate) size: u64,
    /// The offset of the local header in bytes.
    pub(crate) offset: u64,
}

/// The position and the size of the central directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CentralDirectory {
    /// The number of entries.
    pub(crate) entries: u64,
    /// The length in bytes.
    pub(crate) size: u64,
    /// The offset in bytes.
    pub(crate) offset: u64,
}

impl<N: AsRef<str>> Entry<N> {
    /// Appends the local header (4.3.7), which precedes the content.
    pub(crate) fn write_local_header(&self, out: &mut Vec<u8>) {
        let zip64 = self.size_field() == IN_ZIP64_32;
        put32(out, LOCAL_HEADER);
        self.write_common(zip64, out);
        put16(out, if zip64 { 20 } else { 0 });
        out.extend_from_slice(self.name.as_ref().as_bytes());
        if zip64 {
            put16(out, ZIP64_EXTRA);
            put16(out, 16);
            put64(out, self.size);
            put64(out, self.size);
        }
    }

    /// Returns the length of the local header in bytes.
    pub(crate) fn local_header_length(&self) -> u64 {
        let extra = if self.size_field() == IN_ZIP64_32 {
            20
        } else {
            0
        };
        (LOCAL_HEADER_LENGTH + self.name.as_ref().len() + extra) as u64
    }

    /// Returns the offset of the end of the content, or `None` if it exceeds 64 bits.
    pub(crate) fn end(&self) -> Option<u64> {
        self.offset
            .checked_add(self.local_header_length())?
            .checked_add(self.size)
    }

    /// Appends the header of the central directory (4.3.12).
    pub(crate) fn write_central_header(&self, out: &mut Vec<u8>) {
        let mut extra = Vec::new();
        if self.size_field() == IN_ZIP64_32 {
            put64(&mut extra, self.size);
            put64(&mut extra, self.size);
        }
        if self.offset_field() == IN_ZIP64_32 {
            put64(&mut extra, self.offset);
        }
        put32(out, CENTRAL_HEADER);
        put16(out, MADE_BY);
        self.write_common(!extra.is_empty(), out);
        put16(
            out,
            if extra.is_empty() {
                0
            } else {
                narrow16(extra.len() + 4)
            },
        );
        put16(out, 0); // comment length
        put16(out, 0); // disk
        put16(out, 0); // internal attributes
        put32(out, ATTRIBUTES);
        put32(out, self.offset_field());
        out.extend_from_slice(self.name.as_ref().as_bytes());
        if !extra.is_empty() {
            put16(out, ZIP64_EXTRA);
            put16(out, narrow16(extra.len()));
            out.extend_from_slice(&extra);
        }
    }

    /// Appends the fields that both headers have, from the version needed to the length
    /// of the name.
    fn write_common(&self, zip64: bool, out: &mut Vec<u8>) {
        put16(
            out,
            if zip64 {
                VERSION_NEEDED_ZIP64
            } else {
                VERSION_NEEDED
            },
        );
        put16(out, FLAGS);
        put16(out, STORED);
        put16(out, TIME);
        put16(out, DATE);
        put32(out, self.crc32);
        put32(out, self.size_field());
        put32(out, self.size_field());
        put16(out, narrow16(self.name.as_ref().len()));
    }

    fn size_field(&self) -> u32 {
        u32::try_from(self.size).unwrap_or(IN_ZIP64_32)
    }

    fn offset_field(&self) -> u32 {
        u32::try_from(self.offset).unwrap_or(IN_ZIP64_32)
    }
}

impl Entry<&str> {
    /// Returns the entry with a name of its own.
    pub(crate) fn to_owned(&self) -> Entry<String> {
        Entry {
            name: self.name.to_owned(),
            crc32: self.crc32,
            size: self.size,
            offset: self.offset,
        }
    }
}

impl<'a> Entry<&'a str> {
    /// Parses the header of the central directory at the start of `bytes`, and returns
    /// the entry and the length of the header. Returns `None` if it differs from the
    /// header that the writer would write for this entry, or if `bytes` end within it.
    pub(super) fn read_central_header(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let name_length = usize::from(get16(bytes, 28)?);
        let extra_length = usize::from(get16(bytes, 30)?);
        let extra_start = CENTRAL_HEADER_LENGTH + name_length;
        let length = extra_start + extra_length;
        let name = std::str::from_utf8(bytes.get(CENTRAL_HEADER_LENGTH..extra_start)?).ok()?;
        let (mut size, mut offset) = (u64::from(get32(bytes, 24)?), u64::from(get32(bytes, 42)?));
        let mut wide = extra_start + 4;
        if size == u64::from(IN_ZIP64_32) {
            size = get64(bytes, wide)?;
            wide += 16;
        }
        if offset == u64::from(IN_ZIP64_32) {
            offset = get64(bytes, wide)?;
        }
        let entry = Self {
            name,
            crc32: get32(bytes, 16)?,
            size,
            offset,
        };
        if is_plain_central_header(bytes)? {
            return Some((entry, length));
        }
        let mut expected = Vec::with_capacity(length);
        entry.write_central_header(&mut expected);
        (bytes.get(..length)? == expected).then_some((entry, length))
    }
}

/// Returns `true` if a header of the central directory has no ZIP64 fields, and each of its fields
/// has the value that the writer writes. To write such a header and to compare it would take longer.
fn is_plain_central_header(bytes: &[u8]) -> Option<bool> {
    let (compressed_size, size, offset) = (get32(bytes, 20)?, get32(bytes, 24)?, get32(bytes, 42)?);
    let is_plain = size != IN_ZIP64_32
        && offset != IN_ZIP64_32
        && compressed_size == size
        && get32(bytes, 0)? == CENTRAL_HEADER
        && get16(bytes, 4)? == MADE_BY
        && get16(bytes, 6)? == VERSION_NEEDED
        && get16(bytes, 8)? == FLAGS
        && get16(bytes, 10)? == STORED
        && get16(bytes, 12)? == TIME
        && get16(bytes, 14)? == DATE
        // The lengths of the extra field and the comment, then the disk and internal attributes.
        && get32(bytes, 30)? == 0
        && get32(bytes, 34)? == 0
        && get32(bytes, 38)? == ATTRIBUTES;
    Some(is_plain)
}

impl CentralDirectory {
    /// Appends the structures that end an archive (4.3.14 to 4.3.16).
    pub(crate) fn write_end(&self, out: &mut Vec<u8>) {
        let entries = u16::try_from(self.entries).unwrap_or(IN_ZIP64_16);
        let size = u32::try_from(self.size).unwrap_or(IN_ZIP64_32);
        let offset = u32::try_from(self.offset).unwrap_or(IN_ZIP64_32);
        if self.needs_zip64() {
            put32(out, ZIP64_END_RECORD);
            put64(out, 44); // length of the rest of the record
            put16(out, MADE_BY);
            put16(out, VERSION_NEEDED_ZIP64);
            put32(out, 0); // this disk
            put32(out, 0); // disk of the central directory
            put64(out, self.entries);
            put64(out, self.entries);
            put64(out, self.size);
            put64(out, self.offset);
            put32(out, ZIP64_END_LOCATOR);
            put32(out, 0); // disk of the record above
            put64(out, self.offset + self.size);
            put32(out, 1); // number of disks
        }
        put32(out, END_RECORD);
        put16(out, 0); // this disk
        put16(out, 0); // disk of the central directory
        put16(out, entries);
        put16(out, entries);
        put32(out, size);
        put32(out, offset);
        put16(out, 0); // comment length
    }

    /// Parses the structures that end an archive of `length` bytes from its last bytes.
    /// Returns `None` if they differ from those that the writer would write.
    pub(super) fn read_end(tail: &[u8], length: u64) -> Option<Self> {
        let end = tail.get(tail.len().checked_sub(END_LENGTH)?..)?;
        let mut directory = Self {
            entries: u64::from(get16(end, 10)?),
            size: u64::from(get32(end, 12)?),
            offset: u64::from(get32(end, 16)?),
        };
        if directory.needs_zip64() {
            let wide = tail.get(tail.len().checked_sub(END_LENGTH + ZIP64_END_LENGTH)?..)?;
            directory = Self {
                entries: get64(wide, 32)?,
                size: get64(wide, 40)?,
                offset: get64(wide, 48)?,
            };
        }
        let mut expected = Vec::new();
        let ends_at = directory.offset.checked_add(directory.size)?;
        directory.write_end(&mut expected);
        (ends_at.checked_add(expected.len() as u64)? == length && tail.ends_with(&expected))
            .then_some(directory)
    }

    fn needs_zip64(&self) -> bool {
        self.entries >= u64::from(IN_ZIP64_16)
            || self.size >= u64::from(IN_ZIP64_32)
            || self.offset >= u64::from(IN_ZIP64_32)
    }
}

/// Returns a length as a field of 16 bits. The caller has limited it to their range.
fn narrow16(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: u64 = u32::MAX as u64;

    fn entry(size: u64, offset: u64) -> Entry<&'static str> {
        Entry {
            name: "licenses/a",
            crc32: 0x1234_5678,
            size,
            offset,
        }
    }

    #[test]
    fn central_headers_read_back_around_the_zip64_limit() {
        for size in [0, 1, LARGE - 1, LARGE, LARGE + 1] {
            for offset in [0, LARGE - 1, LARGE, LARGE + 1] {
                let mut bytes = Vec::new();
                entry(size, offset).write_central_header(&mut bytes);
                let length = bytes.len();
                bytes.extend_from_slice(b"what follows");
                assert_eq!(
                    Entry::read_central_header(&bytes),
                    Some((entry(size, offset), length)),
                    "{size} {offset}"
                );
            }
        }
    }

    #[test]
    fn a_central_header_without_zip64_fields_has_no_other_byte_flipped() {
        let mut bytes = Vec::new();
        entry(7, 8).write_central_header(&mut bytes);
        // The CRC-32, the length of the name, the offset and the name. The size is there twice.
        let is_variable = |at| {
            [16..20, 28..30, 42..bytes.len()]
                .iter()
                .any(|it| it.contains(&at))
        };
        for at in (0..bytes.len()).filter(|at| !is_variable(*at)) {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let read = Entry::read_central_header(&flipped);
                assert_eq!(read, None, "bit {bit} of byte {at}");
            }
        }
        for length in 0..bytes.len() {
            assert_eq!(
                Entry::read_central_header(&bytes[..length]),
                None,
                "{length}"
            );
        }
    }

    #[test]
    fn a_central_header_that_lacks_its_zip64_field_is_rejected() {
        for fields in [&[20, 24][..], &[42]] {
            let mut bytes = Vec::new();
            entry(7, 8).write_central_header(&mut bytes);
            for at in fields {
                bytes[*at..at + 4].fill(0xFF);
            }
            bytes.extend_from_slice(&[0; 32]);
            assert_eq!(Entry::read_central_header(&bytes), None, "{fields:?}");
        }
    }

    #[test]
    fn a_central_header_with_another_field_is_rejected() {
        let mut bytes = Vec::new();
        entry(LARGE, LARGE).write_central_header(&mut bytes);
        let variable = (16..28)
            .chain(42..46)
            .chain(CENTRAL_HEADER_LENGTH..bytes.len());
        let variable: Vec<usize> = variable.collect();
        for at in (0..bytes.len()).filter(|at| !variable.contains(at)) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            let read = Entry::read_central_header(&flipped);
            assert_eq!(read, None, "byte {at}");
        }
    }

    #[test]
    fn a_local_header_has_the_computed_length() {
        for size in [0, LARGE - 1, LARGE] {
            let mut bytes = Vec::new();
            entry(size, 0).write_local_header(&mut bytes);
            assert_eq!(
                bytes.len() as u64,
                entry(size, 0).local_header_length(),
                "{size}"
            );
        }
    }

    #[test]
    fn the_end_of_an_archive_reads_back_around_the_zip64_limit() {
        for entries in [0, 0xFFFE, 0xFFFF, 0x1_0000] {
            for (size, offset) in [
                (0, 0),
                (LARGE - 1, 7),
                (LARGE, 7),
                (7, LARGE - 1),
                (7, LARGE),
            ] {
                let directory = CentralDirectory {
                    entries,
                    size,
                    offset,
                };
                let mut tail = Vec::new();
                directory.write_end(&mut tail);
                let length = offset + size + tail.len() as u64;
                assert_eq!(
                    CentralDirectory::read_end(&tail, length),
                    Some(directory),
                    "{directory:?}"
                );
                assert_eq!(
                    CentralDirectory::read_end(&tail, length + 1),
                    None,
                    "{directory:?}"
                );
            }
        }
    }
}
