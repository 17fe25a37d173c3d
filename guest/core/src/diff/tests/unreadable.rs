//! Files of the store that cannot be read.

use super::*;

/// Fails to open a file or directory of this name.
fn deny(disk: &Disk, name: &'static str) {
    disk.fail(FsError::AccessDenied, move |call| {
        ["open_file", "open_directory"].contains(&call.operation) && call.name == name
    });
}

#[test]
fn an_unreadable_file_is_reported_once_with_the_message() {
    let disk = Disk::new();
    write(&disk, &[("a", "1"), ("b", "2")]);
    back_up(&disk, Some(0));
    deny(&disk, "a");
    let (differences, summary) = diff_store(&disk, None).expect("they can be compared");
    let unreadable = LicenseDifference {
        path: "a".to_owned(),
        change: LicenseChange::Unreadable,
        identity: LicenseIdentity::default(),
        message: Some("cannot read a: permission denied".to_owned()),
    };
    assert_eq!(differences, [unreadable]);
    let counts = (summary.unreadable, summary.removed, summary.unchanged);
    assert_eq!(counts, (1, 0, 1));
}

#[test]
fn an_unreadable_file_that_the_backup_does_not_have_is_reported() {
    let disk = Disk::new();
    write(&disk, &[("a", "1")]);
    back_up(&disk, Some(0));
    write(&disk, &[("b", "2")]);
    deny(&disk, "b");
    assert_changes(diff_store(&disk, None), &[("b", LicenseChange::Unreadable)]);
}

#[test]
fn the_license_in_an_unreadable_publication_is_not_reported_as_removed() {
    let disk = Disk::new();
    disk.write("/licenses/book", book("1"));
    write(&disk, &[("book-2", "2"), ("book.l", "3")]);
    back_up(&disk, Some(0));
    for name in ["book-2", "book.l"] {
        remove(&disk, name);
    }
    deny(&disk, "book");
    let expected = [
        ("book", LicenseChange::Unreadable),
        ("book-2", LicenseChange::Removed),
        ("book.l", LicenseChange::Removed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
}

#[test]
fn a_damaged_publication_is_unreadable() {
    let disk = Disk::new();
    disk.write("/licenses/book", book("1"));
    back_up(&disk, Some(0));
    let mut damaged = Container::epub(Entry::stored(META_INF, license("1")), 20_000);
    damaged.entries[2].crc32 ^= 1;
    disk.write("/licenses/book", damaged.bytes());
    assert_changes(
        diff_store(&disk, None),
        &[("book", LicenseChange::Unreadable)],
    );
}

#[test]
fn the_licenses_below_an_unreadable_directory_are_not_reported_as_removed() {
    let disk = Disk::new();
    write(
        &disk,
        &[("d-e", "1"), ("d/e", "2"), ("d/e/f", "3"), ("d0", "4")],
    );
    back_up(&disk, Some(0));
    for name in ["d-e", "d0"] {
        remove(&disk, name);
    }
    deny(&disk, "d");
    let expected = [
        ("d", LicenseChange::Unreadable),
        ("d-e", LicenseChange::Removed),
        ("d0", LicenseChange::Removed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
}

#[test]
fn a_name_of_the_store_that_cannot_be_read_may_be_that_of_any_license() {
    let disk = Disk::new();
    write(&disk, &[("-", "1"), ("a", "2"), ("b", "3")]);
    back_up(&disk, Some(0));
    write(&disk, &[("b", "4")]);
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "next_entry" && ["-", "a"].contains(&call.name.as_str())
    });
    let expected = [
        (".", LicenseChange::Unreadable),
        (".", LicenseChange::Unreadable),
        ("b", LicenseChange::Changed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
}

#[test]
fn a_name_that_a_backup_cannot_hold_is_none_of_its_licenses() {
    let disk = Disk::new();
    write(&disk, &[("a", "1"), ("d/e", "2")]);
    back_up(&disk, Some(0));
    remove(&disk, "a");
    disk.write_illegal_names("/licenses", 1);
    let expected = [
        (".", LicenseChange::Unreadable),
        ("a", LicenseChange::Removed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
}

#[test]
fn a_license_that_became_malformed_is_reported_once() {
    let disk = Disk::new();
    write(&disk, &[("a", "1"), ("a.lcpl", "2")]);
    back_up(&disk, Some(0));
    disk.write("/licenses/a", &b"XMR\0\0"[..]);
    remove(&disk, "a.lcpl");
    let expected = [
        ("a", LicenseChange::Unreadable),
        ("a.lcpl", LicenseChange::Removed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
}

#[test]
fn a_shadowed_license_is_reported_and_the_other_entry_is_compared() {
    let disk = Disk::new();
    disk.write("/licenses/a", book("1"));
    disk.write("/licenses/b", book("2"));
    back_up(&disk, Some(0));
    write(&disk, &[("a.lcpl", "3")]);
    disk.write("/licenses/b.lcpl", "no license");
    let expected = [
        ("a", LicenseChange::Unreadable),
        ("a.lcpl", LicenseChange::Changed),
        ("b", LicenseChange::Unreadable),
        ("b.lcpl", LicenseChange::Removed),
    ];
    assert_changes(diff_store(&disk, None), &expected);
}

#[test]
fn a_file_that_disappears_is_removed() {
    let disk = Disk::new();
    write(&disk, &[("a", "1")]);
    back_up(&disk, Some(0));
    disk.fail(FsError::NoEntry, |call| {
        call.operation == "open_file" && call.name == "a"
    });
    assert_changes(diff_store(&disk, None), &[("a", LicenseChange::Removed)]);
}

#[test]
fn a_license_that_became_a_shadowed_publication_is_reported_once() {
    let disk = Disk::new();
    write(&disk, &[("a", "1"), ("a.lcpl", "2")]);
    back_up(&disk, Some(0));
    disk.write("/licenses/a", book("1"));
    assert_changes(diff_store(&disk, None), &[("a", LicenseChange::Unreadable)]);
}
