//! Tests that cancel backups and restores at random times, through the cookie of the library and
//! with Ctrl-C: either nothing has changed, or the operation has completed.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use license_backup::{
    BackupOptions, BackupRestoreStatus, ErrorCode, Operation, OperationError, RestoreOptions,
    block_on,
};
use license_backup_tests::harness::{Invocation, Sampler, Snapshot, counted, scaled};
use nix::sys::signal::Signal;

use crate::fixture::{Before, Fixture, Program};
use crate::library::{RUNTIME, outcome};

/// The number of cancelled operations for each measured duration. The duration is measured again
/// regularly, because it depends on the load of the machine.
const CANCELLATIONS_PER_MEASUREMENT: u64 = 10;

/// Returns the number of measurements of a test.
fn measurements() -> u64 {
    scaled(1, 20)
}

/// The time at which an operation is cancelled.
#[derive(Clone, Copy)]
enum When {
    Immediately,
    /// After this duration.
    After(Duration),
    /// After the end event, or after the commit.
    AtTheEnd,
}

impl When {
    /// Returns the times at which operations of this duration are cancelled.
    fn all(duration: Duration) -> impl Iterator<Item = Self> {
        let mut sampler = Sampler::new();
        let random = (2..CANCELLATIONS_PER_MEASUREMENT)
            .map(move |_| Self::After(duration.mul_f64(sampler.next_fraction())));
        [Self::Immediately, Self::AtTheEnd]
            .into_iter()
            .chain(random)
    }
}

/// Cancels an operation. Returns `true` if it has completed nevertheless.
fn cancel<S: Send + 'static>(
    operation: Result<Operation<BackupRestoreStatus, S>, OperationError>,
    when: When,
) -> bool {
    let Operation {
        mut events,
        completed,
        cookie,
    } = operation.expect("the operation is accepted");
    match when {
        When::Immediately => {}
        When::After(delay) => thread::sleep(delay),
        When::AtTheEnd => {
            while events
                .wait_next()
                .is_some_and(|status| status != BackupRestoreStatus::End)
            {}
        }
    }
    cookie.cancel();
    match outcome(completed) {
        Ok(_) => true,
        Err(error) if error.code() == ErrorCode::Cancelled => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// Interrupts a run after it has installed its signal handler. Returns `true` if it has completed
/// nevertheless.
fn interrupt(run: Invocation, when: When, has_committed: impl Fn() -> bool) -> bool {
    let mut run = run.start();
    // A run that has already ended has completed.
    match when {
        When::Immediately | When::After(_) => run.wait_until_it_handles(Signal::SIGINT),
        When::AtTheEnd => run.wait_until(has_committed),
    };
    if let When::After(delay) = when {
        thread::sleep(delay);
    }
    run.signal(Signal::SIGINT);
    let outcome = run.wait();
    match outcome.code() {
        Some(0) => true,
        Some(130) => false,
        _ => panic!("{}", outcome.report()),
    }
}

/// Cancels operations on a directory at all times of [`When::all`].
///
/// `reset` restores the initial files of the directory, `operate` returns `true` if a cancelled
/// operation has completed nevertheless, and `check` requires that the directory then has the
/// expected files.
fn cancel_many(
    operation: &str,
    directory: &Path,
    reset: impl Fn(),
    operate: impl Fn(When) -> bool,
    check: impl Fn(),
) {
    let (mut cancelled, mut completed) = (0, 0);
    for _ in 0..measurements() {
        reset();
        let since = Instant::now();
        assert!(
            operate(When::AtTheEnd),
            "an operation that is cancelled at its end should have completed"
        );
        for when in When::all(since.elapsed()) {
            reset();
            let before = Snapshot::of(directory);
            if operate(when) {
                check();
                completed += 1;
            } else {
                assert_eq!(Snapshot::of(directory), before);
                cancelled += 1;
            }
        }
    }
    counted(
        cancelled + completed,
        format_args!("cancellations of {operation}, {completed} of them too late"),
    );
    assert!(
        cancelled > 0 && completed > 0,
        "both outcomes should occur: {cancelled} cancelled, {completed} completed"
    );
}

/// Cancels backups, with and without an earlier backup in the directory.
fn backups(means: &str, back_up: impl Fn(&Fixture, Before, When) -> bool) {
    let fixture = Fixture::new(1500);
    for before in Before::BOTH {
        let check = || {
            assert!(
                fixture.backup().as_ref() == Some(&fixture.new),
                "the backup should be the new one"
            );
            assert!(
                fixture.temporaries().is_empty(),
                "{:?}",
                fixture.temporaries()
            );
        };
        cancel_many(
            &format!("a backup {means}, {}", before.name()),
            &fixture.sandbox.backup(),
            || fixture.set_backup(before),
            |when| back_up(&fixture, before, when),
            check,
        );
    }
}

/// Cancels restores.
fn restores(means: &str, restore: impl Fn(&Fixture, When) -> bool) {
    let fixture = Fixture::new(150);
    let check = || {
        let (files, temporaries) = fixture.target_files();
        assert!(files == fixture.restored, "all licenses should be restored");
        assert!(temporaries.is_empty(), "{temporaries:?}");
    };
    let operate = |when| restore(&fixture, when);
    cancel_many(
        &format!("a restore {means}"),
        &fixture.target(),
        || fixture.set_target(),
        operate,
        check,
    );
}

#[test]
fn a_backup_cancelled_by_its_cookie_changes_nothing_or_finishes() {
    backups("through its cookie", |fixture, before, when| {
        let options = BackupOptions::new(fixture.sandbox.store(), fixture.sandbox.backup());
        cancel(
            block_on(RUNTIME.backup(&options.overwrite(before == Before::AnEarlierBackup))),
            when,
        )
    });
}

#[test]
fn a_backup_interrupted_at_any_time_changes_nothing_or_finishes() {
    backups("with Ctrl-C", |fixture, before, when| {
        let run = Program::Binary.back_up(&fixture.sandbox, "store", "backup", before.options());
        interrupt(run, when, || {
            fixture.backup().as_ref() == Some(&fixture.new)
        })
    });
}

#[test]
fn a_restore_cancelled_by_its_cookie_rolls_back_or_finishes() {
    restores("through its cookie", |fixture, when| {
        let options =
            RestoreOptions::new(fixture.sandbox.path("from"), fixture.target()).overwrite(true);
        cancel(block_on(RUNTIME.restore(&options)), when)
    });
}

#[test]
fn a_restore_interrupted_at_any_time_rolls_back_or_finishes() {
    restores("with Ctrl-C", |fixture, when| {
        let run = Program::Binary.restore(
            &fixture.sandbox,
            "from",
            "target",
            &["--overwrite", "--quiet"],
        );
        // After the first commit, a restore can no longer be cancelled.
        interrupt(run, when, || {
            fixture.target().join(fixture.first_missing()).exists()
        })
    });
}
