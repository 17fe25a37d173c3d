//! Ctrl-C: the first one cancels, a second one ends the process at once, and the directory is as it was.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io, thread};

use license_backup_tests::harness::{Running, Sandbox, Snapshot, binary};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A store that takes long enough to be interrupted.
fn large() -> Sandbox {
    Sandbox::with_many_files(40_000)
}

/// Starts a backup, and gives it back when it is at work.
fn start(sandbox: &Sandbox, further: &[&str]) -> Running {
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = sandbox.back_up(further).start();
    assert!(
        run.wait_until(|| temporary.exists()),
        "a temporary file should be there meanwhile"
    );
    run
}

#[test]
fn ctrl_c_leaves_the_backup_directory_unchanged() {
    let sandbox = large();
    for further in [&["--json"][..], &["--json", "--overwrite"]] {
        let before = Snapshot::of(&sandbox.backup());
        let mut run = start(&sandbox, further);
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

/// A listing that cannot go on, since nobody reads what it writes: cancelling it does not end it.
fn stuck_listing(sandbox: &Sandbox) -> Child {
    let mut child = Command::new(binary())
        .args(["list", "--json", "--from"])
        .arg(sandbox.backup())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`make build` builds the binary");
    // It has begun when there is something to read; then it fills the pipe.
    child
        .stdout
        .as_mut()
        .expect("it is a pipe")
        .read_exact(&mut [0])
        .expect("the listing begins");
    thread::sleep(Duration::from_secs(1));
    child
}

fn interrupt(child: &Child) {
    let id = i32::try_from(child.id()).expect("the kernel gives small numbers");
    kill(Pid::from_raw(id), Signal::SIGINT).expect("the process is there");
    thread::sleep(Duration::from_secs(1));
}

#[test]
fn a_second_ctrl_c_ends_a_blocked_listing() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let mut child = stuck_listing(&sandbox);
    interrupt(&child);
    assert_eq!(
        child.try_wait().unwrap(),
        None,
        "the first Ctrl-C should cancel, and nothing more"
    );
    interrupt(&child);
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    assert_eq!(
        ended.and_then(|status| status.code()),
        Some(130),
        "the second Ctrl-C should end the process"
    );
}

#[test]
fn a_second_ctrl_c_keeps_the_earlier_backup() {
    let sandbox = large();
    sandbox.back_up(&["--quiet"]).run().exits(0);
    let before = Snapshot::of(&sandbox.backup());
    let mut run = start(&sandbox, &["--overwrite"]);
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
#[cfg(target_os = "linux")]
fn ctrl_c_at_the_start_leaves_no_new_directory() {
    let sandbox = large();
    let mut run = sandbox
        .license_backup(["backup", "--store", "store", "--to", "new"])
        .start();
    assert!(
        run.wait_until_it_handles(Signal::SIGINT),
        "the handler should be there first of all"
    );
    // Whether the backup has begun by now is a matter of chance, and makes no difference.
    run.signal(Signal::SIGINT);
    run.wait().exits(130);
    assert!(!sandbox.path("new").exists(), "a directory is left");
}

#[test]
fn an_ignored_sighup_stays_ignored() {
    let sandbox = large();
    let temporary = sandbox.path("backup/.license-backup-0.tmp");
    let mut run = sandbox.back_up(&["--quiet"]).after("trap '' HUP").start();
    assert!(
        run.wait_until(|| temporary.exists()),
        "a temporary file should be there meanwhile"
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
