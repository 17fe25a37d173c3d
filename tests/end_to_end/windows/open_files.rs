//! Files that other programs have open.

use std::fs;

use license_backup_tests::harness::{Process, Sandbox, files_below};

use super::{back_up, license_backup, restore, wine};
use crate::expected::allowed;

/// Returns a sandbox whose store has the licenses `a.lcpl`, `b.lcpl` and `c.lcpl`.
fn three() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        let path = sandbox.store().join(name).with_extension("lcpl");
        fs::write(path, allowed(name)).unwrap();
    }
    sandbox
}

/// Starts a program that has a file open until [`release`].
fn start(sandbox: &Sandbox, how: &str, file: &str) -> Process {
    fs::write(sandbox.path("flag"), "").unwrap();
    let mut holder = wine(sandbox, "helper.exe", &[how, file, "flag"]).start();
    holder.wait_until_it_says("held");
    holder
}

/// Lets the program close the file.
fn release(sandbox: &Sandbox, holder: Process) {
    fs::remove_file(sandbox.path("flag")).unwrap();
    holder.wait().exits(0);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_license_that_is_open_exclusively_is_reported_and_the_others_are_backed_up() {
    let sandbox = three();
    let holder = start(&sandbox, "hold", "store\\b.lcpl");
    let outcome = back_up(&sandbox, &["--json"]).run().exits(3);
    release(&sandbox, holder);
    let end = outcome.end_event();
    assert_eq!((&end["licenses"], &end["errors"]), (&2.into(), &1.into()));
    assert!(
        outcome.stdout().contains("in use by another program"),
        "{}",
        outcome.report()
    );
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_license_of_the_store_that_is_open_exclusively_is_a_conflict() {
    let sandbox = three();
    back_up(&sandbox, &[]).run().exits(0);
    let before = files_below(&sandbox.store());
    let holder = start(&sandbox, "hold", "store\\b.lcpl");
    let outcome = restore(&sandbox, "store", &["--overwrite"]).run();
    release(&sandbox, holder);
    let outcome = outcome.exits(4);
    assert!(
        outcome.stdout().contains("cannot be read, and is kept"),
        "{}",
        outcome.report()
    );
    assert_eq!(files_below(&sandbox.store()), before);
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_license_that_another_program_reads_is_backed_up() {
    let sandbox = three();
    let holder = start(&sandbox, "read", "store\\b.lcpl");
    let outcome = back_up(&sandbox, &["--json"]).run();
    release(&sandbox, holder);
    assert_eq!(outcome.exits(0).end_event()["licenses"], 3);
}

/// Windows replaces the file, Wine does not: neither leaves anything else.
#[test]
#[ignore = "run by `make test-windows`"]
fn an_earlier_backup_that_another_program_reads_is_replaced_or_kept() {
    let sandbox = three();
    back_up(&sandbox, &[]).run().exits(0);
    let earlier = files_below(&sandbox.backup());
    fs::write(sandbox.store().join("d.lcpl"), allowed("d")).unwrap();
    let holder = start(&sandbox, "read", "backup\\licenses.zip");
    let outcome = back_up(&sandbox, &["--overwrite"]).run();
    release(&sandbox, holder);
    if outcome.code() == Some(0) {
        assert!(files_below(&sandbox.backup()) != earlier);
    } else {
        outcome.exits(1).says(&["no backup was made"]);
        assert_eq!(files_below(&sandbox.backup()), earlier);
    }
    back_up(&sandbox, &["--overwrite"]).run().exits(0);
    let verify = ["verify", "--from", "backup", "--json"];
    let verified = license_backup(&sandbox, &verify).run().exits(0);
    assert_eq!(verified.end_event()["licenses"], 4);
}
