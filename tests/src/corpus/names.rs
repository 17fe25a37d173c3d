//! Backups that are valid except for one name.

use super::Case;
use super::contents::Backup;

/// Paths below `licenses/` that a license must not have. Most of them sort after all licenses of
/// the valid backup, so that only the path is wrong.
const PATHS: [&str; 27] = [
    "",
    "z/",
    "/",
    "/z",
    "z//y",
    ".",
    "..",
    "z/.",
    "z/..",
    "z/./y",
    "z/../y",
    "../z",
    "../../../../../../tmp/z",
    "z/../../y",
    "\\z",
    "z\\",
    "z\\\\y",
    "..\\z",
    ".\\z",
    "z\\..\\y",
    "z\\.",
    "z/..\\y",
    "\\\\server\\share\\z",
    "z\0",
    ".license-backup-0.tmp",
    "z/.license-backup-123.tmp",
    "z\\/y",
];

/// Names that are neither `B3SUMS`, `backup.json` nor below `licenses/`.
const ENTRIES: [&str; 12] = [
    "",
    "z",
    "licenses",
    "Licenses/z",
    "licenses\\z",
    "/licenses/z",
    "./licenses/z",
    "b3sums",
    "backup.JSON",
    "META-INF/MANIFEST.MF",
    "/etc/passwd",
    "C:\\z",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for path in PATHS {
        let mut backup = Backup::valid();
        backup.add_license(path.as_bytes());
        cases.push(Case::new(
            format!("the path {path:?}"),
            &backup.archive(),
            format!("entry licenses/{}", escaped(path)),
        ));
    }
    for name in ENTRIES {
        let mut archive = Backup::valid().archive();
        let mut entry = archive.entries[2].clone();
        entry.both(|header| header.name = name.as_bytes().to_vec());
        archive.entries.insert(3, entry);
        archive.order.push(5);
        cases.push(Case::new(
            format!("the name {name:?}"),
            &archive,
            format!("entry {name}"),
        ));
    }
    for name in [&b"z\xFF"[..], b"\xC0\xAF", b"z\xED\xA0\x80"] {
        let mut backup = Backup::valid();
        backup.add_license(name);
        cases.push(Case::new(
            format!("the path {name:02x?}, which is not UTF-8"),
            &backup.archive(),
            "central directory",
        ));
    }
    for (path, within) in [
        ("b/e.lcpl/z", "b/e.lcpl"),
        ("b/e.lcpl/y/z", "b/e.lcpl"),
        ("a.lcpl/z", "a.lcpl"),
    ] {
        let mut backup = Backup::valid();
        backup.add_license(path.as_bytes());
        backup.sort();
        let place = format!("licenses/{path}: it is below licenses/{within}");
        cases.push(Case::new(
            format!("the path {path}, below a license"),
            &backup.archive(),
            place,
        ));
    }
    cases
}

/// Returns a path as messages show it.
fn escaped(path: &str) -> String {
    path.replace('\0', "\\0")
}
