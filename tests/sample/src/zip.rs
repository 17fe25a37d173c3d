//! A writer of ZIP containers according to PKWARE's `APPNOTE.TXT`, which can also write false
//! values.

use miniz_oxide::deflate::compress_to_vec;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The compression level of a deflated entry, which is the default of other tools.
const LEVEL: u8 = 6;

/// The version of the format that a reader needs for ZIP64.
const VERSION: u16 = 45;

/// The value of a field of 16 bits whose true value is in a ZIP64 structure.
const IN_ZIP64_16: u16 = u16::MAX;
/// The value of a field of 32 bits whose true value is in a ZIP64 structure.
const IN_ZIP64_32: u32 = u32::MAX;

/// An entry, and the values in its headers.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    name: String,
    method: u16,
    data: Vec<u8>,
    /// The general purpose bit flag. 1 represents an encrypted entry.
    pub(super) flags: u16,
    /// The CRC-32 in the headers.
    pub(super) crc32: u32,
    /// The size of the content in the headers.
    pub(super) size: u64,
}

/// A ZIP container.
#[derive(Debug, Clone, Default)]
pub(super) struct Container {
    pub(super) entries: Vec<Entry>,
    /// Bytes before the container.
    pub(super) prefix: Vec<u8>,
    /// `true` if the offsets include the prefix.
    pub(super) counts_prefix: bool,
    pub(super) comment: Vec<u8>,
    /// `true` if all sizes, offsets and counts are in ZIP64 structures.
    pub(super) zip64: bool,
    /// The number of entries in the end record. `None` represents the true number.
    pub(super) claimed_entries: Option<u64>,
}

impl Entry {
    /// Returns an entry that is not compressed.
    pub(super) fn stored(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        let data = content.into();
        let (crc32, size) = (crc32fast::hash(&data), data.len() as u64);
        Self {
            name: name.into(),
            method: STORED,
            data,
            flags: 0,
            crc32,
            size,
        }
    }

    /// Returns an entry that is compressed.
    pub(super) fn deflated(name: impl Into<String>, content: &[u8]) -> Self {
        let (crc32, size) = (crc32fast::hash(content), content.len() as u64);
        Self {
            crc32,
            size,
            ..Self::of_deflated(name, compress_to_vec(content, LEVEL))
        }
    }

    /// Returns an entry with the compressed data `data`, whose headers have a size of 0.
    pub(super) fn of_deflated(name: impl Into<String>, data: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            method: DEFLATED,
            data,
            flags: 0,
            crc32: 0,
            size: 0,
        }
    }
}

impl Container {
    /// Returns a container without faults and unusual features.
    pub(super) fn of(entries: Vec<Entry>) -> Self {
        Self {
            entries,
            ..Self::default()
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Writer(self.prefix.clone());
        let mut directory = Writer(Vec::new());
        for entry in &self.entries {
            let offset = self.offset(&out);
            self.put_local_header(&mut out, entry);
            out.put(&entry.data);
            self.put_central_header(&mut directory, entry, offset);
        }
        let start = self.offset(&out);
        out.put(&directory.0);
        self.put_end(&mut out, start, to_u64(directory.0.len()));
        out.0
    }

    /// Returns the offset of the bytes that are written next.
    fn offset(&self, out: &Writer) -> u64 {
        let base = if self.counts_prefix {
            0
        } else {
            self.prefix.len()
        };
        to_u64(out.0.len() - base)
    }

    /// Writes a local header (section 4.3.7).
    fn put_local_header(&self, out: &mut Writer, entry: &Entry) {
        let sizes = [entry.size, to_u64(entry.data.len())];
        let extra = self.zip64_extra(&sizes);
        out.put(b"PK\x03\x04");
        self.put_common_fields(out, entry, &extra);
        out.put(entry.name.as_bytes());
        out.put(&extra);
    }

    /// Writes a header of the central directory (section 4.3.12).
    fn put_central_header(&self, out: &mut Writer, entry: &Entry, offset: u64) {
        let extra = self.zip64_extra(&[entry.size, to_u64(entry.data.len()), offset]);
        out.put(b"PK\x01\x02");
        out.put16(VERSION);
        self.put_common_fields(out, entry, &extra);
        // Comment, disk, attributes.
        out.put(&[0; 10]);
        out.put32(self.narrow(offset));
        out.put(entry.name.as_bytes());
        out.put(&extra);
    }

    /// Writes the fields of both headers, from the version needed to the length of the extra field.
    fn put_common_fields(&self, out: &mut Writer, entry: &Entry, extra: &[u8]) {
        for field in [VERSION, entry.flags, entry.method] {
            out.put16(field);
        }
        // Time and date: the first of January 1980.
        out.put(&[0, 0, 0x21, 0]);
        out.put32(entry.crc32);
        out.put32(self.narrow(to_u64(entry.data.len())));
        out.put32(self.narrow(entry.size));
        out.put16(to_u16(entry.name.len()));
        out.put16(to_u16(extra.len()));
    }

    /// Returns a ZIP64 extra field (section 4.5.3). It is empty if ZIP64 is not used.
    fn zip64_extra(&self, fields: &[u64]) -> Vec<u8> {
        let mut extra = Writer(Vec::new());
        if self.zip64 {
            extra.put16(1);
            extra.put16(to_u16(8 * fields.len()));
            for field in fields {
                extra.put64(*field);
            }
        }
        extra.0
    }

    /// Writes the end of the container (sections 4.3.14 to 4.3.16).
    fn put_end(&self, out: &mut Writer, start: u64, size: u64) {
        let entries = self.claimed_entries.unwrap_or(to_u64(self.entries.len()));
        if self.zip64 {
            let record = self.offset(out);
            out.put(b"PK\x06\x06");
            out.put64(44);
            out.put16(VERSION);
            out.put16(VERSION);
            out.put(&[0; 8]);
            for field in [entries, entries, size, start] {
                out.put64(field);
            }
            out.put(b"PK\x06\x07");
            out.put32(0);
            out.put64(record);
            out.put32(1);
        }
        out.put(b"PK\x05\x06");
        out.put(&[0; 4]);
        let count = if self.zip64 {
            IN_ZIP64_16
        } else {
            to_u16(self.entries.len())
        };
        out.put16(count);
        out.put16(count);
        out.put32(self.narrow(size));
        out.put32(self.narrow(start));
        out.put16(to_u16(self.comment.len()));
        out.put(&self.comment);
    }

    /// Returns the value of a field of 32 bits.
    fn narrow(&self, value: u64) -> u32 {
        if self.zip64 {
            return IN_ZIP64_32;
        }
        u32::try_from(value).expect("larger values are written with ZIP64")
    }
}

/// A buffer to which numbers are appended in little-endian order.
struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn put16(&mut self, value: u16) {
        self.put(&value.to_le_bytes());
    }

    fn put32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    fn put64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }
}

fn to_u16(length: usize) -> u16 {
    u16::try_from(length).expect("names, comments and directories of the sample store are short")
}

fn to_u64(length: usize) -> u64 {
    length as u64
}
