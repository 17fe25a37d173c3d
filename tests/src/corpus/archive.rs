//! A model of a ZIP archive in which every field can have any value (`APPNOTE.TXT` 6.3.10,
//! section 4.3).

/// A ZIP archive.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    /// Bytes before the first entry.
    pub(super) before: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    /// Bytes between the last entry and the central directory.
    pub(super) gap: Vec<u8>,
    /// The positions in `entries`, in the order of the central directory.
    pub(super) order: Vec<usize>,
    /// Bytes after the last header of the central directory, which its size includes.
    pub(super) hidden: Vec<u8>,
    pub(super) end: End,
}

/// An entry: its local header, its content, and its header in the central directory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) local: Header,
    pub(super) content: Vec<u8>,
    pub(super) central: Header,
    /// The version made by (section 4.4.2).
    pub(super) made_by: u16,
    pub(super) comment: Vec<u8>,
    pub(super) disk: u16,
    pub(super) internal: u16,
    /// The external file attributes (section 4.4.15).
    pub(super) external: u32,
    /// The offset in the central directory. `None` represents the true offset.
    pub(super) offset: Option<u32>,
}

/// The fields that both headers of an entry contain.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) signature: u32,
    pub(super) needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) crc32: u32,
    pub(super) compressed: u32,
    pub(super) size: u32,
    pub(super) name: Vec<u8>,
    pub(super) extra: Vec<u8>,
}

/// The end of central directory record. `None` represents the true value of a field.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    pub(super) disk: u16,
    pub(super) directory_disk: u16,
    pub(super) entries_here: Option<u16>,
    pub(super) entries: Option<u16>,
    pub(super) size: Option<u32>,
    pub(super) offset: Option<u32>,
    pub(super) comment: Vec<u8>,
    pub(super) zip64: Option<Zip64>,
    /// Bytes after the record.
    pub(super) after: Vec<u8>,
}

/// The ZIP64 end record and its locator. `None` represents the true value of a field.
#[derive(Debug, Clone, Default)]
pub(super) struct Zip64 {
    pub(super) entries: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) offset: Option<u64>,
    pub(super) locator: Option<u64>,
}

impl Entry {
    /// Returns an entry with the headers that the writer writes.
    pub(super) fn new(name: impl Into<Vec<u8>>, content: impl Into<Vec<u8>>) -> Self {
        let (name, content) = (name.into(), content.into());
        let size = u32::try_from(content.len()).expect("a case is small");
        let local = Header {
            signature: 0x0403_4B50,
            needed: 20,
            flags: 0x0800,
            method: 0,
            time: 0,
            date: 0x0021,
            crc32: crc32fast::hash(&content),
            compressed: size,
            size,
            name,
            extra: Vec::new(),
        };
        let central = Header {
            signature: 0x0201_4B50,
            ..local.clone()
        };
        Self {
            local,
            content,
            central,
            made_by: 0x032D,
            comment: Vec::new(),
            disk: 0,
            internal: 0,
            external: 0o100_600 << 16,
            offset: None,
        }
    }

    /// Returns the name of the entry, for messages.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(&self.local.name).into_owned()
    }

    /// Applies a change to both headers.
    pub(super) fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }
}

impl Archive {
    /// Returns an archive of these entries, as the writer writes it.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let order = (0..entries.len()).collect();
        Self {
            before: Vec::new(),
            entries,
            gap: Vec::new(),
            order,
            hidden: Vec::new(),
            end: End::default(),
        }
    }

    /// Returns the bytes of the archive.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.before.clone();
        let mut offsets = Vec::new();
        for entry in &self.entries {
            offsets.push(narrow(bytes.len()));
            entry.local.write(&mut bytes);
            put16(&mut bytes, length16(&entry.local.extra));
            bytes.extend_from_slice(&entry.local.name);
            bytes.extend_from_slice(&entry.local.extra);
            bytes.extend_from_slice(&entry.content);
        }
        bytes.extend_from_slice(&self.gap);
        let offset = bytes.len();
        for &position in &self.order {
            let entry = &self.entries[position];
            let mut header = Vec::new();
            entry.central.write(&mut header);
            // The version made by follows the signature.
            header.splice(4..4, entry.made_by.to_le_bytes());
            bytes.extend_from_slice(&header);
            put16(&mut bytes, length16(&entry.central.extra));
            put16(&mut bytes, length16(&entry.comment));
            put16(&mut bytes, entry.disk);
            put16(&mut bytes, entry.internal);
            put32(&mut bytes, entry.external);
            put32(&mut bytes, entry.offset.unwrap_or(offsets[position]));
            bytes.extend_from_slice(&entry.central.name);
            bytes.extend_from_slice(&entry.central.extra);
            bytes.extend_from_slice(&entry.comment);
        }
        bytes.extend_from_slice(&self.hidden);
        let size = bytes.len() - offset;
        self.end.write(self.order.len(), size, offset, &mut bytes);
        bytes
    }
}

impl Header {
    /// Writes the fields from the signature to the length of the name.
    fn write(&self, bytes: &mut Vec<u8>) {
        put32(bytes, self.signature);
        put16(bytes, self.needed);
        put16(bytes, self.flags);
        put16(bytes, self.method);
        put16(bytes, self.time);
        put16(bytes, self.date);
        put32(bytes, self.crc32);
        put32(bytes, self.compressed);
        put32(bytes, self.size);
        put16(bytes, length16(&self.name));
    }
}

impl End {
    fn write(&self, entries: usize, size: usize, offset: usize, bytes: &mut Vec<u8>) {
        if let Some(zip64) = &self.zip64 {
            let at = bytes.len() as u64;
            put32(bytes, 0x0606_4B50);
            put64(bytes, 44);
            put16(bytes, 0x032D);
            put16(bytes, 45);
            put32(bytes, 0);
            put32(bytes, 0);
            put64(bytes, zip64.entries.unwrap_or(entries as u64));
            put64(bytes, zip64.entries.unwrap_or(entries as u64));
            put64(bytes, zip64.size.unwrap_or(size as u64));
            put64(bytes, zip64.offset.unwrap_or(offset as u64));
            put32(bytes, 0x0706_4B50);
            put32(bytes, 0);
            put64(bytes, zip64.locator.unwrap_or(at));
            put32(bytes, 1);
        }
        let count = u16::try_from(entries).expect("a case has few entries");
        put32(bytes, 0x0605_4B50);
        put16(bytes, self.disk);
        put16(bytes, self.directory_disk);
        put16(bytes, self.entries_here.unwrap_or(count));
        put16(bytes, self.entries.unwrap_or(count));
        put32(bytes, self.size.unwrap_or(narrow(size)));
        put32(bytes, self.offset.unwrap_or(narrow(offset)));
        put16(bytes, length16(&self.comment));
        bytes.extend_from_slice(&self.comment);
        bytes.extend_from_slice(&self.after);
    }
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).expect("a case is small")
}

fn length16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).expect("a name is short")
}

fn put16(bytes: &mut Vec<u8>, value: u16) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

fn put32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

fn put64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend_from_slice(&value.to_le_bytes());
}
