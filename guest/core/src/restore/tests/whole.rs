//! Restores that nothing is in the way of.

use super::*;
use crate::directory::FsError;
use crate::temporary::temporary_name;
use crate::{Progress, Stage};

const PATHS: [&str; 10] = [
    "-dash",
    "a-b",
    "a.b",
    "a/b",
    "back\\slash",
    "c:x",
    "deep/er/one",
    "deep/two",
    "nothing/but/this",
    "with\nline",
];

#[test]
fn every_license_is_restored_bit_for_bit_and_nothing_else_is_there() {
    let disk = backed_up(&PATHS);
    disk.take_calls();
    let (summary, _) = restored(&disk, KEEP);
    assert!(
        disk.take_calls()
            .iter()
            .all(|call| call.operation != "remove_directory"),
        "a directory was not wanted"
    );
    let expected = RestoreSummary {
        restored: 10,
        bytes: bytes(&PATHS),
        present: 0,
        conflicts: 0,
    };
    assert_eq!(summary, expected);
    assert_eq!(store(&disk), holding(&PATHS));
}

#[test]
fn a_large_license_is_restored_bit_for_bit() {
    let content = license(&"x".repeat(300_000));
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of([("large", content.clone()), ("small", allowed("small"))]),
    );
    restored(&disk, KEEP);
    assert!(
        disk.read("/licenses/large") == Some(content),
        "it is another one"
    );
    assert_eq!(disk.read("/licenses/small"), Some(allowed("small")));
}

#[test]
fn many_small_licenses_are_read_from_the_backup_in_few_pieces() {
    let paths: Vec<String> = (0..500).map(|number| format!("{number:03}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let disk = backed_up(&paths);
    disk.take_calls();
    restored(&disk, KEEP);
    let calls = disk.take_calls();
    let is_writing = |call: &Call| call.operation == "create_file";
    let writing = calls
        .iter()
        .skip_while(|call| !is_writing(call))
        .take_while(|call| call.operation != "sync_file");
    let reads = writing.filter(|call| call.operation == "read").count();
    let size = disk
        .read("/backup/licenses.zip")
        .expect("there is a backup")
        .len();
    assert!(
        reads <= size / (64 << 10) + 1,
        "{reads} reads of {size} bytes"
    );
}

#[test]
fn an_empty_backup_restores_nothing() {
    let disk = backed_up(&[]);
    disk.take_calls();
    assert_eq!(restored(&disk, KEEP).0, RestoreSummary::default());
    assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0]);
}

#[test]
fn restored_twice_a_backup_changes_nothing() {
    for flags in [KEEP, OVERWRITE] {
        let disk = backed_up(&PATHS);
        restored(&disk, flags);
        disk.take_calls();
        let before = store(&disk);
        assert_eq!(
            restored(&disk, flags).0,
            RestoreSummary {
                present: 10,
                ..RestoreSummary::default()
            }
        );
        assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0]);
        assert_eq!(store(&disk), before);
    }
}

#[test]
fn what_is_there_already_stays_and_what_is_missing_is_restored() {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/deep/two", allowed("deep/two"));
    disk.write("/licenses/deep/mine", "mine");
    let (summary, _) = restored(&disk, KEEP);
    assert_eq!((summary.restored, summary.present), (9, 1));
    let mut expected = holding(&PATHS);
    expected.insert("/deep/mine".to_owned(), Some(b"mine".to_vec()));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_file_system_without_hard_links_will_do() {
    for error in [FsError::NotPermitted, FsError::Unsupported] {
        let disk = backed_up(&PATHS);
        disk.fail(error, |call| call.operation == "hard_link");
        assert_eq!(restored(&disk, KEEP).0.restored, 10);
        assert_eq!(store(&disk), holding(&PATHS));
    }
}

#[test]
fn a_host_that_cannot_sync_a_directory_will_do() {
    for error in [FsError::Unsupported, FsError::Invalid] {
        let disk = backed_up(&PATHS);
        disk.fail(error, |call| call.operation == "sync_directory");
        assert_eq!(restored(&disk, KEEP).0.restored, 10);
        assert_eq!(restored(&disk, KEEP).0.present, 10);
    }
}

#[test]
fn a_directory_of_which_the_kinds_of_names_are_not_told_will_do() {
    let disk = backed_up(&PATHS);
    disk.hide_kinds();
    restored(&disk, KEEP);
    assert_eq!(restored(&disk, KEEP).0.present, 10);
}

#[test]
fn names_that_are_not_utf8_or_are_told_twice_are_in_nobodys_way() {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/deep/other", "");
    disk.write_illegal_names("/licenses", 3000);
    disk.write_illegal_names("/licenses/deep", 1);
    disk.list_names_twice();
    assert_eq!(restored(&disk, KEEP).0.restored, 10);
}

#[test]
fn a_dry_run_changes_nothing_and_foretells_what_the_restore_does() {
    for (dry, wet) in [(DRY_RUN, KEEP), (DRY_OVERWRITE, OVERWRITE)] {
        let disk = backed_up(&PATHS);
        disk.write("/licenses/a-b", "another one");
        disk.write("/licenses/a", "in the way of a directory");
        disk.write("/licenses/deep/two", allowed("deep/two"));
        disk.write_other("/licenses/deep/er");
        let before = store(&disk);
        disk.take_calls();
        let foretold = restored(&disk, dry);
        let calls = disk.take_calls();
        assert_eq!(changes(&calls), [] as [&Call; 0]);
        assert!(
            calls.iter().all(|call| !call.operation.starts_with("sync")),
            "a dry run has nothing to make durable"
        );
        assert_eq!(store(&disk), before);
        assert_eq!(restored(&disk, wet), foretold);
    }
}

#[test]
fn a_dry_run_into_an_empty_store_foretells_all() {
    let disk = backed_up(&PATHS);
    disk.take_calls();
    let foretold = restored(&disk, DRY_RUN);
    assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0]);
    assert_eq!(restored(&disk, KEEP), foretold);
}

#[test]
fn progress_goes_through_the_stages_and_counts_each_from_nothing_to_all() {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/a-b", allowed("a-b"));
    let (events, outcome) = restore(&disk, KEEP);
    outcome.expect("the restore succeeds");
    let progress: Vec<&Progress> = events
        .iter()
        .filter_map(|event| {
            if let BackupRestoreStatus::Progress(progress) = event {
                Some(progress)
            } else {
                None
            }
        })
        .collect();
    assert!(
        progress.is_sorted_by_key(|progress| (progress.stage as usize, progress.done)),
        "{progress:?}"
    );
    let all = bytes(&PATHS);
    let missing = all - allowed("a-b").len() as u64;
    for (stage, total, bytes) in [
        (Stage::Verifying, 10, all),
        (Stage::Writing, 10, all),
        (Stage::Syncing, 9, missing),
        (Stage::Committing, 9, missing),
    ] {
        let of_stage: Vec<_> = progress
            .iter()
            .filter(|progress| progress.stage == stage)
            .collect();
        let (first, last) = (
            of_stage.first().expect("it is told"),
            of_stage.last().expect("it is told"),
        );
        assert_eq!(
            (first.done, first.bytes, first.path.as_str()),
            (0, 0, "-dash"),
            "{stage:?}"
        );
        assert_eq!(
            (last.done, last.bytes, last.path.as_str()),
            (total, bytes, ""),
            "{stage:?}"
        );
        assert!(
            of_stage
                .iter()
                .all(|progress| progress.total == Some(total)),
            "{stage:?}"
        );
    }
}

#[test]
fn a_step_does_no_more_than_its_share() {
    let paths: Vec<String> = (0..3000).map(|number| format!("{number:04}")).collect();
    let disk = backed_up(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for number in 0..5000 {
        disk.write(&format!("/licenses/other-{number}"), "");
        disk.write(&format!("/licenses/{}", temporary_name(number)), "");
    }
    disk.advance_clock(10_000);
    let mut restore = start(&disk, KEEP).expect("the restore starts");
    loop {
        disk.take_calls();
        match restore.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => restore = next,
            ControlFlow::Break(outcome) => {
                assert_eq!(outcome.expect("the restore succeeds").restored, 3000);
                break;
            }
        }
        let calls = disk.take_calls();
        assert!(calls.len() < 2200, "{} calls in one step", calls.len());
        let syncs = calls
            .iter()
            .filter(|call| call.operation == "sync_file")
            .count();
        assert!(syncs <= 16, "{syncs} syncs in one step");
    }
}

#[test]
fn a_step_reads_and_writes_no_more_than_its_share() {
    let large = |number| {
        (
            format!("{number:02}"),
            license(&format!("{number}").repeat(250_000)),
        )
    };
    let files: Vec<(String, Vec<u8>)> = (10..30).map(large).collect();
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of(
            files
                .iter()
                .map(|(path, content)| (path.as_str(), content.clone())),
        ),
    );
    // Of the first half the content has to be compared.
    for (path, content) in &files[..10] {
        disk.write(&format!("/licenses/{path}"), content.clone());
    }
    let mut restore = start(&disk, KEEP).expect("the restore starts");
    loop {
        disk.take_calls();
        match restore.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => restore = next,
            ControlFlow::Break(outcome) => {
                assert_eq!(outcome.expect("the restore succeeds").restored, 10);
                return;
            }
        }
        let calls = disk.take_calls();
        let reads_and_writes = calls
            .iter()
            .filter(|call| ["read", "write"].contains(&call.operation))
            .count();
        assert!(
            reads_and_writes < 40,
            "{reads_and_writes} reads and writes in one step"
        );
    }
}
