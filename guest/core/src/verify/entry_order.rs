//! The order of the entries of an archive: the licenses in byte order of their names, then the
//! checksums, then the manifest.

use std::cmp::Ordering;

use crate::entry_names::{CHECKSUMS_ENTRY, LICENSES, MANIFEST_ENTRY, validate_path};
use crate::license::MAX_DOCUMENT_SIZE;

/// The kind of an entry, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    License,
    Checksums,
    Manifest,
}

/// The order of the licenses, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct LicenseOrder {
    /// The path of the previous license.
    previous: Option<String>,
    /// The lengths of the paths of licenses with which the previous path starts, its own
    /// included. In byte order, no other license can be a directory in a path that
    /// follows.
    prefix_lengths: Vec<usize>,
}

/// Returns the kind of an entry. `has_checksums` and `has_manifest` are `true` after these entries.
///
/// # Errors
///
/// The reason why an archive cannot have the entry here.
pub(super) fn kind_of(
    name: &str,
    has_checksums: bool,
    has_manifest: bool,
) -> Result<EntryKind, String> {
    let misplaced = |place: &str| Err(format!("it is out of order, {place}"));
    match name {
        _ if has_manifest => misplaced(&format!("after {MANIFEST_ENTRY}")),
        MANIFEST_ENTRY if !has_checksums => misplaced(&format!("before {CHECKSUMS_ENTRY}")),
        MANIFEST_ENTRY => Ok(EntryKind::Manifest),
        _ if has_checksums => misplaced(&format!("after {CHECKSUMS_ENTRY}")),
        CHECKSUMS_ENTRY => Ok(EntryKind::Checksums),
        _ => Ok(EntryKind::License),
    }
}

/// Returns the path of a license below the store.
///
/// # Errors
///
/// The reason why an archive cannot have the entry.
pub(super) fn path_of(name: &str) -> Result<&str, String> {
    let path = name.strip_prefix(LICENSES);
    path.ok_or_else(|| "a backup has no such entry".to_owned())
}

/// Checks the path and the size of a license, and returns the size.
///
/// # Errors
///
/// The reason why a backup cannot have the license.
pub(super) fn check_license(path: &str, size: u64) -> Result<u32, String> {
    validate_path(path).map_err(|cause| format!("a license cannot have this name: {cause}"))?;
    u32::try_from(size)
        .ok()
        .filter(|_| size <= MAX_DOCUMENT_SIZE)
        .ok_or_else(|| "the content is larger than a license can be".to_owned())
}

impl LicenseOrder {
    /// Returns the path of the previous license.
    pub(super) fn previous(&self) -> &str {
        self.previous.as_deref().unwrap_or_default()
    }

    /// Adds the next license.
    ///
    /// # Errors
    ///
    /// The reason why no license of this path can follow. It is not added then.
    pub(super) fn add(&mut self, path: &str) -> Result<(), String> {
        if let Some(previous) = &self.previous {
            match previous.as_str().cmp(path) {
                Ordering::Less => {}
                Ordering::Equal => return Err("a duplicate".to_owned()),
                Ordering::Greater => return Err("it is out of order by name".to_owned()),
            }
            // Each of these licenses is a prefix of the one after it.
            while let Some(&length) = self.prefix_lengths.last()
                && !has_prefix(path, previous, length)
            {
                self.prefix_lengths.pop();
            }
        }
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
        let previous = self.previous.get_or_insert_default();
        previous.clear();
        previous.push_str(path);
        Ok(())
    }
}

/// Returns `true` if a path starts with the first `length` bytes of the previous one.
fn has_prefix(path: &str, previous: &str, length: usize) -> bool {
    path.len() > length && path.as_bytes().get(..length) == previous.as_bytes().get(..length)
}
