//! Damage that does not depend on the format: changed, missing and extra bytes, and other files.

use super::archive::{Archive, Entry};
use super::{Case, whole};

/// Returns three cases for each byte: with its lowest bit flipped, with the bit flipped that is the
/// case of a letter, and with all bits flipped.
pub(super) fn changed() -> Vec<Case> {
    let valid = whole();
    let changes = (0..valid.len()).flat_map(|at| [0x01, 0x20, 0xFF].map(|mask| (at, mask)));
    changes
        .map(|(at, mask)| {
            let mut bytes = valid.clone();
            bytes[at] ^= mask;
            Case::of_bytes(format!("byte {at} changed by {mask:#04x}"), bytes, "")
        })
        .collect()
}

/// Returns a case for each shorter length and for each missing byte, and cases with extra bytes.
pub(super) fn cut() -> Vec<Case> {
    let valid = whole();
    let mut cases = Vec::new();
    for at in 0..valid.len() {
        let (before, after) = valid.split_at(at);
        cases.push(Case::of_bytes(format!("cut at {at}"), before.to_vec(), ""));
        cases.push(Case::of_bytes(
            format!("without byte {at}"),
            [before, &after[1..]].concat(),
            "",
        ));
        cases.push(Case::of_bytes(
            format!("without the first {} bytes", at + 1),
            valid[at + 1..].to_vec(),
            "",
        ));
        cases.push(Case::of_bytes(
            format!("an extra byte at {at}"),
            [before, b"\0", after].concat(),
            "",
        ));
    }
    for extra in [1, 21, 22, 76, 98, 65_536] {
        let bytes = [&valid[..], &vec![0; extra]].concat();
        cases.push(Case::of_bytes(
            format!("{extra} extra bytes at the end"),
            bytes,
            "end",
        ));
    }
    let (twice, half) = ([&valid[..], &valid[..]].concat(), &valid[..valid.len() / 2]);
    cases.push(Case::of_bytes("the backup twice", twice, ""));
    cases.push(Case::of_bytes(
        "a backup after half a backup",
        [half, &valid[..]].concat(),
        "",
    ));
    cases
}

/// Returns files that are not backups.
pub(super) fn foreign() -> Vec<Case> {
    let empty = Archive::new(Vec::new());
    let other = Archive::new(vec![Entry::new("readme.txt", "some other archive")]);
    let directories = Archive::new(vec![Entry::new("licenses/", ""), Entry::new("B3SUMS", "")]);
    vec![
        Case::of_bytes("an empty file", Vec::new(), "end"),
        Case::of_bytes(
            "text",
            b"no archive at all, but long enough to hold the end of one".to_vec(),
            "end",
        ),
        Case::of_bytes("zeros", vec![0; 1 << 20], "end"),
        Case::new("an archive without entries", &empty, "B3SUMS is missing"),
        Case::new("an archive of another program", &other, "readme.txt"),
        Case::new("an archive with a directory", &directories, "licenses/"),
    ]
}
