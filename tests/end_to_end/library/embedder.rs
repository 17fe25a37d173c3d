//! Tests of embedders that read events slowly or never, drop operations, or call from many threads:
//! no operation hangs, the memory is bounded, the outcome is the same, and the license manager
//! remains usable.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupOperation, BackupOptions, BackupRestoreStatus, CancellationCookie, ErrorCode,
    ListOptions, Operation, RestoreOptions, VerifyOptions, block_on,
};
use license_backup_tests::harness::{
    Sandbox, counted, files_below, peak_memory, scaled, wait_and_measure,
};
use license_backup_tests::sample::SampleStore;

use crate::library::{RUNTIME, all, large, options, outcome, start, wait_until_half_way};

/// The longest duration of a wait.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// Waits until a condition is met, and panics with the expectation after [`TIME_LIMIT`].
fn wait_until(expectation: &str, condition: impl Fn() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < TIME_LIMIT, "{expectation}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until this process has no open file in a sandbox: an operation closes its files when its
/// thread ends.
fn wait_until_released(sandbox: &Sandbox) {
    let directory = sandbox.path("");
    wait_until(
        "a dropped operation should end and close its directories",
        || {
            let open = fs::read_dir("/proc/self/fd").expect("procfs is mounted");
            // Another thread can close a file before its link is read.
            !open
                .flatten()
                .filter_map(|entry| fs::read_link(entry.path()).ok())
                .any(|file| file.starts_with(&directory))
        },
    );
}

/// Requires that the license manager can still back up a store.
fn manager_is_usable() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    assert_eq!(outcome(start(&sandbox).completed).unwrap().licenses, 3);
}

/// Returns a sandbox with a backup of 20,000 licenses, and 5000 skipped files, each of which is
/// reported.
fn backed_up() -> Sandbox {
    let sandbox = large();
    outcome(start(&sandbox).completed).unwrap();
    fs::create_dir(sandbox.path("new")).unwrap();
    sandbox
}

#[test]
fn a_slow_reader_does_not_delay_an_operation() {
    let sandbox = large();
    let BackupOperation {
        mut events,
        completed,
        cookie: _,
    } = start(&sandbox);
    let (stop, stopped) = mpsc::channel::<()>();
    let reader = thread::spawn(move || {
        let mut read = 0;
        while stopped.recv_timeout(Duration::from_millis(20))
            == Err(mpsc::RecvTimeoutError::Timeout)
        {
            let event = events.wait_next();
            read += u64::from(matches!(
                event,
                Some(BackupRestoreStatus::RestrictedLicense(_))
            ));
        }
        (read, all(events))
    });
    assert_eq!(outcome(completed).unwrap().licenses, 20_000);
    stop.send(()).unwrap();
    let (read, rest) = reader.join().unwrap();
    // The reader receives all events, late or not.
    let restricted = rest
        .iter()
        .filter(|status| matches!(status, BackupRestoreStatus::RestrictedLicense(_)))
        .count() as u64;
    assert!(
        read > 0 && restricted + read == 5000,
        "{read} skipped files were read before the end, and {restricted} skipped files after it"
    );
    assert_eq!(rest.last(), Some(&BackupRestoreStatus::End));
    manager_is_usable();
}

#[test]
fn a_verification_and_a_restore_need_no_reader() {
    let sandbox = backed_up();
    let Operation {
        events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup()))).unwrap();
    assert_eq!(outcome(completed).unwrap().licenses, 20_000);
    drop(events);

    // Each of these files is a conflict, which is reported.
    for number in 0..2000 {
        let path = sandbox.path(format!("new/{:04}/{:04}.lic", number / 1000, number % 1000));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
    }
    let options = RestoreOptions::new(sandbox.backup(), sandbox.path("new")).dry_run(true);
    let Operation {
        events,
        completed,
        cookie: _,
    } = block_on(RUNTIME.restore(&options)).unwrap();
    let summary = outcome(completed).unwrap();
    assert_eq!((summary.restored, summary.conflicts), (18_000, 2000));
    let errors = all(events)
        .into_iter()
        .filter(|status| matches!(status, BackupRestoreStatus::Error(_)))
        .count();
    assert_eq!(
        errors, 2000,
        "the events from before the first read should be available"
    );
    wait_until_released(&sandbox);
}

#[test]
fn dropped_operations_finish_and_close_their_files() {
    let sandbox = backed_up();
    drop(block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup()))).unwrap());
    drop(block_on(RUNTIME.list(&ListOptions::backup(sandbox.backup()))).unwrap());
    drop(block_on(RUNTIME.list(&ListOptions::store(sandbox.store()))).unwrap());
    let mut operation = block_on(RUNTIME.backup(&options(&sandbox).overwrite(true))).unwrap();
    wait_until_half_way(&mut operation.events);
    drop(operation);
    wait_until_released(&sandbox);
    let verified = block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup()))).unwrap();
    assert_eq!(outcome(verified.completed).unwrap().licenses, 20_000);
    manager_is_usable();
}

#[test]
fn calls_dropped_before_they_return_close_their_files() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(300));
    for _ in 0..scaled(10, 200) {
        let mut call = Box::pin(RUNTIME.backup(&options(&sandbox).overwrite(true)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        // The first poll starts the backup.
        let _ = call.as_mut().poll(&mut context);
        drop(call);
    }
    // A thread that has not started has no open files either: a backup file must exist first.
    let since = Instant::now();
    while !sandbox.backup_file().exists() {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "a started backup should finish"
        );
        thread::sleep(Duration::from_millis(1));
    }
    wait_until_released(&sandbox);
    let verified = block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup()))).unwrap();
    assert_eq!(outcome(verified.completed).unwrap().licenses, 300);
    manager_is_usable();
}

#[test]
fn a_call_that_is_never_polled_starts_nothing() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    drop(RUNTIME.backup(&options(&sandbox)));
    // This takes far longer than a backup of this store.
    for _ in 0..10 {
        manager_is_usable();
    }
    assert!(
        files_below(&sandbox.backup()).is_empty(),
        "the dropped call should not start a backup"
    );
}

#[test]
fn an_unread_listing_ends_when_cancelled_or_dropped() {
    let sandbox = backed_up();
    let options = ListOptions::backup(sandbox.backup());
    let operation = block_on(RUNTIME.list(&options)).unwrap();
    operation.cookie.cancel();
    assert_eq!(
        outcome(operation.completed).unwrap_err().code(),
        ErrorCode::Cancelled
    );
    drop(operation.events);

    let operation = block_on(RUNTIME.list(&options)).unwrap();
    drop(operation.events);
    assert_eq!(
        outcome(operation.completed).unwrap_err().code(),
        ErrorCode::Cancelled
    );
    wait_until_released(&sandbox);
    manager_is_usable();
}

#[test]
fn unread_events_need_little_memory() {
    let sandbox = large();
    // Little more than the memory for 25,000 names and for the reasons of 5000 skipped files.
    let bounded = RUNTIME.clone().with_memory_limit(8 << 20);
    let BackupOperation {
        events,
        completed,
        cookie: _,
    } = block_on(bounded.backup(&options(&sandbox))).unwrap();
    assert_eq!(outcome(completed).unwrap().restricted, 5000);
    assert!(all(events).len() >= 5000, "all events should be available");
}

#[test]
fn a_backup_with_unread_output_finishes_in_little_memory() {
    // The events are far more than a pipe holds.
    let sandbox = large();
    let pipe = sandbox.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Open for reading and writing, so that neither open waits for the other end.
    let kept = fs::File::options()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let mut unread = sandbox.back_up(&["--json"]).after("exec >pipe").start();
    assert!(
        unread.wait_until(|| sandbox.backup_file().exists()),
        "the backup should be written"
    );
    let peak = peak_memory(unread.id()).expect("the program should wait for a reader");
    assert_eq!(
        unread.kill().code(),
        None,
        "the program should wait for a reader"
    );
    drop(kept);

    let read = sandbox.back_up(&["--json", "--overwrite"]).start();
    let (outcome, usual) = wait_and_measure(read);
    outcome.exits(0);
    counted(
        peak,
        format_args!("KiB of memory for a backup without a reader, {usual} KiB with one"),
    );
    assert!(
        peak < usual + (8 << 10),
        "{peak} KiB without a reader should be little more than {usual} KiB with one"
    );
}

/// Cancels an operation from four threads concurrently.
fn cancel_from_many_threads(cookie: &CancellationCookie) {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| cookie.cancel());
        }
    });
}

#[test]
fn calls_from_many_threads_are_independent() {
    let rounds = scaled(5, 100);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            thread::spawn(move || {
                let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(100 + thread));
                fs::create_dir(sandbox.path("new")).unwrap();
                let backup = BackupOptions::new(sandbox.store(), sandbox.backup()).overwrite(true);
                let mut operations = 0;
                for _ in 0..rounds {
                    let cancelled = block_on(RUNTIME.backup(&backup)).unwrap();
                    cancel_from_many_threads(&cancelled.cookie);
                    // Both outcomes are valid: the operation must end.
                    let ended = outcome(cancelled.completed);
                    assert!(
                        ended.is_ok()
                            || ended.is_err_and(|error| error.code() == ErrorCode::Cancelled)
                    );

                    // One thread reads the events, and another waits for the outcome.
                    let BackupOperation {
                        events,
                        completed,
                        cookie: _,
                    } = block_on(RUNTIME.backup(&backup)).unwrap();
                    let reader = thread::spawn(move || all(events));
                    assert_eq!(outcome(completed).unwrap().licenses, 100 + thread);
                    assert_eq!(
                        reader.join().unwrap().last(),
                        Some(&BackupRestoreStatus::End)
                    );

                    let verified =
                        block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup()))).unwrap();
                    assert_eq!(outcome(verified.completed).unwrap().licenses, 100 + thread);
                    let options = RestoreOptions::new(sandbox.backup(), sandbox.path("new"));
                    let restored =
                        outcome(block_on(RUNTIME.restore(&options)).unwrap().completed).unwrap();
                    assert_eq!(restored.restored + restored.present, 100 + thread);
                    operations += 4;
                }
                wait_until_released(&sandbox);
                operations
            })
        })
        .collect();
    let operations: u64 = threads
        .into_iter()
        .map(|thread| thread.join().expect("no thread should panic"))
        .sum();
    counted(operations, "operations from eight concurrent threads");
    assert_eq!(operations, 8 * 4 * rounds);
}
