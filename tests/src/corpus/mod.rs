//! Damaged and hostile backups, made by small generators: what the writer never writes, and verify must refuse.
//!
//! The archives are put together here from `APPNOTE.TXT` alone, field by field, so that any of them can lie.
//! [`whole`] is the backup that they all start from, which is what the program makes of the store [`LICENSES`] and
//! [`SKIPPED`].

mod archive;
mod bytes;
mod contents;
mod headers;
mod layout;
mod names;

use archive::Archive;

/// The licenses of the whole backup: path below the store, and content.
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
/// A file of the store that is not in the whole backup, and its content.
pub const SKIPPED: (&str, &str) = ("notes.txt", "no license");

/// A backup that must be refused.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is wrong with it.
    pub name: String,
    /// The backup file.
    pub bytes: Vec<u8>,
    /// What must be named when it is refused: an entry, or a part of the archive.
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

/// The backup that all cases start from.
#[must_use]
pub fn whole() -> Vec<u8> {
    contents::Backup::whole().archive().bytes()
}

/// A group of cases: what they have in common, and how to make them.
pub type Group = (&'static str, fn() -> Vec<Case>);

/// All cases.
pub const GROUPS: [Group; 9] = [
    ("each byte changed", bytes::changed),
    ("each truncation and extension", bytes::cut),
    ("no backup at all", bytes::foreign),
    ("each field of a header", headers::fields),
    ("the end of the archive and ZIP64", headers::ends),
    ("the layout of the archive", layout::cases),
    ("names", names::cases),
    ("B3SUMS", contents::sums),
    ("backup.json and licenses", contents::records_and_licenses),
];
