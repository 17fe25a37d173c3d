//! Restores to file systems that take one name for another, or cannot hold it.

use super::*;
use crate::directory::FsError;

/// Runs two restores, of which the second must not change the store. Returns the result of the
/// first.
fn restored_twice(disk: &Disk, options: RestoreOptions) -> (RestoreSummary, Vec<String>) {
    let (summary, conflicts) = restored(disk, options.clone());
    let before = store(disk);
    let (again, conflicts_again) = restored(disk, options);
    assert_eq!(store(disk), before, "a second restore changes something");
    assert_eq!((again.restored, conflicts_again), (0, conflicts.clone()));
    assert_eq!(again.present, summary.restored + summary.present);
    (summary, conflicts)
}

#[test]
fn of_two_licenses_that_differ_in_case_one_is_restored() {
    for options in [KEEP, OVERWRITE] {
        let disk = backed_up(&["A.lic", "a.lic", "b.lic"]);
        disk.fold_case();
        let (summary, conflicts) = restored_twice(&disk, options);
        assert_eq!((summary.restored, conflicts), (2, vec!["a.lic".to_owned()]));
        assert_eq!(store(&disk), store_with(&["A.lic", "b.lic"]));
    }
}

#[test]
fn of_two_directories_that_differ_in_case_one_is_restored() {
    for options in [KEEP, OVERWRITE] {
        let disk = backed_up(&["Dir/x", "Dir/y", "dir/deeper/z", "dir/x", "rest"]);
        disk.fold_case();
        let (summary, conflicts) = restored_twice(&disk, options);
        assert_eq!(
            (summary.restored, conflicts),
            (3, vec!["dir/deeper/z".to_owned(), "dir/x".to_owned()])
        );
        assert_eq!(store(&disk), store_with(&["Dir/x", "Dir/y", "rest"]));
    }
}

#[test]
fn names_in_new_directories_may_differ_in_case() {
    let disk = backed_up(&["new/Dir/A", "new/Dir/a", "new/dir/x", "new/rest"]);
    disk.fold_case();
    let (summary, conflicts) = restored_twice(&disk, KEEP);
    assert_eq!(
        (summary.restored, conflicts),
        (2, vec!["new/Dir/a".to_owned(), "new/dir/x".to_owned()])
    );
    assert_eq!(store(&disk), store_with(&["new/Dir/A", "new/rest"]));
}

#[test]
fn a_file_whose_name_differs_in_case_is_never_replaced() {
    let disk = backed_up(&["a.lic", "dir/x"]);
    disk.fold_case();
    disk.write("/licenses/A.LIC", "another one");
    disk.write("/licenses/DIR/x", "another one");
    let before = store(&disk);
    assert_eq!(restored_twice(&disk, OVERWRITE).1, ["a.lic", "dir/x"]);
    assert_eq!(store(&disk), before);
}

#[test]
fn a_license_is_present_under_another_spelling() {
    let disk = backed_up(&["a.lic"]);
    disk.fold_case();
    disk.write("/licenses/A.LIC", allowed("a.lic"));
    let (summary, _) = restored_twice(&disk, OVERWRITE);
    assert_eq!((summary.present, summary.restored), (1, 0));
}

#[test]
fn a_file_name_that_is_rejected_is_a_conflict() {
    let too_long = FsError::Other("name-too-long");
    for error in [
        FsError::Invalid,
        FsError::NotPermitted,
        FsError::IllegalName,
        FsError::NoEntry,
        too_long,
    ] {
        for on_lookup in [true, false] {
            for has_links in [true, false] {
                let disk = backed_up(&["a", "c:x", "deep/c:x", "deep/d"]);
                disk.reject_names(error, on_lookup, |name| name.contains(':'));
                if !has_links {
                    disk.disable_hard_links();
                }
                let (summary, conflicts) = restored_twice(&disk, KEEP);
                let expected = (2, vec!["c:x".to_owned(), "deep/c:x".to_owned()]);
                assert_eq!(
                    (summary.restored, conflicts),
                    expected,
                    "{error:?} {on_lookup} {has_links}"
                );
                assert_eq!(
                    store(&disk),
                    store_with(&["a", "deep/d"]),
                    "{error:?} {on_lookup} {has_links}"
                );
            }
        }
    }
}

#[test]
fn a_directory_name_that_is_rejected_is_a_conflict() {
    let too_long = FsError::Other("name-too-long");
    for error in [
        FsError::Invalid,
        FsError::NotPermitted,
        FsError::IllegalName,
        FsError::NoEntry,
        too_long,
    ] {
        for on_lookup in [true, false] {
            let disk = backed_up(&["a", "c:x/b", "c:x/d/e", "new/deep/c:x/f"]);
            disk.reject_names(error, on_lookup, |name| name.contains(':'));
            let (summary, conflicts) = restored_twice(&disk, KEEP);
            let expected = ["c:x/b", "c:x/d/e", "new/deep/c:x/f"]
                .map(str::to_owned)
                .to_vec();
            assert_eq!(
                (summary.restored, conflicts),
                (1, expected),
                "{error:?} {on_lookup}"
            );
            assert_eq!(store(&disk), store_with(&["a"]), "{error:?} {on_lookup}");
        }
    }
}

#[test]
fn a_directory_created_for_a_rejected_name_is_removed() {
    let disk = backed_up(&["a", "new/deep/c:x"]);
    disk.reject_names(FsError::Invalid, false, |name| name.contains(':'));
    assert_eq!(restored_twice(&disk, KEEP).1, ["new/deep/c:x"]);
    assert_eq!(store(&disk), store_with(&["a"]));
}

#[test]
fn a_read_only_store_is_a_failure_and_no_conflict() {
    for paths in [&["a"], &["new/a"]] {
        let disk = backed_up(paths);
        disk.fail(FsError::NotPermitted, |call| {
            CHANGES.contains(&call.operation)
        });
        let failure = restore(&disk, KEEP).1.expect_err("the store is read-only");
        assert_eq!(failure.code, ErrorCode::AccessDenied, "{failure}");
        assert_eq!(store(&disk), store_with(&[]));
    }
}

#[test]
fn a_license_whose_name_loses_its_last_dot_is_removed() {
    for has_links in [true, false] {
        let disk = backed_up(&["a", "a.", "b.", "d/e."]);
        disk.strip_trailing_dots();
        if !has_links {
            disk.disable_hard_links();
        }
        let (summary, conflicts) = restored_twice(&disk, OVERWRITE);
        assert_eq!(
            (summary.restored, conflicts),
            (1, ["a.", "b.", "d/e."].map(str::to_owned).to_vec())
        );
        assert_eq!(store(&disk), store_with(&["a"]), "{has_links}");
    }
}

#[test]
fn a_directory_whose_name_loses_its_last_dot_is_removed() {
    let disk = backed_up(&["d./x", "d./y/z", "e"]);
    disk.strip_trailing_dots();
    let (summary, conflicts) = restored_twice(&disk, KEEP);
    assert_eq!(
        (summary.restored, conflicts),
        (1, vec!["d./x".to_owned(), "d./y/z".to_owned()])
    );
    assert_eq!(store(&disk), store_with(&["e"]));
}

#[test]
fn a_directory_without_a_last_dot_wins_over_one_with_it() {
    let disk = backed_up(&["d./x", "d./y", "d/x", "d/z"]);
    disk.strip_trailing_dots();
    let (summary, conflicts) = restored_twice(&disk, KEEP);
    assert_eq!(
        (summary.restored, conflicts),
        (2, vec!["d./x".to_owned(), "d./y".to_owned()])
    );
    assert_eq!(store(&disk), store_with(&["d/x", "d/z"]));
}

#[test]
fn a_backslash_in_a_name_reaches_no_other_directory() {
    for options in [KEEP, OVERWRITE] {
        for has_links in [true, false] {
            let disk = backed_up(&["a/b", "a\\b", "a\\c", "e\\f\\g", "h", "h\\i", "j\\k/l"]);
            disk.separate_at_backslashes();
            if !has_links {
                disk.disable_hard_links();
            }
            disk.write("/licenses/a/mine", "mine");
            let (summary, conflicts) = restored_twice(&disk, options.clone());
            assert_eq!(
                (summary.restored, conflicts.join(" ")),
                (2, "a\\b a\\c e\\f\\g h\\i j\\k/l".to_owned())
            );
            let mut expected = store_with(&["a/b", "h"]);
            expected.insert("/a/mine".to_owned(), Some(b"mine".to_vec()));
            assert_eq!(store(&disk), expected, "{has_links}");
        }
    }
}

/// Creates a disk that alters names, with a backup of licenses of these paths that all have the
/// same content.
fn altering_names(paths: &[&str]) -> Disk {
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of(paths.iter().map(|path| (*path, allowed("the same")))),
    );
    disk.directory("/licenses");
    disk.fold_case();
    disk.strip_trailing_dots();
    disk.separate_at_backslashes();
    disk
}

#[test]
fn a_duplicate_that_is_removed_again_does_not_count_as_present() {
    let disk = altering_names(&["B\\B", "a/x", "b/B"]);
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!(
        (summary.restored, summary.present, conflicts),
        (2, 0, vec!["B\\B".to_owned()])
    );
    assert_eq!(disk.read("/licenses/b/B"), Some(allowed("the same")));
}

#[test]
fn a_license_is_restored_after_a_duplicate_is_removed() {
    let disk = altering_names(&["A.", "A..", "a", "b"]);
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!(
        (summary.restored, summary.present, conflicts),
        (2, 1, vec!["A.".to_owned()])
    );
    assert_eq!(disk.read("/licenses/a"), Some(allowed("the same")));
}

#[test]
fn listing_errors_of_other_names_are_ignored() {
    let disk = backed_up(&["dir/a", "rest"]);
    disk.write("/licenses/dir/mine", "mine");
    for number in 0..3000 {
        disk.write(&format!("/licenses/other-{number}"), "");
    }
    disk.fail(FsError::Other("io"), |call| {
        call.operation == "next_entry"
            && call.name.starts_with("other-")
            && call.name.ends_with(['1', '3', '5', '7', '9'])
    });
    assert_eq!(restored(&disk, KEEP).0.restored, 2);
}

#[test]
fn a_failed_listing_that_may_hide_a_name_changes_nothing() {
    for paths in [&["dir/a"], &["file"]] {
        let disk = backed_up(paths);
        disk.write("/licenses/dir/mine", "mine");
        disk.write("/licenses/file", "another one");
        let before = store(&disk);
        let restore = start(&disk, KEEP).expect("the restore starts");
        disk.fail(FsError::Other("io"), |call| call.operation == "next_entry");
        assert_eq!(
            run(restore).1.expect_err("the names are not known").code,
            ErrorCode::Io
        );
        assert_eq!(store(&disk), before);
    }
}

#[test]
fn a_license_whose_name_cannot_be_listed_is_kept() {
    let disk = backed_up(&["a", "b"]);
    let mut is_committing = false;
    disk.on_call(move |call| {
        is_committing |= call.operation == "hard_link";
        if is_committing && call.operation == "next_entry" {
            Err(FsError::Other("io"))
        } else {
            Ok(())
        }
    });
    let (events, result) = restore(&disk, KEEP);
    assert_eq!(
        result.expect_err("the names are not known").code,
        ErrorCode::Io
    );
    assert_eq!(reported(&events, ErrorCode::Io), ["a", "b"]);
    assert_eq!(store(&disk), store_with(&["a", "b"]));
}

#[test]
fn a_license_that_replaced_a_file_is_kept_without_a_listing() {
    let disk = backed_up(&["a"]);
    disk.write("/licenses/a", "another one");
    let mut is_committing = false;
    disk.on_call(move |call| {
        is_committing |= call.operation == "rename";
        // A listing may miss a name that is replaced while the directory is listed.
        if is_committing && call.name == "a" && call.operation == "next_entry" {
            Err(FsError::NoEntry)
        } else {
            Ok(())
        }
    });
    assert_eq!(restored(&disk, OVERWRITE).0.restored, 1);
    assert_eq!(store(&disk), store_with(&["a"]));
}
