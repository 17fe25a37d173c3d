//! Restores and listings of a part of a backup, and comparisons of backups.

use std::fs;
use std::path::Path;

use license_backup::{
    DiffOptions, ErrorCode, LicenseChange, LicenseFilter, ListOptions, RestoreOptions,
};
use license_backup_tests::harness::{Sandbox, Snapshot, files_below};

use crate::expected::allowed;
use crate::fixture::{Program, wait_for_next_second};
use crate::library::RUNTIME;

/// Returns a sandbox with three licenses in `store`, a backup of them, and an empty store `target`.
fn three_licenses() -> Sandbox {
    let sandbox = Sandbox::new();
    for path in ["a.lcpl", "books/b.lcpl", "books/new/c.lcpl"] {
        let file = sandbox.store().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, allowed(path)).unwrap();
    }
    fs::create_dir(sandbox.path("target")).unwrap();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    sandbox
}

/// Returns the paths of the files in `target`.
fn restored(sandbox: &Sandbox) -> Vec<String> {
    let files = files_below(&sandbox.path("target")).into_keys();
    files
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn each_program_restores_the_licenses_that_match() {
    for program in Program::BOTH {
        for (options, expected) in [
            (&["--include", "books/*"][..], &["books/b.lcpl"][..]),
            (&["--include", "**/c.lcpl"], &["books/new/c.lcpl"]),
            (
                &["--include", "books/**"],
                &["books/b.lcpl", "books/new/c.lcpl"],
            ),
            (&["--license-id", "a.lcpl"], &["a.lcpl"]),
            (
                &["--include", "*", "--license-id", "books/b.lcpl"],
                &["a.lcpl", "books/b.lcpl"],
            ),
        ] {
            let sandbox = three_licenses();
            let run = program.restore(&sandbox, "backup", "target", options).run();
            run.exits(0);
            assert_eq!(restored(&sandbox), expected, "{options:?}");
        }
    }
}

#[test]
fn a_filter_that_matches_nothing_or_is_invalid_changes_nothing() {
    for program in Program::BOTH {
        let sandbox = three_licenses();
        for (options, message) in [
            (["--include", "*.xmr"], "matches; use list"),
            (["--key-id", "a.lcpl"], "matches; use list"),
            (["--include", "a[b"], "cannot use the pattern a[b"),
        ] {
            let run = program
                .restore(&sandbox, "backup", "target", &options)
                .run();
            run.exits(1).says(&[message]);
            let list = program.on_backup(&sandbox, "list", &options).run();
            list.exits(1).says(&[message]);
        }
        assert_eq!(restored(&sandbox), [] as [&str; 0]);
    }
}

#[test]
fn a_license_is_rescued_from_a_backup_that_is_damaged_elsewhere() {
    for program in Program::BOTH {
        let sandbox = three_licenses();
        let mut backup = fs::read(sandbox.backup_file()).unwrap();
        let damage = backup
            .windows(10)
            .position(|bytes| bytes == b"\"id\":\"a.lc");
        backup[damage.expect("the license is stored as it is") + 8] ^= 1;
        fs::write(sandbox.backup_file(), backup).unwrap();
        let restore = |options: &[&str]| program.restore(&sandbox, "backup", "target", options);
        restore(&[]).run().exits(5);
        restore(&["--include", "a.lcpl"])
            .run()
            .exits(5)
            .says(&["licenses/a.lcpl"]);
        assert_eq!(restored(&sandbox), [] as [&str; 0]);
        restore(&["--include", "books/**"]).run().exits(0);
        assert_eq!(restored(&sandbox), ["books/b.lcpl", "books/new/c.lcpl"]);
    }
}

#[test]
fn each_program_lists_the_licenses_that_match() {
    for program in Program::BOTH {
        let sandbox = three_licenses();
        let list = program.on_backup(&sandbox, "list", &["--include", "books/*", "--json"]);
        let outcome = list.run().exits(0);
        assert_eq!(outcome.end_event()["licenses"], 1);
        assert_eq!(outcome.events()[0]["path"], "books/b.lcpl");
    }
}

#[test]
fn the_library_restores_and_lists_a_part() {
    let sandbox = three_licenses();
    let filter = |pattern: &str| LicenseFilter {
        include: vec![pattern.to_owned()],
        ..LicenseFilter::default()
    };
    let options = RestoreOptions::new(sandbox.backup(), sandbox.path("target"));
    let error = RUNTIME
        .restore_blocking(&options.clone().filter(filter("x")))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::PathNotFound, "{error}");
    let summary = RUNTIME
        .restore_blocking(&options.filter(filter("a*")))
        .unwrap();
    assert_eq!(
        (summary.restored, restored(&sandbox)),
        (1, vec!["a.lcpl".to_owned()])
    );
    let options = ListOptions::store(sandbox.store()).filter(filter("**/c.lcpl"));
    let (listed, summary) = RUNTIME.list_blocking(&options).unwrap();
    assert_eq!(
        (listed[0].path.as_str(), summary.licenses),
        ("books/new/c.lcpl", 1)
    );
}

/// Changes the store: one license is added, one removed and one changed.
fn change(store: &Path) {
    fs::write(store.join("d.lcpl"), allowed("d")).unwrap();
    fs::remove_file(store.join("a.lcpl")).unwrap();
    fs::write(store.join("books/b.lcpl"), allowed("changed")).unwrap();
}

const CHANGES: &str = "removed    a.lcpl (license a.lcpl)\n\
    changed    books/b.lcpl (license changed)\n\
    added      d.lcpl (license d)\n";

#[test]
fn each_program_compares_a_backup_with_the_store() {
    for program in Program::BOTH {
        let sandbox = three_licenses();
        let store: &[&str] = match program {
            Program::Binary => &["--store", "store"],
            Program::Wasmtime => &["--store"],
        };
        let diff = || program.on_backup(&sandbox, "diff", store).run();
        let same = diff().exits(0);
        assert_eq!(
            same.stdout(),
            "From licenses.zip to the store: 0 added, 0 removed, 0 changed, 3 unchanged.\n"
        );
        change(&sandbox.store());
        let before = Snapshot::of(&sandbox.backup());
        let different = diff().exits(3);
        assert_eq!(
            different.stdout(),
            format!(
                "{CHANGES}From licenses.zip to the store: 1 added, 1 removed, 1 changed, 1 \
                 unchanged.\n"
            )
        );
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
    }
}

#[test]
fn each_program_compares_a_backup_with_the_one_before() {
    for program in Program::BOTH {
        let sandbox = three_licenses();
        let diff = |options: &[&str]| program.on_backup(&sandbox, "diff", options).run();
        diff(&[]).exits(1).says(&["no earlier backup"]);
        change(&sandbox.store());
        wait_for_next_second();
        let options = ["--generations", "--json"];
        let run = program.back_up(&sandbox, "store", "backup", &options).run();
        let end = run.exits(0).end_event();
        let newest = end["file"].as_str().unwrap();
        let different = diff(&[]).exits(3);
        assert!(
            different.stdout().starts_with(CHANGES),
            "{}",
            different.report()
        );
        let end = diff(&["--against", newest, "--json"]).exits(0).end_event();
        assert_eq!(
            (&end["unchanged"], &end["outcome"]),
            (&3.into(), &"success".into())
        );
        let options = [
            "--generation",
            "licenses.zip",
            "--against",
            newest,
            "--json",
        ];
        let end = diff(&options).exits(3).end_event();
        assert_eq!(
            (&end["old"], &end["new"]),
            (&newest.into(), &"licenses.zip".into())
        );
        diff(&["--against", "licenses-20200101T000000Z.zip"]).exits(1);
    }
}

#[test]
fn the_library_returns_the_differences() {
    let sandbox = three_licenses();
    change(&sandbox.store());
    let options = DiffOptions::new(sandbox.backup()).against_store(sandbox.store());
    let (differences, summary) = RUNTIME.diff_blocking(&options).unwrap();
    let changes: Vec<_> = differences
        .iter()
        .map(|difference| difference.change)
        .collect();
    assert_eq!(
        changes,
        [
            LicenseChange::Removed,
            LicenseChange::Changed,
            LicenseChange::Added
        ]
    );
    assert_eq!((summary.old.as_str(), summary.new), ("licenses.zip", None));
    let error = RUNTIME
        .diff_blocking(&DiffOptions::new(sandbox.backup()))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::PathNotFound, "{error}");
}
