//! Tests of `backup` for many stores.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use license_backup_tests::harness::{Sandbox, Snapshot};
use nix::sys::signal::Signal;

use super::many::{Stores, by_store};

#[test]
fn each_store_is_backed_up_into_a_private_directory_at_its_whole_path() {
    let stores = Stores::new(&["a", "b", "c"]);
    let outcome = stores.back_up(&["--jobs", "2"]).run().exits(0);
    for name in ["a", "b", "c"] {
        assert_eq!(stores.backups(name), ["licenses.zip"]);
        let line = format!("{}: backed up 3 licenses (", stores.store(name).display());
        assert!(outcome.stdout().contains(&line), "{}", outcome.report());
        let directory = stores.directory(name);
        let from = directory.to_str().expect("it is UTF-8");
        stores
            .sandbox
            .license_backup(["verify", "--from", from])
            .run()
            .exits(0);
        let mode = fs::metadata(&directory)
            .expect("it exists")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    assert!(
        outcome.stdout().contains("Stores: 3: 3 backed up."),
        "{}",
        outcome.report()
    );
}

#[test]
fn the_backup_of_each_store_is_encrypted() {
    let stores = Stores::new(&["a", "b"]);
    let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    stores.back_up(&["--encrypt-to", recipient]).run().exits(0);
    for name in ["a", "b"] {
        let archive = stores.directory(name).join("licenses.zip.age");
        let content = fs::read(archive).expect("it exists");
        assert!(content.starts_with(b"age-encryption.org/v1\n"));
    }
}

#[test]
fn many_stores_are_not_backed_up_to_another_machine() {
    let stores = Stores::new(&["a", "b"]);
    let pattern = stores.store("*");
    let pattern = pattern.to_str().expect("it is UTF-8");
    for url in ["sftp://127.0.0.1:1/backups", "s3://backups/laptop"] {
        let arguments = ["backup", "--stores", pattern, "--to", url];
        let outcome = stores.sandbox.license_backup(arguments).run().exits(1);
        let message =
            format!("cannot back up many stores to {url}: only a directory can hold them");
        assert!(outcome.stderr().contains(&message), "{}", outcome.report());
    }
}

#[test]
fn each_store_and_the_totals_are_a_json_line() {
    let stores = Stores::new(&["a", "b"]);
    stores.add("c", 5);
    let outcome = stores.back_up(&["--json"]).run().exits(0);
    let events = outcome.events();
    assert_eq!(events.len(), 4);
    let lines = by_store(&events, "store");
    for (name, licenses) in [("a", 3), ("b", 3), ("c", 5)] {
        let line = &lines[name];
        assert_eq!(
            (&line["outcome"], &line["licenses"]),
            (&"success".into(), &licenses.into())
        );
        assert_eq!(
            line["directory"],
            stores.directory(name).to_string_lossy().as_ref()
        );
    }
    let end = outcome.end_event();
    assert_eq!((&end["stores"], &end["backed_up"]), (&3.into(), &3.into()));
    assert_eq!(end["licenses"], 11);
}

#[test]
fn a_second_run_finds_that_nothing_has_changed() {
    let stores = Stores::new(&["a", "b"]);
    let options = ["--generations", "--json"];
    stores.back_up(&options).run().exits(0);
    stores.change("b");
    crate::fixture::wait_for_next_second();
    let end = stores.back_up(&options).run().exits(0).end_event();
    assert_eq!(
        (&end["unchanged"], &end["backed_up"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (stores.backups("a").len(), stores.backups("b").len()),
        (1, 2)
    );
}

#[test]
fn a_store_that_fails_does_not_stop_the_others() {
    let stores = Stores::numbered(20);
    stores.list(&["0003", "missing", "0007", "0012"]);
    let outcome = stores.back_up_list(&["--json"]).run().exits(1);
    let lines = by_store(&outcome.events(), "store");
    let missing = &lines["missing"];
    assert_eq!(
        (&missing["outcome"], &missing["code"]),
        (&"failed".into(), &"path-not-found".into())
    );
    for name in ["0003", "0007", "0012"] {
        assert_eq!(lines[name]["outcome"], "success");
        assert_eq!(stores.backups(name), ["licenses.zip"]);
    }
    let end = outcome.end_event();
    assert_eq!((&end["failed"], &end["backed_up"]), (&1.into(), &3.into()));
    assert!(!stores.directory("missing").exists());
}

#[test]
fn the_worst_exit_code_is_that_of_the_run() {
    let stores = Stores::new(&["a", "b", "c"]);
    stores.list(&["a"]);
    stores.back_up_list(&["--quiet"]).run().exits(0);
    // A backup exists; the other stores are backed up.
    let outcome = stores.back_up(&[]).run().exits(4);
    outcome.says(&["home/a/licenses: "]);
    assert_eq!(stores.backups("c"), ["licenses.zip"]);
    stores.list(&["a", "missing"]);
    stores.back_up_list(&[]).run().exits(1);
}

#[test]
fn a_strict_run_is_incomplete_if_a_file_of_any_store_was_skipped() {
    let stores = Stores::new(&["a", "b"]);
    fs::write(stores.store("b").join("notes.txt"), "no license").unwrap();
    stores.back_up(&["--strict", "--json"]).run().exits(3);
    assert_eq!(stores.backups("b"), ["licenses.zip"]);
}

#[test]
fn a_quiet_run_prints_nothing_but_failures() {
    let stores = Stores::new(&["a", "b"]);
    let outcome = stores.back_up(&["--quiet"]).run().exits(0);
    assert_eq!((outcome.stdout(), outcome.stderr()), ("", ""));
    stores.list(&["a", "missing"]);
    let outcome = stores
        .back_up_list(&["--quiet", "--overwrite"])
        .run()
        .exits(1);
    assert!(
        outcome.stderr().contains("home/missing/licenses"),
        "{}",
        outcome.report()
    );
    assert!(
        !outcome.stdout().contains("home/a/licenses"),
        "{}",
        outcome.report()
    );
}

#[test]
fn a_choice_of_stores_that_cannot_be_right_is_refused_and_nothing_is_written() {
    let stores = Stores::new(&["a", "b"]);
    fs::create_dir(stores.store("a").join("inner")).unwrap();
    fs::write(stores.sandbox.path("empty"), "# none\n\n").unwrap();
    let before = Snapshot::of(&stores.sandbox.path(""));
    for (arguments, message) in [
        (&["--stores", "home/x*"][..], "no directory matches home/x*"),
        (
            &["--stores", "home/*/licenses", "--stores", "none"],
            "no directory matches none",
        ),
        (&["--stores", "home/[a"], "is invalid"),
        (
            &["--stores", "home/a", "--stores", "home/*"],
            "is named twice",
        ),
        (
            &["--stores", "home/a/*", "--stores", "home/a/licenses/inner"],
            "would overlap",
        ),
        (&["--stores", "../*/home/a"], "contains .."),
        (
            &["--stores", "home/*", "--stores", "backup"],
            "contain each other",
        ),
        (&["--stores-from", "empty"], "names no store"),
        (
            &["--stores-from", "missing"],
            "cannot read the list of stores missing",
        ),
    ] {
        let command = ["backup", "--to", "backup", "--json"]
            .iter()
            .chain(arguments);
        let outcome = stores.sandbox.license_backup(command).run().exits(1);
        let end = outcome.end_event();
        let said = end["message"].as_str().expect("it has a message");
        assert!(said.contains(message), "{}", outcome.report());
        assert_eq!(
            Snapshot::of(&stores.sandbox.path("")),
            before,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_store_and_many_stores_together_are_a_usage_error() {
    let stores = Stores::new(&["a"]);
    for arguments in [
        &["--store", "store", "--stores", "home/*"][..],
        &["--stores", "home/*", "--stores-from", "list"],
        &["--store", "store", "--jobs", "2"],
        &["--stores", "home/*", "--jobs", "0"],
        &[],
    ] {
        let command = ["backup", "--to", "backup"].iter().chain(arguments);
        stores.sandbox.license_backup(command).run().exits(2);
    }
}

#[test]
fn the_directory_of_the_backups_is_created_and_removed_again_if_it_stays_empty() {
    let stores = Stores::new(&["a"]);
    stores.list(&["missing"]);
    let back_up = |list: &[&str]| {
        let command = ["backup", "--stores-from", "list", "--to", "new"];
        stores
            .sandbox
            .license_backup(command.iter().chain(list))
            .run()
    };
    back_up(&[]).exits(1);
    assert!(!stores.sandbox.path("new").exists());
    stores.list(&["missing", "a"]);
    back_up(&[]).exits(1);
    assert!(stores.sandbox.path("new").exists());
}

#[test]
fn each_store_has_a_series_in_the_metrics() {
    let stores = Stores::new(&["a", "b"]);
    stores.list(&["a", "b", "missing"]);
    stores
        .back_up_list(&["--metrics", "m.prom", "--quiet"])
        .run()
        .exits(1);
    let text = fs::read_to_string(stores.sandbox.path("m.prom")).unwrap();
    for (name, code) in [("a", 0), ("b", 0), ("missing", 1)] {
        let directory = stores.directory(name);
        let line = format!(
            "license_backup_exit_code{{directory=\"{}\"}} {code}\n",
            directory.display()
        );
        assert!(text.contains(&line), "{text}");
    }
    assert_eq!(
        text.matches("# TYPE license_backup_exit_code gauge\n")
            .count(),
        1
    );
    assert_eq!(text.matches("license_backup_licenses{").count(), 2);
}

/// Returns six stores that take long to back up: links to the same one.
fn large() -> Sandbox {
    let sandbox = Sandbox::with_many_files(40_000);
    fs::create_dir(sandbox.path("home")).unwrap();
    for name in ["a", "b", "c", "d", "e", "f"] {
        symlink(sandbox.store(), sandbox.path("home").join(name)).unwrap();
    }
    sandbox
}

#[test]
fn ctrl_c_cancels_all_stores_that_run_and_starts_no_other() {
    let sandbox = large();
    let before = Snapshot::of(&sandbox.backup());
    let temporaries = ["a", "b", "c"].map(|name| {
        let store = sandbox.path("home").join(name);
        let below = store
            .strip_prefix("/")
            .unwrap()
            .join(".license-backup-0.tmp");
        sandbox.backup().join(below)
    });
    let command = [
        "backup", "--stores", "home/*", "--to", "backup", "--jobs", "3", "--json",
    ];
    let mut run = sandbox.license_backup(command).start();
    assert!(run.wait_until(|| temporaries.iter().all(|file| file.exists())));
    run.signal(Signal::SIGINT);
    let outcome = run.wait().exits(130);
    let end = outcome.end_event();
    assert_eq!(
        (&end["outcome"], &end["cancelled"]),
        (&"cancelled".into(), &6.into())
    );
    assert_eq!(outcome.events().len(), 7);
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn a_thousand_jobs_are_as_many_as_the_limit_on_open_files_permits() {
    let stores = Stores::numbered(30);
    for (limit, note) in [
        (1024, "2 at once"),
        (300, "1 at once"),
        (4096, "14 at once"),
    ] {
        let options = ["--jobs", "1000", "--overwrite", "--json"];
        let run = stores
            .back_up(&options)
            .after(&format!("ulimit -n {limit}"));
        let outcome = run.run().exits(0);
        assert!(outcome.stderr().contains(note), "{}", outcome.report());
        let end = outcome.end_event();
        assert_eq!(
            (&end["stores"], &end["failed"], &end["errors"]),
            (&30.into(), &0.into(), &0.into())
        );
    }
}

#[test]
fn the_soft_limit_on_open_files_is_raised_without_a_note() {
    let stores = Stores::numbered(10);
    let run = stores
        .back_up(&["--jobs", "10", "--json"])
        .after("ulimit -Sn 64");
    let outcome = run.run().exits(0);
    assert_eq!(outcome.stderr(), "");
    assert_eq!(outcome.end_event()["backed_up"], 10);
}

#[test]
#[cfg(target_os = "linux")]
fn jobs_for_which_there_is_no_address_space_wait_for_others() {
    let stores = Stores::numbered(30);
    // Each operation reserves some GiB of addresses.
    let run = stores
        .back_up(&["--jobs", "30", "--json"])
        .after("ulimit -v 33554432");
    let outcome = run.run().exits(0);
    assert!(
        outcome.stderr().contains("no room for 30 jobs"),
        "{}",
        outcome.report()
    );
    assert_eq!(outcome.end_event()["backed_up"], 30);
}

#[test]
fn a_thousand_stores_are_backed_up_by_a_thousand_jobs() {
    let stores = Stores::numbered(1000);
    let outcome = stores.back_up(&["--jobs", "1000", "--json"]).run().exits(0);
    let end = outcome.end_event();
    assert_eq!(
        (&end["backed_up"], &end["licenses"]),
        (&1000.into(), &3000.into())
    );
}
