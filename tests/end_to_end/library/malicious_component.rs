//! The library with a malicious component, `tests/malicious`, whose store names its attack.
//!
//! Each attack is stopped at a limit of the host and reported as an error, and the license manager
//! remains usable.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use std::{fs, thread};

use license_backup::{
    BackupOperation, BackupRestoreStatus, BackupSummary, ErrorCode, Events, LicenseManager,
    OperationError, VerifyOptions, block_on,
};
use license_backup_tests::harness::{Sandbox, Snapshot};
use license_backup_tests::sample::SampleStore;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::library::{RUNTIME, all, large, options, outcome, start, wait_until_files_are_closed};

/// A deadline for attacks that never end.
const DEADLINE: Duration = Duration::from_millis(700);
/// A deadline for attacks that another limit stops, long enough for a slow machine.
const LONG: Duration = Duration::from_mins(2);
/// The limit of the memory of the component, in bytes.
const MEMORY: usize = 64 << 20;

static MALICIOUS: LazyLock<LicenseManager> = LazyLock::new(|| {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target/components/malicious.wasm");
    let component = fs::read(path).expect("`make component` builds the component");
    LicenseManager::from_component(&component)
        .expect("the component implements the world")
        .with_memory_limit(MEMORY)
});

/// Returns a store that names an attack.
fn naming(attack: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    fs::write(sandbox.store().join(attack), "").unwrap();
    sandbox
}

/// Starts the attack that a store names.
fn start_attack(sandbox: &Sandbox, deadline: Duration) -> Result<BackupOperation, OperationError> {
    block_on(
        MALICIOUS
            .clone()
            .with_deadline(deadline)
            .backup(&options(sandbox)),
    )
}

/// Runs an attack and reads its events. Returns its result.
fn attack(name: &str, deadline: Duration) -> Result<BackupSummary, OperationError> {
    let sandbox = naming(name);
    let BackupOperation {
        events, completed, ..
    } = start_attack(&sandbox, deadline)?;
    let reader = thread::spawn(move || all(events));
    let ended = outcome(completed);
    reader.join().expect("the reader does not panic");
    wait_until_files_are_closed(&sandbox);
    ended
}

/// Requires that the malicious component and the component of the library can still be run.
fn assert_usable() {
    assert_eq!(
        attack("none", LONG)
            .expect("`none` is not an attack")
            .licenses,
        0
    );
    let (sandbox, files) = Sandbox::with_store(SampleStore::ordinary(3));
    assert_eq!(start(&sandbox).wait().unwrap().licenses, files.len() as u64);
}

fn assert_exceeds_deadline(ended: Result<BackupSummary, OperationError>) {
    let error = ended.expect_err("the attack does not end");
    assert!(
        matches!(error, OperationError::DeadlineExceeded { limit } if limit == DEADLINE),
        "{error:?}"
    );
    assert_eq!(error.code(), ErrorCode::Io);
}

fn assert_traps(ended: Result<BackupSummary, OperationError>, cause: &str) {
    let error = ended.expect_err("the attack traps");
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
        "{causes:?} should include {cause}"
    );
}

#[test]
fn an_endless_loop_is_stopped_at_the_deadline() {
    for name in ["loop-in-call", "loop", "idle"] {
        assert_exceeds_deadline(attack(name, DEADLINE));
    }
    assert_usable();
}

#[test]
fn an_ignored_cancellation_is_stopped_at_the_deadline() {
    let sandbox = naming("idle");
    let operation =
        start_attack(&sandbox, DEADLINE).expect("the malicious component accepts every request");
    operation.cookie.cancel();
    assert_exceeds_deadline(outcome(operation.completed));
}

#[test]
fn an_endless_loop_after_the_outcome_is_stopped_too() {
    assert_eq!(
        attack("loop-after-outcome", DEADLINE)
            .expect("the result was returned before the deadline")
            .licenses,
        0
    );
    assert_usable();
}

#[test]
fn unbounded_allocation_is_stopped_at_the_memory_limit() {
    let error = attack("allocate", LONG).unwrap_err();
    assert!(
        matches!(error, OperationError::OutOfMemory { limit: MEMORY }),
        "{error:?}"
    );
    assert_usable();
}

#[test]
fn a_trap_is_reported() {
    assert_traps(attack("trap", LONG), "unreachable");
    // The stack of the component is the beginning of its memory.
    assert_traps(attack("recurse", LONG), "out of bounds");
    assert_usable();
}

#[test]
fn a_flood_of_events_is_bounded_and_ends_at_the_deadline() {
    assert_exceeds_deadline(attack("flood", DEADLINE));
    let sandbox = naming("flood");
    let BackupOperation {
        events, completed, ..
    } = start_attack(&sandbox, DEADLINE).expect("the malicious component accepts every request");
    assert_exceeds_deadline(outcome(completed));
    wait_until_files_are_closed(&sandbox);
    // The channel holds four batches of 64.
    let waiting = all(events).len();
    assert!(
        (1..=256).contains(&waiting),
        "{waiting} events are in the channel"
    );
    assert_usable();
}

#[test]
fn an_event_that_is_too_large_is_a_trap() {
    assert_traps(
        attack("flood-at-once", LONG),
        "fuel allocated for hostcalls has been exhausted",
    );
    assert_usable();
}

#[test]
fn unbounded_handles_are_a_trap() {
    assert_traps(attack("hoard-handles", LONG), "store handle limit exceeded");
    assert_usable();
}

#[test]
fn a_component_can_open_a_limited_number_of_files() {
    let error = attack("hoard-files", LONG).unwrap_err();
    // The directory is the 256th.
    assert_eq!(error.to_string(), "255 were opened");
    assert_usable();
}

#[test]
fn a_component_cannot_leave_its_directories_or_change_the_store() {
    let sandbox = naming("escape");
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
        start_attack(&sandbox, LONG)
            .expect("the malicious component accepts every request")
            .completed,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "", "these attempts should fail");
    assert_eq!(outside(), before);
}

#[test]
fn nothing_is_written_after_the_deadline() {
    let sandbox = naming("scribble");
    let operation =
        start_attack(&sandbox, DEADLINE).expect("the malicious component accepts every request");
    assert_exceeds_deadline(outcome(operation.completed));
    // Without an open file, the component can no longer write.
    wait_until_files_are_closed(&sandbox);
    let written = fs::metadata(sandbox.path("backup/scribble")).unwrap().len();
    assert!(written > 0, "the component should write until the deadline");
}

#[test]
fn a_backup_stopped_at_its_deadline_keeps_the_earlier_one() {
    let sandbox = large();
    start(&sandbox).wait().unwrap();
    let earlier = fs::read(sandbox.backup_file()).unwrap();
    let hurried = RUNTIME.clone().with_deadline(Duration::from_millis(100));
    let ended = block_on(hurried.backup(&options(&sandbox).overwrite(true)))
        .and_then(BackupOperation::wait);
    let error = ended.expect_err("the store is too large for the deadline");
    assert!(
        matches!(error, OperationError::DeadlineExceeded { .. }),
        "{error:?}"
    );
    wait_until_files_are_closed(&sandbox);
    assert!(
        fs::read(sandbox.backup_file()).unwrap() == earlier,
        "the earlier backup should be unchanged"
    );
    let patient = hurried.with_deadline(LONG);
    block_on(patient.verify(&VerifyOptions::new(sandbox.backup())))
        .unwrap()
        .wait()
        .expect("the backup is undamaged");
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
    let sandbox = naming("open-a-fifo");
    mkfifo(&sandbox.path("backup/fifo"), Mode::S_IRWXU).expect("a FIFO can be made");
    let error = outcome(
        start_attack(&sandbox, LONG)
            .expect("the malicious component accepts every request")
            .completed,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "invalid, invalid");
}

#[test]
fn a_blocked_file_system_does_not_block_beyond_the_deadline() {
    let sandbox = naming("wait-for-a-fifo");
    let fifo = sandbox.path("backup/fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO can be made");
    let operation =
        start_attack(&sandbox, DEADLINE).expect("the malicious component accepts every request");
    assert_exceeds_deadline(outcome(operation.completed));
    assert_usable();
    // The system call of the thread returns when the other end of the FIFO is opened.
    drop(
        fs::File::options()
            .write(true)
            .open(&fifo)
            .expect("the thread waits for the other end"),
    );
    wait_until_files_are_closed(&sandbox);
}
