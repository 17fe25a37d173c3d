//! The promises of [`Directory`], as tests that each implementation passes.
//!
//! An archive name and temporary names are used as an operation uses them: only a file that was
//! created under a temporary name is linked or renamed, and an archive begins like a ZIP file.

use std::io::ErrorKind;
use std::sync::Barrier;
use std::thread;

use super::{Directory, EntryKind, File};

/// The name of the archive of the suite. [`Connection::open`] expects it.
pub(crate) const ARCHIVE: &str = "licenses.zip";
/// Another name for a small file.
const RECORD: &str = "last-run.json";

/// An empty directory for one test, and what has to live as long as it.
pub(crate) trait Connection: Sync {
    /// Opens the directory as another run of the program does, which will create [`ARCHIVE`].
    fn open(&self) -> Box<dyn Directory>;
}

/// Defines a test for each promise. `$connection` is a function that returns a [`Connection`].
macro_rules! promises {
    ($connection:expr) => {
        $crate::run::filesystem::remote::suite::promises! { $connection;
            a_new_file_has_its_bytes_under_its_final_name
            a_large_file_is_read_at_any_offset
            a_file_that_was_only_created_is_not_visible_under_another_name
            creating_an_existing_name_fails
            linking_to_an_existing_name_fails_and_keeps_its_file
            renaming_replaces_an_existing_file
            exactly_one_of_several_runs_links_a_name
            a_file_keeps_its_identity_when_it_gets_its_final_name
            another_file_has_another_identity
            what_does_not_exist_is_reported_as_not_found
            a_removed_file_is_gone
            a_file_with_its_final_name_from_the_start_is_visible_when_it_is_synced
            an_abandoned_file_can_be_removed_by_another_run
        }
    };
    ($connection:expr; $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::run::filesystem::remote::suite::$name(&($connection)());
            }
        )*
    };
}
pub(crate) use promises;

/// Creates a file with these contents, and makes it durable.
fn create(directory: &dyn Directory, name: &str, content: &[u8]) -> Box<dyn File> {
    let file = directory.create(name).expect("the name is free");
    for block in content.chunks(4 << 20) {
        file.append(block).expect("the directory has space");
    }
    file.sync().expect("the file can be made durable");
    file
}

/// Creates a file under a temporary name, and renames it to its final one.
fn put(directory: &dyn Directory, name: &str, content: &[u8]) {
    drop(create(directory, ".license-backup-7.tmp", content));
    directory
        .rename(".license-backup-7.tmp", name)
        .expect("a file can be renamed");
    directory.sync().expect("the names can be made durable");
}

/// Reads a whole file.
fn read(directory: &dyn Directory, name: &str) -> Vec<u8> {
    let file = directory.open(name).expect("the file exists");
    let size = file.metadata().expect("the file is open").size;
    let size = usize::try_from(size).expect("the file is small");
    file.read(0, size).expect("the file can be read")
}

/// Returns the sorted names of the files of a directory.
fn names(directory: &dyn Directory) -> Vec<String> {
    let entries = directory.entries().expect("the directory can be listed");
    let files = entries
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::File);
    let mut names: Vec<String> = files.map(|entry| entry.name).collect();
    names.sort();
    names
}

fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Returns bytes that differ from one offset to another, and begin like an archive.
pub(super) fn bytes(length: usize) -> Vec<u8> {
    let differing =
        (0..length).map(|index| (index.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]);
    b"PK"
        .iter()
        .copied()
        .chain(differing)
        .take(length)
        .collect()
}

pub(crate) fn a_new_file_has_its_bytes_under_its_final_name(connection: &impl Connection) {
    let directory = connection.open();
    drop(create(&*directory, ".license-backup-0.tmp", b"PK archive"));
    directory
        .link(".license-backup-0.tmp", ARCHIVE)
        .expect("the name is free");
    directory
        .remove(".license-backup-0.tmp")
        .expect("the temporary name can be removed");
    directory.sync().expect("the names can be made durable");
    put(&*directory, RECORD, b"{}");

    let other = connection.open();
    assert_eq!(names(&*other), [RECORD, ARCHIVE]);
    assert_eq!(read(&*other, ARCHIVE), b"PK archive");
    assert_eq!(read(&*other, RECORD), b"{}");
}

pub(crate) fn a_large_file_is_read_at_any_offset(connection: &impl Connection) {
    let content = bytes((17 << 20) + 5);
    let directory = connection.open();
    put(&*directory, ARCHIVE, &content);

    let file = connection.open().open(ARCHIVE).expect("the file exists");
    for (offset, length) in [(0, 8 << 20), (5 << 20, 1), ((8 << 20) - 3, 6 << 20)] {
        let read = file.read(offset, length).expect("the file can be read");
        let start = usize::try_from(offset).expect("the file is small");
        assert!(read == content[start..start + length], "at {offset}");
    }
    let end = content.len() as u64;
    let last = file.read(end - 5, 100).expect("the file can be read");
    assert_eq!(last, content[content.len() - 5..]);
    assert_eq!(file.read(end, 100).expect("the end can be read"), b"");
    assert_eq!(file.metadata().expect("the file is open").size, end);
}

pub(crate) fn a_file_that_was_only_created_is_not_visible_under_another_name(
    connection: &impl Connection,
) {
    let directory = connection.open();
    put(&*directory, ARCHIVE, b"PK earlier");
    let file = create(&*directory, ".license-backup-0.tmp", &bytes(9 << 20));
    assert_eq!(read(&*connection.open(), ARCHIVE), b"PK earlier");
    drop(file);
    directory
        .remove(".license-backup-0.tmp")
        .expect("the temporary name can be removed");
    assert_eq!(read(&*connection.open(), ARCHIVE), b"PK earlier");
    assert_eq!(names(&*connection.open()), [ARCHIVE]);
}

pub(crate) fn creating_an_existing_name_fails(connection: &impl Connection) {
    let directory = connection.open();
    let _file = directory
        .create(".license-backup-0.tmp")
        .expect("the name is free");
    let again = kind(directory.create(".license-backup-0.tmp"));
    assert_eq!(again, Some(ErrorKind::AlreadyExists));
}

pub(crate) fn linking_to_an_existing_name_fails_and_keeps_its_file(connection: &impl Connection) {
    let directory = connection.open();
    put(&*directory, ARCHIVE, b"PK earlier");
    for content in [b"PK small".to_vec(), bytes(9 << 20)] {
        drop(create(&*directory, ".license-backup-0.tmp", &content));
        let linked = directory.link(".license-backup-0.tmp", ARCHIVE);
        assert_eq!(kind(linked), Some(ErrorKind::AlreadyExists));
        directory
            .remove(".license-backup-0.tmp")
            .expect("the temporary name can be removed");
    }
    assert_eq!(read(&*connection.open(), ARCHIVE), b"PK earlier");
}

pub(crate) fn renaming_replaces_an_existing_file(connection: &impl Connection) {
    let directory = connection.open();
    put(&*directory, ARCHIVE, b"PK earlier");
    put(&*directory, ARCHIVE, b"PK later");
    assert_eq!(read(&*connection.open(), ARCHIVE), b"PK later");
    assert_eq!(names(&*connection.open()), [ARCHIVE]);
}

pub(crate) fn exactly_one_of_several_runs_links_a_name(connection: &impl Connection) {
    const RUNS: u8 = 8;
    let barrier = Barrier::new(usize::from(RUNS));
    let run = |number: u8| {
        let directory = connection.open();
        let name = format!(".license-backup-{number}.tmp");
        drop(create(&*directory, &name, &[b'P', b'K', number]));
        barrier.wait();
        match directory.link(&name, ARCHIVE) {
            Ok(()) => Some(number),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
                None
            }
        }
    };
    let winners: Vec<u8> = thread::scope(|scope| {
        let runs: Vec<_> = (0..RUNS)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        let ended = runs.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .filter_map(|ended| ended.expect("no run panics"))
            .collect()
    });
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(read(&*connection.open(), ARCHIVE)[2..], winners);
}

pub(crate) fn a_file_keeps_its_identity_when_it_gets_its_final_name(connection: &impl Connection) {
    for replaces in [false, true] {
        let directory = connection.open();
        let file = create(&*directory, ".license-backup-0.tmp", b"PK archive");
        let id = file.metadata().expect("the file is open").id;
        drop(file);
        let id_of = |name| directory.metadata(name).expect("the file exists").id;
        assert_eq!(id_of(".license-backup-0.tmp"), id);
        let moved = if replaces {
            directory.rename(".license-backup-0.tmp", ARCHIVE)
        } else {
            directory.link(".license-backup-0.tmp", ARCHIVE)
        };
        moved.expect("the file gets its final name");
        assert_eq!(id_of(ARCHIVE), id);
        let opened = directory.open(ARCHIVE).expect("the file exists");
        assert_eq!(opened.metadata().expect("the file is open").id, id);
        // Unless the file was renamed, its temporary name remains.
        let _ = directory.remove(".license-backup-0.tmp");
    }
}

pub(crate) fn another_file_has_another_identity(connection: &impl Connection) {
    let directory = connection.open();
    put(&*directory, ARCHIVE, b"PK archive");
    let file = create(&*directory, ".license-backup-0.tmp", b"PK archive");
    let id = file.metadata().expect("the file is open").id;
    let earlier = directory.metadata(ARCHIVE).expect("the file exists").id;
    assert_ne!(id, earlier);
    let as_another_run_sees_it = connection.open().metadata(ARCHIVE);
    assert_ne!(as_another_run_sees_it.expect("the file exists").id, id);
}

pub(crate) fn what_does_not_exist_is_reported_as_not_found(connection: &impl Connection) {
    let directory = connection.open();
    assert_eq!(kind(directory.metadata(ARCHIVE)), Some(ErrorKind::NotFound));
    assert_eq!(kind(directory.open(ARCHIVE)), Some(ErrorKind::NotFound));
    let removed = directory.remove(".license-backup-0.tmp");
    assert_eq!(kind(removed), Some(ErrorKind::NotFound));
    let linked = directory.link(".license-backup-0.tmp", ARCHIVE);
    assert_eq!(kind(linked), Some(ErrorKind::NotFound));
}

pub(crate) fn a_removed_file_is_gone(connection: &impl Connection) {
    let directory = connection.open();
    put(&*directory, "licenses-20260101T000000Z.zip", b"PK old");
    put(&*directory, "licenses-20260102T000000Z.zip", b"PK new");
    directory
        .remove("licenses-20260101T000000Z.zip")
        .expect("the file can be removed");
    assert_eq!(
        names(&*connection.open()),
        ["licenses-20260102T000000Z.zip"]
    );
}

pub(crate) fn a_file_with_its_final_name_from_the_start_is_visible_when_it_is_synced(
    connection: &impl Connection,
) {
    let pin = "licenses-20260101T000000Z.zip.pin";
    let directory = connection.open();
    drop(create(&*directory, pin, b"pinned"));
    let other = connection.open();
    for directory in [&directory, &other] {
        assert_eq!(read(&**directory, pin), b"pinned");
        assert_eq!(names(&**directory), [pin]);
        assert_eq!(kind(directory.create(pin)), Some(ErrorKind::AlreadyExists));
    }
    directory.remove(pin).expect("a file can be removed");
    assert_eq!(names(&*other), [""; 0]);
}

pub(crate) fn an_abandoned_file_can_be_removed_by_another_run(connection: &impl Connection) {
    let killed = connection.open();
    // Large enough that a part of it has reached the other machine.
    std::mem::forget(create(&*killed, ".license-backup-0.tmp", &bytes(9 << 20)));
    let other = connection.open();
    for name in names(&*other) {
        assert!(
            name.strip_prefix(".license-backup-")
                .is_some_and(|name| name.strip_suffix(".tmp").is_some()),
            "{name}"
        );
        let metadata = other.metadata(&name).expect("the file exists");
        assert!(metadata.modified.is_some(), "its age is known");
        other.remove(&name).expect("another run can remove it");
    }
    assert_eq!(names(&*connection.open()), [""; 0]);
}
