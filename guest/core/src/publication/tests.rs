//! Tests of which containers contain a license and which are damaged.

use super::samples::{Container, Entry, LICENSE, META_INF};
use super::*;
use crate::Directory as _;
use crate::directory::FsError;
use crate::memory_fs::Disk;

type Found = Result<Option<EmbeddedLicense>, PublicationError>;

/// Searches a file for its license. Also returns the number of bytes that were read.
fn find(bytes: &[u8]) -> (Found, usize) {
    let disk = Disk::new();
    disk.write("/publication", bytes);
    let file = disk
        .directory("/")
        .open_file("publication")
        .expect("it was written");
    let mut reader = RandomReader::new(&file, bytes.len() as u64);
    let found = read_license(&mut reader, &bytes[..bytes.len().min(16 << 10)]);
    assert_eq!(
        reader.bytes_read(),
        disk.bytes_read() as u64,
        "the reader counts what it reads"
    );
    (found, disk.bytes_read())
}

fn assert_license(container: &Container, entry: &str) {
    let bytes = container.bytes();
    let found = find(&bytes)
        .0
        .unwrap_or_else(|error| panic!("{error}"))
        .expect("it has a license");
    assert_eq!(
        (found.entry, found.document.as_slice()),
        (entry, LICENSE.as_bytes())
    );
}

fn assert_none(bytes: &[u8], what: &str) {
    assert_eq!(find(bytes).0, Ok(None), "{what}");
}

fn assert_malformed(container: &Container, expected: &str) {
    assert_malformed_bytes(&container.bytes(), expected);
}

fn assert_malformed_bytes(bytes: &[u8], expected: &str) {
    match find(bytes).0 {
        Err(PublicationError::Container(fault) | PublicationError::License(fault)) => {
            assert!(fault.contains(expected), "{fault}; expected: {expected}");
        }
        other => panic!("{other:?}; expected: {expected}"),
    }
}

/// An EPUB whose license entry is changed.
fn epub_with(change: impl FnOnce(&mut Entry)) -> Container {
    let mut license = Entry::deflated(META_INF, LICENSE);
    change(&mut license);
    Container::epub(license, 1000)
}

#[test]
fn a_stored_or_deflated_license_is_found_by_either_name() {
    for length in [0, 6000, 100_000] {
        assert_license(
            &Container::epub(Entry::stored(META_INF, LICENSE), length),
            META_INF,
        );
        assert_license(
            &Container::epub(Entry::deflated(META_INF, LICENSE), length),
            META_INF,
        );
        assert_license(
            &Container::epub(Entry::stored("license.lcpl", LICENSE), length),
            "license.lcpl",
        );
        assert_license(
            &Container::epub(Entry::deflated("license.lcpl", LICENSE), length),
            "license.lcpl",
        );
    }
    assert_license(
        &Container::of([Entry::deflated(META_INF, LICENSE)]),
        META_INF,
    );
}

#[test]
fn a_container_with_zip64_structures_is_read() {
    for prefix in [&b""[..], b"#!/bin/sh\nexit\n"] {
        let container = Container {
            zip64: true,
            prefix: prefix.to_vec(),
            ..epub_with(|_| {})
        };
        assert_license(&container, META_INF);
    }
}

#[test]
fn a_comment_is_skipped_even_if_it_resembles_an_end_record() {
    let with = |comment: &[u8]| Container {
        comment: comment.to_vec(),
        ..epub_with(|_| {})
    };
    for length in [1, 22, 4_074, 4_096, 16_384, 65_535] {
        assert_license(&with(&vec![b'c'; length]), META_INF);
    }
    // Its own comment length does not reach the end of the file.
    assert_license(
        &with(&[b"PK\x05\x06".as_slice(), &[7; 40]].concat()),
        META_INF,
    );
}

#[test]
fn bytes_before_the_container_are_skipped() {
    for counts_prefix in [false, true] {
        for length in [1, 20_000] {
            let container = Container {
                prefix: vec![b'#'; length],
                counts_prefix,
                ..epub_with(|_| {})
            };
            assert_license(&container, META_INF);
            assert_license(
                &Container {
                    comment: vec![b'c'; 50_000],
                    ..container
                },
                META_INF,
            );
        }
    }
}

#[test]
fn extra_fields_of_the_local_header_may_have_any_length() {
    for length in [0, 1, 127, 128, 129, 5000, 65_535] {
        assert_license(
            &epub_with(|entry| entry.local_extra = vec![0; length]),
            META_INF,
        );
    }
}

#[test]
fn other_files_contain_no_license() {
    let other = [
        Entry::stored("mimetype", "application/epub+zip"),
        Entry::deflated("META-INF/x.lcpl", LICENSE),
    ];
    assert_none(&Container::of(other).bytes(), "another entry");
    for name in [
        "license.lcpl/",
        "META-INF/LICENSE.lcpl",
        "x/license.lcpl",
        "/license.lcpl",
        "META-INF\\license.lcpl",
    ] {
        assert_none(&Container::of([Entry::stored(name, LICENSE)]).bytes(), name);
    }
    assert_none(&Container::default().bytes(), "an empty container");
    for bytes in [
        &b""[..],
        b"P",
        b"PK\x03\x04",
        b"PK\x05\x06",
        &[0; 22],
        &vec![b'P'; 70_000],
        LICENSE.as_bytes(),
    ] {
        assert_none(bytes, "no container");
    }
}

#[test]
fn a_truncated_publication_is_malformed_if_recognized() {
    let bytes = Container::epub(Entry::deflated(META_INF, LICENSE), 100).bytes();
    // The local header of the first entry, and what shows that it is an EPUB.
    let shown = 30 + "mimetypeapplication/epub+zip".len();
    for length in 0..bytes.len() {
        let found = find(&bytes[..length]).0;
        if length < shown {
            assert_eq!(found, Ok(None), "cut after {length} bytes");
        } else {
            assert!(
                matches!(found, Err(PublicationError::Container(_))),
                "cut after {length} bytes: {found:?}"
            );
        }
    }
    let audiobook = Container::of([
        Entry::stored("license.lcpl", LICENSE),
        Entry::stored("1.mp3", [7; 5000]),
    ])
    .bytes();
    assert!(matches!(
        find(&audiobook[..3000]).0,
        Err(PublicationError::Container(_))
    ));
    let other = Container::of([
        Entry::stored("old/license.lcpl", LICENSE),
        Entry::stored("1.mp3", [7; 5000]),
    ])
    .bytes();
    assert_none(&other[..3000], "another container");
}

#[test]
fn bytes_after_the_container_are_skipped() {
    for container in [
        epub_with(|_| {}),
        Container {
            comment: vec![b'c'; 300],
            ..epub_with(|_| {})
        },
    ] {
        for length in [1, 100, 60_000] {
            let bytes = [container.bytes(), vec![0; length]].concat();
            let found = find(&bytes)
                .0
                .unwrap_or_else(|error| panic!("{error}"))
                .expect("it has a license");
            assert_eq!(found.document, LICENSE.as_bytes(), "{length} bytes");
        }
    }
}

#[test]
fn a_zip64_record_is_used_even_if_it_is_not_needed() {
    let mut bytes = Container {
        zip64: true,
        ..epub_with(|_| {})
    }
    .bytes();
    let end = bytes.len() - 22;
    let record = end - 20 - 56;
    let plain = |bytes: &[u8], at: usize| bytes[record + at..record + at + 8].to_vec();
    let (entries, size, offset) = (plain(&bytes, 32), plain(&bytes, 40), plain(&bytes, 48));
    bytes[end + 8..end + 10].copy_from_slice(&entries[..2]);
    bytes[end + 10..end + 12].copy_from_slice(&entries[..2]);
    bytes[end + 12..end + 16].copy_from_slice(&size[..4]);
    bytes[end + 16..end + 20].copy_from_slice(&offset[..4]);
    let found = find(&bytes)
        .0
        .expect("it can be read")
        .expect("it has a license");
    assert_eq!(found.document, LICENSE.as_bytes());
}

#[test]
fn a_zip64_record_may_have_extensible_data() {
    for prefix in [0, 100] {
        let container = Container {
            zip64: true,
            prefix: vec![b'#'; prefix],
            ..epub_with(|_| {})
        };
        let mut bytes = container.bytes();
        let locator = bytes.len() - 22 - 20;
        let record = locator - 56;
        bytes[record + 4..record + 12].copy_from_slice(&(44_u64 + 300).to_le_bytes());
        bytes.splice(locator..locator, [9; 300]);
        let found = find(&bytes)
            .0
            .expect("it can be read")
            .expect("it has a license");
        assert_eq!(found.document, LICENSE.as_bytes());
    }
}

#[test]
fn part_of_a_split_archive_is_an_error_only_in_a_publication() {
    let on_fourth_disk = |mut bytes: Vec<u8>| {
        let end = bytes.len() - 22;
        bytes[end + 4] = 3;
        bytes
    };
    let archive = Container {
        entries: vec![Entry::stored("film", [0; 100])],
        ..epub_with(|_| {})
    };
    assert_none(&on_fourth_disk(archive.bytes()), "the fourth disk");
    assert_malformed_bytes(&on_fourth_disk(epub_with(|_| {}).bytes()), "several files");
}

#[test]
fn a_comment_full_of_end_records_does_not_hide_the_real_one() {
    let comment = b"PK\x05\x06\x01\x01\x01\x01".repeat(40);
    assert_license(
        &Container {
            comment,
            ..epub_with(|_| {})
        },
        META_INF,
    );
}

#[test]
fn end_record_bytes_in_another_file_are_not_a_container() {
    let film = vec![0x42; 100_000];
    for (entries, size, offset) in [
        (1, 46, 0),
        (0xFFFF, 1 << 30, 0),
        (0, 10, 99_990),
        (7, 4000, 4000),
    ] {
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        for _ in 0..2 {
            crate::zip::put16(&mut end, entries);
        }
        crate::zip::put32(&mut end, size);
        crate::zip::put32(&mut end, offset);
        crate::zip::put16(&mut end, 0);
        assert_none(
            &[&film[..], &end].concat(),
            &format!("{entries} entries in {size} bytes at {offset}"),
        );
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_malformed() {
    let encrypted = "encrypted";
    assert_malformed(&epub_with(|entry| entry.flags = 1), encrypted);
    assert_malformed(&epub_with(|entry| entry.flags = 1 << 6), encrypted);
    assert_malformed(&epub_with(|entry| entry.flags = 1 << 13), encrypted);
    for method in [1, 9, 12, 93, 99] {
        assert_malformed(
            &epub_with(|entry| entry.method = method),
            "neither stored nor deflated",
        );
    }
    assert_malformed(&epub_with(|entry| entry.crc32 ^= 1), "CRC-32");
    assert_malformed(
        &epub_with(|entry| entry.data[5] ^= 0xFF),
        "the entry of its license",
    );
    assert_malformed(
        &epub_with(|entry| entry.data.truncate(10)),
        "the entry of its license",
    );
}

#[test]
fn an_entry_with_a_wrong_size_is_malformed() {
    assert_malformed(&epub_with(|entry| entry.size += 1), "size");
    assert_malformed(&epub_with(|entry| entry.size -= 1), "size");
    assert_malformed(
        &Container::epub(
            Entry {
                size: 7,
                ..Entry::stored(META_INF, LICENSE)
            },
            10,
        ),
        "size",
    );
    let bomb = Entry {
        size: 1000,
        ..Entry::deflated(META_INF, vec![0; 4 << 20])
    };
    assert_malformed(&Container::epub(bomb, 10), "size");
}

#[test]
fn an_entry_larger_than_a_license_is_malformed_and_not_read() {
    let larger = "larger than a license document";
    assert_malformed(&epub_with(|entry| entry.size = (1 << 20) + 1), larger);
    assert_malformed(&epub_with(|entry| entry.compressed_size = 1 << 30), larger);
    let huge = epub_with(|entry| entry.size = 1 << 31);
    assert_malformed(&huge, larger);
    let (_, read) = find(&huge.bytes());
    assert!(read < 16 << 10, "{read} bytes");
}

#[test]
fn an_entry_at_another_position_is_malformed() {
    for by in [1, -1, 30, 100_000_000] {
        assert_malformed(
            &epub_with(|entry| entry.misplaced_by = by),
            "not at the position in its central directory",
        );
    }
    assert_malformed(
        &epub_with(|entry| entry.local_name = "META-INF/license.lcpx"),
        "not at the position",
    );
    assert_malformed(
        &epub_with(|entry| entry.local_name = "license.lcpl"),
        "not at the position",
    );
    assert_malformed(
        &epub_with(|entry| entry.compressed_size += 5000),
        "not at the position",
    );
}

#[test]
fn an_entry_that_overlaps_another_is_malformed() {
    let with_other = |misplaced_by| {
        let other = Entry {
            misplaced_by,
            ..Entry::stored("x", [0; 500])
        };
        Container::of([Entry::deflated(META_INF, LICENSE), other])
    };
    assert_license(&with_other(0), META_INF);
    assert_malformed(&with_other(-1), "overlaps");
    // At the same place as the license.
    assert_malformed(&with_other(-1_000_000), "overlaps");
}

#[test]
fn two_licenses_in_one_publication_are_malformed() {
    let one = Entry::stored(META_INF, LICENSE);
    for other in [META_INF, "license.lcpl"] {
        let container = Container::of([one.clone(), Entry::stored(other, LICENSE)]);
        assert_malformed(&container, "more than one license document");
    }
}

#[test]
fn a_central_directory_that_contradicts_itself_is_malformed() {
    let container = || epub_with(|_| {});
    assert_malformed(
        &Container {
            zip64: true,
            claimed_entries: Some(1 << 32),
            ..container()
        },
        "too short for the number of its entries",
    );
    assert_malformed(
        &Container {
            claimed_entries: Some(5),
            ..container()
        },
        "central directory",
    );
    assert_malformed(
        &Container {
            claimed_entries: Some(3),
            ..container()
        },
        "central directory",
    );
    assert_malformed(
        &Container {
            gap: vec![0; 10],
            ..container()
        },
        "central directory",
    );
    let mut bytes = container().bytes();
    let end = bytes.len() - 22;
    bytes[end + 16..end + 20].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(
        matches!(find(&bytes).0, Err(PublicationError::Container(_))),
        "there is no ZIP64 record"
    );
}

#[test]
fn a_central_directory_of_more_than_16_mib_is_not_searched() {
    let name: &str = &"n".repeat(60_000);
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let entries = |count| vec![Entry::stored(name, ""); count];
    let mut most = entries(278);
    most.push(Entry::stored(META_INF, LICENSE));
    assert_license(&Container::of(most), META_INF);
    let mut more = entries(280);
    more.push(Entry::stored(META_INF, LICENSE));
    let (found, read) = find(&Container::of(more).bytes());
    assert_eq!(found, Ok(None));
    assert!(read < 100_000, "{read} bytes were read");
}

#[test]
fn only_the_central_directory_and_the_entry_are_read() {
    // With what the store's reader has read already: the first 16 KiB.
    const HEAD: usize = 16 << 10;
    let small = Container::epub(Entry::deflated(META_INF, LICENSE), 2 << 20);
    let (found, read) = find(&small.bytes());
    assert!(found.is_ok_and(|found| found.is_some()));
    // The end of the file, which has the whole central directory, and the entry.
    assert!(HEAD + read <= HEAD + (16 << 10) + 512, "{read} bytes");

    let mut large = small.clone();
    let names = (0..4000)
        .map(|number| &*Box::leak(format!("OEBPS/page-{number:04}.xhtml").into_boxed_str()));
    large
        .entries
        .extend(names.map(|name| Entry::stored(name, "x")));
    let directory: usize = large
        .entries
        .iter()
        .map(|entry| 46 + entry.name.len())
        .sum();
    let comment = vec![b'c'; 65_535];
    for container in [
        large.clone(),
        Container {
            comment: comment.clone(),
            ..large
        },
    ] {
        let needed = directory + container.comment.len() + 22 + LICENSE.len();
        let (found, read) = find(&container.bytes());
        assert!(found.is_ok_and(|found| found.is_some()));
        assert!(
            HEAD + read <= needed + (64 << 10),
            "{read} bytes, {needed} are needed"
        );
    }
}

#[test]
fn a_changed_byte_never_changes_the_license() {
    for container in [
        epub_with(|_| {}),
        Container {
            zip64: true,
            ..epub_with(|_| {})
        },
    ] {
        let bytes = container.bytes();
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                if let (Ok(Some(found)), _) = find(&changed) {
                    assert_eq!(found.document, LICENSE.as_bytes(), "byte {at}");
                }
            }
        }
    }
}

#[test]
fn a_file_system_error_is_returned() {
    let bytes = Container::epub(Entry::deflated(META_INF, LICENSE), 100_000).bytes();
    let disk = Disk::new();
    disk.write("/publication", bytes.clone());
    let file = disk
        .directory("/")
        .open_file("publication")
        .expect("it was written");
    disk.take_calls();
    let count = {
        let found = read_license(
            &mut RandomReader::new(&file, bytes.len() as u64),
            &bytes[..100],
        );
        assert!(found.is_ok_and(|found| found.is_some()));
        disk.take_calls().len()
    };
    for failing in 0..count {
        disk.fail(FsError::Other("io"), move |call| call.number == failing);
        let found = read_license(
            &mut RandomReader::new(&file, bytes.len() as u64),
            &bytes[..100],
        );
        assert_eq!(
            found,
            Err(PublicationError::Refused(FsError::Other("io"))),
            "call {failing}"
        );
        disk.take_calls();
    }
}
