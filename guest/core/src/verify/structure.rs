//! The first part of an inspection: the central directory, which says what is in the archive and where.

use super::faults::Faults;
use crate::File;
use crate::archive::{
    ArchiveReader, Contents, Entry, LICENSES, RECORD_ENTRY, SUMS_ENTRY, StoredLicense, fault_of_path,
};
use crate::directory::FsError;
use crate::store::{Catalogue, LARGEST_DOCUMENT};

/// How many headers one step reads.
const HEADERS_PER_STEP: usize = 1024;

/// What the central directory has said so far.
pub(super) struct Structure {
    contents: Contents,
    sums: Option<Entry<String>>,
    record: Option<Entry<String>>,
    /// The path of the license before.
    last: Option<String>,
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
        Self { contents, sums: None, record: None, last: None, next_offset: 0 }
    }

    /// Reads some headers. Gives whether it was the last of them.
    pub(super) fn step<F: File>(
        &mut self,
        reader: &mut ArchiveReader<F>,
        faults: &mut Faults,
    ) -> Result<bool, FsError> {
        for _ in 0..HEADERS_PER_STEP {
            match reader.next_entry() {
                Ok(Some(entry)) => self.add(entry, faults),
                Ok(None) => {
                    if self.next_offset != reader.directory().offset {
                        let fault = "there are bytes between its last entry and its central directory".to_owned();
                        faults.tell(RECORD_ENTRY, fault);
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
        Some(Layout { contents: self.contents, sums: self.sums?, record: self.record? })
    }

    fn add(&mut self, entry: Entry<String>, faults: &mut Faults) {
        let Entry { name, offset, .. } = &entry;
        if *offset != self.next_offset {
            let next = self.next_offset;
            faults.tell_of(name, &format!("starts at byte {offset}, and the one before it ends at byte {next}"));
        }
        let end = offset.checked_add(entry.local_header_length()).and_then(|start| start.checked_add(entry.size));
        self.next_offset = end.unwrap_or(u64::MAX);
        match name.as_str() {
            _ if self.record.is_some() => faults.tell_of(name, &format!("stands behind {RECORD_ENTRY}")),
            RECORD_ENTRY if self.sums.is_none() => faults.tell_of(name, &format!("stands before {SUMS_ENTRY}")),
            RECORD_ENTRY => self.record = Some(entry),
            _ if self.sums.is_some() => faults.tell_of(name, &format!("stands behind {SUMS_ENTRY}")),
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
        let Some(size) = u32::try_from(entry.size).ok().filter(|_| entry.size <= LARGEST_DOCUMENT) else {
            return faults.tell_of(name, "is larger than a license can be");
        };
        match self.last.as_deref() {
            Some(last) if last == path => return faults.tell_of(name, "is there twice"),
            Some(last) if last > path => return faults.tell_of(name, "is out of order"),
            _ => {}
        }
        if let Some(file) = self.file_on_the_way_to(path) {
            return faults.tell_of(name, &format!("lies in {LICENSES}{file}, which is a license"));
        }
        let file = self.contents.catalogue_mut().add_path(path);
        self.contents.add(StoredLicense { file, size, crc32: entry.crc32, hash: [0; 32] });
        self.last = Some(path.to_owned());
    }

    /// The first directory on the way to `path` that is a license, if there is one. Those on the way to the license before
    /// were looked at with it.
    fn file_on_the_way_to<'a>(&self, path: &'a str) -> Option<&'a str> {
        let known = self.last.as_deref().unwrap_or_default();
        let directories = path.match_indices('/').map(|(at, _)| at);
        let new = directories.filter(|&at| known.get(..=at) != path.get(..=at));
        new.filter_map(|at| path.get(..at)).find(|directory| self.contents.find(directory).is_some())
    }
}
