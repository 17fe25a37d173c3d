//! The names of the entry that contains the license document of a publication.

/// The name in an EPUB, and the name in any other publication.
const LICENSE_ENTRIES: [&str; 2] = ["META-INF/license.lcpl", "license.lcpl"];

/// Returns the name as text if it is that of an entry for a license document.
pub(super) fn license_entry_name(name: &[u8]) -> Option<&'static str> {
    LICENSE_ENTRIES
        .into_iter()
        .find(|license| license.as_bytes() == name)
}
