//! Entries that are not where they should be.

use super::Case;
use super::archive::{Archive, Entry};
use super::contents::Backup;

/// Where `B3SUMS` and `backup.json` are in the whole backup.
const SUMS: usize = 3;
const RECORD: usize = 4;

pub(super) fn cases() -> Vec<Case> {
    let whole = Backup::whole().archive();
    let changed = |what: &str, place: &str, change: &dyn Fn(&mut Archive)| {
        let mut archive = whole.clone();
        change(&mut archive);
        Case::new(what, &archive, place)
    };
    vec![
        changed("bytes before the first entry", "a.lcpl", &|archive| {
            archive.before = b"#!/bin/sh\n".to_vec();
        }),
        changed(
            "bytes before the directory",
            "central directory",
            &|archive| archive.gap = b"hidden".to_vec(),
        ),
        changed(
            "an entry that no directory names",
            "central directory",
            &|archive| {
                archive.gap = Archive::new(vec![Entry::new("licenses/z", "hidden")]).bytes();
            },
        ),
        changed("bytes in the directory", "central directory", &|archive| {
            archive.hidden = b"hidden".to_vec();
        }),
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
        changed("headers of the directory swapped", "a.lcpl", &|archive| {
            archive.order.swap(0, 1);
        }),
        changed("names of the directory swapped", "b/c d.lcpl", &|archive| {
            let (one, other) = (
                archive.entries[1].central.name.clone(),
                archive.entries[2].central.name.clone(),
            );
            (
                archive.entries[1].central.name,
                archive.entries[2].central.name,
            ) = (other, one);
        }),
        changed("contents swapped", "b/c d.lcpl", &|archive| {
            let (one, other) = (
                archive.entries[1].content.clone(),
                archive.entries[2].content.clone(),
            );
            (archive.entries[1].content, archive.entries[2].content) = (other, one);
        }),
        changed("two entries in one place", "b/c d.lcpl", &|archive| {
            archive.entries[1].offset = Some(0);
        }),
        changed("an entry within another", "b/e.lcpl", &|archive| {
            archive.entries[2].offset = Some(archive.offset_of(1) + 10);
        }),
        changed("an entry in the directory", "b/e.lcpl", &|archive| {
            archive.entries[2].offset = Some(archive.offset_of(RECORD + 1));
        }),
        changed("an entry behind the end", "b/e.lcpl", &|archive| {
            archive.entries[2].offset = Some(1 << 30);
        }),
        changed("the licenses out of order", "b/c d.lcpl", &|archive| {
            archive.entries.swap(1, 2);
        }),
        changed("a license twice", "b/e.lcpl", &|archive| {
            archive.entries.insert(2, archive.entries[2].clone());
            archive.order.push(RECORD + 1);
        }),
        changed("a license behind the sums", "b/e.lcpl", &|archive| {
            archive.entries.swap(2, SUMS);
        }),
        changed("a license behind the record", "b/e.lcpl", &|archive| {
            archive.entries.swap(2, RECORD);
        }),
        changed("the record before the sums", "backup.json", &|archive| {
            archive.entries.swap(SUMS, RECORD);
        }),
        changed("the sums twice", "B3SUMS", &|archive| {
            archive.entries.insert(SUMS, archive.entries[SUMS].clone());
            archive.order.push(RECORD + 1);
        }),
        changed("the record twice", "backup.json", &|archive| {
            archive.entries.push(archive.entries[RECORD].clone());
            archive.order.push(RECORD + 1);
        }),
        changed("no sums", "B3SUMS", &|archive| archive.drop(SUMS)),
        changed("no record", "backup.json", &|archive| archive.drop(RECORD)),
        changed("a license fewer", "b/e.lcpl", &|archive| archive.drop(2)),
        changed("something else at the end", "more", &|archive| {
            archive.entries.push(Entry::new("more", "of it"));
            archive.order.push(RECORD + 1);
        }),
    ]
}

impl Archive {
    /// Where the local header of an entry starts.
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
