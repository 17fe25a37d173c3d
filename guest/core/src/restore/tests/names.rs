//! Restores onto file systems that take one name for another, or cannot hold it.

use super::*;
use crate::directory::FsError;

/// What is in the store after a restore, which a second restore must leave as it is.
fn settled(disk: &Disk, flags: RestoreOptions) -> (RestoreSummary, Vec<String>) {
    let (summary, conflicts) = restored(disk, flags);
    let before = store(disk);
    let (again, conflicts_again) = restored(disk, flags);
    assert_eq!(store(disk), before, "a second restore changes something");
    assert_eq!((again.restored, conflicts_again), (0, conflicts.clone()));
    assert_eq!(again.present, summary.restored + summary.present);
    (summary, conflicts)
}

#[test]
fn of_two_licenses_that_differ_in_case_one_is_restored_and_the_other_named() {
    for flags in [KEEP, OVERWRITE] {
        let disk = backed_up(&["A.lic", "a.lic", "b.lic"]);
        disk.fold_case();
        let (summary, conflicts) = settled(&disk, flags);
        assert_eq!((summary.restored, conflicts), (2, vec!["a.lic".to_owned()]));
        assert_eq!(store(&disk), holding(&["A.lic", "b.lic"]));
    }
}

#[test]
fn of_two_directories_that_differ_in_case_one_is_restored_and_what_is_in_the_other_named() {
    for flags in [KEEP, OVERWRITE] {
        let disk = backed_up(&["Dir/x", "Dir/y", "dir/deeper/z", "dir/x", "rest"]);
        disk.fold_case();
        let (summary, conflicts) = settled(&disk, flags);
        assert_eq!(
            (summary.restored, conflicts),
            (3, vec!["dir/deeper/z".to_owned(), "dir/x".to_owned()])
        );
        assert_eq!(store(&disk), holding(&["Dir/x", "Dir/y", "rest"]));
    }
}

#[test]
fn the_same_holds_deep_in_directories_that_are_new() {
    let disk = backed_up(&["new/Dir/A", "new/Dir/a", "new/dir/x", "new/rest"]);
    disk.fold_case();
    let (summary, conflicts) = settled(&disk, KEEP);
    assert_eq!(
        (summary.restored, conflicts),
        (2, vec!["new/Dir/a".to_owned(), "new/dir/x".to_owned()])
    );
    assert_eq!(store(&disk), holding(&["new/Dir/A", "new/rest"]));
}

#[test]
fn a_file_of_another_spelling_is_never_replaced() {
    let disk = backed_up(&["a.lic", "dir/x"]);
    disk.fold_case();
    disk.write("/licenses/A.LIC", "another one");
    disk.write("/licenses/DIR/x", "another one");
    let before = store(&disk);
    assert_eq!(settled(&disk, OVERWRITE).1, ["a.lic", "dir/x"]);
    assert_eq!(store(&disk), before);
}

#[test]
fn a_license_is_present_under_whatever_name_the_file_system_finds_it() {
    let disk = backed_up(&["a.lic"]);
    disk.fold_case();
    disk.write("/licenses/A.LIC", allowed("a.lic"));
    let (summary, _) = settled(&disk, OVERWRITE);
    assert_eq!((summary.present, summary.restored), (1, 0));
}

#[test]
fn a_name_that_cannot_be_created_is_a_conflict_and_the_rest_is_restored() {
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
                let (summary, conflicts) = settled(&disk, KEEP);
                let expected = (2, vec!["c:x".to_owned(), "deep/c:x".to_owned()]);
                assert_eq!(
                    (summary.restored, conflicts),
                    expected,
                    "{error:?} {on_lookup} {has_links}"
                );
                assert_eq!(
                    store(&disk),
                    holding(&["a", "deep/d"]),
                    "{error:?} {on_lookup} {has_links}"
                );
            }
        }
    }
}

#[test]
fn a_directory_that_cannot_be_created_makes_a_conflict_of_all_below_and_leaves_nothing() {
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
            let (summary, conflicts) = settled(&disk, KEEP);
            let expected = ["c:x/b", "c:x/d/e", "new/deep/c:x/f"]
                .map(str::to_owned)
                .to_vec();
            assert_eq!(
                (summary.restored, conflicts),
                (1, expected),
                "{error:?} {on_lookup}"
            );
            assert_eq!(store(&disk), holding(&["a"]), "{error:?} {on_lookup}");
        }
    }
}

#[test]
fn a_directory_in_which_no_name_can_be_held_is_not_left_behind() {
    let disk = backed_up(&["a", "new/deep/c:x"]);
    disk.reject_names(FsError::Invalid, false, |name| name.contains(':'));
    assert_eq!(settled(&disk, KEEP).1, ["new/deep/c:x"]);
    assert_eq!(store(&disk), holding(&["a"]));
}

#[test]
fn a_store_that_takes_no_name_at_all_is_closed_and_no_conflict() {
    for paths in [&["a"], &["new/a"]] {
        let disk = backed_up(paths);
        disk.fail(FsError::NotPermitted, |call| {
            CHANGES.contains(&call.operation)
        });
        let failure = restore(&disk, KEEP).1.expect_err("the store is read-only");
        assert_eq!(failure.code, ErrorCode::AccessDenied, "{failure}");
        assert_eq!(store(&disk), holding(&[]));
    }
}

#[test]
fn a_name_that_loses_its_last_dot_is_taken_back_and_named() {
    for has_links in [true, false] {
        let disk = backed_up(&["a", "a.", "b.", "d/e."]);
        disk.strip_trailing_dots();
        if !has_links {
            disk.disable_hard_links();
        }
        let (summary, conflicts) = settled(&disk, OVERWRITE);
        assert_eq!(
            (summary.restored, conflicts),
            (1, ["a.", "b.", "d/e."].map(str::to_owned).to_vec())
        );
        assert_eq!(store(&disk), holding(&["a"]), "{has_links}");
    }
}

#[test]
fn a_directory_that_loses_its_last_dot_is_taken_back_and_what_is_in_it_named() {
    let disk = backed_up(&["d./x", "d./y/z", "e"]);
    disk.strip_trailing_dots();
    let (summary, conflicts) = settled(&disk, KEEP);
    assert_eq!(
        (summary.restored, conflicts),
        (1, vec!["d./x".to_owned(), "d./y/z".to_owned()])
    );
    assert_eq!(store(&disk), holding(&["e"]));
}

#[test]
fn of_a_directory_with_and_one_without_a_last_dot_the_latter_is_restored() {
    let disk = backed_up(&["d./x", "d./y", "d/x", "d/z"]);
    disk.strip_trailing_dots();
    let (summary, conflicts) = settled(&disk, KEEP);
    assert_eq!(
        (summary.restored, conflicts),
        (2, vec!["d./x".to_owned(), "d./y".to_owned()])
    );
    assert_eq!(store(&disk), holding(&["d/x", "d/z"]));
}

#[test]
fn where_a_backslash_separates_a_name_with_one_touches_nothing_in_other_directories() {
    for flags in [KEEP, OVERWRITE] {
        for has_links in [true, false] {
            let disk = backed_up(&["a/b", "a\\b", "a\\c", "e\\f\\g", "h", "h\\i", "j\\k/l"]);
            disk.separate_at_backslashes();
            if !has_links {
                disk.disable_hard_links();
            }
            disk.write("/licenses/a/mine", "mine");
            let (summary, conflicts) = settled(&disk, flags);
            assert_eq!(
                (summary.restored, conflicts.join(" ")),
                (2, "a\\b a\\c e\\f\\g h\\i j\\k/l".to_owned())
            );
            let mut expected = holding(&["a/b", "h"]);
            expected.insert("/a/mine".to_owned(), Some(b"mine".to_vec()));
            assert_eq!(store(&disk), expected, "{has_links}");
        }
    }
}

/// A disk that takes names for others, with a backup of licenses of these paths that all have the same bytes.
fn taking_names_for_others(paths: &[&str]) -> Disk {
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
fn a_license_is_not_present_because_another_one_of_the_same_bytes_has_its_place_for_a_moment() {
    let disk = taking_names_for_others(&["B\\B", "a/x", "b/B"]);
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!(
        (summary.restored, summary.present, conflicts),
        (2, 0, vec!["B\\B".to_owned()])
    );
    assert_eq!(disk.read("/licenses/b/B"), Some(allowed("the same")));
}

#[test]
fn a_license_is_restored_after_one_of_the_same_bytes_was_taken_back_from_its_name() {
    let disk = taking_names_for_others(&["A.", "A..", "a", "b"]);
    let (summary, conflicts) = restored(&disk, KEEP);
    assert_eq!(
        (summary.restored, summary.present, conflicts),
        (2, 1, vec!["A.".to_owned()])
    );
    assert_eq!(disk.read("/licenses/a"), Some(allowed("the same")));
}

#[test]
fn errors_of_a_listing_are_in_nobodys_way_as_long_as_the_names_that_matter_are_told() {
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
fn a_directory_that_may_be_among_the_unreadable_names_ends_the_restore_with_the_store_as_it_was() {
    for paths in [&["dir/a"], &["file"]] {
        let disk = backed_up(paths);
        disk.write("/licenses/dir/mine", "mine");
        disk.write("/licenses/file", "another one");
        let before = store(&disk);
        disk.fail(FsError::Other("io"), |call| call.operation == "next_entry");
        assert_eq!(
            restore(&disk, KEEP)
                .1
                .expect_err("the names are not known")
                .code,
            ErrorCode::Io
        );
        assert_eq!(store(&disk), before);
    }
}

#[test]
fn a_name_that_may_be_among_the_unreadable_ones_is_not_taken_back() {
    let disk = backed_up(&["a", "b"]);
    let mut is_placed = false;
    disk.on_call(move |call| {
        is_placed |= call.operation == "hard_link";
        if is_placed && call.operation == "next_entry" {
            Err(FsError::Other("io"))
        } else {
            Ok(())
        }
    });
    let (events, outcome) = restore(&disk, KEEP);
    assert_eq!(
        outcome.expect_err("the names are not known").code,
        ErrorCode::Io
    );
    assert_eq!(told(&events, ErrorCode::Io), ["a", "b"]);
    assert_eq!(store(&disk), holding(&["a", "b"]));
}

#[test]
fn a_license_that_has_replaced_a_file_is_not_taken_back_because_a_listing_misses_its_name() {
    let disk = backed_up(&["a"]);
    disk.write("/licenses/a", "another one");
    let mut is_placed = false;
    disk.on_call(move |call| {
        is_placed |= call.operation == "rename";
        // A listing may miss a name that is given to another file meanwhile.
        if is_placed && call.name == "a" && call.operation == "next_entry" {
            Err(FsError::NoEntry)
        } else {
            Ok(())
        }
    });
    assert_eq!(restored(&disk, OVERWRITE).0.restored, 1);
    assert_eq!(store(&disk), holding(&["a"]));
}
