//! Names that Windows cannot hold, names that it takes for others, and long ones.

use std::fs;
use std::path::Path;

use license_backup_tests::harness::{Sandbox, files_below};

use super::{back_up, license_backup, restore};
use crate::expected::allowed;

/// Writes licenses with these paths into the store, and backs it up on Linux.
fn backed_up_on_linux(paths: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for path in paths {
        let path = sandbox.store().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, allowed(path.to_str().unwrap())).unwrap();
    }
    sandbox.back_up(&["--quiet"]).run().exits(0);
    fs::create_dir(sandbox.path("restored")).unwrap();
    sandbox
}

/// Names that Windows takes for a device, a stream, a path, a pattern or another name.
const IMPOSSIBLE: [&str; 14] = [
    "CON",
    "nul.lic",
    "com1.lic",
    "conin$",
    "dot.",
    "space ",
    "good.lic:stream",
    "a:b",
    "what?.lic",
    "star*.lic",
    "less<.lic",
    "back\\slash.lic",
    "tab\t.lic",
    "aux/in a directory.lic",
];

#[test]
#[ignore = "run by `make test-windows`"]
fn names_that_windows_cannot_hold_are_conflicts_and_written_nowhere() {
    let paths = [&IMPOSSIBLE[..], &["good.lic", "more/good.lic"]].concat();
    let sandbox = backed_up_on_linux(&paths);
    let before = files_below(&sandbox.store());
    for dry_run in [true, false] {
        let options = ["--json", "--dry-run"];
        let options = if dry_run { &options[..] } else { &options[..1] };
        let outcome = restore(&sandbox, "restored", options).run().exits(4);
        let events = outcome.events();
        let mut conflicts: Vec<_> = events
            .iter()
            .filter(|event| event["event"] == "error" && event["code"] == "file-exists")
            .filter_map(|event| event["path"].as_str())
            .collect();
        conflicts.sort_unstable();
        let mut expected = IMPOSSIBLE;
        expected.sort_unstable();
        assert_eq!(conflicts, expected, "{}", outcome.report());
    }
    let restored = files_below(&sandbox.path("restored"));
    let restored: Vec<_> = restored.keys().collect();
    assert_eq!(
        restored,
        [Path::new("good.lic"), Path::new("more/good.lic")]
    );
    assert_eq!(files_below(&sandbox.store()), before);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn names_that_differ_in_case_are_a_conflict() {
    let sandbox = backed_up_on_linux(&["a.lic", "A.lic", "b.lic"]);
    restore(&sandbox, "restored", &[]).run().exits(4);
    let restored = files_below(&sandbox.path("restored"));
    assert_eq!(restored.len(), 2, "{:?}", restored.keys());
    assert!(restored.contains_key(Path::new("b.lic")));
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_file_that_differs_in_case_is_kept() {
    let sandbox = backed_up_on_linux(&["a.lic"]);
    fs::write(sandbox.path("restored/A.LIC"), "mine").unwrap();
    for options in [&[][..], &["--overwrite"]] {
        restore(&sandbox, "restored", options).run().exits(4);
        let kept = files_below(&sandbox.path("restored"));
        assert_eq!(
            kept.into_iter().collect::<Vec<_>>(),
            [("A.LIC".into(), b"mine".to_vec())]
        );
    }
}

#[test]
#[ignore = "run by `make test-windows`"]
fn long_paths_are_backed_up_and_restored() {
    let directories = [&"d".repeat(120); 3].map(String::as_str).join("/");
    let path = format!("{directories}/{}.lic", "x".repeat(200));
    let sandbox = backed_up_on_linux(&[&path, &format!("{}.lic", "ü".repeat(120))]);
    let on_linux = fs::read(sandbox.backup_file()).unwrap();
    back_up(&sandbox, &["--quiet", "--overwrite"])
        .run()
        .exits(0);
    assert!(fs::read(sandbox.backup_file()).unwrap() == on_linux);
    restore(&sandbox, "restored", &[]).run().exits(0);
    assert_eq!(
        files_below(&sandbox.path("restored")),
        files_below(&sandbox.store())
    );
}

#[test]
#[ignore = "run by `make test-windows`"]
fn names_of_other_scripts_are_reported_in_utf_8() {
    let sandbox = Sandbox::new();
    let name = "Café Ключ 鍵 🔑.txt";
    fs::write(sandbox.store().join(name), "no license").unwrap();
    let list = ["list", "--store", "store"];
    let listed = license_backup(&sandbox, &list).run().exits(0);
    assert!(listed.stdout().contains(name), "{}", listed.report());
}
