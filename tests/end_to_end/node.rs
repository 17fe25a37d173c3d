//! The program of `examples/node`, which runs the library component in Node.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use license_backup_tests::harness::{Sandbox, files_below};
use license_backup_tests::sample::SampleStore;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The directory of the example, with the component made into JavaScript.
static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/node");
    succeeds(npm(&directory, &["transpile"]));
    directory
});

fn npm(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.arg("--prefix").arg(directory).args(["run", "--silent"]).args(arguments);
    command
}

/// Runs a command that succeeds, and gives what it printed.
fn succeeds(command: Command) -> String {
    ends(command, 0)
}

/// Runs a command that ends with this exit code, and gives what it printed.
fn ends(mut command: Command, code: i32) -> String {
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}; see `make setup-tests`"));
    let printed =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it prints UTF-8")).concat();
    assert_eq!(output.status.code(), Some(code), "{command:?} printed:\n{printed}");
    printed
}

fn backup(store: &Path, directory: &Path) -> Command {
    let mut command = npm(&EXAMPLE, &["backup", "--"]);
    command.args([store, directory]);
    command
}

#[test]
fn the_program_fits_the_types_that_are_generated_from_the_component() {
    succeeds(npm(&EXAMPLE, &["check"]));
}

#[test]
fn a_backup_that_is_made_in_node_is_whole_and_tells_what_was_left_out() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(150));
    fs::write(sandbox.path("store/notes.txt"), "no license").unwrap();
    let printed = succeeds(backup(&sandbox.store(), &sandbox.backup()));
    assert!(printed.contains("left out: notes.txt (unrecognized)\n"), "{printed}");
    assert!(printed.contains("backed up 150 licenses ("), "{printed}");
    let _ = sandbox.license_backup(["verify", "--from", "backup"]).run().exits(0);
    assert_eq!(files_below(&sandbox.backup()).len(), 1, "something is left beside the backup");
    assert_eq!(fs::metadata(sandbox.backup_file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_backup_in_node_that_is_refused_says_why() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(1));
    let printed = ends(backup(&sandbox.store(), &sandbox.store()), 1);
    assert!(printed.contains("error: /backup is the license store itself"), "{printed}");
    assert!(!sandbox.path("store/licenses.zip").exists(), "the store has a backup of itself in it");
}

#[test]
fn a_backup_in_node_that_is_cancelled_leaves_the_directory_as_it_was() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(5000));
    fs::write(sandbox.backup_file(), "an earlier one").unwrap();
    let log = fs::File::create(sandbox.path("log")).unwrap();
    let mut command = backup(&sandbox.store(), &sandbox.backup());
    let mut running = command.stdout(log.try_clone().unwrap()).stderr(log).process_group(0).spawn().unwrap();
    let group = Pid::from_raw(running.id().try_into().unwrap());
    while !fs::read_to_string(sandbox.path("log")).unwrap().contains("copying: ")
        && running.try_wait().unwrap().is_none()
    {
        std::thread::yield_now();
    }
    // As a terminal sends Ctrl-C.
    killpg(group, Signal::SIGINT).unwrap();
    let status = running.wait().unwrap();
    let printed = fs::read_to_string(sandbox.path("log")).unwrap();
    assert!(printed.contains("error: the backup was cancelled"), "{status}: {printed}");
    assert_eq!(fs::read(sandbox.backup_file()).unwrap(), b"an earlier one");
    assert_eq!(files_below(&sandbox.backup()).len(), 1, "something is left beside the earlier backup");
}
