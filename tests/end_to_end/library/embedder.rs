//! An embedder that behaves badly: never reads what is told, or hardly ever, drops what it has been given, calls from many threads.
//! Nothing hangs, nothing grows without bound, the outcome is the same, and the runtime is as good as before.

use std::cell::Cell;
use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupOperation, BackupOptions, BackupRestoreStatus, CancellationCookie, ErrorCode,
    ListOptions, Operation, RestoreOptions, VerifyOptions, block_on,
};
use license_backup_tests::harness::{Sandbox, counted, files_below, scaled};
use license_backup_tests::sample::SampleStore;

use crate::library::{RUNTIME, all, large, options, outcome, start, wait_until_half_way};

/// What has to happen soon takes no longer.
const SOON: Duration = Duration::from_mins(2);

/// Waits until something is so, which has to be soon.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < SOON, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until this process has nothing open of a sandbox: what an operation holds goes with its thread.
fn wait_until_released(sandbox: &Sandbox) {
    let directory = sandbox.path("");
    wait_until(
        "an operation that nobody holds should end and let go of its directories",
        || {
            let open = fs::read_dir("/proc/self/fd").expect("Linux tells what is open");
            // One may be closed before it is asked about.
            !open
                .flatten()
                .filter_map(|entry| fs::read_link(entry.path()).ok())
                .any(|file| file.starts_with(&directory))
        },
    );
}

/// The runtime does what it is there for.
fn runtime_is_as_good_as_before() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    assert_eq!(outcome(start(&sandbox).completed).unwrap().licenses, 3);
}

/// A sandbox with a backup of licenses, and as many files that are left out, which are told each.
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
            read += u64::from(events.wait_next().is_some());
        }
        (read, all(events))
    });
    assert_eq!(outcome(completed).unwrap().licenses, 20_000);
    stop.send(()).unwrap();
    let (read, rest) = reader.join().unwrap();
    // Nothing that was told is lost to the one who comes back to it.
    let restricted = rest
        .iter()
        .filter(|status| matches!(status, BackupRestoreStatus::RestrictedLicense(_)))
        .count() as u64;
    assert!(
        restricted < 5000 && restricted + read >= 5000,
        "{read} were read in time, and {restricted} after the end"
    );
    assert_eq!(rest.last(), Some(&BackupRestoreStatus::End));
    runtime_is_as_good_as_before();
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

    // Each is a conflict that is told.
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
    let told = all(events)
        .into_iter()
        .filter(|status| matches!(status, BackupRestoreStatus::Error(_)))
        .count();
    assert_eq!(
        told, 2000,
        "what was told before anybody read should still be there"
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
    runtime_is_as_good_as_before();
}

#[test]
fn calls_dropped_before_their_answer_close_their_files() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(300));
    for _ in 0..scaled(10, 200) {
        let mut call = Box::pin(RUNTIME.backup(&options(&sandbox).overwrite(true)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        // The first look begins it.
        let _ = call.as_mut().poll(&mut context);
        drop(call);
    }
    // A thread that has not begun yet has nothing open either.
    let since = Instant::now();
    while !sandbox.backup_file().exists() {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "a backup that was begun should go on to its end"
        );
        thread::sleep(Duration::from_millis(1));
    }
    wait_until_released(&sandbox);
    let verified = block_on(RUNTIME.verify(&VerifyOptions::new(sandbox.backup()))).unwrap();
    assert_eq!(outcome(verified.completed).unwrap().licenses, 300);
    runtime_is_as_good_as_before();
}

#[test]
fn a_call_that_is_never_polled_starts_nothing() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    drop(RUNTIME.backup(&options(&sandbox)));
    // Far longer than a backup of this store takes.
    for _ in 0..10 {
        runtime_is_as_good_as_before();
    }
    assert!(
        files_below(&sandbox.backup()).is_empty(),
        "a backup was begun"
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
    runtime_is_as_good_as_before();
}

#[test]
fn unread_events_need_little_memory() {
    let sandbox = large();
    // Little more than 25000 names and 5000 reasons to leave out a file take anyway.
    let bounded = RUNTIME.clone().with_memory_limit(8 << 20);
    let BackupOperation {
        events,
        completed,
        cookie: _,
    } = block_on(bounded.backup(&options(&sandbox))).unwrap();
    assert_eq!(outcome(completed).unwrap().restricted, 5000);
    assert!(all(events).len() >= 5000, "they should all be there");
}

/// The most memory that a process has used so far, in KiB; nothing when it is over.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn a_program_with_unread_output_finishes_in_little_memory() {
    // Far more to tell than a pipe holds.
    let sandbox = large();
    let pipe = sandbox.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Open for both, so that neither waits for the other.
    let kept = fs::File::options()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let mut unread = sandbox.back_up(&["--json"]).after("exec >pipe").start();
    assert!(
        unread.wait_until(|| sandbox.backup_file().exists()),
        "the backup should be made"
    );
    let peak = peak_memory(unread.id()).expect("it should still wait for a reader");
    assert_eq!(
        unread.kill().code(),
        None,
        "it should still wait for a reader"
    );
    drop(kept);

    let mut read = sandbox.back_up(&["--json", "--overwrite"]).start();
    let (id, usual) = (read.id(), Cell::new(0));
    let is_over = || {
        usual.set(peak_memory(id).unwrap_or(usual.get()));
        false
    };
    assert!(!read.wait_until(is_over), "it runs to its end");
    read.wait().exits(0);
    let usual = usual.get();
    counted(
        peak,
        format_args!(
            "KiB of memory for a backup that nobody listens to, {usual} KiB with somebody who does"
        ),
    );
    assert!(
        peak < usual + (8 << 10),
        "{peak} KiB without a reader should be little more than {usual} KiB with one"
    );
}

/// Cancels an operation from several threads at once.
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
                    // Either is right: what matters is that it ends.
                    let ended = outcome(cancelled.completed);
                    assert!(
                        ended.is_ok()
                            || ended.is_err_and(|error| error.code() == ErrorCode::Cancelled)
                    );

                    // The events are read by another thread than the one that waits for the outcome.
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
        .map(|thread| thread.join().expect("a thread does its work"))
        .sum();
    counted(operations, "operations from eight threads at once");
    assert_eq!(operations, 8 * 4 * rounds);
}
