//! Comparisons in which each call fails with each fault.

use std::sync::LazyLock;

use super::*;
use crate::memory_fs::{FAULTS, Fault, InjectedFault, report_count};

/// A disk with two backups and a store with files of every kind, as the content of its files.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let disk = Disk::new();
    write(
        &disk,
        &[("b", "1"), ("d/e", "2"), ("d/gone", "3"), ("f", "4")],
    );
    disk.write("/licenses/book", book("5"));
    disk.write("/licenses/c", book("6"));
    back_up(&disk, Some(0));
    write(&disk, &[("c.lcpl", "6"), ("d/new", "7"), ("f", "8")]);
    disk.write("/licenses/d/gone", "no license");
    disk.write("/licenses/book", book("9"));
    let long = [license("long"), vec![b'\n'; 2_500]].concat();
    disk.write("/licenses/long", long);
    back_up(&disk, Some(1));
    let files = disk.tree("/").into_iter();
    files
        .filter_map(|(path, content)| Some((path, content?)))
        .collect()
});

fn disk(is_bare: bool) -> Disk {
    let disk = Disk::new();
    for (path, content) in FILES.iter() {
        disk.write(path, content.as_slice());
    }
    if is_bare {
        disk.hide_kinds();
        disk.report_eof();
    }
    disk.limit_reads(1 << 10);
    disk.sync_all();
    disk.take_calls();
    disk
}

/// Compares with each fault in each call, and passes the outcomes to `check`. Returns their number.
fn inject_all(
    compare: impl Fn(&Disk) -> Outcome,
    check: impl Fn(&Disk, &Outcome, &InjectedFault),
) -> usize {
    let mut cases = 0;
    for is_bare in [false, true] {
        for fault in FAULTS {
            for number in 0.. {
                let disk = disk(is_bare);
                disk.inject(number, fault);
                let outcome = compare(&disk);
                let is_reached = disk.take_calls().len() > number;
                disk.clear_faults();
                if !is_reached {
                    break;
                }
                if let Some(injected) = disk.take_injected() {
                    if let (Some(error), Err(failure)) = (injected.io_error(), &outcome) {
                        assert_eq!(failure.code, error.code(), "{injected:?}");
                    }
                    check(&disk, &outcome, &injected);
                    cases += 1;
                }
            }
        }
    }
    cases
}

#[test]
fn a_comparison_of_backups_with_any_call_failed_fails_or_is_right() {
    let compare = |disk: &Disk| diff_backups(disk, None, None);
    let expected = compare(&disk(false)).expect("no call fails");
    let cases = inject_all(compare, |_, outcome, injected| match outcome {
        Ok(found) => assert_eq!(found, &expected, "{injected:?}"),
        Err(failure) => assert!(!injected.is_short(), "{injected:?}: {failure}"),
    });
    report_count(cases, 400, "a comparison of backups with each call failed");
}

#[test]
fn a_comparison_with_the_store_with_any_call_failed_fails_or_is_right() {
    let compare = |disk: &Disk| diff_store(disk, Some(FIRST));
    let expected = compare(&disk(false)).expect("no call fails");
    let cases = inject_all(compare, |disk, outcome, injected| match outcome {
        Ok(found) if injected.is_short() || injected.path.starts_with("/backup") => {
            assert_eq!(found, &expected, "{injected:?}");
        }
        Ok((found, summary)) => {
            let after = compare(disk).map_or_else(|_| Vec::new(), |(after, _)| after);
            assert_right(found, [&expected.0, &after], injected);
            assert_counts(found, summary, injected);
        }
        Err(failure) => assert!(!injected.is_short(), "{injected:?}: {failure}"),
    });
    report_count(
        cases,
        1000,
        "a comparison with the store with each call failed",
    );
}

/// Asserts that each difference is one of the store before or after the fault, and that none is
/// missing, except for the file of the fault, and for what an unread file may hold.
fn assert_right(
    found: &[LicenseDifference],
    states: [&Vec<LicenseDifference>; 2],
    injected: &InjectedFault,
) {
    let [before, after] = states;
    let when = format!("{injected:?}: {found:#?}");
    let file = file_of(injected);
    let is_absence = injected.is_false_absence() || injected.fault == Fault::Removed;
    let is_known = |one: &&LicenseDifference| before.contains(one) || after.contains(one);
    let new: Vec<_> = found.iter().filter(|one| !is_known(one)).collect();
    let unread: Vec<_> = new
        .iter()
        .filter(|one| one.change == LicenseChange::Unreadable)
        .map(|one| one.path.as_str())
        .collect();
    // If `c.lcpl` cannot be read, the license in the publication `c` is shadowed by it.
    let max = if file == "c.lcpl" { 2 } else { 1 };
    assert!(unread.len() <= max, "one fault, several reports: {when}");
    for one in &new {
        let is_expected = match one.change {
            // The directory of a name, the file itself, a file in a directory that cannot be
            // opened again, or a publication that is compared with the file of its license.
            LicenseChange::Unreadable => {
                is_at_or_below(&file, &one.path) || is_at_or_below(&one.path, &file)
            }
            LicenseChange::Removed => is_absence && is_at_or_below(&one.path, &file),
            LicenseChange::Added | LicenseChange::Changed => false,
        };
        assert!(is_expected, "{one:?} is wrong: {when}");
    }
    for one in before.iter().filter(|one| after.contains(one)) {
        let is_explained = found.contains(one)
            || unread
                .iter()
                .any(|unread| is_at_or_below(&one.path, unread))
            || is_absence && is_at_or_below(&one.path, &file);
        assert!(is_explained, "{one:?} is missing: {when}");
    }
}

fn assert_counts(found: &[LicenseDifference], summary: &DiffSummary, injected: &InjectedFault) {
    let mut counted = DiffSummary {
        old: FIRST.to_owned(),
        unchanged: summary.unchanged,
        ..DiffSummary::default()
    };
    for difference in found {
        counted.count(difference.change);
    }
    assert_eq!(summary, &counted, "{injected:?}");
}

/// Returns the path below the store that a fault concerns.
fn file_of(injected: &InjectedFault) -> String {
    let path = injected.path.strip_prefix("/licenses").unwrap_or_default();
    let path = path.trim_start_matches('/');
    match (injected.call.operation, path) {
        ("next_entry", "") => injected.call.name.clone(),
        ("next_entry", directory) => format!("{directory}/{}", injected.call.name),
        _ => path.to_owned(),
    }
}

/// Returns `true` if a license of the backup is that of a file, or below it.
fn is_at_or_below(license: &str, file: &str) -> bool {
    file == "."
        || license == file
        || license == format!("{file}.lcpl")
        || license.starts_with(&format!("{file}/"))
}
