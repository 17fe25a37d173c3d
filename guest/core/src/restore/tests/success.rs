//! Restores that succeed without conflicts.

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
fn every_license_and_nothing_else_is_restored() {
    let disk = backed_up(&PATHS);
    disk.take_calls();
    let (summary, _) = restored(&disk, KEEP);
    assert!(
        disk.take_calls()
            .iter()
            .all(|call| call.operation != "remove_directory"),
        "a directory was created for nothing"
    );
    let expected = RestoreSummary {
        file: crate::BACKUP_FILE.to_owned(),
        restored: 10,
        bytes: bytes(&PATHS),
        present: 0,
        conflicts: 0,
    };
    assert_eq!(summary, expected);
    assert_eq!(store(&disk), store_with(&PATHS));
}

#[test]
fn a_large_license_is_restored() {
    let content = license(&"x".repeat(300_000));
    let disk = Disk::new();
    disk.write(
        "/backup/licenses.zip",
        backup_of([("large", content.clone()), ("small", allowed("small"))]),
    );
    restored(&disk, KEEP);
    assert!(
        disk.read("/licenses/large") == Some(content),
        "the content differs"
    );
    assert_eq!(disk.read("/licenses/small"), Some(allowed("small")));
}

#[test]
fn many_small_licenses_are_read_with_few_calls() {
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
    // The first one is short, and the last one is partial.
    assert!(
        reads <= size / (64 << 10) + 2,
        "{reads} reads of {size} bytes"
    );
}

#[test]
fn an_empty_backup_restores_nothing() {
    let disk = backed_up(&[]);
    disk.take_calls();
    assert_eq!(restored(&disk, KEEP).0, nothing_restored());
    assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0]);
}

#[test]
fn a_second_restore_changes_nothing() {
    for options in [KEEP, OVERWRITE] {
        let disk = backed_up(&PATHS);
        restored(&disk, options.clone());
        disk.take_calls();
        let before = store(&disk);
        assert_eq!(
            restored(&disk, options.clone()).0,
            RestoreSummary {
                present: 10,
                ..nothing_restored()
            }
        );
        assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0]);
        assert_eq!(store(&disk), before);
    }
}

#[test]
fn only_missing_licenses_are_restored() {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/deep/two", allowed("deep/two"));
    disk.write("/licenses/deep/mine", "mine");
    let (summary, _) = restored(&disk, KEEP);
    assert_eq!((summary.restored, summary.present), (9, 1));
    let mut expected = store_with(&PATHS);
    expected.insert("/deep/mine".to_owned(), Some(b"mine".to_vec()));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_restore_works_without_hard_links() {
    for error in [FsError::NotPermitted, FsError::Unsupported] {
        let disk = backed_up(&PATHS);
        disk.fail(error, |call| call.operation == "hard_link");
        assert_eq!(restored(&disk, KEEP).0.restored, 10);
        assert_eq!(store(&disk), store_with(&PATHS));
    }
}

#[test]
fn a_restore_works_without_directory_syncs() {
    for error in [FsError::Unsupported, FsError::Invalid] {
        let disk = backed_up(&PATHS);
        disk.fail(error, |call| call.operation == "sync_directory");
        assert_eq!(restored(&disk, KEEP).0.restored, 10);
        assert_eq!(restored(&disk, KEEP).0.present, 10);
    }
}

#[test]
fn a_restore_works_without_entry_kinds_in_listings() {
    let disk = backed_up(&PATHS);
    disk.hide_kinds();
    restored(&disk, KEEP);
    assert_eq!(restored(&disk, KEEP).0.present, 10);
}

#[test]
fn non_utf8_and_repeated_names_are_ignored() {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/deep/other", "");
    disk.write_illegal_names("/licenses", 3000);
    disk.write_illegal_names("/licenses/deep", 1);
    disk.list_names_twice();
    assert_eq!(restored(&disk, KEEP).0.restored, 10);
}

#[test]
fn a_dry_run_changes_nothing_and_predicts_the_summary() {
    for (dry, wet) in [(DRY_RUN, KEEP), (DRY_OVERWRITE, OVERWRITE)] {
        let disk = backed_up(&PATHS);
        disk.write("/licenses/a-b", "another one");
        disk.write("/licenses/a", "a file in place of a directory");
        disk.write("/licenses/deep/two", allowed("deep/two"));
        disk.write_other("/licenses/deep/er");
        let before = store(&disk);
        disk.take_calls();
        let predicted = restored(&disk, dry);
        let calls = disk.take_calls();
        assert_eq!(changes(&calls), [] as [&Call; 0]);
        assert!(
            calls.iter().all(|call| !call.operation.starts_with("sync")),
            "a dry run has nothing to make durable"
        );
        assert_eq!(store(&disk), before);
        assert_eq!(restored(&disk, wet), predicted);
    }
}

#[test]
fn a_dry_run_predicts_the_summary_for_an_empty_store() {
    let disk = backed_up(&PATHS);
    disk.take_calls();
    let predicted = restored(&disk, DRY_RUN);
    assert_eq!(changes(&disk.take_calls()), [] as [&Call; 0]);
    assert_eq!(restored(&disk, KEEP), predicted);
}

#[test]
fn progress_counts_each_stage_from_zero_to_all() {
    let disk = backed_up(&PATHS);
    disk.write("/licenses/a-b", allowed("a-b"));
    let (events, result) = restore(&disk, KEEP);
    result.expect("the restore succeeds");
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
            of_stage.first().expect("it is reported"),
            of_stage.last().expect("it is reported"),
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
fn a_step_makes_a_bounded_number_of_calls() {
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
            ControlFlow::Break(result) => {
                assert_eq!(result.expect("the restore succeeds").restored, 3000);
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
fn a_step_reads_and_writes_a_bounded_number_of_bytes() {
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
    // The restore has to compare the content of the first half.
    for (path, content) in &files[..10] {
        disk.write(&format!("/licenses/{path}"), content.clone());
    }
    let mut restore = start(&disk, KEEP).expect("the restore starts");
    loop {
        disk.take_calls();
        match restore.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => restore = next,
            ControlFlow::Break(result) => {
                assert_eq!(result.expect("the restore succeeds").restored, 10);
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
