//! What the library does with a component that means harm: `tests/malicious` does in turn what its store asks for.
//!
//! Whatever it does, the caller hears of it within the limits that it has set, and the runtime can be used again.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{fs, thread};

use license_backup::{
    BackupOperation, BackupRestoreStatus, BackupSummary, ErrorCode, Events, LicenseManager,
    OperationError, VerifyOptions, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::library::{RUNTIME, all, large, options, outcome, start};

/// What is not over by then is taken to have no end.
const DEADLINE: Duration = Duration::from_millis(700);
/// A deadline for what is to end by another limit: long enough for a machine that is busy.
const LONG: Duration = Duration::from_mins(2);
const MEMORY: usize = 64 << 20;

static HOSTILE: LazyLock<LicenseManager> = LazyLock::new(|| {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target/components/malicious.wasm");
    let component = fs::read(path).expect("`make component` builds the component");
    LicenseManager::from_component(&component)
        .expect("it is a component of the right world")
        .with_memory_limit(MEMORY)
});

/// A store that asks for a misdeed.
fn asking_for(misdeed: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    fs::write(sandbox.store().join(misdeed), "").unwrap();
    sandbox
}

/// Starts the misdeed that a store asks for.
fn commit(sandbox: &Sandbox, deadline: Duration) -> Result<BackupOperation, OperationError> {
    block_on(
        HOSTILE
            .clone()
            .with_deadline(deadline)
            .backup(&options(sandbox)),
    )
}

/// The outcome of a misdeed whose events somebody reads.
fn committed(misdeed: &str, deadline: Duration) -> Result<BackupSummary, OperationError> {
    let sandbox = asking_for(misdeed);
    let BackupOperation {
        events, completed, ..
    } = commit(&sandbox, deadline)?;
    let reader = thread::spawn(move || all(events));
    let ended = outcome(completed);
    reader.join().expect("the reader comes to an end");
    assert_lets_go_of(&sandbox);
    ended
}

/// That the operation holds nothing in a sandbox any more, or soon does not: that its thread has ended.
fn assert_lets_go_of(sandbox: &Sandbox) {
    let holds = || {
        let open = fs::read_dir("/proc/self/fd").unwrap();
        open.flatten().any(|file| {
            fs::read_link(file.path()).is_ok_and(|path| path.starts_with(sandbox.path(".")))
        })
    };
    let since = Instant::now();
    while holds() {
        assert!(
            since.elapsed() < LONG,
            "the operation still has a directory open"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// That a component of the same runtime still does its work, and so does the one of the library.
fn assert_usable() {
    assert_eq!(
        committed("none", LONG).expect("this one behaves").licenses,
        0
    );
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(3));
    assert_eq!(start(&sandbox).wait().unwrap().licenses, files.len() as u64);
}

fn assert_runs_out_of_time(ended: Result<BackupSummary, OperationError>) {
    let error = ended.expect_err("it has no end");
    assert!(
        matches!(error, OperationError::DeadlineExceeded { limit } if limit == DEADLINE),
        "{error:?}"
    );
    assert_eq!(error.code(), ErrorCode::Io);
}

fn assert_breaks_down(ended: Result<BackupSummary, OperationError>, cause: &str) {
    let error = ended.expect_err("it breaks down");
    let OperationError::Trap(source) = &error else {
        panic!("{error:?}")
    };
    let mut causes = vec![source.to_string()];
    let mut next = source.source();
    while let Some(source) = next {
        causes.push(source.to_string());
        next = source.source();
    }
    assert!(
        causes.concat().contains(cause),
        "{causes:?} should tell of {cause}"
    );
}

#[test]
fn an_endless_loop_is_stopped_at_the_deadline() {
    for misdeed in ["loop-in-call", "loop", "idle"] {
        assert_runs_out_of_time(committed(misdeed, DEADLINE));
    }
    assert_usable();
}

#[test]
fn an_ignored_cancellation_is_stopped_at_the_deadline() {
    let sandbox = asking_for("idle");
    let operation = commit(&sandbox, DEADLINE).expect("it accepts everything");
    operation.cookie.cancel();
    assert_runs_out_of_time(outcome(operation.completed));
}

#[test]
fn an_endless_loop_after_the_outcome_is_stopped_too() {
    assert_eq!(
        committed("loop-after-outcome", DEADLINE)
            .expect("the outcome was told in time")
            .licenses,
        0
    );
    assert_usable();
}

#[test]
fn unbounded_allocation_is_stopped_at_the_memory_limit() {
    let error = committed("allocate", LONG).unwrap_err();
    assert!(
        matches!(error, OperationError::OutOfMemory { limit: MEMORY }),
        "{error:?}"
    );
    assert_usable();
}

#[test]
fn a_trap_is_reported() {
    assert_breaks_down(committed("trap", LONG), "unreachable");
    // Its own stack is a part of its memory, and there is nothing below.
    assert_breaks_down(committed("recurse", LONG), "out of bounds");
    assert_usable();
}

#[test]
fn a_flood_of_events_is_bounded_and_ends_at_the_deadline() {
    assert_runs_out_of_time(committed("flood", DEADLINE));
    let sandbox = asking_for("flood");
    let BackupOperation {
        events, completed, ..
    } = commit(&sandbox, DEADLINE).expect("it accepts everything");
    assert_runs_out_of_time(outcome(completed));
    assert_lets_go_of(&sandbox);
    // Four batches of 64 wait in the channel.
    let waiting = all(events).len();
    assert!(
        (1..=256).contains(&waiting),
        "{waiting} events were kept for nobody"
    );
    assert_usable();
}

#[test]
fn an_event_that_is_too_large_is_a_trap() {
    assert_breaks_down(
        committed("flood-at-once", LONG),
        "fuel allocated for hostcalls has been exhausted",
    );
    assert_usable();
}

#[test]
fn unbounded_handles_are_a_trap() {
    assert_breaks_down(
        committed("hoard-handles", LONG),
        "store handle limit exceeded",
    );
    assert_usable();
}

#[test]
fn a_component_can_open_a_limited_number_of_files() {
    let error = committed("hoard-files", LONG).unwrap_err();
    // Of 256 one is the directory itself.
    assert_eq!(error.to_string(), "255 were opened");
    assert_usable();
}

#[test]
fn a_component_cannot_leave_its_directories_or_change_the_store() {
    let sandbox = asking_for("escape");
    fs::write(sandbox.path("secret"), "secret").unwrap();
    fs::create_dir(sandbox.path("directory")).unwrap();
    fs::write(sandbox.path("directory/secret"), "secret").unwrap();
    fs::create_dir(sandbox.path("backup/down")).unwrap();
    fs::write(sandbox.path("backup/mine"), "mine").unwrap();
    std::os::unix::fs::symlink("../secret", sandbox.path("backup/out")).unwrap();
    std::os::unix::fs::symlink("../directory", sandbox.path("backup/away")).unwrap();
    let outside = || {
        [
            sandbox.path("."),
            sandbox.path("directory"),
            sandbox.store(),
        ]
        .map(|path| Snapshot::of(&path))
    };
    let before = outside();
    let error = outcome(
        commit(&sandbox, LONG)
            .expect("it accepts everything")
            .completed,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "", "these ways are open");
    assert_eq!(outside(), before);
}

#[test]
fn nothing_is_written_after_the_deadline() {
    let sandbox = asking_for("scribble");
    let operation = commit(&sandbox, DEADLINE).expect("it accepts everything");
    assert_runs_out_of_time(outcome(operation.completed));
    assert_lets_go_of(&sandbox);
    let modified = || {
        fs::metadata(sandbox.path("backup/scribble"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = modified();
    thread::sleep(Duration::from_millis(50));
    assert_eq!(modified(), before);
}

#[test]
fn a_backup_stopped_at_its_deadline_keeps_the_earlier_one() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let earlier = fs::read(sandbox.backup_file()).unwrap();
    let hasty = RUNTIME.clone().with_deadline(Duration::from_millis(100));
    let ended =
        block_on(hasty.backup(&options(&sandbox).overwrite(true))).and_then(BackupOperation::wait);
    let error = ended.expect_err("the store is too large for so little time");
    assert!(
        matches!(error, OperationError::DeadlineExceeded { .. }),
        "{error:?}"
    );
    assert_lets_go_of(&sandbox);
    assert!(
        fs::read(sandbox.backup_file()).unwrap() == earlier,
        "the earlier backup should be as it was"
    );
    let patient = hasty.with_deadline(LONG);
    block_on(patient.verify(&VerifyOptions::new(sandbox.backup())))
        .unwrap()
        .wait()
        .expect("it is whole");
}

#[test]
fn an_operation_within_its_deadline_keeps_unread_events() {
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(3));
    let BackupOperation {
        events, completed, ..
    } = block_on(
        RUNTIME
            .clone()
            .with_deadline(LONG)
            .backup(&options(&sandbox)),
    )
    .unwrap();
    assert_eq!(outcome(completed).unwrap().licenses, files.len() as u64);
    assert_ends_with_the_last(events);
}

fn assert_ends_with_the_last(events: Events<BackupRestoreStatus>) {
    assert_eq!(all(events).last(), Some(&BackupRestoreStatus::End));
}

#[test]
fn a_fifo_in_place_of_a_file_is_refused() {
    let sandbox = asking_for("open-a-fifo");
    mkfifo(&sandbox.path("backup/fifo"), Mode::S_IRWXU).expect("a FIFO can be made");
    let error = outcome(
        commit(&sandbox, LONG)
            .expect("it accepts everything")
            .completed,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "invalid, invalid");
}

#[test]
fn a_blocked_file_system_does_not_block_beyond_the_deadline() {
    let sandbox = asking_for("wait-for-a-fifo");
    let fifo = sandbox.path("backup/fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO can be made");
    let operation = commit(&sandbox, DEADLINE).expect("it accepts everything");
    assert_runs_out_of_time(outcome(operation.completed));
    assert_usable();
    // The other end, without which no system call of the thread returns.
    drop(
        fs::File::options()
            .write(true)
            .open(&fifo)
            .expect("the thread waits for it"),
    );
    assert_lets_go_of(&sandbox);
}
