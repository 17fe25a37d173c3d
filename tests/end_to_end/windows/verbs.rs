//! Every command, and its exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use license_backup_tests::harness::{Sandbox, Snapshot, files_below, sources};
use license_backup_tests::sample::{SampleLicense, SampleStore};

use super::{back_up, license_backup, restore};
use crate::expected::{self, allowed};

/// Returns a sandbox with a store of every special case whose name Windows can hold, and its files.
fn every_case() -> (Sandbox, Vec<SampleLicense>) {
    let sandbox = Sandbox::new();
    let is_possible = |file: &SampleLicense| {
        file.path.to_str().is_some_and(|path| {
            !path.contains(|character: char| {
                character.is_control() || "\"*:<>?\\|".contains(character)
            }) && !path.ends_with([' ', '.'])
                && !path.ends_with("/NUL")
                // Windows takes it for `a.lic`.
                && !path.ends_with("/A.lic")
        })
    };
    let files: Vec<_> = expected::sample().files().filter(is_possible).collect();
    for file in &files {
        file.write_into(&sandbox.store())
            .expect("the store is writable");
    }
    (sandbox, files)
}

/// Returns a sandbox whose store has three licenses.
fn three() -> Sandbox {
    Sandbox::with_store(SampleStore::ordinary(3)).0
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_backup_has_the_bytes_of_one_made_on_linux() {
    let (sandbox, _) = every_case();
    back_up(&sandbox, &["--quiet"]).run().exits(3);
    let on_windows = fs::read(sandbox.backup_file()).unwrap();
    let on_linux = ["backup", "--store", "store", "--to", "linux", "--quiet"];
    sandbox.license_backup(on_linux).run().exits(3);
    assert!(
        on_windows == fs::read(sandbox.path("linux/licenses.zip")).unwrap(),
        "the archives should be equal"
    );
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_backup_is_verified_and_restored_bit_for_bit() {
    let (sandbox, files) = every_case();
    let outcome = back_up(&sandbox, &["--json"]).run().exits(3);
    let end = outcome.end_event();
    assert_eq!(end["licenses"], expected::backed_up(&files).len());
    let verify = ["verify", "--from", "backup", "--json"];
    let verified = license_backup(&sandbox, &verify).run().exits(0).end_event();
    assert_eq!(verified["licenses"], end["licenses"]);
    fs::create_dir(sandbox.path("restored")).unwrap();
    restore(&sandbox, "restored", &["--quiet"]).run().exits(0);
    assert_eq!(
        files_below(&sandbox.path("restored")),
        expected::restored(&files)
    );
    let again = restore(&sandbox, "restored", &["--json"]).run().exits(0);
    assert_eq!(again.end_event()["present"], end["licenses"]);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn only_with_overwrite_an_earlier_backup_is_replaced() {
    let sandbox = three();
    back_up(&sandbox, &[]).run().exits(0);
    let earlier = Snapshot::of(&sandbox.backup());
    fs::write(sandbox.store().join("new.lcpl"), allowed("new")).unwrap();
    back_up(&sandbox, &[])
        .run()
        .exits(4)
        .says(&["was not modified"]);
    assert_eq!(Snapshot::of(&sandbox.backup()), earlier);
    back_up(&sandbox, &["--overwrite"]).run().exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
    assert!(Snapshot::of(&sandbox.backup()) != earlier);
    let unchanged = back_up(&sandbox, &["--overwrite", "--json"]).run().exits(0);
    assert_eq!(unchanged.end_event()["unchanged"], true);
}

/// Wine 8 replaces read-only files with the older call, Windows only with the flag of the newer one.
#[test]
#[ignore = "run by `make test-windows`"]
fn read_only_files_are_replaced_with_overwrite() {
    let sandbox = Sandbox::new();
    let license = sandbox.store().join("license.lcpl");
    let write_read_only = |path, bytes: &[u8]| {
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    };
    write_read_only(&license, &allowed("first"));
    back_up(&sandbox, &[]).run().exits(0);
    write_read_only(&license, &allowed("second"));
    let restored = restore(&sandbox, "store", &["--overwrite", "--json"]).run();
    assert_eq!(restored.exits(0).end_event()["restored"], 1);
    assert_eq!(fs::read(&license).unwrap(), allowed("first"));
    write_read_only(&sandbox.backup_file(), b"damaged");
    back_up(&sandbox, &["--overwrite"]).run().exits(0);
    let verify = ["verify", "--from", "backup"];
    license_backup(&sandbox, &verify).run().exits(0);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_backup_directory_is_created() {
    let sandbox = three();
    let arguments = ["backup", "--store", "store", "--to", "new"];
    license_backup(&sandbox, &arguments).run().exits(0);
    assert_eq!(Snapshot::of(&sandbox.path("new")).names(), ["licenses.zip"]);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn generations_are_made_listed_compared_checked_and_forgotten() {
    let sandbox = three();
    let made = |arguments: &[&str]| {
        let run = back_up(&sandbox, &[&["--json"], arguments].concat()).run();
        let end = run.exits(0).end_event();
        (end["file"].as_str().unwrap().to_owned(), end)
    };
    let (first, _) = made(&["--generations"]);
    let (same, end) = made(&["--generations"]);
    assert_eq!((&same, &end["unchanged"]), (&first, &true.into()));
    fs::write(sandbox.store().join("new.lcpl"), allowed("new")).unwrap();
    // A generation has the second in its name.
    crate::fixture::wait_for_next_second();
    let (second, _) = made(&["--generations"]);
    assert_eq!(
        Snapshot::of(&sandbox.backup()).names(),
        ["last-run.json", first.as_str(), second.as_str()]
    );
    let listed = license_backup(&sandbox, &["generations", "--from", "backup"]).run();
    let listed = listed.exits(0);
    assert!(listed.stdout().contains(&first) && listed.stdout().contains(&second));
    let changed = license_backup(&sandbox, &["diff", "--from", "backup"]).run();
    assert!(changed.exits(3).stdout().contains("new.lcpl"));
    let arguments = ["diff", "--from", "backup", "--store", "store"];
    license_backup(&sandbox, &arguments).run().exits(0);
    let arguments = ["check", "--from", "backup", "--max-age", "1d", "--verify"];
    license_backup(&sandbox, &arguments).run().exits(0);
    let arguments = ["forget", "--from", "backup", "--keep-last", "1"];
    license_backup(&sandbox, &arguments).run().exits(0);
    assert_eq!(
        Snapshot::of(&sandbox.backup()).names(),
        ["last-run.json", second.as_str()]
    );
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_retention_policy_is_applied_by_the_backup() {
    let sandbox = three();
    back_up(&sandbox, &["--keep-last", "1"]).run().exits(0);
    fs::write(sandbox.store().join("new.lcpl"), allowed("new")).unwrap();
    crate::fixture::wait_for_next_second();
    let run = back_up(&sandbox, &["--keep-last", "1", "--json"]).run();
    assert_eq!(run.exits(0).end_event()["removed"], 1);
    assert_eq!(Snapshot::of(&sandbox.backup()).names().len(), 2);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn the_store_and_the_backup_are_listed() {
    let sandbox = three();
    back_up(&sandbox, &[]).run().exits(0);
    let list = |from: &[&str]| {
        let run = license_backup(&sandbox, &[&["list", "--json"], from].concat()).run();
        run.exits(0).end_event()["licenses"].clone()
    };
    assert_eq!(list(&["--store", "store"]), 3);
    assert_eq!(list(&["--from", "backup"]), 3);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn completions_and_manual_pages_are_written() {
    let sandbox = three();
    let completions = license_backup(&sandbox, &["completions", "powershell"]).run();
    assert!(completions.exits(0).stdout().contains("license-backup"));
    license_backup(&sandbox, &["man", "backup"]).run().exits(0);
    assert!(sandbox.path("backup/license-backup-restore.1").exists());
}

#[test]
#[ignore = "run by `make test-windows`"]
fn the_metrics_are_written_and_replaced() {
    let sandbox = three();
    for _ in 0..2 {
        let arguments = ["--overwrite", "--metrics", "metrics.prom"];
        back_up(&sandbox, &arguments).run().exits(0);
        let metrics = fs::read_to_string(sandbox.path("metrics.prom")).unwrap();
        let exit = r#"license_backup_exit_code{directory="backup"} 0"#;
        assert!(metrics.contains(exit), "{metrics}");
    }
}

#[test]
#[ignore = "run by `make test-windows`"]
fn failures_have_their_exit_codes() {
    let sandbox = three();
    license_backup(&sandbox, &["frobnicate"]).run().exits(2);
    let missing = ["backup", "--store", "missing", "--to", "backup"];
    license_backup(&sandbox, &missing).run().exits(1);
    back_up(&sandbox, &[]).run().exits(0);
    let mut archive = fs::read(sandbox.backup_file()).unwrap();
    archive[100] ^= 1;
    fs::write(sandbox.backup_file(), archive).unwrap();
    let verify = ["verify", "--from", "backup"];
    license_backup(&sandbox, &verify).run().exits(5);
    back_up(&sandbox, &["--overwrite"]).run().exits(0);
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
    let shrunk = back_up(&sandbox, &["--overwrite"]).run().exits(6);
    shrunk.says(&["is the store mounted?"]);
    license_backup(&sandbox, &verify).run().exits(0);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn the_tasks_of_the_example_use_options_of_the_program() {
    let script = sources().join("examples/windows/register-tasks.ps1");
    let script = fs::read_to_string(script).unwrap();
    let sandbox = Sandbox::new();
    let help = ["backup", "check"].map(|command| {
        let run = license_backup(&sandbox, &[command, "--help"]).run();
        run.exits(0).stdout().to_owned()
    });
    let mut options = 0;
    for word in script.split_whitespace() {
        let word = word.trim_matches(['"', '\'', ')']);
        if word.starts_with("--") {
            let is_known = help.iter().any(|help| {
                help.contains(&format!("{word} ")) || help.contains(&format!("{word}\n"))
            });
            assert!(is_known, "{word} should be an option");
            options += 1;
        }
    }
    assert!(options > 10, "the script should use more options");
}
