use super::*;
use crate::catalogue::Catalogue;
use crate::directory::FsError;
use crate::memory_fs::{Disk, MemoryDirectory};
use crate::skipped::SkippedFiles;
use crate::{BackupRestoreStatus, ErrorCode, Restriction};

/// Walks `/licenses`. Returns the store, its files and the events.
fn walk(disk: &Disk) -> (MemoryDirectory, Catalogue, Vec<BackupRestoreStatus>) {
    let excluded = disk.directory("/backup");
    let (mut skipped, mut events) = (SkippedFiles::default(), Vec::new());
    let mut walk = Walk::new(disk.directory("/licenses")).expect("the store can be listed");
    let (store, catalogue) = loop {
        if let Some(walked) = walk.step(Some(&excluded), &mut skipped.reporter(&mut events)) {
            break walked;
        }
    };
    (store, catalogue, events)
}

/// Reads the one file of the store.
fn read_content(disk: &Disk) -> Result<Content, ReadError> {
    let (store, catalogue, _) = walk(disk);
    disk.take_calls();
    StoreReader::new(store).read(&catalogue, 0)
}

/// Reads the one file of the store, which may be a license document by its first bytes.
fn read(disk: &Disk) -> Result<Vec<u8>, ReadError> {
    read_content(disk).map(|content| match content {
        Content::Document(document) => document,
        other => panic!("not a document: {other:?}"),
    })
}

fn store_with(content: &[u8]) -> Disk {
    let disk = Disk::new();
    disk.write("/licenses/one", content);
    disk
}

/// Changes the file before the third read of each of the first `times` tries.
fn keep_changing(disk: &Disk, times: usize, content: impl Fn(usize) -> Vec<u8> + 'static) {
    let (inner, mut changes) = (disk.clone(), 0);
    let mut reads = 0;
    disk.on_call(move |call| {
        if call.operation == "open_file" {
            reads = 0;
        }
        reads += usize::from(call.operation == "read");
        if call.operation == "read" && reads == 3 && changes < times {
            changes += 1;
            inner.advance_clock(1);
            inner.overwrite("/licenses/one", content(changes));
        }
        Ok(())
    });
}

fn code<T>(outcome: Result<T, ReadError>) -> Option<ErrorCode> {
    match outcome {
        Err(ReadError::Unusable(failure)) => Some(failure.code),
        Err(ReadError::Io(error)) => Some(error.code()),
        Ok(_) => None,
    }
}

#[test]
fn files_come_in_byte_order_of_their_paths() {
    let disk = Disk::new();
    let paths = [
        "!",
        "a",
        "a!b",
        "a-b",
        "a.b/x",
        "a/b",
        "a/c/d",
        "a0",
        "ab",
        "z/é",
        "z/\u{10FFFF}",
    ];
    for path in paths.iter().filter(|path| **path != "a") {
        disk.write(&format!("/licenses/{path}"), "");
    }
    let (_, catalogue, _) = walk(&disk);
    let mut expected: Vec<_> = paths
        .iter()
        .filter(|path| **path != "a")
        .map(|path| (*path).to_owned())
        .collect();
    expected.sort();
    let found: Vec<_> = (0..catalogue.len())
        .map(|file| catalogue.file_path(file))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_name_that_is_listed_twice_is_walked_once() {
    let disk = store_with(b"");
    disk.write("/licenses/deep/two", "");
    disk.list_names_twice();
    let (_, catalogue, _) = walk(&disk);
    let found: Vec<_> = (0..catalogue.len())
        .map(|file| catalogue.file_path(file))
        .collect();
    assert_eq!(found, ["deep/two", "one"]);
}

#[test]
fn a_name_that_is_listed_twice_is_reported_once() {
    let disk = store_with(b"");
    disk.hide_kinds();
    disk.list_names_twice();
    disk.fail(FsError::AccessDenied, |call| call.operation == "metadata");
    let (_, catalogue, events) = walk(&disk);
    assert_eq!(catalogue.len(), 0);
    assert!(
        matches!(&events[..], [BackupRestoreStatus::Error(failure)] if failure.path.as_deref() == Some("one")),
        "{events:?}"
    );
}

#[test]
fn temporary_files_of_backups_are_skipped_without_a_report() {
    let disk = store_with(b"");
    disk.write("/licenses/deep/.license-backup-12.tmp", "");
    disk.write("/licenses/deep/.license-backup-.tmp", "of another program");
    let (_, catalogue, events) = walk(&disk);
    assert_eq!((catalogue.len(), events.len()), (2, 0));
}

#[test]
fn a_name_that_is_not_utf8_is_reported_with_its_directory() {
    let disk = store_with(b"");
    disk.write("/licenses/deep/er/two", "");
    disk.write_illegal_names("/licenses", 40);
    disk.write_illegal_names("/licenses/deep/er", 1);
    let (_, catalogue, events) = walk(&disk);
    assert_eq!(catalogue.len(), 2);
    let reported: Vec<_> = events
        .iter()
        .map(|event| match event {
            BackupRestoreStatus::Error(failure) => (failure.code, failure.path.as_deref()),
            other => panic!("unexpected: {other:?}"),
        })
        .collect();
    let (last, roots) = reported.split_last().expect("there are events");
    assert_eq!(roots, [(ErrorCode::IllegalName, Some(".")); 40]);
    assert_eq!(*last, (ErrorCode::IllegalName, Some("deep/er")));
}

#[test]
fn a_directory_listing_that_always_fails_ends() {
    let disk = store_with(b"");
    disk.fail(FsError::Other("bad-descriptor"), |call| {
        call.operation == "next_entry"
    });
    let (_, catalogue, events) = walk(&disk);
    assert_eq!(catalogue.len(), 0);
    let Some(BackupRestoreStatus::Error(last)) = events.last() else {
        panic!("nothing was reported")
    };
    assert!(last.message.contains("names in a row failed"), "{last}");
}

#[test]
fn names_that_disappear_while_listed_are_not_reported() {
    let disk = Disk::new();
    for number in 0..5000 {
        disk.write(&format!("/licenses/{number}"), "");
    }
    // A host looks up each name that it lists, and thousands may have disappeared by then.
    disk.fail(FsError::NoEntry, |call| {
        call.operation == "next_entry" && (100..3000).contains(&call.number)
    });
    let (_, catalogue, events) = walk(&disk);
    assert_eq!((catalogue.len(), events.len()), (2100, 0));
}

#[test]
fn unknown_kinds_of_names_are_looked_up() {
    let disk = store_with(b"");
    disk.write("/licenses/a/b", "");
    disk.write("/licenses/a-b", "");
    disk.write_other("/licenses/fifo");
    disk.hide_kinds();
    let (_, catalogue, events) = walk(&disk);
    let found: Vec<_> = (0..catalogue.len())
        .map(|file| catalogue.file_path(file))
        .collect();
    assert_eq!(found, ["a-b", "a/b", "one"]);
    assert!(
        matches!(&events[..], [BackupRestoreStatus::RestrictedLicense(restricted)] if restricted.path == "fifo"),
        "{events:?}"
    );
}

#[test]
fn an_unreadable_license_is_reported_and_a_link_is_restricted() {
    for (error, expected) in [
        (FsError::Link, Some(Restriction::NotARegularFile)),
        (FsError::AccessDenied, None),
        (FsError::Other("io"), None),
    ] {
        let (mut skipped, mut events) = (SkippedFiles::default(), Vec::new());
        skipped
            .reporter(&mut events)
            .unreadable("one".to_owned(), error);
        match (&events[..], expected) {
            ([BackupRestoreStatus::RestrictedLicense(restricted)], Some(reason)) => {
                assert_eq!(restricted.reason, reason);
            }
            ([BackupRestoreStatus::Error(failure)], None) => assert_eq!(failure.code, error.code()),
            other => panic!("unexpected: {other:?}"),
        }
    }
}

#[test]
fn a_directory_with_the_name_of_a_temporary_file_is_walked() {
    let disk = store_with(b"");
    disk.write("/licenses/.license-backup-7.tmp/two", "");
    let (_, catalogue, _) = walk(&disk);
    assert_eq!(catalogue.len(), 2);
}

#[test]
fn a_directory_that_disappears_is_not_reported() {
    let disk = store_with(b"");
    disk.write("/licenses/deep/two", "");
    disk.fail(FsError::NoEntry, |call| call.operation == "open_directory");
    let (_, catalogue, events) = walk(&disk);
    assert_eq!((catalogue.len(), events.len()), (1, 0));
}

#[test]
fn a_directory_that_cannot_be_opened_is_reported() {
    let disk = store_with(b"");
    disk.write("/licenses/deep/two", "");
    disk.fail(FsError::AccessDenied, |call| {
        call.operation == "open_directory"
    });
    let (_, _, events) = walk(&disk);
    assert!(
        matches!(&events[..], [BackupRestoreStatus::Error(failure)] if failure.path.as_deref() == Some("deep")),
        "{events:?}"
    );
}

#[test]
fn a_path_that_is_too_long_for_an_archive_is_reported() {
    let disk = store_with(b"");
    disk.write(&format!("/licenses/{}one", "directory/".repeat(6553)), "");
    let (_, catalogue, events) = walk(&disk);
    assert_eq!(catalogue.len(), 1);
    assert!(
        matches!(&events[..], [BackupRestoreStatus::Error(failure)] if failure.code == ErrorCode::IllegalName),
        "{} events",
        events.len()
    );
}

#[test]
fn a_name_that_leaves_the_backup_on_other_systems_is_reported() {
    let disk = Disk::new();
    for name in [
        "..\\up",
        "a\\..\\b",
        "empty\\\\part",
        "\\leading",
        "trailing\\",
        ".\\x",
        "..\\d/x",
    ] {
        disk.write(&format!("/licenses/{name}"), "");
    }
    disk.write("/licenses/harmless\\name", "");
    disk.write("/licenses/c:x", "");
    disk.write("/licenses/...", "");
    let (_, catalogue, events) = walk(&disk);
    assert_eq!((catalogue.len(), events.len()), (3, 7), "{events:?}");
    assert!(
        events.iter().all(|event| matches!(event, BackupRestoreStatus::Error(failure) if failure.code == ErrorCode::IllegalName)),
        "{events:?}"
    );
}

/// Returns a document of `length` bytes in which no two parts of equal length are the same, so that
/// a repeated or shifted part shows.
fn document(length: usize) -> Vec<u8> {
    let words = (0_u32..).flat_map(u32::to_be_bytes);
    let mut document: Vec<u8> = words.take(length).collect();
    if let Some(first) = document.first_mut() {
        *first = b'<';
    }
    document
}

#[test]
fn documents_around_the_read_length_and_the_limit_are_complete() {
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 1 << 20] {
        let content = document(length);
        let read = read(&store_with(&content)).ok();
        assert!(read.is_some_and(|read| read == content), "{length}");
    }
}

/// Returns a store with a file that begins with `start` and is one byte larger than a license
/// document may be.
fn too_large(start: &str) -> Disk {
    let mut content = vec![b' '; (1 << 20) + 1];
    content[..start.len()].copy_from_slice(start.as_bytes());
    store_with(&content)
}

#[test]
fn a_license_above_the_limit_is_reported_with_its_size() {
    let json = r#"{"provider":"x","id":"1","encryption":{"#;
    for start in [
        "XMR\0",
        "<LICENSE>",
        "<?xml version='1.0'?><!-- x -->\n<LICENSERESPONSE>",
        json,
    ] {
        let Err(ReadError::Unusable(failure)) = read(&too_large(start)) else {
            panic!("it was read: {start}")
        };
        assert_eq!(failure.code, ErrorCode::TooLarge, "{start}");
        assert!(failure.message.contains("1048577 bytes"), "{failure}");
    }
}

#[test]
fn other_files_above_the_limit_are_read_only_in_part() {
    let json = r#"{"provider":"aws","encryption":{},"x":["#;
    for start in [
        "x",
        "\0\0\0\u{18}ftypmp42",
        "<html>",
        "<a/><LICENSE/>",
        "[1",
        r#"{"id":"1","#,
        json,
        "\u{FEFF}x",
    ] {
        let disk = too_large(start);
        let before = disk.bytes_read();
        let Ok(Content::NoLicense(head)) = read_content(&disk) else {
            panic!("it is not a license: {start}")
        };
        assert!(head.starts_with(start.as_bytes()), "{start}");
        // The first bytes, and the last ones in which a ZIP container has its end record.
        let read = disk.bytes_read() - before;
        assert!(read <= (16 << 10) + (66 << 10), "{start}: {read} bytes");
    }
}

#[test]
fn a_file_that_does_not_begin_as_a_license_is_read_in_part() {
    let disk = store_with(&vec![b'x'; 1 << 20]);
    let before = disk.bytes_read();
    assert!(matches!(read_content(&disk), Ok(Content::NoLicense(_))));
    let read = disk.bytes_read() - before;
    assert!(read <= (16 << 10) + (66 << 10), "{read} bytes");
}

#[test]
fn a_long_license_that_changes_once_or_twice_is_read_again() {
    for times in [1, 2] {
        let state = |change: usize| {
            [
                b"<",
                &vec![b'0' + u8::try_from(change).unwrap_or(0); 100_000][..],
            ]
            .concat()
        };
        let disk = store_with(&state(0));
        keep_changing(&disk, times, state);
        let content = read(&disk).ok().expect("it is read");
        assert!(
            content == state(times),
            "the content mixes two states after {times} changes"
        );
    }
}

#[test]
fn a_long_license_that_keeps_changing_is_reported() {
    for length in [100_000, 100_001, 99_999] {
        let disk = store_with(&vec![b'<'; 100_000]);
        keep_changing(&disk, usize::MAX, move |change| {
            vec![b'<'; length + change % 2]
        });
        assert_eq!(code(read(&disk)), Some(ErrorCode::Changed), "{length}");
        let tries = disk
            .take_calls()
            .iter()
            .filter(|call| call.operation == "open_file")
            .count();
        assert_eq!(tries, 3, "{length}");
    }
}

#[test]
fn a_short_license_takes_two_reads() {
    let disk = store_with(b"<short");
    read(&disk).ok().expect("it is read");
    let calls: Vec<_> = disk
        .take_calls()
        .into_iter()
        .map(|call| call.operation)
        .collect();
    assert_eq!(calls, ["open_file", "read", "read"]);
}

#[test]
fn a_read_that_reports_the_end_of_file_saves_a_read() {
    let disk = store_with(b"<content");
    assert_eq!(read(&disk).ok().as_deref(), Some(&b"<content"[..]));
    let reads = |disk: &Disk| {
        disk.take_calls()
            .iter()
            .filter(|call| call.operation == "read")
            .count()
    };
    assert_eq!(reads(&disk), 2);
    disk.report_eof();
    assert_eq!(read(&disk).ok().as_deref(), Some(&b"<content"[..]));
    assert_eq!(reads(&disk), 1);
}

#[test]
fn a_long_license_is_complete_if_reads_report_the_end() {
    for length in [16 << 10, (16 << 10) + 1, 64 << 10, (64 << 10) + 1, 1 << 20] {
        let content = document(length);
        let disk = store_with(&content);
        disk.report_eof();
        assert!(read(&disk).ok() == Some(content), "{length}");
    }
}

#[test]
fn a_container_after_the_start_of_a_document_is_found() {
    use crate::publication::samples::{Container, Entry, LICENSE, META_INF};

    for length in [100, 100_000, 3 << 20] {
        for prefix in ["<html></html>\n", "{\"a\":1}\n"] {
            let prefix = prefix.as_bytes().to_vec();
            let container = Container {
                prefix,
                ..Container::epub(Entry::stored(META_INF, LICENSE), length)
            };
            let Ok(Content::Embedded(found)) = read_content(&store_with(&container.bytes())) else {
                panic!("no license was found: {length}")
            };
            assert_eq!(found.document, LICENSE.as_bytes(), "{length}");
        }
    }
}

#[test]
fn a_growing_publication_is_reported_and_other_files_are_not() {
    use crate::publication::samples::{Container, Entry, LICENSE, META_INF};

    let book = Container::epub(Entry::stored(META_INF, LICENSE), 100_000).bytes();
    for (content, expected) in [
        (vec![b'x'; 100_000], None),
        (book, Some(ErrorCode::Changed)),
    ] {
        let disk = store_with(&content);
        let inner = disk.clone();
        let mut grown = content.clone();
        disk.on_call(move |call| {
            if call.operation == "file_metadata" {
                inner.advance_clock(1);
                grown.push(0);
                inner.overwrite("/licenses/one", grown.clone());
            }
            Ok(())
        });
        assert_eq!(code(read_content(&disk)), expected);
    }
}
