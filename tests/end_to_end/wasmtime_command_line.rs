//! The command component under the wasmtime CLI: its directories, its paths, its messages. What it does with a store and a
//! backup is compared with the other faces in `faces.sh`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use license_backup_tests::harness::{Outcome, Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

const STORE: &str = "store::/licenses";

fn sandbox() -> Sandbox {
    Sandbox::with_store(SampleStore::ordinary(5)).0
}

/// The lines on stderr, without the name of the program.
fn complaints(outcome: &Outcome) -> Vec<&str> {
    outcome
        .stderr()
        .lines()
        .map(|line| line.trim_start_matches("license-backup: "))
        .collect()
}

#[test]
fn without_a_directory_at_licenses_the_option_that_opens_one_is_named() {
    let sandbox = sandbox();
    for arguments in [
        &["backup", "/backup"][..],
        &["restore", "/backup"],
        &["list"],
    ] {
        let outcome = sandbox
            .wasmtime(&["backup::/backup"], arguments)
            .run()
            .exits(1);
        outcome.says(&[
            "no directory is open as /licenses",
            "add --dir DIRECTORY::/licenses",
        ]);
    }
}

#[test]
fn for_a_path_that_no_directory_covers_the_option_that_opens_one_is_named() {
    let sandbox = sandbox();
    for (path, option) in [
        ("/backup", "add --dir DIRECTORY::/backup"),
        ("backup", "add --dir DIRECTORY::."),
        (
            "\\\\nas\\backups\\laptop",
            "add --dir 'DIRECTORY::\\\\nas\\backups'",
        ),
    ] {
        for verb in ["backup", "restore", "verify", "list"] {
            let outcome = sandbox.wasmtime(&[STORE], &[verb, path]).run().exits(1);
            outcome.says(&["no opened directory covers", option, "open are /licenses"]);
        }
    }
}

#[test]
fn a_directory_that_is_not_there_is_told_with_what_is_open() {
    let outcome = sandbox()
        .wasmtime(&[STORE, "backup::/backup"], &["backup", "/backup/laptop"])
        .run()
        .exits(1);
    outcome.says(&["/backup/laptop is not there", "open are /licenses, /backup"]);
}

#[test]
fn a_unc_path_reaches_an_opened_share_in_every_spelling() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("backup/laptop")).unwrap();
    let file = sandbox.path("backup/laptop/licenses.zip");
    for path in [
        "\\\\nas\\backups\\laptop",
        "\\\\NAS\\Backups\\laptop",
        "\\\\nas\\backups\\laptop\\",
        "\\\\nas/backups/laptop",
        "//nas/backups/laptop",
        "//Nas/backups//laptop/",
        "\\\\?\\UNC\\nas\\backups\\laptop",
        "\\\\?\\unc\\nas\\backups\\laptop",
        "//?/UNC/nas/backups/laptop",
    ] {
        sandbox
            .wasmtime(&[STORE, "backup::\\\\nas\\backups"], &["backup", path])
            .run()
            .exits(0);
        assert!(file.exists(), "{path:?} should lead there");
        sandbox
            .wasmtime(&["backup::\\\\nas\\backups"], &["verify", path])
            .run()
            .exits(0);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_share_can_be_opened_in_every_spelling() {
    let sandbox = sandbox();
    for name in [
        "\\\\nas\\backups",
        "//nas/backups",
        "\\\\NAS\\BACKUPS\\",
        "\\\\?\\UNC\\nas\\backups",
    ] {
        let directory = format!("backup::{name}");
        let arguments = ["backup", "\\\\nas\\backups", "--overwrite"];
        sandbox
            .wasmtime(&[STORE, &directory], &arguments)
            .run()
            .exits(0);
    }
}

#[test]
fn the_longest_opened_directory_wins_and_below_a_share_case_counts() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("other")).unwrap();
    let directories = [
        STORE,
        "backup::\\\\nas\\backups",
        "other::\\\\nas\\backups\\Laptop",
    ];
    sandbox
        .wasmtime(&directories, &["backup", "\\\\nas\\backups\\Laptop"])
        .run()
        .exits(0);
    assert_eq!(
        Snapshot::of(&sandbox.path("other")).names(),
        ["licenses.zip"]
    );
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), [""; 0]);
    let outcome = sandbox
        .wasmtime(&directories, &["backup", "\\\\nas\\backups\\laptop"])
        .run()
        .exits(1);
    outcome.says(&["is not there"]);
}

#[test]
fn two_slashes_are_an_ordinary_path_where_no_such_share_is_open() {
    let sandbox = sandbox();
    sandbox
        .wasmtime(&[STORE, "backup::/nas"], &["backup", "//nas"])
        .run()
        .exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn a_relative_path_leads_below_an_opened_dot() {
    let sandbox = sandbox();
    sandbox
        .wasmtime(&[STORE, "."], &["backup", "backup"])
        .run()
        .exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn a_path_that_could_lead_out_is_refused() {
    let sandbox = sandbox();
    for path in ["/backup/..", "/backup/../store", "\\\\nas\\backups\\..", ""] {
        let directories = [STORE, "backup::/backup", "backup::\\\\nas\\backups"];
        let outcome = sandbox
            .wasmtime(&directories, &["backup", path])
            .run()
            .exits(1);
        outcome.says(&["cannot be used"]);
    }
}

#[test]
fn a_link_below_an_opened_directory_is_not_followed() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("backup/real")).unwrap();
    std::os::unix::fs::symlink("real", sandbox.path("backup/link")).unwrap();
    let _ = sandbox
        .wasmtime(&[STORE, "backup::/backup"], &["backup", "/backup/link"])
        .run()
        .exits(1);
    assert_eq!(Snapshot::of(&sandbox.path("backup/real")).names(), [""; 0]);
}

#[test]
fn what_cannot_be_understood_ends_with_2_and_says_why() {
    let sandbox = sandbox();
    for arguments in [
        &[][..],
        &["burn"],
        &["backup"],
        &["backup", "/backup", "/more"],
        &["backup", "/backup", "--expect", "x"],
        &["verify", "/backup", "--expect"],
        &["verify", "/backup", "--expect", "no hash"],
        &["restore", "/backup", "--strict"],
        &["list", "--overwrite"],
    ] {
        let outcome = sandbox
            .wasmtime(&[STORE, "backup::/backup"], arguments)
            .run()
            .exits(2);
        assert_eq!(
            complaints(&outcome).len(),
            1,
            "one line should say why\n{}",
            outcome.report()
        );
        assert_eq!(outcome.stdout(), "", "{}", outcome.report());
    }
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), [""; 0]);
}

#[test]
fn help_shows_how_directories_are_opened_and_the_version_is_the_programs() {
    let sandbox = sandbox();
    let help = sandbox.wasmtime(&[], &["--help"]).run().exits(0);
    for text in [
        "--dir",
        "::/licenses",
        "backup",
        "restore",
        "verify",
        "list",
        "--dry-run",
        "--expect",
    ] {
        assert!(
            help.stdout().contains(text),
            "{text} should be explained\n{}",
            help.report()
        );
    }
    let version = sandbox.wasmtime(&[], &["--version"]).run().exits(0);
    assert_eq!(
        version.stdout(),
        concat!("license-backup ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn progress_is_plain_lines_on_stderr_and_not_one_for_each_file() {
    // Enough to take more than a second.
    let sandbox = Sandbox::with_many_files(60_000);
    let outcome = sandbox
        .wasmtime(&[STORE, "backup::/backup"], &["backup", "/backup"])
        .run()
        .exits(0);
    let lines = complaints(&outcome);
    assert!(lines.len() < 60, "{}", outcome.report());
    for line in &lines {
        let is_plain = line.chars().all(|character| !character.is_control());
        let words = ["listing", "copying"]
            .iter()
            .any(|stage| line.starts_with(stage))
            && line.contains(" files, ");
        assert!(
            is_plain && words,
            "{line:?} should be plain progress\n{}",
            outcome.report()
        );
    }
    let arguments = ["backup", "/backup", "--overwrite", "--quiet"];
    let quiet = sandbox
        .wasmtime(&[STORE, "backup::/backup"], &arguments)
        .run()
        .exits(0);
    assert_eq!((quiet.stdout(), quiet.stderr()), ("", ""));
}

#[test]
fn the_umask_of_the_caller_decides_who_can_read_a_backup() {
    let sandbox = sandbox();
    let backup = sandbox.wasmtime(&[STORE, "backup::/backup"], &["backup", "/backup"]);
    let _ = backup.after("umask 077").run().exits(0);
    let mode = fs::metadata(sandbox.backup_file())
        .unwrap()
        .permissions()
        .mode()
        & 0o7777;
    assert_eq!(format!("{mode:04o}"), "0600");
}

#[test]
fn a_result_that_cannot_be_written_is_told_and_the_backup_is_there_all_the_same() {
    let sandbox = sandbox();
    let backup = sandbox.wasmtime(&[STORE, "backup::/backup"], &["backup", "/backup"]);
    let outcome = backup.after("exec >/dev/full").run().exits(1);
    let _ = outcome
        .says(&["the backup is complete, but the result cannot be written to standard output"]);
    sandbox
        .license_backup(["verify", "--from", "backup"])
        .run()
        .exits(0);
}
