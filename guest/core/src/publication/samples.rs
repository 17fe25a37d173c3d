//! ZIP containers for tests, with the defects that a test needs.

use miniz_oxide::deflate::compress_to_vec;

use crate::crc32::crc32;
use crate::zip::{
    CENTRAL_HEADER, END_RECORD, IN_ZIP64_16, IN_ZIP64_32, LOCAL_HEADER, ZIP64_END_LOCATOR,
    ZIP64_END_RECORD, ZIP64_EXTRA, put16, put32, put64,
};

/// A license document.
pub(crate) const LICENSE: &str = r#"{"id":"urn:1","issued":"2013-11-04T01:08:15Z","provider":"https://example.com","encryption":{},"links":[],"signature":{}}"#;

/// The name of the entry for the license in an EPUB.
pub(crate) const META_INF: &str = "META-INF/license.lcpl";

/// An entry and the fields of its headers.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// The name in the local header.
    pub(crate) local_name: &'static str,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc32: u32,
    pub(crate) size: u64,
    pub(crate) compressed_size: u64,
    pub(crate) data: Vec<u8>,
    /// Extra fields of the local header.
    pub(crate) local_extra: Vec<u8>,
    /// The difference between the offset in the central directory and the true one.
    pub(crate) misplaced_by: i64,
}

/// A container.
#[derive(Clone, Default)]
pub(crate) struct Container {
    pub(crate) entries: Vec<Entry>,
    /// Bytes before the container.
    pub(crate) prefix: Vec<u8>,
    /// Whether the offsets count these bytes.
    pub(crate) counts_prefix: bool,
    pub(crate) comment: Vec<u8>,
    /// Whether sizes, offsets and counts are in ZIP64 structures.
    pub(crate) zip64: bool,
    /// The number of entries in the end record, if it is not the true one.
    pub(crate) claimed_entries: Option<u64>,
    /// Bytes between the central directory and the end record.
    pub(crate) gap: Vec<u8>,
}

impl Entry {
    pub(crate) fn stored(name: &'static str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let size = content.len() as u64;
        Self {
            name,
            local_name: name,
            flags: 0,
            method: 0,
            crc32: crc32(content),
            size,
            compressed_size: size,
            data: content.to_vec(),
            local_extra: Vec::new(),
            misplaced_by: 0,
        }
    }

    pub(crate) fn deflated(name: &'static str, content: impl AsRef<[u8]>) -> Self {
        let data = compress_to_vec(content.as_ref(), 6);
        Self {
            method: 8,
            compressed_size: data.len() as u64,
            data,
            ..Self::stored(name, content)
        }
    }
}

impl Container {
    pub(crate) fn of(entries: impl Into<Vec<Entry>>) -> Self {
        Self {
            entries: entries.into(),
            ..Self::default()
        }
    }

    /// Returns an EPUB with a license and chapters of `length` bytes.
    pub(crate) fn epub(license: Entry, length: usize) -> Self {
        let chapters: Vec<u8> = (0..length)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()[0])
            .collect();
        Self::of([
            Entry::stored("mimetype", "application/epub+zip"),
            Entry::deflated("META-INF/container.xml", "<container/>".repeat(20)),
            license,
            Entry::stored("OEBPS/chapters.xhtml", chapters),
        ])
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = self.prefix.clone();
        let base = if self.counts_prefix {
            0
        } else {
            self.prefix.len() as u64
        };
        let mut directory = Vec::new();
        for entry in &self.entries {
            let offset = (out.len() as u64 - base).saturating_add_signed(entry.misplaced_by);
            put32(&mut out, LOCAL_HEADER);
            put_common(&mut out, entry, false);
            put16(&mut out, narrow(entry.local_name.len()));
            put16(&mut out, narrow(entry.local_extra.len()));
            out.extend_from_slice(entry.local_name.as_bytes());
            out.extend_from_slice(&entry.local_extra);
            out.extend_from_slice(&entry.data);
            self.put_central_header(&mut directory, entry, offset);
        }
        let offset = out.len() as u64 - base;
        out.extend_from_slice(&directory);
        out.extend_from_slice(&self.gap);
        let entries = self.claimed_entries.unwrap_or(self.entries.len() as u64);
        if self.zip64 {
            let record = out.len() as u64 - base;
            put32(&mut out, ZIP64_END_RECORD);
            put64(&mut out, 44);
            put16(&mut out, 45);
            put16(&mut out, 45);
            put32(&mut out, 0);
            put32(&mut out, 0);
            put64(&mut out, entries);
            put64(&mut out, entries);
            put64(&mut out, directory.len() as u64);
            put64(&mut out, offset);
            put32(&mut out, ZIP64_END_LOCATOR);
            put32(&mut out, 0);
            put64(&mut out, record);
            put32(&mut out, 1);
        }
        put32(&mut out, END_RECORD);
        put16(&mut out, 0);
        put16(&mut out, 0);
        for _ in 0..2 {
            put16(
                &mut out,
                if self.zip64 {
                    IN_ZIP64_16
                } else {
                    u16::try_from(entries).expect("few")
                },
            );
        }
        put32(
            &mut out,
            if self.zip64 {
                IN_ZIP64_32
            } else {
                narrow32(directory.len() as u64)
            },
        );
        put32(
            &mut out,
            if self.zip64 {
                IN_ZIP64_32
            } else {
                narrow32(offset)
            },
        );
        put16(&mut out, narrow(self.comment.len()));
        out.extend_from_slice(&self.comment);
        out
    }

    fn put_central_header(&self, out: &mut Vec<u8>, entry: &Entry, offset: u64) {
        let mut extra = Vec::new();
        if self.zip64 {
            put16(&mut extra, 0x5455); // another extra field before it
            put16(&mut extra, 1);
            extra.push(0);
            put16(&mut extra, ZIP64_EXTRA);
            put16(&mut extra, 24);
            put64(&mut extra, entry.size);
            put64(&mut extra, entry.compressed_size);
            put64(&mut extra, offset);
        }
        put32(out, CENTRAL_HEADER);
        put16(out, 45); // version made by
        put_common(out, entry, self.zip64);
        put16(out, narrow(entry.name.len()));
        put16(out, narrow(extra.len()));
        put16(out, 0); // comment length
        put16(out, 0); // disk
        put16(out, 0); // internal attributes
        put32(out, 0); // external attributes
        put32(
            out,
            if self.zip64 {
                IN_ZIP64_32
            } else {
                narrow32(offset)
            },
        );
        out.extend_from_slice(entry.name.as_bytes());
        out.extend_from_slice(&extra);
    }
}

/// Appends the fields that both headers have, from the version needed to the sizes.
fn put_common(out: &mut Vec<u8>, entry: &Entry, zip64: bool) {
    put16(out, 45);
    put16(out, entry.flags);
    put16(out, entry.method);
    put32(out, 0); // time and date
    put32(out, entry.crc32);
    put32(
        out,
        if zip64 {
            IN_ZIP64_32
        } else {
            narrow32(entry.compressed_size)
        },
    );
    put32(
        out,
        if zip64 {
            IN_ZIP64_32
        } else {
            narrow32(entry.size)
        },
    );
}

fn narrow(length: usize) -> u16 {
    u16::try_from(length).expect("names and comments in tests are short")
}

fn narrow32(length: u64) -> u32 {
    u32::try_from(length).expect("containers in tests are small without ZIP64")
}
