//! Headers with wrong values: each field of each header of the valid backup.

use super::Case;
use super::archive::{Archive, End, Entry, Header, Zip64};
use super::contents::Backup;

/// A wrong value of a field that both headers contain, and a function that sets it.
type Field = (&'static str, fn(&mut Header));

const FIELDS: [Field; 14] = [
    ("the signature", |header| header.signature ^= 1),
    ("the version needed", |header| header.needed = 45),
    ("the flag for encryption", |header| header.flags |= 1),
    ("the flag for sizes after the content", |header| {
        header.flags |= 8;
    }),
    ("no flag for UTF-8", |header| header.flags = 0),
    ("the method deflate", |header| header.method = 8),
    ("a time", |header| header.time = 1),
    ("another day", |header| header.date += 1),
    ("another CRC-32", |header| header.crc32 ^= 1),
    ("a larger compressed size", |header| header.compressed += 1),
    ("a larger size", |header| header.size += 1),
    ("smaller sizes", |header| {
        header.size -= 1;
        header.compressed -= 1;
    }),
    ("an extra field", |header| {
        header.extra = vec![0x55, 0x54, 0, 0];
    }),
    ("an extra field that is cut short", |header| {
        header.extra = vec![1];
    }),
];

/// A wrong value of a field that only the central directory contains, and a function that sets it.
type CentralField = (&'static str, fn(&mut Entry));

const CENTRAL_FIELDS: [CentralField; 11] = [
    ("another system", |entry| entry.made_by = 0x002D),
    ("another version", |entry| entry.made_by = 0x0314),
    ("a comment", |entry| entry.comment = b"!".to_vec()),
    ("another disk", |entry| entry.disk = 1),
    ("text as an internal attribute", |entry| entry.internal = 1),
    ("the mode of a symbolic link", |entry| {
        entry.external = 0o120_777 << 16;
    }),
    ("the mode of a directory", |entry| {
        entry.external = 0o040_700 << 16;
    }),
    ("the mode of a device", |entry| {
        entry.external = 0o060_600 << 16;
    }),
    ("a mode that permits others to read", |entry| {
        entry.external = 0o100_644 << 16;
    }),
    ("a mode that sets the user ID", |entry| {
        entry.external = 0o104_600 << 16;
    }),
    ("the directory attribute of DOS", |entry| {
        entry.external |= 0x10;
    }),
];

/// Returns cases with each field of each entry wrong in the local header, in the central directory,
/// and in both.
pub(super) fn fields() -> Vec<Case> {
    let valid = Backup::valid().archive();
    let mut cases = Vec::new();
    for position in 0..valid.entries.len() {
        let name = valid.entries[position].name();
        let mut add = |fault: String, change: &dyn Fn(&mut Entry)| {
            let mut archive = valid.clone();
            change(&mut archive.entries[position]);
            // The error for an unreadable header in the central directory contains its number
            // instead of its name.
            cases.push(Case::new(format!("{name}: {fault}"), &archive, ""));
        };
        for (fault, change) in FIELDS {
            add(format!("{fault}, in the local header"), &|entry| {
                change(&mut entry.local);
            });
            add(format!("{fault}, in the central directory"), &|entry| {
                change(&mut entry.central);
            });
            add(format!("{fault}, in both"), &|entry| entry.both(change));
        }
        for (fault, change) in CENTRAL_FIELDS {
            add(fault.to_owned(), &change);
        }
        add("another name in the local header".to_owned(), &|entry| {
            entry.local.name[0] ^= 1;
        });
        add("an unneeded ZIP64 field".to_owned(), &|entry| {
            let size = u64::from(entry.local.size);
            entry.both(|header| with_zip64(header, &[size, size]));
        });
        add(
            "an unneeded ZIP64 field, and sizes that point to it".to_owned(),
            &|entry| {
                let size = u64::from(entry.local.size);
                entry.both(|header| {
                    with_zip64(header, &[size, size]);
                    (header.size, header.compressed) = (u32::MAX, u32::MAX);
                });
            },
        );
        add("a size of 2^62 in a ZIP64 field".to_owned(), &|entry| {
            entry.both(|header| {
                with_zip64(header, &[1 << 62, 1 << 62]);
                (header.size, header.compressed) = (u32::MAX, u32::MAX);
            });
        });
        add(
            "sizes that point to a ZIP64 field that does not exist".to_owned(),
            &|entry| {
                entry.both(|header| (header.size, header.compressed) = (u32::MAX, u32::MAX));
            },
        );
        add(
            "an offset that points to a ZIP64 field that does not exist".to_owned(),
            &|entry| {
                entry.offset = Some(u32::MAX);
            },
        );
        add("an offset of 2^63 in a ZIP64 field".to_owned(), &|entry| {
            with_zip64(&mut entry.central, &[1 << 63]);
            entry.offset = Some(u32::MAX);
        });
        add("a size of nearly 4 GiB".to_owned(), &|entry| {
            entry.both(|header| (header.size, header.compressed) = (u32::MAX - 1, u32::MAX - 1));
        });
    }
    cases
}

/// Sets the ZIP64 extra field (section 4.5.3) and the version that it needs.
fn with_zip64(header: &mut Header, values: &[u64]) {
    let length = u16::try_from(values.len() * 8).expect("a header has few ZIP64 values");
    header.needed = 45;
    header.extra = [1_u16.to_le_bytes(), length.to_le_bytes()].concat();
    header
        .extra
        .extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Returns cases with wrong fields in the end of the central directory, and with false or unneeded
/// ZIP64 structures.
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
pub(super) fn ends() -> Vec<Case> {
    let valid = Backup::valid().archive();
    let zip64 = |zip64: Zip64| End {
        zip64: Some(zip64),
        ..End::default()
    };
    // With these values, the end refers to the true ones in the ZIP64 record.
    let all_in_zip64 = |record: Zip64| End {
        entries_here: Some(u16::MAX),
        entries: Some(u16::MAX),
        size: Some(u32::MAX),
        offset: Some(u32::MAX),
        ..zip64(record)
    };
    let true_values = Zip64::default;
    let ends: Vec<(&str, End)> = vec![
        (
            "another disk",
            End {
                disk: 1,
                ..End::default()
            },
        ),
        (
            "a directory on another disk",
            End {
                directory_disk: 1,
                ..End::default()
            },
        ),
        (
            "one entry too few on this disk",
            End {
                entries_here: Some(4),
                ..End::default()
            },
        ),
        (
            "one entry too few",
            End {
                entries: Some(4),
                entries_here: Some(4),
                ..End::default()
            },
        ),
        (
            "one entry too many",
            End {
                entries: Some(6),
                entries_here: Some(6),
                ..End::default()
            },
        ),
        (
            "no entries",
            End {
                entries: Some(0),
                entries_here: Some(0),
                ..End::default()
            },
        ),
        (
            "a smaller directory",
            End {
                size: Some(46),
                ..End::default()
            },
        ),
        (
            "a larger directory",
            End {
                size: Some(100_000),
                ..End::default()
            },
        ),
        (
            "a directory at the start",
            End {
                offset: Some(0),
                ..End::default()
            },
        ),
        (
            "a directory after the end",
            End {
                offset: Some(100_000),
                ..End::default()
            },
        ),
        (
            "a comment",
            End {
                comment: b"hello".to_vec(),
                ..End::default()
            },
        ),
        (
            "a comment that looks like an end",
            End {
                comment: Archive::new(Vec::new()).bytes(),
                ..End::default()
            },
        ),
        (
            "bytes after the end",
            End {
                after: b"\n".to_vec(),
                ..End::default()
            },
        ),
        (
            "a second end after the end",
            End {
                after: Archive::new(Vec::new()).bytes(),
                ..End::default()
            },
        ),
        ("an unneeded ZIP64 record", zip64(true_values())),
        (
            "an unneeded ZIP64 record, and fields that point to it",
            all_in_zip64(true_values()),
        ),
        (
            "fields that point to a ZIP64 record that does not exist",
            End {
                zip64: None,
                ..all_in_zip64(true_values())
            },
        ),
        (
            "2^40 entries",
            all_in_zip64(Zip64 {
                entries: Some(1 << 40),
                ..true_values()
            }),
        ),
        (
            "2^64 - 1 entries",
            all_in_zip64(Zip64 {
                entries: Some(u64::MAX),
                ..true_values()
            }),
        ),
        (
            "a directory of 2^63 bytes",
            all_in_zip64(Zip64 {
                size: Some(1 << 63),
                ..true_values()
            }),
        ),
        (
            "a directory at 2^64 - 1",
            all_in_zip64(Zip64 {
                offset: Some(u64::MAX),
                ..true_values()
            }),
        ),
        (
            "a locator that points elsewhere",
            all_in_zip64(Zip64 {
                locator: Some(0),
                ..true_values()
            }),
        ),
        (
            "only the count in ZIP64",
            End {
                entries: Some(u16::MAX),
                entries_here: Some(u16::MAX),
                ..zip64(true_values())
            },
        ),
        (
            "only the offset in ZIP64",
            End {
                offset: Some(u32::MAX),
                ..zip64(true_values())
            },
        ),
    ];
    ends.into_iter()
        .map(|(fault, end)| {
            Case::new(
                fault,
                &Archive {
                    end,
                    ..valid.clone()
                },
                "",
            )
        })
        .collect()
}
