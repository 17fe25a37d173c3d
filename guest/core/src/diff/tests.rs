mod damage;
mod faults;
mod generated;
mod unreadable;

use super::*;
use crate::directory::FsError;
use crate::memory_fs::{Disk, MemoryDirectory};
use crate::publication::samples::{Container, Entry, META_INF};
use crate::{Backup, BackupOptions, LicenseFormat};

/// 25 November 2026, 22:45:00 UTC.
const TIME: u64 = 1_795_646_700;
const FIRST: &str = "licenses-20261125T224500Z.zip";
const SECOND: &str = "licenses-20261125T234500Z.zip";

type Outcome = Result<(Vec<LicenseDifference>, DiffSummary), Failure>;

fn license(id: &str) -> Vec<u8> {
    format!(
        r#"{{"id":"{id}","provider":"https://example.com","encryption":{{"profile":"basic"}},"issued":"2013-11-04T01:08:15Z","links":[],"signature":{{}}}}"#
    )
    .into_bytes()
}

/// Returns a publication with the license of this ID.
fn book(id: &str) -> Vec<u8> {
    Container::epub(Entry::stored(META_INF, license(id)), 20_000).bytes()
}

fn identity(id: &str) -> LicenseIdentity {
    LicenseIdentity {
        format: Some(LicenseFormat::Lcp),
        license_ids: vec![id.to_owned()],
        ..LicenseIdentity::default()
    }
}

/// Writes licenses into the store, each with its ID.
fn write(disk: &Disk, licenses: &[(&str, &str)]) {
    for (path, id) in licenses {
        disk.write(&format!("/licenses/{path}"), license(id));
    }
}

/// Removes a file of the store.
fn remove(disk: &Disk, name: &str) {
    let store = disk.directory("/licenses");
    store.unlink(name).expect("the file exists");
}

/// Backs up the store, as the generation that many hours after [`TIME`] or as `licenses.zip`.
fn back_up(disk: &Disk, hours: Option<u64>) {
    let options = BackupOptions {
        overwrite: true,
        allow_shrink: true,
        generation: hours.map(|hours| TIME + 3600 * hours),
        ..BackupOptions::default()
    };
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    let backup = Backup::start(store, directory, "/backup", options);
    let mut backup = backup.expect("the backup starts");
    loop {
        match backup.step(&mut Vec::new()) {
            Continue(next) => backup = next,
            Break(outcome) => return drop(outcome.expect("the backup succeeds")),
        }
    }
}

fn run(diff: Result<Diff<MemoryDirectory>, Failure>) -> Outcome {
    let (mut diff, mut differences) = (diff?, Vec::new());
    loop {
        match diff.step(&mut differences) {
            Continue(next) => diff = next,
            Break(outcome) => return outcome.map(|summary| (differences, summary)),
        }
    }
}

fn diff_backups(disk: &Disk, generation: Option<&str>, against: Option<&str>) -> Outcome {
    let directory = disk.directory("/backup");
    run(Diff::of_backups(&directory, "/backup", generation, against))
}

fn diff_store(disk: &Disk, generation: Option<&str>) -> Outcome {
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    run(Diff::of_store(store, &directory, "/backup", generation))
}

/// Returns the paths and kinds of the differences.
fn changes(outcome: Outcome) -> Vec<(String, LicenseChange)> {
    let (differences, _) = outcome.expect("the sides can be compared");
    let change = |difference: LicenseDifference| (difference.path, difference.change);
    differences.into_iter().map(change).collect()
}

fn assert_changes(outcome: Outcome, expected: &[(&str, LicenseChange)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, change)| ((*path).to_owned(), *change))
        .collect();
    assert_eq!(changes(outcome), expected);
}

fn code(outcome: Outcome) -> ErrorCode {
    outcome.expect_err("it cannot be compared").code
}

/// Returns a disk with a generation and a store in which licenses were then added, removed and
/// changed.
fn changed() -> Disk {
    let disk = Disk::new();
    write(
        &disk,
        &[("a/same", "1"), ("changed", "2"), ("removed", "3")],
    );
    back_up(&disk, Some(0));
    write(&disk, &[("a/added", "4"), ("changed", "5")]);
    remove(&disk, "removed");
    disk
}

/// Returns the differences and the totals that `changed` has.
fn expected(to: Option<&str>) -> (Vec<LicenseDifference>, DiffSummary) {
    let difference = |path: &str, change, id| LicenseDifference {
        path: path.to_owned(),
        change,
        identity: identity(id),
        message: None,
    };
    let differences = vec![
        difference("a/added", LicenseChange::Added, "4"),
        difference("changed", LicenseChange::Changed, "5"),
        difference("removed", LicenseChange::Removed, "3"),
    ];
    let summary = DiffSummary {
        old: FIRST.to_owned(),
        new: to.map(str::to_owned),
        added: 1,
        removed: 1,
        changed: 1,
        unreadable: 0,
        unchanged: 1,
    };
    (differences, summary)
}

#[test]
fn the_differences_of_two_backups_are_listed() {
    let disk = changed();
    back_up(&disk, Some(1));
    let found = diff_backups(&disk, Some(SECOND), Some(FIRST));
    assert_eq!(found, Ok(expected(Some(SECOND))));
}

#[test]
fn the_differences_of_a_backup_and_the_store_are_listed() {
    assert_eq!(diff_store(&changed(), Some(FIRST)), Ok(expected(None)));
}

#[test]
fn the_newest_backup_is_compared_with_the_one_before_it() {
    let disk = Disk::new();
    write(&disk, &[("a", "1")]);
    back_up(&disk, None);
    write(&disk, &[("b", "1")]);
    back_up(&disk, Some(0));
    write(&disk, &[("c", "1")]);
    back_up(&disk, Some(1));
    for (generation, from, to, added) in [
        (None, FIRST, SECOND, "c"),
        (Some(SECOND), FIRST, SECOND, "c"),
        (Some(FIRST), "licenses.zip", FIRST, "b"),
    ] {
        let (differences, summary) =
            diff_backups(&disk, generation, None).expect("there are two backups");
        assert_eq!(summary.old, from, "{generation:?}");
        assert_eq!(summary.new.as_deref(), Some(to), "{generation:?}");
        assert_eq!(differences[0].path, added, "{generation:?}");
    }
}

#[test]
fn the_store_is_compared_with_the_newest_backup() {
    let disk = changed();
    back_up(&disk, Some(1));
    let (differences, summary) = diff_store(&disk, None).expect("they can be compared");
    assert_eq!((differences, summary.old.as_str()), (Vec::new(), SECOND));
}

#[test]
fn an_older_backup_may_be_the_newer_side() {
    let disk = changed();
    back_up(&disk, Some(1));
    assert_changes(
        diff_backups(&disk, Some(FIRST), Some(SECOND)),
        &[
            ("a/added", LicenseChange::Removed),
            ("changed", LicenseChange::Changed),
            ("removed", LicenseChange::Added),
        ],
    );
}

#[test]
fn without_an_earlier_backup_nothing_is_compared() {
    let disk = changed();
    for generation in [None, Some(FIRST)] {
        let failure = diff_backups(&disk, generation, None).expect_err("there is one backup");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        let start = format!("there is no earlier backup than {FIRST} in /backup; ");
        assert!(failure.message.starts_with(&start), "{failure}");
    }
}

#[test]
fn without_a_backup_nothing_is_compared() {
    let disk = Disk::new();
    write(&disk, &[("a", "1")]);
    disk.directory("/backup");
    assert_eq!(
        code(diff_backups(&disk, None, None)),
        ErrorCode::PathNotFound
    );
    assert_eq!(code(diff_store(&disk, None)), ErrorCode::PathNotFound);
}

#[test]
fn a_backup_that_does_not_exist_is_reported() {
    let disk = changed();
    let not_found = [
        diff_backups(&disk, Some(SECOND), Some(FIRST)),
        diff_backups(&disk, Some(FIRST), Some(SECOND)),
        diff_store(&disk, Some(SECOND)),
    ];
    for outcome in not_found {
        let failure = outcome.expect_err("it does not exist");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert!(failure.message.contains(SECOND), "{failure}");
    }
}

#[test]
fn a_name_that_is_not_that_of_a_backup_is_refused() {
    let disk = changed();
    for outcome in [
        diff_backups(&disk, Some("../licenses.zip"), Some(FIRST)),
        diff_backups(&disk, Some(FIRST), Some("other.zip")),
        diff_store(&disk, Some("other.zip")),
    ] {
        assert_eq!(code(outcome), ErrorCode::InvalidArgument);
    }
}

#[test]
fn equal_backups_have_no_differences_and_no_document_is_read() {
    let disk = Disk::new();
    let long = [license("1"), vec![b' '; 900_000]].concat();
    disk.write("/licenses/long", long);
    write(&disk, &[("short", "2")]);
    back_up(&disk, Some(0));
    let backup = disk.read(&format!("/backup/{FIRST}"));
    disk.write(&format!("/backup/{SECOND}"), backup.expect("it exists"));
    let before = disk.bytes_read();
    let (differences, summary) =
        diff_backups(&disk, None, None).expect("the backups can be compared");
    assert_eq!((differences, summary.unchanged), (Vec::new(), 2));
    assert!(disk.bytes_read() - before < 100_000, "a document was read");
}

#[test]
fn an_empty_store_is_compared() {
    let disk = Disk::new();
    disk.directory("/licenses");
    back_up(&disk, Some(0));
    assert_changes(diff_store(&disk, None), &[]);
    write(&disk, &[("a", "1")]);
    assert_changes(diff_store(&disk, None), &[("a", LicenseChange::Added)]);
}

#[test]
fn differences_come_in_byte_order_of_path() {
    let disk = Disk::new();
    write(&disk, &[("a-b", "1"), ("b/c", "1"), ("é", "1")]);
    back_up(&disk, Some(0));
    for name in ["a-b", "é"] {
        remove(&disk, name);
    }
    write(
        &disk,
        &[("B", "2"), ("a.b", "2"), ("a/b", "2"), ("b-c", "2")],
    );
    disk.write("/licenses/a.", book("3"));
    let expected = [
        ("B", LicenseChange::Added),
        ("a-b", LicenseChange::Removed),
        ("a..lcpl", LicenseChange::Added),
        ("a.b", LicenseChange::Added),
        ("a/b", LicenseChange::Added),
        ("b-c", LicenseChange::Added),
        ("é", LicenseChange::Removed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
    back_up(&disk, Some(1));
    assert_changes(diff_backups(&disk, None, None), &expected);
}

#[test]
fn the_license_in_a_publication_has_the_path_that_a_backup_gives_it() {
    let disk = Disk::new();
    for (name, id) in [("book", "1"), ("book-2", "2"), ("book-3", "3")] {
        disk.write(&format!("/licenses/{name}"), book(id));
    }
    write(&disk, &[("book-notes", "4")]);
    back_up(&disk, Some(0));
    assert_changes(diff_store(&disk, None), &[]);
    disk.write("/licenses/book", book("5"));
    remove(&disk, "book-2");
    disk.write("/licenses/book-4", book("6"));
    let (differences, summary) = diff_store(&disk, None).expect("they can be compared");
    let found: Vec<_> = differences
        .into_iter()
        .map(|difference| (difference.path, difference.change, difference.identity))
        .collect();
    let expected = [
        ("book-2.lcpl", LicenseChange::Removed, "2"),
        ("book-4.lcpl", LicenseChange::Added, "6"),
        ("book.lcpl", LicenseChange::Changed, "5"),
    ]
    .map(|(path, change, id)| (path.to_owned(), change, identity(id)));
    assert_eq!(found, expected);
    assert_eq!(summary.unchanged, 2);
}

#[test]
fn a_license_may_move_from_a_publication_to_a_file_beside_it() {
    let disk = Disk::new();
    disk.write("/licenses/book", book("1"));
    back_up(&disk, Some(0));
    write(&disk, &[("book.lcpl", "1")]);
    assert_changes(diff_store(&disk, None), &[]);
}

#[test]
fn a_file_that_is_no_longer_a_permitted_license_is_removed() {
    let disk = Disk::new();
    write(&disk, &[("fifo", "1"), ("notes", "2"), ("restricted", "3")]);
    back_up(&disk, Some(0));
    disk.write_other("/licenses/fifo");
    disk.write("/licenses/notes", "no license");
    disk.write(
        "/licenses/restricted",
        r#"<LICENSE version="2.0.0.0"><DATA><LID>a</LID></DATA></LICENSE>"#,
    );
    disk.write("/licenses/other", "no license");
    assert_changes(
        diff_store(&disk, None),
        &[
            ("fifo", LicenseChange::Removed),
            ("notes", LicenseChange::Removed),
            ("restricted", LicenseChange::Removed),
        ],
    );
}

#[test]
fn a_step_compares_a_bounded_number_of_licenses() {
    let disk = Disk::new();
    disk.directory("/licenses");
    back_up(&disk, Some(0));
    for number in 0..300 {
        write(&disk, &[(&format!("{number:03}"), "1")]);
    }
    back_up(&disk, Some(1));
    let (store, directory) = (disk.directory("/licenses"), disk.directory("/backup"));
    for diff in [
        Diff::of_backups(&directory, "/backup", None, None),
        Diff::of_store(store, &directory, "/backup", Some(FIRST)),
    ] {
        let (mut diff, mut total) = (diff.expect("the sides can be read"), 0);
        loop {
            let mut differences = Vec::new();
            let next = diff.step(&mut differences);
            assert!(differences.len() <= 64, "{}", differences.len());
            total += differences.len();
            match next {
                Continue(next) => diff = next,
                Break(_) => break,
            }
        }
        assert_eq!(total, 300);
    }
}

#[test]
fn a_cancelled_comparison_ends() {
    let directory = changed().directory("/backup");
    let diff = Diff::of_backups(&directory, "/backup", None, Some(FIRST));
    let failure = diff.expect("it starts").cancel().break_value();
    let expected = Failure::new(ErrorCode::Cancelled, "the comparison was cancelled");
    assert_eq!(failure, Some(expected));
}

#[test]
fn a_store_that_cannot_be_listed_is_reported() {
    let disk = changed();
    disk.fail(FsError::AccessDenied, |call| call.operation == "entries");
    let outcome = diff_store(&disk, Some(FIRST));
    assert_eq!(code(outcome), ErrorCode::AccessDenied);
}

#[test]
fn a_comparison_changes_nothing() {
    let disk = changed();
    back_up(&disk, Some(1));
    let before = (disk.tree("/licenses"), disk.snapshot("/backup"));
    diff_store(&disk, None).expect("they can be compared");
    diff_backups(&disk, None, None).expect("they can be compared");
    assert_eq!((disk.tree("/licenses"), disk.snapshot("/backup")), before);
}

#[test]
fn each_change_has_a_name() {
    let names: Vec<_> = LicenseChange::ALL
        .iter()
        .map(|change| change.name())
        .collect();
    assert_eq!(names, ["added", "removed", "changed", "unreadable"]);
    for change in LicenseChange::ALL {
        assert_eq!(change.to_string().parse(), Ok(*change));
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_difference_serializes_with_the_name_of_its_change() {
    let (differences, _) = expected(None);
    let value = serde_json::to_value(&differences[0]).expect("a difference serializes");
    let identity = serde_json::json!({"format": "lcp", "license_ids": ["4"], "key_ids": [], "rights_end": null});
    let json = serde_json::json!({
        "path": "a/added", "change": "added", "identity": identity, "message": null
    });
    assert_eq!(value, json);
    let read: LicenseDifference = serde_json::from_value(value).expect("it deserializes");
    assert_eq!(read, differences[0]);
}
