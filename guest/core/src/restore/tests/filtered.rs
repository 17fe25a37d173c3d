//! Restores of the licenses that a filter includes.

use super::scenario::{OTHER, mixed};
use super::*;

const KEY_ID: &str = "OrkGCtVaAUCdKPkhCbd05w==";
const PATHS: [&str; 6] = ["a.lic", "a.txt", "b/a.lic", "b/c/d.lic", "e", "f/g"];

fn filtered(filter: LicenseFilter) -> RestoreOptions {
    RestoreOptions { filter, ..KEEP }
}

/// Returns the ID of the license of a path.
fn id_of(path: &str) -> String {
    blake3::hash(path.as_bytes()).to_hex().to_string()
}

/// Returns a license that permits backups and has a key ID.
fn license_with_key() -> Vec<u8> {
    format!(
        "<LICENSE version=\"2.0.0.0\"><LICENSORINFO><DATA><LID>l0hgp0lVkU+hxIb1c3VYfQ==</LID>\
         <KID>{KEY_ID}</KID><ONACTION type=\"Backup\"><CONDITION>1</CONDITION></ONACTION>\
         </DATA></LICENSORINFO></LICENSE>"
    )
    .into_bytes()
}

#[test]
fn only_matching_licenses_are_restored() {
    for (patterns, expected) in [
        (&["*.lic"][..], &["a.lic"][..]),
        (&["**/*.lic"], &["a.lic", "b/a.lic", "b/c/d.lic"]),
        (&["b/**"], &["b/a.lic", "b/c/d.lic"]),
        (&["?"], &["e"]),
        (&["[bf]/*"], &["b/a.lic", "f/g"]),
        (&["f/g", "a.*"], &["a.lic", "a.txt", "f/g"]),
    ] {
        let disk = backed_up(&PATHS);
        let (summary, _) = restored(&disk, filtered(including(patterns)));
        let expected_summary = RestoreSummary {
            restored: expected.len() as u64,
            bytes: bytes(expected),
            ..nothing_restored()
        };
        assert_eq!(summary, expected_summary, "{patterns:?}");
        assert_eq!(store(&disk), store_with(expected), "{patterns:?}");
    }
}

#[test]
fn a_license_is_restored_by_any_of_its_ids() {
    let files = PATHS.map(|path| (path, allowed(path)));
    let disk = Disk::new();
    let with_key = [("with key", license_with_key())];
    disk.write(
        "/backup/licenses.zip",
        backup_of(files.into_iter().chain(with_key)),
    );
    let filter = LicenseFilter {
        include: vec!["a.txt".to_owned()],
        license_ids: vec![id_of("b/c/d.lic"), "unknown".to_owned()],
        key_ids: vec![KEY_ID.to_owned()],
    };
    assert_eq!(restored(&disk, filtered(filter)).0.restored, 3);
    let mut expected = store_with(&["a.txt", "b/c/d.lic"]);
    expected.insert("/with key".to_owned(), Some(license_with_key()));
    assert_eq!(store(&disk), expected);
}

#[test]
fn a_filter_that_includes_all_restores_all() {
    let all_ids = LicenseFilter {
        license_ids: PATHS.map(id_of).to_vec(),
        ..ALL
    };
    for filter in [including(&["**"]), all_ids] {
        let (disk, expected) = (backed_up(&PATHS), backed_up(&PATHS));
        assert_eq!(restored(&disk, filtered(filter)), restored(&expected, KEEP));
        assert_eq!(store(&disk), store(&expected));
    }
}

#[test]
fn a_filter_without_a_match_restores_nothing() {
    for filter in [
        including(&["c/**", "A.lic"]),
        LicenseFilter {
            license_ids: vec!["x".to_owned()],
            key_ids: vec![id_of("e")],
            ..ALL
        },
    ] {
        let disk = backed_up(&PATHS);
        let failure = restore(&disk, filtered(filter))
            .1
            .expect_err("nothing matches");
        assert_eq!(failure.code, ErrorCode::PathNotFound);
        assert_eq!(
            failure.message,
            "no license in the backup (licenses.zip) in /backup matches; \
             use list without a filter to see all"
        );
        assert_eq!(store(&disk), store_with(&[]));
    }
}

#[test]
fn a_restore_with_an_invalid_pattern_does_not_start() {
    let failure = start(&backed_up(&PATHS), filtered(including(&["a***b"])))
        .err()
        .expect("the pattern is invalid");
    assert_eq!(failure.code, ErrorCode::InvalidArgument);
}

#[test]
fn a_filtered_restore_treats_existing_files_as_any_restore() {
    let disk = mixed();
    let filter = including(&["deep/two", "same", "new/y"]);
    let (summary, conflicts) = restored(&disk, filtered(filter.clone()));
    assert_eq!((summary.restored, summary.present), (1, 1));
    assert_eq!(conflicts, ["deep/two"]);
    assert_eq!(disk.read("/licenses/deep/two").as_deref(), Some(OTHER));
    let options = RestoreOptions {
        filter,
        ..OVERWRITE
    };
    assert_eq!(restored(&disk, options).0.restored, 1);
    assert_eq!(disk.read("/licenses/deep/two"), Some(allowed("deep/two")));
}

#[test]
fn a_dry_run_with_a_filter_changes_nothing() {
    let disk = backed_up(&PATHS);
    let options = RestoreOptions {
        filter: including(&["b/**"]),
        ..DRY_RUN
    };
    assert_eq!(restored(&disk, options).0.restored, 2);
    assert_eq!(store(&disk), store_with(&[]));
}

#[test]
fn progress_counts_the_licenses_of_the_backup_and_the_bytes_of_those_included() {
    let disk = backed_up(&PATHS);
    let (events, _) = restore(&disk, filtered(including(&["b/**"])));
    let verifying = events.iter().filter_map(|event| match event {
        BackupRestoreStatus::Progress(progress) if progress.stage == crate::Stage::Verifying => {
            Some((progress.done, progress.total, progress.bytes))
        }
        _ => None,
    });
    let included = bytes(&["b/a.lic", "b/c/d.lic"]);
    assert_eq!(
        verifying.collect::<Vec<_>>(),
        [(0, Some(6), 0), (6, Some(6), included)]
    );
}

#[test]
fn one_license_of_many_is_found_in_few_steps_and_reads() {
    let paths: Vec<String> = (0..5000).map(|number| format!("{number:04}")).collect();
    let backup = backup_of(
        paths
            .iter()
            .map(|path| (path.as_str(), license(&format!("{path:0>2000}")))),
    );
    let disk = Disk::new();
    let size = backup.len();
    disk.write("/backup/licenses.zip", backup);
    let before = disk.bytes_read();
    let mut restore = start(&disk, filtered(including(&["43*2"]))).expect("the restore starts");
    let mut steps = 0;
    let summary = loop {
        steps += 1;
        match restore.step(&mut Vec::new()) {
            ControlFlow::Continue(next) => restore = next,
            ControlFlow::Break(result) => break result.expect("the restore succeeds"),
        }
    };
    assert_eq!(summary.restored, 10);
    let read = disk.bytes_read() - before;
    assert!(size > 10 << 20 && read < 2 << 20, "{read} of {size} bytes");
    assert!(steps < 15, "{steps} steps");
}
