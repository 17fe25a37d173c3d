//! The index of the licenses in an archive, from which the writer derives the checksums
//! and the central directory, and which a restore follows.

use super::zip_headers::Entry;
use crate::catalogue::{Catalogue, FileId};
use crate::entry_names::LICENSES;

/// The BLAKE3 of a license.
pub(crate) type Hash = [u8; 32];

/// The licenses of an archive in byte order of their paths, in a compact form: there may
/// be millions.
#[derive(Debug)]
pub(crate) struct ArchiveIndex {
    catalogue: Catalogue,
    licenses: Vec<StoredLicense>,
    bytes: u64,
}

/// A license of an archive. The catalogue has its name; its offset follows from the
/// licenses before it.
#[derive(Debug)]
pub(crate) struct StoredLicense {
    pub(crate) file: FileId,
    pub(crate) size: u32,
    pub(crate) crc32: u32,
    pub(crate) hash: Hash,
}

impl ArchiveIndex {
    /// Creates an index without licenses. The caller adds the names of the licenses to
    /// `catalogue`.
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

    /// Returns the number of licenses.
    pub(crate) fn len(&self) -> usize {
        self.licenses.len()
    }

    /// Returns the size of all licenses in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn add(&mut self, license: StoredLicense) {
        self.bytes += u64::from(license.size);
        self.licenses.push(license);
    }

    pub(crate) fn license(&self, number: usize) -> &StoredLicense {
        &self.licenses[number]
    }

    pub(crate) fn set_hash(&mut self, number: usize, hash: Hash) {
        self.licenses[number].hash = hash;
    }

    /// Returns the path of a license below the store.
    pub(crate) fn path(&self, number: usize) -> String {
        self.catalogue.file_path(self.licenses[number].file)
    }

    /// Returns the name of a license in the archive.
    pub(crate) fn name(&self, number: usize) -> String {
        self.catalogue
            .file_path_below(LICENSES, self.licenses[number].file)
    }

    /// Returns the entry of a license whose local header starts at `offset`.
    pub(crate) fn entry(&self, number: usize, offset: u64) -> Entry<String> {
        let license = &self.licenses[number];
        Entry {
            name: self.name(number),
            crc32: license.crc32,
            size: u64::from(license.size),
            offset,
        }
    }

    /// Returns the number of the license with this path below the store.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.licenses
            .binary_search_by(|license| self.catalogue.file_path(license.file).as_str().cmp(path))
            .ok()
    }
}
