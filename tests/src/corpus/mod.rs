//! Generators of damaged and malicious backups, which `verify` must refuse.
//!
//! The archives are built field by field according to `APPNOTE.TXT`, without the code of the
//! writer, so that any field can be false. All cases start from [`whole`], the valid backup that
//! the program writes for a store with the files [`LICENSES`] and [`SKIPPED`].

mod archive;
mod bytes;
mod contents;
mod headers;
mod layout;
mod names;

use archive::Archive;

/// The licenses of the valid backup: path below the store, and content.
pub const LICENSES: [(&str, &str); 3] = [
    (
        "a.lcpl",
        r#"{"id":"urn:a","provider":"https://example.com","encryption":{"profile":"basic"},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{}}"#,
    ),
    (
        "b/c d.lcpl",
        r#"{"id":"urn:c","provider":"https://example.com","encryption":{"profile":"basic"},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{}}"#,
    ),
    (
        "b/e.lcpl",
        r#"{"id":"urn:e","provider":"https://example.com","encryption":{"profile":"basic"},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{}}"#,
    ),
];
/// The path and the content of a file of the store that the valid backup skips.
pub const SKIPPED: (&str, &str) = ("notes.txt", "no license");

/// A backup that must be refused.
#[derive(Debug, Clone)]
pub struct Case {
    /// The fault, for messages.
    pub name: String,
    /// The backup file.
    pub bytes: Vec<u8>,
    /// The entry or the part of the archive that the error must name.
    pub place: String,
}

impl Case {
    fn new(name: impl Into<String>, archive: &Archive, place: impl Into<String>) -> Self {
        Self::of_bytes(name, archive.bytes(), place)
    }

    fn of_bytes(name: impl Into<String>, bytes: Vec<u8>, place: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            bytes,
            place: place.into(),
        }
    }
}

/// Returns the valid backup that all cases start from.
#[must_use]
pub fn whole() -> Vec<u8> {
    contents::Backup::valid().archive().bytes()
}

/// A group of cases: their common fault, and a function that returns them.
pub type Group = (&'static str, fn() -> Vec<Case>);

/// The groups of all cases.
pub const GROUPS: [Group; 9] = [
    ("each byte changed", bytes::changed),
    ("each truncation and extension", bytes::cut),
    ("files that are not backups", bytes::foreign),
    ("each field of a header", headers::fields),
    ("the end of the archive and ZIP64", headers::ends),
    ("the layout of the archive", layout::cases),
    ("names", names::cases),
    ("B3SUMS", contents::checksums),
    ("backup.json and licenses", contents::manifests_and_licenses),
];
