//! Ctrl-C: the first one cancels, a second one ends the process at once, and the directory is as it was.

use std::time::Duration;
use std::{fs, io, thread};

use license_backup_tests::harness::{Running, Sandbox, Snapshot};
use nix::sys::signal::Signal;

/// A store that takes long enough to be interrupted.
fn large() -> Sandbox {
    Sandbox::with_many_files(40_000)
}

/// Starts a backup, and gives it back when it is at work.
fn start(sandbox: &Sandbox, further: &[&str]) -> Running {
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = sandbox.back_up(further).start();
    assert!(run.wait_until(|| temporary.exists()), "a temporary file should be there meanwhile");
    run
}

#[test]
fn ctrl_c_leaves_an_empty_directory_empty_and_an_earlier_backup_as_it_was() {
    let sandbox = large();
    for further in [&["--json"][..], &["--json", "--overwrite"]] {
        let before = Snapshot::of(&sandbox.backup());
        let run = start(&sandbox, further);
        run.signal(Signal::SIGINT);
        let outcome = run.wait().exits(130).says(&["ancel"]);
        let end = outcome.end_event();
        assert_eq!((&end["outcome"], &end["code"]), (&"cancelled".into(), &"cancelled".into()));
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
        if before.names().is_empty() {
            sandbox.back_up(&["--quiet"]).run().exits(0);
        }
    }
}

#[test]
fn a_second_ctrl_c_ends_the_process_at_once_and_the_earlier_backup_is_as_it_was() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let before = Snapshot::of(&sandbox.backup());
    let run = start(&sandbox, &["--overwrite"]);
    run.signal(Signal::SIGINT);
    // Two signals at the same moment would be one.
    thread::sleep(Duration::from_millis(2));
    run.signal(Signal::SIGINT);
    run.wait().exits(130);
    // What a process that ends at once cannot clear away, a later run does.
    if let Err(error) = fs::remove_file(sandbox.path("backup/.license-backup-0.tmp")) {
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
fn a_request_to_terminate_cancels_like_ctrl_c() {
    let sandbox = large();
    let run = start(&sandbox, &[]);
    run.signal(Signal::SIGTERM);
    run.wait().exits(130);
    assert!(Snapshot::of(&sandbox.backup()).names().is_empty());
}
