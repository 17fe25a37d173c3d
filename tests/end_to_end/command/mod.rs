//! The command component in the wasmtime CLI: its directories, its paths and its messages.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use license_backup_tests::harness::{Outcome, Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;

const STORE: &str = "store::/licenses";

fn sandbox() -> Sandbox {
    Sandbox::with_store(SampleStore::ordinary(5)).0
}

/// Returns the lines on stderr, without the name of the program.
fn stderr_lines(outcome: &Outcome) -> Vec<&str> {
    outcome
        .stderr()
        .lines()
        .map(|line| line.trim_start_matches("license-backup: "))
        .collect()
}

#[test]
fn a_missing_store_error_suggests_the_dir_option() {
    let sandbox = sandbox();
    for arguments in [
        &["backup", "--to", "/backup"][..],
        &["restore", "--from", "/backup"],
        &["list"],
    ] {
        let outcome = sandbox
            .wasmtime(&["backup::/backup"], arguments)
            .run()
            .exits(1);
        outcome.says(&[
            "no directory is opened as /licenses",
            "add --dir DIRECTORY::/licenses",
        ]);
    }
}

#[test]
fn an_uncovered_path_error_suggests_the_dir_option() {
    let sandbox = sandbox();
    for (path, option) in [
        ("/backup", "add --dir DIRECTORY::/backup"),
        ("backup", "add --dir DIRECTORY::."),
        (
            "\\\\nas\\backups\\laptop",
            "add --dir 'DIRECTORY::\\\\nas\\backups'",
        ),
    ] {
        for (command, option_of_path) in [
            ("backup", "--to"),
            ("restore", "--from"),
            ("verify", "--from"),
            ("list", "--from"),
        ] {
            let outcome = sandbox
                .wasmtime(&[STORE], &[command, option_of_path, path])
                .run()
                .exits(1);
            outcome.says(&[
                "no opened directory contains",
                option,
                "the host opened /licenses",
            ]);
        }
    }
}

#[test]
fn a_missing_directory_error_lists_the_open_directories() {
    let outcome = sandbox()
        .wasmtime(
            &[STORE, "backup::/backup"],
            &["backup", "--to", "/backup/laptop"],
        )
        .run()
        .exits(1);
    outcome.says(&[
        "/backup/laptop does not exist",
        "the host opened /licenses, /backup",
    ]);
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
            .wasmtime(
                &[STORE, "backup::\\\\nas\\backups"],
                &["backup", "--to", path],
            )
            .run()
            .exits(0);
        assert!(file.exists(), "{path:?} should reach the share");
        sandbox
            .wasmtime(&["backup::\\\\nas\\backups"], &["verify", "--from", path])
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
        let arguments = ["backup", "--to", "\\\\nas\\backups", "--overwrite"];
        sandbox
            .wasmtime(&[STORE, &directory], &arguments)
            .run()
            .exits(0);
    }
}

#[test]
fn the_open_directory_with_the_longest_path_is_used() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("other")).unwrap();
    let directories = [
        STORE,
        "backup::\\\\nas\\backups",
        "other::\\\\nas\\backups\\Laptop",
    ];
    sandbox
        .wasmtime(
            &directories,
            &["backup", "--to", "\\\\nas\\backups\\Laptop"],
        )
        .run()
        .exits(0);
    assert_eq!(
        Snapshot::of(&sandbox.path("other")).names(),
        ["licenses.zip"]
    );
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), [""; 0]);
    let outcome = sandbox
        .wasmtime(
            &directories,
            &["backup", "--to", "\\\\nas\\backups\\laptop"],
        )
        .run()
        .exits(1);
    outcome.says(&["does not exist"]);
}

#[test]
fn two_slashes_are_a_plain_path_if_no_such_share_is_open() {
    let sandbox = sandbox();
    sandbox
        .wasmtime(&[STORE, "backup::/nas"], &["backup", "--to", "//nas"])
        .run()
        .exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn a_relative_path_is_resolved_below_an_open_dot() {
    let sandbox = sandbox();
    sandbox
        .wasmtime(&[STORE, "."], &["backup", "--to", "backup"])
        .run()
        .exits(0);
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), ["licenses.zip"]);
}

#[test]
fn a_path_that_could_escape_is_refused() {
    let sandbox = sandbox();
    for path in ["/backup/..", "/backup/../store", "\\\\nas\\backups\\..", ""] {
        let directories = [STORE, "backup::/backup", "backup::\\\\nas\\backups"];
        let outcome = sandbox
            .wasmtime(&directories, &["backup", "--to", path])
            .run()
            .exits(1);
        outcome.says(&["cannot be used"]);
    }
}

#[test]
fn a_link_below_an_open_directory_is_not_followed() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("backup/real")).unwrap();
    std::os::unix::fs::symlink("real", sandbox.path("backup/link")).unwrap();
    let _ = sandbox
        .wasmtime(
            &[STORE, "backup::/backup"],
            &["backup", "--to", "/backup/link"],
        )
        .run()
        .exits(1);
    assert_eq!(Snapshot::of(&sandbox.path("backup/real")).names(), [""; 0]);
}

#[test]
fn a_usage_error_exits_with_2_and_one_message() {
    let sandbox = sandbox();
    for arguments in [
        &[][..],
        &["burn"],
        &["backup"],
        &["backup", "/backup"],
        &["backup", "--to", "/backup", "/more"],
        &["backup", "--to", "/backup", "--expect", "x"],
        &["verify", "--from", "/backup", "--expect"],
        &["verify", "--from", "/backup", "--expect", "no hash"],
        &["restore", "--from", "/backup", "--strict"],
        &["list", "--overwrite"],
    ] {
        let outcome = sandbox
            .wasmtime(&[STORE, "backup::/backup"], arguments)
            .run()
            .exits(2);
        assert_eq!(
            stderr_lines(&outcome).len(),
            1,
            "there should be one error message\n{}",
            outcome.report()
        );
        assert_eq!(outcome.stdout(), "", "{}", outcome.report());
    }
    assert_eq!(Snapshot::of(&sandbox.backup()).names(), [""; 0]);
}

#[test]
fn the_help_explains_the_dir_option_and_all_commands() {
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
            "the help should contain {text}\n{}",
            help.report()
        );
    }
}

#[test]
fn both_command_lines_describe_the_options_in_the_same_words() {
    let sandbox = sandbox();
    let words = |outcome: &Outcome| {
        let words: Vec<_> = outcome.stdout().split_whitespace().collect();
        words.join(" ")
    };
    let component = words(&sandbox.wasmtime(&[], &["--help"]).run().exits(0));
    for (command, descriptions) in [
        (
            "backup",
            &[
                "Replace an existing backup",
                "Replace an existing backup even if most of its licenses are missing from the \
                 store",
                "Write a new file, licenses-TIME.zip, and keep all others",
                "Exit with status 3 if any file was skipped",
                "Write one JSON object per line; the last one is the outcome",
                "Show no progress, and print nothing on success",
            ][..],
        ),
        (
            "restore",
            &[
                "Directory that contains the backup",
                "Replace regular files with the names of licenses, except newer LCP licenses",
                "Report what would be restored, but change nothing",
            ],
        ),
        (
            "verify",
            &["Fail unless the backup has this BLAKE3 hash, which an earlier verify printed"],
        ),
        (
            "forget",
            &[
                "Directory that contains the generations",
                "Keep the N newest generations",
                "Keep all generations within this time before the newest one, such as 1y2m10d12h",
                "Report what would be removed, but remove nothing",
                "Remove the pin of this generation first",
            ],
        ),
        (
            "list",
            &[
                "Include licenses whose path matches; ** matches any directories",
                "Include licenses with this license ID",
                "Include licenses with this key ID",
            ],
        ),
        (
            "generations",
            &["Read each file, and print its BLAKE3 hash"],
        ),
        (
            "diff",
            &["Backup file to compare with, instead of the one before"],
        ),
        (
            "check",
            &[
                "Largest permitted age of the backup, such as 26h or 1d12h",
                "Also verify every byte of the newest backup",
            ],
        ),
    ] {
        let program = words(&sandbox.license_backup([command, "--help"]).run().exits(0));
        for description in descriptions {
            assert!(program.contains(description), "{description}\n{program}");
            assert!(
                component.contains(description),
                "{description}\n{component}"
            );
        }
    }
}

#[test]
fn the_version_is_that_of_the_program() {
    let version = sandbox().wasmtime(&[], &["--version"]).run().exits(0);
    assert_eq!(
        version.stdout(),
        concat!("license-backup ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn progress_is_a_few_plain_lines_on_stderr() {
    // A backup of this many files takes more than a second, after which progress is shown.
    let sandbox = Sandbox::with_many_files(60_000);
    let outcome = sandbox
        .wasmtime(&[STORE, "backup::/backup"], &["backup", "--to", "/backup"])
        .run()
        .exits(0);
    let lines = stderr_lines(&outcome);
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
    let arguments = ["backup", "--to", "/backup", "--overwrite", "--quiet"];
    let quiet = sandbox
        .wasmtime(&[STORE, "backup::/backup"], &arguments)
        .run()
        .exits(0);
    assert_eq!((quiet.stdout(), quiet.stderr()), ("", ""));
}

#[test]
fn the_umask_of_the_caller_determines_the_mode_of_a_backup() {
    let sandbox = sandbox();
    let backup = sandbox.wasmtime(&[STORE, "backup::/backup"], &["backup", "--to", "/backup"]);
    let _ = backup.after("umask 077").run().exits(0);
    let mode = fs::metadata(sandbox.backup_file())
        .unwrap()
        .permissions()
        .mode()
        & 0o7777;
    assert_eq!(format!("{mode:04o}"), "0600");
}

#[test]
fn a_backup_completes_even_if_its_result_cannot_be_written() {
    let sandbox = sandbox();
    let backup = sandbox.wasmtime(&[STORE, "backup::/backup"], &["backup", "--to", "/backup"]);
    let outcome = backup.after("exec >/dev/full").run().exits(1);
    let _ = outcome.says(&[
        "cannot write the result to standard output",
        "the backup is complete",
    ]);
    sandbox
        .license_backup(["verify", "--from", "backup"])
        .run()
        .exits(0);
}
