//! Backups that are whole but for one name.

use super::Case;
use super::contents::Backup;

/// Names that no license can have, below the folder of the licenses. They sort behind all licenses of the whole backup.
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

/// Names of entries that are of no kind that a backup has.
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
        let mut backup = Backup::whole();
        backup.add_license(path.as_bytes());
        cases.push(Case::new(
            format!("the path {path:?}"),
            &backup.archive(),
            format!("entry licenses/{}", shown(path)),
        ));
    }
    for name in ENTRIES {
        let mut archive = Backup::whole().archive();
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
        let mut backup = Backup::whole();
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
        let mut backup = Backup::whole();
        backup.add_license(path.as_bytes());
        backup.sort();
        let place = format!("licenses/{path}: it is below licenses/{within}");
        cases.push(Case::new(
            format!("the path {path}, in a license"),
            &backup.archive(),
            place,
        ));
    }
    cases
}

/// A path as a message shows it.
fn shown(path: &str) -> String {
    path.replace('\0', "\\0")
}
