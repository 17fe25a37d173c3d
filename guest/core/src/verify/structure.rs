//! The first part of an inspection: the central directory, which says what is in the archive and where.

use super::faults::Faults;
use crate::File;
use crate::archive::{ArchiveReader, Contents, Entry, StoredLicense};
use crate::catalogue::Catalogue;
use crate::directory::FsError;
use crate::entry_names::{BACKUP_FILE, LICENSES, RECORD_ENTRY, SUMS_ENTRY, fault_of_path};
use crate::license::MAX_DOCUMENT_SIZE;

/// How many headers one step reads at most.
const HEADERS_PER_STEP: usize = 1024;
/// How many bytes of names one step reads, give or take the last name.
const BYTES_PER_STEP: usize = 256 << 10;

/// What the central directory has said so far.
pub(super) struct Structure {
    contents: Contents,
    sums: Option<Entry<String>>,
    record: Option<Entry<String>>,
    /// The path of the license before.
    last: Option<String>,
    /// The lengths of those licenses' paths that the path before starts with, its own included. In byte order no other
    /// license can be a directory on the way to what follows.
    beginnings: Vec<usize>,
    /// Where the next entry has to start.
    next_offset: u64,
}

/// What is in an archive whose structure is sound: the licenses one after the other from its start, then these two.
pub(super) struct Layout {
    pub(super) contents: Contents,
    pub(super) sums: Entry<String>,
    pub(super) record: Entry<String>,
}

impl Structure {
    pub(super) fn new() -> Self {
        let contents = Contents::new(Catalogue::new());
        Self {
            contents,
            sums: None,
            record: None,
            last: None,
            beginnings: Vec::new(),
            next_offset: 0,
        }
    }

    /// Reads some headers. Gives whether it was the last of them.
    pub(super) fn step<F: File>(
        &mut self,
        reader: &mut ArchiveReader<F>,
        faults: &mut Faults,
    ) -> Result<bool, FsError> {
        let mut bytes = 0;
        for _ in 0..HEADERS_PER_STEP {
            if bytes >= BYTES_PER_STEP {
                break;
            }
            match reader.next_entry() {
                Ok(Some(entry)) => {
                    bytes += entry.name.len();
                    self.add(entry, faults);
                }
                Ok(None) => {
                    let (ends, starts) = (self.next_offset, reader.directory().offset);
                    if ends != starts {
                        let fault = format!(
                            "its entries end at byte {ends}, and its central directory starts at {starts}"
                        );
                        faults.tell(BACKUP_FILE, fault);
                    }
                    return Ok(true);
                }
                Err(fault) => return faults.tell_of_archive(fault).map(|()| true),
            }
        }
        Ok(false)
    }

    /// What is in the archive, if all that must be there is.
    pub(super) fn layout(self, faults: &mut Faults) -> Option<Layout> {
        for (name, entry) in [(SUMS_ENTRY, &self.sums), (RECORD_ENTRY, &self.record)] {
            if entry.is_none() {
                faults.tell(name, format!("{name} is missing"));
            }
        }
        Some(Layout {
            contents: self.contents,
            sums: self.sums?,
            record: self.record?,
        })
    }

    fn add(&mut self, entry: Entry<String>, faults: &mut Faults) {
        let Entry { name, offset, .. } = &entry;
        if *offset != self.next_offset {
            let next = self.next_offset;
            faults.tell_of(
                name,
                &format!("starts at byte {offset}, and should start at {next}"),
            );
        }
        let end = offset
            .checked_add(entry.local_header_length())
            .and_then(|start| start.checked_add(entry.size));
        self.next_offset = end.unwrap_or(u64::MAX);
        match name.as_str() {
            _ if self.record.is_some() => {
                faults.tell_of(name, &format!("stands behind {RECORD_ENTRY}"))
            }
            RECORD_ENTRY if self.sums.is_none() => {
                faults.tell_of(name, &format!("stands before {SUMS_ENTRY}"))
            }
            RECORD_ENTRY => self.record = Some(entry),
            _ if self.sums.is_some() => {
                faults.tell_of(name, &format!("stands behind {SUMS_ENTRY}"))
            }
            SUMS_ENTRY => self.sums = Some(entry),
            _ => self.add_license(&entry, faults),
        }
    }

    fn add_license(&mut self, entry: &Entry<String>, faults: &mut Faults) {
        let name = &entry.name;
        let Some(path) = name.strip_prefix(LICENSES) else {
            return faults.tell_of(name, "does not belong in a backup");
        };
        if let Some(fault) = fault_of_path(path) {
            return faults.tell_of(name, &format!("cannot be that of a license: {fault}"));
        }
        let Some(size) = u32::try_from(entry.size)
            .ok()
            .filter(|_| entry.size <= MAX_DOCUMENT_SIZE)
        else {
            return faults.tell_of(name, "is larger than a license can be");
        };
        match self.last.as_deref() {
            Some(last) if last == path => return faults.tell_of(name, "is there twice"),
            Some(last) if last > path => return faults.tell_of(name, "is out of order"),
            _ => {}
        }
        let last = self.last.as_deref().unwrap_or_default();
        let shared = last
            .bytes()
            .zip(path.bytes())
            .take_while(|(one, other)| one == other)
            .count();
        self.beginnings.retain(|length| *length <= shared);
        let mut licenses = self
            .beginnings
            .iter()
            .filter_map(|&length| path.split_at_checked(length));
        if let Some((license, _)) = licenses.find(|(_, rest)| rest.starts_with('/')) {
            return faults.tell_of(
                name,
                &format!("lies in {LICENSES}{license}, which is a license"),
            );
        }
        self.beginnings.push(path.len());
        let file = self.contents.catalogue_mut().add_path(path);
        self.contents.add(StoredLicense {
            file,
            size,
            crc32: entry.crc32,
            hash: [0; 32],
        });
        self.last = Some(path.to_owned());
    }
}
