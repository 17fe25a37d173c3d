//! The first phase of a verification: checks the central directory, which lists the
//! entries and their offsets.

use super::entry_order::{self, EntryKind, LicenseOrder};
use super::findings::Reporter;
use crate::File;
use crate::archive::{ArchiveIndex, ArchiveReader, Entry, StoredLicense};
use crate::budget::{Budget, LINE};
use crate::catalogue::Catalogue;
use crate::directory::FsError;
use crate::entry_names::{CHECKSUMS_ENTRY, MANIFEST_ENTRY};

/// A check of the central directory, and what it has read so far.
pub(super) struct CentralDirectoryCheck {
    index: ArchiveIndex,
    checksums: Option<Entry<String>>,
    manifest: Option<Entry<String>>,
    order: LicenseOrder,
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
            order: LicenseOrder::default(),
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
        let kind = entry_order::kind_of(name, self.checksums.is_some(), self.manifest.is_some());
        let added = match kind {
            Ok(EntryKind::License) => self.add_license(&entry),
            Ok(EntryKind::Checksums) => {
                self.checksums = Some(entry);
                return;
            }
            Ok(EntryKind::Manifest) => {
                self.manifest = Some(entry);
                return;
            }
            Err(cause) => Err(cause),
        };
        if let Err(cause) = added {
            reporter.report_entry(name, &cause);
        }
    }

    /// Adds a license to the index.
    ///
    /// # Errors
    ///
    /// The reason why a backup cannot have this entry.
    fn add_license(&mut self, entry: &Entry<String>) -> Result<(), String> {
        let path = entry_order::path_of(&entry.name)?;
        let size = entry_order::check_license(path, entry.size)?;
        self.order.add(path)?;
        let file = self.index.catalogue_mut().add_path(path);
        self.index.add(StoredLicense {
            file,
            size,
            crc32: entry.crc32,
            hash: [0; 32],
        });
        Ok(())
    }
}
