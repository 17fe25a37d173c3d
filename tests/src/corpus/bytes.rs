//! Damage that knows nothing of what it hits.

use super::archive::{Archive, Entry};
use super::{Case, whole};

/// Each byte with its lowest bit flipped, with the bit flipped that makes a letter large or small, and inverted.
pub(super) fn changed() -> Vec<Case> {
    let whole = whole();
    let changes = (0..whole.len()).flat_map(|at| [0x01, 0x20, 0xFF].map(|mask| (at, mask)));
    changes
        .map(|(at, mask)| {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            Case::of_bytes(format!("byte {at} changed by {mask:#04x}"), bytes, "")
        })
        .collect()
}

/// Each length that is too short, each byte left out, and bytes that are too many.
pub(super) fn cut() -> Vec<Case> {
    let whole = whole();
    let mut cases = Vec::new();
    for at in 0..whole.len() {
        let (before, after) = whole.split_at(at);
        cases.push(Case::of_bytes(format!("cut at {at}"), before.to_vec(), ""));
        cases.push(Case::of_bytes(
            format!("without byte {at}"),
            [before, &after[1..]].concat(),
            "",
        ));
        cases.push(Case::of_bytes(
            format!("without the first {} bytes", at + 1),
            whole[at + 1..].to_vec(),
            "",
        ));
        cases.push(Case::of_bytes(
            format!("a byte more at {at}"),
            [before, b"\0", after].concat(),
            "",
        ));
    }
    for more in [1, 21, 22, 76, 98, 65_536] {
        let bytes = [&whole[..], &vec![0; more]].concat();
        cases.push(Case::of_bytes(
            format!("{more} bytes more at the end"),
            bytes,
            "end",
        ));
    }
    let (twice, half) = ([&whole[..], &whole[..]].concat(), &whole[..whole.len() / 2]);
    cases.push(Case::of_bytes("the backup twice", twice, ""));
    cases.push(Case::of_bytes(
        "a backup behind half a backup",
        [half, &whole[..]].concat(),
        "",
    ));
    cases
}

/// Files that are something else.
pub(super) fn foreign() -> Vec<Case> {
    let empty = Archive::new(Vec::new());
    let other = Archive::new(vec![Entry::new("readme.txt", "some other archive")]);
    let folders = Archive::new(vec![Entry::new("licenses/", ""), Entry::new("B3SUMS", "")]);
    vec![
        Case::of_bytes("an empty file", Vec::new(), "end"),
        Case::of_bytes(
            "text",
            b"no archive at all, but long enough to hold the end of one".to_vec(),
            "end",
        ),
        Case::of_bytes("zeros", vec![0; 1 << 20], "end"),
        Case::new("an archive without entries", &empty, "B3SUMS is missing"),
        Case::new("an archive of something else", &other, "readme.txt"),
        Case::new("an archive with a folder", &folders, "licenses/"),
    ]
}
