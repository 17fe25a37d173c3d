mod filtered;

use super::*;
use crate::archive::{ArchiveWriter, FORMAT_VERSION, ManifestHead, Output};
use crate::catalogue::Catalogue;
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::memory_fs::{Disk, MemoryDirectory};
use crate::{Backup, LicenseFormat, LicenseIdentity, Restriction};

const LCP: &str = r#"{"id":"urn:1","provider":"https://example.com","encryption":{"profile":"basic"},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{}}"#;

/// Returns a disk with a backup of one license, which skipped one file.
fn backed_up() -> Disk {
    let disk = Disk::new();
    disk.write("/licenses/a/one.lcpl", LCP);
    disk.write("/licenses/notes.txt", "no license");
    let directory = disk.directory("/backup");
    let mut backup = Backup::start(
        disk.directory("/licenses"),
        directory,
        "/backup",
        crate::BackupOptions::default(),
    )
    .expect("it starts");
    loop {
        match backup.step(&mut Vec::new()) {
            Continue(next) => backup = next,
            Break(outcome) => {
                outcome.expect("the backup succeeds");
                return disk;
            }
        }
    }
}

fn list(disk: &Disk) -> Result<(Vec<LicenseListing>, ListSummary), Failure> {
    list_filtered(disk, &LicenseFilter::default())
}

fn list_filtered(
    disk: &Disk,
    filter: &LicenseFilter,
) -> Result<(Vec<LicenseListing>, ListSummary), Failure> {
    run(List::of_backup(
        &disk.directory("/backup"),
        "/backup",
        None,
        filter,
    )?)
}

fn run(mut list: List<MemoryDirectory>) -> Result<(Vec<LicenseListing>, ListSummary), Failure> {
    let mut found = Vec::new();
    loop {
        match list.step(&mut found) {
            Continue(next) => list = next,
            Break(outcome) => return outcome.map(|summary| (found, summary)),
        }
    }
}

#[test]
fn a_backup_is_listed_licenses_first_then_skipped_files() {
    let (found, summary) = list(&backed_up()).expect("the backup can be listed");
    let identity = LicenseIdentity {
        format: Some(LicenseFormat::Lcp),
        license_ids: vec!["urn:1".to_owned()],
        ..LicenseIdentity::default()
    };
    let size = Some(LCP.len() as u64);
    let license = LicenseListing {
        identity,
        size,
        ..LicenseListing::new("a/one.lcpl".to_owned(), LicenseStanding::BackedUp)
    };
    let notes = LicenseListing::new(
        "notes.txt".to_owned(),
        LicenseStanding::Restricted(Restriction::Unrecognized),
    );
    assert_eq!(found, [license, notes]);
    assert_eq!(
        (summary.licenses, summary.bytes, summary.skipped),
        (1, LCP.len() as u64, 1)
    );
    let program = summary.program.expect("a backup names its program");
    assert!(program.starts_with("license-backup "), "{program}");
}

#[test]
fn the_totals_do_not_depend_on_the_manifest() {
    let (found, summary) =
        list(&forged_counting(FORMAT_VERSION, b"x", 1000)).expect("the backup can be listed");
    assert_eq!((found.len(), summary.licenses, summary.bytes), (1, 1, 1));
}

#[test]
fn a_directory_without_a_backup_is_reported() {
    assert_eq!(
        list(&Disk::new()).expect_err("there is none").code,
        ErrorCode::PathNotFound
    );
}

/// Returns a disk with a backup of `document` whose manifest has this format version.
fn forged(format: u32, document: &[u8]) -> Disk {
    forged_counting(format, document, 1)
}

/// Returns the same with a manifest that counts this number of licenses.
fn forged_counting(format: u32, document: &[u8], licenses: u64) -> Disk {
    let disk = Disk::new();
    let file = disk
        .directory("/backup")
        .create_file(BACKUP_FILE)
        .expect("there is no backup yet");
    let mut catalogue = Catalogue::new();
    catalogue.add_file(Catalogue::ROOT, "one");
    let mut archive = ArchiveWriter::new(Output::new(file.into()), catalogue);
    archive.add(0, document).expect("the disk has space");
    let bytes = archive.bytes();
    let head = ManifestHead {
        format,
        program: "another".into(),
        licenses,
        bytes,
        restricted: 0,
        errors: 0,
    };
    let mut archive = archive.finish(head, Vec::new());
    while !archive.step().expect("the disk has space") {}
    archive.into_parts().0.sync().expect("the disk has space");
    disk
}

#[test]
fn a_backup_of_another_format_version_is_refused() {
    assert!(list(&forged(FORMAT_VERSION, b"x")).is_ok());
    let failure = list(&forged(FORMAT_VERSION + 1, b"x")).expect_err("its meaning is unknown");
    assert_eq!(failure.code, ErrorCode::BackupCorrupt);
    assert!(failure.message.contains("format 2"), "{failure}");
}

#[test]
fn an_entry_that_is_larger_than_a_license_is_not_read() {
    assert!(list(&forged(FORMAT_VERSION, &vec![b'x'; 1 << 20])).is_ok());
    let failure =
        list(&forged(FORMAT_VERSION, &vec![b'x'; (1 << 20) + 1])).expect_err("it is too large");
    assert_eq!(failure.code, ErrorCode::BackupCorrupt);
}

#[test]
fn a_backup_file_that_is_not_a_regular_file_is_not_opened() {
    let disk = Disk::new();
    disk.write_other("/backup/licenses.zip");
    disk.take_calls();
    assert_eq!(
        list(&disk).expect_err("it is a FIFO").code,
        ErrorCode::BackupCorrupt
    );
    assert!(
        disk.take_calls()
            .iter()
            .all(|call| call.operation != "open_file"),
        "it was opened"
    );
}

#[test]
fn a_backup_truncated_at_any_length_is_corrupt() {
    let disk = backed_up();
    let whole = disk
        .read("/backup/licenses.zip")
        .expect("there is a backup");
    for length in 0..whole.len() {
        disk.write("/backup/licenses.zip", &whole[..length]);
        let failure = list(&disk).expect_err("it is truncated");
        assert_eq!(
            failure.code,
            ErrorCode::BackupCorrupt,
            "{length}: {failure}"
        );
    }
}

#[test]
fn a_backup_with_any_byte_changed_is_listed_equally_or_corrupt() {
    let disk = backed_up();
    let whole = disk
        .read("/backup/licenses.zip")
        .expect("there is a backup");
    let (expected, _) = list(&disk).expect("the backup can be listed");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        disk.write("/backup/licenses.zip", changed);
        match list(&disk) {
            Ok((found, _)) => assert_eq!(found, expected, "byte {at}"),
            Err(failure) => assert_eq!(
                failure.code,
                ErrorCode::BackupCorrupt,
                "byte {at}: {failure}"
            ),
        }
    }
}

fn list_store(disk: &Disk) -> (Vec<LicenseListing>, ListSummary) {
    list_store_filtered(disk, &LicenseFilter::default()).expect("the store can be listed")
}

fn list_store_filtered(
    disk: &Disk,
    filter: &LicenseFilter,
) -> Result<(Vec<LicenseListing>, ListSummary), Failure> {
    run(List::of_store(disk.directory("/licenses"), filter)?)
}

#[test]
fn a_store_is_listed_in_byte_order_of_path() {
    let disk = Disk::new();
    disk.write("/licenses/b.lcpl", LCP);
    disk.write("/licenses/a/broken", &b"XMR\0\0"[..]);
    disk.write("/licenses/c", "no license");
    disk.write("/licenses/film", vec![b'x'; (1 << 20) + 1]);
    disk.write(
        "/licenses/large",
        [b"XMR\0", &vec![0; 1 << 20][..]].concat(),
    );
    disk.write_other("/licenses/a/link");
    disk.write_other("/licenses/z");
    disk.write_illegal_names("/licenses/a", 1);
    let (listings, summary) = list_store(&disk);
    let found: Vec<_> = listings
        .iter()
        .map(|listing| (listing.path.as_str(), listing.size, listing.standing))
        .collect();
    let link = LicenseStanding::Restricted(Restriction::NotARegularFile);
    let expected = [
        ("a", None, LicenseStanding::Failed(ErrorCode::IllegalName)),
        (
            "a/broken",
            None,
            LicenseStanding::Failed(ErrorCode::Malformed),
        ),
        ("a/link", None, link),
        ("b.lcpl", Some(LCP.len() as u64), LicenseStanding::Allowed),
        (
            "c",
            None,
            LicenseStanding::Restricted(Restriction::Unrecognized),
        ),
        (
            "film",
            None,
            LicenseStanding::Restricted(Restriction::Unrecognized),
        ),
        ("large", None, LicenseStanding::Failed(ErrorCode::TooLarge)),
        ("z", None, link),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        summary,
        ListSummary {
            file: None,
            licenses: 1,
            bytes: LCP.len() as u64,
            skipped: 7,
            program: None
        }
    );
    for listing in listings {
        let is_failed = matches!(listing.standing, LicenseStanding::Failed(_));
        let names_it = listing
            .message
            .as_ref()
            .map(|message| message.contains(&listing.path));
        assert_eq!(names_it, is_failed.then_some(true), "{listing:?}");
    }
}

#[test]
fn a_listing_of_a_store_changes_nothing() {
    const READING: [&str; 7] = [
        "entries",
        "next_entry",
        "open_directory",
        "open_file",
        "read",
        "metadata",
        "file_metadata",
    ];
    let disk = backed_up();
    disk.take_calls();
    list_store(&disk);
    let calls = disk.take_calls();
    assert!(
        calls.iter().all(|call| READING.contains(&call.operation)),
        "{calls:?}"
    );
}

#[test]
fn a_file_that_disappears_is_not_listed() {
    let disk = backed_up();
    disk.fail(FsError::NoEntry, |call| {
        call.operation == "open_file" && call.name == "notes.txt"
    });
    let (found, summary) = list_store(&disk);
    assert_eq!((found.len(), summary.licenses, summary.skipped), (1, 1, 0));
}

#[test]
fn a_file_that_became_a_link_is_listed_as_restricted() {
    let disk = backed_up();
    disk.fail(FsError::Link, |call| {
        call.operation == "open_file" && call.name == "notes.txt"
    });
    let (found, _) = list_store(&disk);
    assert_eq!(
        found[1].standing,
        LicenseStanding::Restricted(Restriction::NotARegularFile)
    );
}

#[test]
fn a_store_that_cannot_be_listed_is_reported() {
    let disk = backed_up();
    disk.fail(FsError::AccessDenied, |call| call.operation == "entries");
    let failure = List::of_store(disk.directory("/licenses"), &LicenseFilter::default())
        .err()
        .expect("it cannot be listed");
    assert_eq!(failure.code, ErrorCode::AccessDenied);
}

#[test]
fn a_publication_is_listed_unless_a_file_has_its_license() {
    use crate::publication::samples::{Container, Entry, LICENSE, META_INF};

    let book = Container::epub(Entry::stored(META_INF, LICENSE), 20_000).bytes();
    let disk = Disk::new();
    let long = "x".repeat(251);
    for name in ["a", "b", "c", &long] {
        disk.write(&format!("/licenses/{name}"), book.clone());
    }
    disk.write("/licenses/b.lcpl", LICENSE);
    disk.write("/licenses/c.lcpl", LCP);
    let (found, summary) = list_store(&disk);
    let found: Vec<_> = found
        .iter()
        .map(|line| (line.path.as_str(), line.entry.as_deref(), line.standing))
        .collect();
    let expected = [
        ("a", Some(META_INF), LicenseStanding::Allowed),
        ("b.lcpl", None, LicenseStanding::Allowed),
        (
            "c",
            Some(META_INF),
            LicenseStanding::Failed(ErrorCode::Shadowed),
        ),
        ("c.lcpl", None, LicenseStanding::Allowed),
        (
            &long,
            Some(META_INF),
            LicenseStanding::Failed(ErrorCode::IllegalName),
        ),
    ];
    assert_eq!(found, expected);
    let bytes = (2 * LICENSE.len() + LCP.len()) as u64;
    assert_eq!(
        summary,
        ListSummary {
            file: None,
            licenses: 3,
            bytes,
            skipped: 2,
            program: None
        }
    );
}
