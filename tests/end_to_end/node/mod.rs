//! The program in `examples/node`, which runs the library component in Node.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use license_backup_tests::harness::{Invocation, Sandbox, files_below};
use license_backup_tests::sample::SampleStore;
use nix::sys::signal::Signal;

use crate::fixture::wait_for_next_second;

/// The directory of the example, after the component has been translated to JavaScript.
static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/node");
    let _ = npm(&Sandbox::new(), &directory, &["transpile"])
        .run()
        .exits(0);
    directory
});

/// Returns a script of the example in `directory`. `make setup-tests` installs its dependencies.
fn npm(sandbox: &Sandbox, directory: &Path, arguments: &[&str]) -> Invocation {
    let directory = directory
        .to_str()
        .expect("the path of the checkout is UTF-8");
    let script = ["npm", "--prefix", directory, "run", "--silent"];
    sandbox.system(script.iter().chain(arguments))
}

fn backup(sandbox: &Sandbox, store: &Path, directory: &Path) -> Invocation {
    let [store, directory] =
        [store, directory].map(|path| path.to_str().expect("the path of a sandbox is UTF-8"));
    npm(sandbox, &EXAMPLE, &["backup", "--", store, directory])
}

#[test]
fn the_program_matches_the_generated_types() {
    let _ = npm(&Sandbox::new(), &EXAMPLE, &["check"]).run().exits(0);
}

#[test]
fn a_backup_from_node_is_valid_and_reports_skipped_files() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(150));
    fs::write(sandbox.path("store/notes.txt"), "no license").unwrap();
    let outcome = backup(&sandbox, &sandbox.store(), &sandbox.backup())
        .run()
        .exits(0);
    for text in [
        "skipped: 'notes.txt' (unrecognized)\n",
        "backed up 150 licenses (",
    ] {
        assert!(outcome.stdout().contains(text), "{}", outcome.report());
    }
    let _ = sandbox
        .license_backup(["verify", "--from", "backup"])
        .run()
        .exits(0);
    assert_eq!(
        files_below(&sandbox.backup()).len(),
        1,
        "the backup should be the only file in its directory"
    );
    assert_eq!(
        fs::metadata(sandbox.backup_file())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
}

#[test]
fn a_refused_backup_from_node_prints_the_error() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(1));
    let outcome = backup(&sandbox, &sandbox.store(), &sandbox.store())
        .run()
        .exits(1);
    let _ = outcome.says(&["error: cannot back up into /backup: it is the license store itself"]);
    assert!(
        !sandbox.path("store/licenses.zip").exists(),
        "the store should not contain a backup"
    );
}

#[test]
fn a_backup_of_an_emptied_store_from_node_exits_with_6() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let earlier = fs::read(sandbox.backup_file()).unwrap();
    fs::remove_dir_all(sandbox.path("store/ordinary")).unwrap();
    let outcome = backup(&sandbox, &sandbox.store(), &sandbox.backup())
        .run()
        .exits(6);
    let _ = outcome.says(&["0 of 3 licenses are left; is the store mounted?"]);
    assert!(fs::read(sandbox.backup_file()).unwrap() == earlier);
}

#[test]
fn a_generation_from_node_is_recorded_and_pins_the_one_before_if_it_has_shrunk() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let [store, directory] = [sandbox.store(), sandbox.backup()];
    let [store, directory] = [&store, &directory].map(|path| path.to_str().expect("it is UTF-8"));
    let arguments = ["backup", "--", store, directory, "--generations"];
    npm(&sandbox, &EXAMPLE, &arguments).run().exits(0);
    fs::remove_dir_all(sandbox.path("store/ordinary")).unwrap();
    wait_for_next_second();
    let outcome = npm(&sandbox, &EXAMPLE, &arguments).run().exits(6);
    let _ = outcome.says(&["0 of 3 licenses are left; the earlier backup was pinned"]);
    let names: Vec<_> = files_below(&sandbox.backup()).into_keys().collect();
    assert_eq!(
        names.len(),
        4,
        "two generations, a pin and the record: {names:?}"
    );
    let check = ["check", "--from", "backup", "--max-age", "1h"];
    sandbox.license_backup(check).run().exits(6);
}

#[test]
fn a_cancelled_backup_from_node_changes_nothing() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(5000));
    fs::write(sandbox.backup_file(), "an earlier one").unwrap();
    let program = EXAMPLE.join("backup.js");
    let program = program.to_str().expect("the path of the checkout is UTF-8");
    // This starts Node itself, because `npm run` would receive the signal.
    let arguments = [
        "--experimental-wasm-jspi",
        "--no-warnings",
        program,
        "store",
        "backup",
    ];
    let mut process = sandbox
        .license_backup(arguments)
        .with_binary(EXAMPLE.join("node_modules/.bin/node"))
        .start();
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    process.wait_until(|| fs::metadata(&temporary).is_ok_and(|file| file.len() > 0));
    process.signal(Signal::SIGINT);
    let _ = process
        .wait()
        .exits(130)
        .says(&["error: the backup was cancelled"]);
    assert_eq!(fs::read(sandbox.backup_file()).unwrap(), b"an earlier one");
    assert_eq!(
        files_below(&sandbox.backup()).len(),
        1,
        "the earlier backup should be the only file in its directory"
    );
}
