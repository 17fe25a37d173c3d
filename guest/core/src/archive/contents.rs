//! What is in an archive: the table from which the sums and the central directory are derived, and which a restore works
//! through.

use super::format::Entry;
use crate::catalogue::{Catalogue, FileId};
use crate::entry_names::LICENSES;

/// The BLAKE3 of a license.
pub(crate) type Hash = [u8; 32];

/// The licenses of an archive in byte order of their paths, held compactly: there may be millions.
#[derive(Debug)]
pub(crate) struct Contents {
    catalogue: Catalogue,
    licenses: Vec<StoredLicense>,
    bytes: u64,
}

/// One license of an archive. Its name stands in the catalogue, its place follows from the licenses before it.
#[derive(Debug)]
pub(crate) struct StoredLicense {
    pub(crate) file: FileId,
    pub(crate) size: u32,
    pub(crate) crc32: u32,
    pub(crate) hash: Hash,
}

impl Contents {
    /// No licenses so far. Their names are, or will be, in `catalogue`.
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        Self {
            catalogue,
            licenses: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(crate) fn catalogue_mut(&mut self) -> &mut Catalogue {
        &mut self.catalogue
    }

    /// The number of licenses.
    pub(crate) fn len(&self) -> usize {
        self.licenses.len()
    }

    /// Their size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn add(&mut self, license: StoredLicense) {
        self.bytes += u64::from(license.size);
        self.licenses.push(license);
    }

    pub(crate) fn license(&self, index: usize) -> &StoredLicense {
        &self.licenses[index]
    }

    pub(crate) fn set_hash(&mut self, index: usize, hash: Hash) {
        self.licenses[index].hash = hash;
    }

    /// The path of a license below the store.
    pub(crate) fn path(&self, index: usize) -> String {
        self.catalogue.file_path(self.licenses[index].file)
    }

    /// The name of a license in the archive.
    pub(crate) fn name(&self, index: usize) -> String {
        self.catalogue
            .file_path_below(LICENSES, self.licenses[index].file)
    }

    /// The entry of a license whose local header starts at `offset`.
    pub(crate) fn entry(&self, index: usize, offset: u64) -> Entry<String> {
        let license = &self.licenses[index];
        Entry {
            name: self.name(index),
            crc32: license.crc32,
            size: u64::from(license.size),
            offset,
        }
    }

    /// Finds a license by its path below the store.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.licenses
            .binary_search_by(|license| self.catalogue.file_path(license.file).as_str().cmp(path))
            .ok()
    }
}
