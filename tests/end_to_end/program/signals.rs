//! Ctrl-C and other signals: the first Ctrl-C cancels, the second one ends the process.
//!
//! Neither changes the backup directory.

use std::{fs, io};

use license_backup_tests::harness::{Process, Sandbox, Snapshot};
use nix::sys::signal::Signal;

/// Returns a store whose backup takes long enough to be interrupted.
fn large() -> Sandbox {
    Sandbox::with_many_files(40_000)
}

/// Starts a backup, and returns when it has created its temporary file.
fn start(sandbox: &Sandbox, arguments: &[&str]) -> Process {
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = sandbox.back_up(arguments).start();
    assert!(
        run.wait_until(|| temporary.exists()),
        "the backup should create a temporary file"
    );
    run
}

#[test]
fn ctrl_c_leaves_the_backup_directory_unchanged() {
    let sandbox = large();
    for arguments in [&["--json"][..], &["--json", "--overwrite"]] {
        let before = Snapshot::of(&sandbox.backup());
        let mut run = start(&sandbox, arguments);
        run.signal(Signal::SIGINT);
        let outcome = run.wait().exits(130);
        let end = outcome.end_event();
        assert_eq!(
            (&end["outcome"], &end["code"]),
            (&"cancelled".into(), &"cancelled".into())
        );
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
        if before.names().is_empty() {
            sandbox.back_up(&["--quiet"]).run().exits(0);
        }
    }
}

#[cfg(target_os = "linux")]
mod blocked {
    //! Listings that are blocked because their output is not read.

    use std::fs;

    use license_backup_tests::harness::UnreadPipe;

    use super::{Process, Sandbox, Signal, large};

    /// Starts a listing, and returns when the pipe to which it writes is full.
    fn start_listing(sandbox: &Sandbox) -> (Process, UnreadPipe) {
        sandbox.back_up(&["--quiet"]).run().exits(0);
        let pipe = UnreadPipe::create(sandbox.path("pipe"));
        let run = sandbox.list(&["--json"]).after("exec >pipe").start();
        pipe.wait_until_full();
        (run, pipe)
    }

    /// Sends the first Ctrl-C, and returns when the program has handled it.
    fn interrupt(run: &mut Process) {
        run.signal(Signal::SIGINT);
        run.wait_until_it_says("requested cancellation");
    }

    #[test]
    fn the_program_leaves_no_core_dump() {
        let sandbox = large();
        let (run, _pipe) = start_listing(&sandbox);
        let limits = fs::read_to_string(format!("/proc/{}/limits", run.id()))
            .expect("the process is running");
        let limit = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max core file size"))
            .expect("procfs lists the limit");
        let values: Vec<_> = limit.split_whitespace().collect();
        assert_eq!(values, ["0", "0", "bytes"], "the soft and the hard limit");
    }

    #[test]
    fn the_first_ctrl_c_lets_a_blocked_listing_write_its_end() {
        let sandbox = large();
        let (mut run, pipe) = start_listing(&sandbox);
        interrupt(&mut run);
        assert!(run.is_running(), "the first Ctrl-C should only cancel");
        let output = pipe.read_to_end();
        run.wait().exits(130);
        let last = output.lines().next_back().unwrap_or_default();
        assert!(last.contains(r#""event":"end""#), "the last line: {last}");
    }

    #[test]
    fn a_second_ctrl_c_ends_a_blocked_listing() {
        let sandbox = large();
        // The pipe exists until the listing has ended, and nothing reads from it.
        let (mut run, _pipe) = start_listing(&sandbox);
        interrupt(&mut run);
        run.signal(Signal::SIGINT);
        run.wait().exits(130);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_ctrl_c_keeps_the_earlier_backup() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let before = Snapshot::of(&sandbox.backup());
    let mut run = start(&sandbox, &["--overwrite"]);
    run.signal(Signal::SIGINT);
    run.wait_until_delivered(Signal::SIGINT);
    run.signal(Signal::SIGINT);
    run.wait().exits(130);
    // If the process ended immediately, a later run removes its temporary file.
    if let Err(error) = fs::remove_file(sandbox.path("backup/.license-backup-0.tmp")) {
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
    assert_eq!(Snapshot::of(&sandbox.backup()), before);
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_at_the_start_leaves_no_new_directory() {
    let sandbox = large();
    let mut run = sandbox
        .license_backup(["backup", "--store", "store", "--to", "new"])
        .start();
    assert!(
        run.wait_until_it_handles(Signal::SIGINT),
        "the program should install its handler first"
    );
    // The backup may have begun or not: the result is the same.
    run.signal(Signal::SIGINT);
    run.wait().exits(130);
    assert!(!sandbox.path("new").exists(), "a directory remains");
}

#[test]
fn an_ignored_sighup_stays_ignored() {
    let sandbox = large();
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = sandbox.back_up(&["--quiet"]).after("trap '' HUP").start();
    assert!(
        run.wait_until(|| temporary.exists()),
        "the backup should create a temporary file"
    );
    run.signal(Signal::SIGHUP);
    run.wait().exits(0);
}

#[test]
fn sigterm_cancels_like_ctrl_c() {
    let sandbox = large();
    let mut run = start(&sandbox, &[]);
    run.signal(Signal::SIGTERM);
    run.wait().exits(130).says(&["cancelled"]);
    assert!(Snapshot::of(&sandbox.backup()).names().is_empty());
}
