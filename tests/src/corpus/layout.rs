//! Archives with misplaced, missing, repeated or extra entries.

use super::Case;
use super::archive::{Archive, Entry};
use super::contents::Backup;

/// The position of `B3SUMS` in the valid backup.
const CHECKSUMS: usize = 3;
/// The position of `backup.json` in the valid backup.
const MANIFEST: usize = 4;

#[expect(clippy::too_many_lines, reason = "it is a list of cases")]
pub(super) fn cases() -> Vec<Case> {
    let valid = Backup::valid().archive();
    let changed = |fault: &str, place: &str, change: &dyn Fn(&mut Archive)| {
        let mut archive = valid.clone();
        change(&mut archive);
        Case::new(fault, &archive, place)
    };
    vec![
        changed("bytes before the first entry", "a.lcpl", &|archive| {
            archive.before = b"#!/bin/sh\n".to_vec();
        }),
        changed(
            "bytes before the central directory",
            "central directory",
            &|archive| archive.gap = b"hidden".to_vec(),
        ),
        changed(
            "an entry that the central directory omits",
            "central directory",
            &|archive| {
                archive.gap = Archive::new(vec![Entry::new("licenses/z", "hidden")]).bytes();
            },
        ),
        changed(
            "bytes in the central directory",
            "central directory",
            &|archive| {
                archive.hidden = b"hidden".to_vec();
            },
        ),
        changed("bytes between two entries", "b/c d.lcpl", &|archive| {
            archive.entries[0].content.push(b'x');
        }),
        changed("local headers swapped", "b/c d.lcpl", &|archive| {
            let (one, other) = (
                archive.entries[0].local.clone(),
                archive.entries[1].local.clone(),
            );
            (archive.entries[0].local, archive.entries[1].local) = (other, one);
        }),
        changed(
            "headers swapped in the central directory",
            "a.lcpl",
            &|archive| {
                archive.order.swap(0, 1);
            },
        ),
        changed(
            "names swapped in the central directory",
            "b/c d.lcpl",
            &|archive| {
                let (one, other) = (
                    archive.entries[1].central.name.clone(),
                    archive.entries[2].central.name.clone(),
                );
                (
                    archive.entries[1].central.name,
                    archive.entries[2].central.name,
                ) = (other, one);
            },
        ),
        changed("contents swapped", "b/c d.lcpl", &|archive| {
            let (one, other) = (
                archive.entries[1].content.clone(),
                archive.entries[2].content.clone(),
            );
            (archive.entries[1].content, archive.entries[2].content) = (other, one);
        }),
        changed("two entries at one offset", "b/c d.lcpl", &|archive| {
            archive.entries[1].offset = Some(0);
        }),
        changed("an entry within another", "b/e.lcpl", &|archive| {
            archive.entries[2].offset = Some(archive.offset_of(1) + 10);
        }),
        changed(
            "an entry in the central directory",
            "b/e.lcpl",
            &|archive| {
                archive.entries[2].offset = Some(archive.offset_of(MANIFEST + 1));
            },
        ),
        changed("an entry after the end", "b/e.lcpl", &|archive| {
            archive.entries[2].offset = Some(1 << 30);
        }),
        changed("the licenses out of order", "b/c d.lcpl", &|archive| {
            archive.entries.swap(1, 2);
        }),
        changed("a license twice", "b/e.lcpl", &|archive| {
            archive.entries.insert(2, archive.entries[2].clone());
            archive.order.push(MANIFEST + 1);
        }),
        changed("a license after the checksums", "b/e.lcpl", &|archive| {
            archive.entries.swap(2, CHECKSUMS);
        }),
        changed("a license after the manifest", "b/e.lcpl", &|archive| {
            archive.entries.swap(2, MANIFEST);
        }),
        changed(
            "the manifest before the checksums",
            "backup.json",
            &|archive| {
                archive.entries.swap(CHECKSUMS, MANIFEST);
            },
        ),
        changed("the checksums twice", "B3SUMS", &|archive| {
            archive
                .entries
                .insert(CHECKSUMS, archive.entries[CHECKSUMS].clone());
            archive.order.push(MANIFEST + 1);
        }),
        changed("the manifest twice", "backup.json", &|archive| {
            archive.entries.push(archive.entries[MANIFEST].clone());
            archive.order.push(MANIFEST + 1);
        }),
        changed("no checksums", "B3SUMS", &|archive| archive.drop(CHECKSUMS)),
        changed("no manifest", "backup.json", &|archive| {
            archive.drop(MANIFEST);
        }),
        changed("a missing license", "b/e.lcpl", &|archive| archive.drop(2)),
        changed("another entry at the end", "more", &|archive| {
            archive.entries.push(Entry::new("more", "of it"));
            archive.order.push(MANIFEST + 1);
        }),
    ]
}

impl Archive {
    /// Returns the offset of the local header of an entry.
    fn offset_of(&self, position: usize) -> u32 {
        let lengths = self.entries[..position]
            .iter()
            .map(|entry| 30 + entry.local.name.len() + entry.content.len());
        u32::try_from(lengths.sum::<usize>()).expect("a case is small")
    }

    fn drop(&mut self, position: usize) {
        self.entries.remove(position);
        self.order.pop();
    }
}
