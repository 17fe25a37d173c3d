//! The first phase of a verification: checks the central directory, which lists the
//! entries and their offsets.

use super::findings::Reporter;
use crate::File;
use crate::archive::{ArchiveIndex, ArchiveReader, Entry, StoredLicense};
use crate::budget::{Budget, LINE};
use crate::catalogue::Catalogue;
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, LICENSES, MANIFEST_ENTRY, validate_path};
use crate::license::MAX_DOCUMENT_SIZE;

/// A check of the central directory, and what it has read so far.
pub(super) struct CentralDirectoryCheck {
    index: ArchiveIndex,
    checksums: Option<Entry<String>>,
    manifest: Option<Entry<String>>,
    /// The path of the previous license.
    previous: Option<String>,
    /// The lengths of the paths of licenses with which the previous path starts, its own
    /// included. In byte order, no other license can be a directory in a path that
    /// follows.
    prefix_lengths: Vec<usize>,
    /// The offset at which the next entry has to start.
    next_offset: u64,
}

/// The entries of an archive whose central directory is valid: the licenses one after the
/// other from the start of the archive, then the checksums and the manifest.
pub(super) struct Layout {
    pub(super) index: ArchiveIndex,
    pub(super) checksums: Entry<String>,
    pub(super) manifest: Entry<String>,
}

impl CentralDirectoryCheck {
    pub(super) fn new() -> Self {
        Self {
            index: ArchiveIndex::new(Catalogue::new()),
            checksums: None,
            manifest: None,
            previous: None,
            prefix_lengths: Vec::new(),
            next_offset: 0,
        }
    }

    /// Checks some headers, and returns `true` after the last one.
    pub(super) fn step<F: File>(
        &mut self,
        reader: &mut ArchiveReader<F>,
        reporter: &mut Reporter<'_>,
    ) -> Result<bool, FsError> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            match reader.next_entry() {
                Ok(Some(entry)) => {
                    budget.spend(LINE);
                    budget.spend_bytes(entry.name.len());
                    self.add(entry, reporter);
                }
                Ok(None) => {
                    let (end, start) = (self.next_offset, reader.directory().offset);
                    if end != start {
                        let message = format!(
                            "the entries end at byte {end}, \
                             but the central directory starts at byte {start}"
                        );
                        reporter.report_file(message);
                    }
                    return Ok(true);
                }
                Err(error) => return reporter.report_archive_error(error).map(|()| true),
            }
        }
        Ok(false)
    }

    /// Returns the layout of the archive, or `None` if the checksums or the manifest are
    /// missing.
    pub(super) fn into_layout(self, reporter: &mut Reporter<'_>) -> Option<Layout> {
        for (name, entry) in [
            (CHECKSUMS_ENTRY, &self.checksums),
            (MANIFEST_ENTRY, &self.manifest),
        ] {
            if entry.is_none() {
                reporter.report(name, format!("{name} is missing"));
            }
        }
        Some(Layout {
            index: self.index,
            checksums: self.checksums?,
            manifest: self.manifest?,
        })
    }

    fn add(&mut self, entry: Entry<String>, reporter: &mut Reporter<'_>) {
        let Entry { name, offset, .. } = &entry;
        if *offset != self.next_offset {
            let expected = self.next_offset;
            let cause = format!("it starts at byte {offset} instead of byte {expected}");
            reporter.report_entry(name, &cause);
        }
        self.next_offset = entry.end().unwrap_or(u64::MAX);
        let mut misplaced = |place: &str| {
            reporter.report_entry(name, &format!("it is out of order, {place}"));
        };
        match name.as_str() {
            _ if self.manifest.is_some() => misplaced(&format!("after {MANIFEST_ENTRY}")),
            MANIFEST_ENTRY if self.checksums.is_none() => {
                misplaced(&format!("before {CHECKSUMS_ENTRY}"));
            }
            MANIFEST_ENTRY => self.manifest = Some(entry),
            _ if self.checksums.is_some() => misplaced(&format!("after {CHECKSUMS_ENTRY}")),
            CHECKSUMS_ENTRY => self.checksums = Some(entry),
            _ => {
                if let Err(cause) = self.add_license(&entry) {
                    reporter.report_entry(name, &cause);
                }
            }
        }
    }

    /// Adds a license to the index.
    ///
    /// # Errors
    ///
    /// The reason why a backup cannot have this entry.
    fn add_license(&mut self, entry: &Entry<String>) -> Result<(), String> {
        let path = entry
            .name
            .strip_prefix(LICENSES)
            .ok_or("a backup has no such entry")?;
        validate_path(path).map_err(|cause| format!("a license cannot have this name: {cause}"))?;
        let size = u32::try_from(entry.size)
            .ok()
            .filter(|_| entry.size <= MAX_DOCUMENT_SIZE)
            .ok_or("the content is larger than a license can be")?;
        let previous = self.previous.as_deref();
        if previous == Some(path) {
            return Err("a duplicate".to_owned());
        }
        if previous.is_some_and(|previous| previous > path) {
            return Err("it is out of order by name".to_owned());
        }
        let shared = previous
            .unwrap_or_default()
            .bytes()
            .zip(path.bytes())
            .take_while(|(one, other)| one == other)
            .count();
        self.prefix_lengths.retain(|length| *length <= shared);
        let mut prefixes = self
            .prefix_lengths
            .iter()
            .filter_map(|&length| path.split_at_checked(length));
        if let Some((license, _)) = prefixes.find(|(_, rest)| rest.starts_with('/')) {
            return Err(format!(
                "it is below {LICENSES}{license}, which is a license and not a directory"
            ));
        }
        self.prefix_lengths.push(path.len());
        let file = self.index.catalogue_mut().add_path(path);
        self.index.add(StoredLicense {
            file,
            size,
            crc32: entry.crc32,
            hash: [0; 32],
        });
        self.previous = Some(path.to_owned());
        Ok(())
    }
}
